import { isIPv6 } from 'node:net';
import { steadyNow } from '../clock.ts';
import { HANDED_ON } from '../git/hint.ts';
import type { KubeClient } from '../kube/client.ts';
import { leases, pods } from '../kube/resources.ts';

export interface HandingOnOptions {
  client: KubeClient;
  /** The controller's own. */
  namespace: string;
  /** The name of the lease. */
  lease: string;
  /** Who we are in it. */
  identity: string;
  /** On which port each process receives webhooks. */
  port: number;
}

const LONGEST_MILLISECONDS = 3_000;
/** How long what was read of the lease is believed: whoever sends hooks cannot have the API server asked more often. Machine time. */
const BELIEVED_MILLISECONDS = 2_000;
/** What belongs to the connection on which a request came, and not to the request. */
const OF_THE_CONNECTION =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|host|content-length)$/;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function headersToHandOn(headers: Headers): Record<string, string> {
  const own = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && !OF_THE_CONNECTION.test(name) ? [[name, value]] : [],
  );
  return { ...Object.fromEntries(own), [HANDED_ON]: 'true' };
}

/** Where hooks are received by the pod that holds the lease; undefined where that is no other pod. */
async function originOfHolder({ client, namespace, lease, identity, port }: HandingOnOptions) {
  const holder = (await client.get(leases, { namespace, name: lease }))?.spec?.holderIdentity;
  if (!holder || holder === identity) return undefined;
  const found = await client.list(pods, { namespace, fieldSelector: `metadata.name=${holder}` });
  const address = found.find(({ metadata }) => metadata.name === holder)?.status?.podIP;
  return address && `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/**
 * Hands a webhook on to the process that holds the lease, where that is another pod: a Service leads to those that wait as
 * well. Answers whether it was taken.
 */
export function createHandingOn(options: HandingOnOptions) {
  let read: { until: number; origin: Promise<string | undefined> } | undefined;
  return async (path: string, { headers, body }: { headers: Headers; body: Buffer }): Promise<boolean> => {
    if (read === undefined || steadyNow() >= read.until) {
      read = { until: steadyNow() + BELIEVED_MILLISECONDS, origin: originOfHolder(options) };
    }
    const origin = await read.origin;
    if (!origin) return false;
    const signal = AbortSignal.timeout(LONGEST_MILLISECONDS);
    const request = { method: 'POST', headers: headersToHandOn(headers), redirect: 'error' as const, signal };
    const answer = await fetch(`${origin}${path}`, { ...request, body: new Uint8Array(body) }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.status === 202;
  };
}
