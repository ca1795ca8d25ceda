import { steadyNow } from '../clock.ts';
import type { KubeClient } from '../kube/client.ts';
import { secrets } from '../kube/resources.ts';

/** How long what was read is believed: whoever sends hooks cannot have the API server asked more often. Machine time. */
const BELIEVED_MILLISECONDS = 15_000;

export interface HookSecretsOptions {
  client: KubeClient;
  /** The controller's own. */
  namespace: string;
  name: string;
}

/** What the webhooks of each host must know: the values of one Secret, by the host's name. */
export function createHookSecrets({ client, namespace, name }: HookSecretsOptions) {
  let read: { until: number; values: Promise<Record<string, string>> } | undefined;
  const valuesNow = async () => {
    const secret = await client.get(secrets, { namespace, name });
    return secret?.data ?? {};
  };
  return async (host: string): Promise<string | undefined> => {
    if (read === undefined || steadyNow() >= read.until) {
      read = { until: steadyNow() + BELIEVED_MILLISECONDS, values: valuesNow() };
    }
    const values = await read.values;
    const value = Object.hasOwn(values, host) ? values[host] : undefined;
    return (
      Buffer.from(value ?? '', 'base64')
        .toString('utf8')
        .trim() || undefined
    );
  };
}
