import type http from 'node:http';
import type https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Request, Target } from './dialer.ts';
import { failure } from './failures.ts';
import type { HttpProxy } from './proxy.ts';
import { openTunnel, proxyHeaders } from './tunnel.ts';
import { hostOf, portOf, type WebUrl } from './web-url.ts';

/** What a connection is made of, or the connection itself. */
export type Connection = https.RequestOptions & { headers?: Record<string, string> };

/** Answers net.connect's question for an address with those that were checked, so that none can be swapped in between. */
function fixedLookup({ addresses }: Target): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    if (options.all) callback(null, all);
    else callback(null, all[0]?.address ?? '', all[0]?.family);
  };
}

/** Whom to believe, and by which name the server is to be known. */
function security({ insecure, ca }: Request, url: WebUrl) {
  const host = hostOf(url);
  return { rejectUnauthorized: !insecure, servername: isIP(host) === 0 ? host : '', ...(ca !== undefined && { ca }) };
}

/** To addresses that were checked. */
export function direct(request: Request, url: WebUrl, target: Target, agent: http.Agent | https.Agent): Connection {
  const host = hostOf(url);
  return {
    agent,
    host: isIP(host) === 0 ? host : (target.addresses[0] ?? host),
    port: target.port,
    path: `${url.pathname}${url.search}`,
    lookup: fixedLookup(target),
    ...(url.protocol === 'https:' && security(request, url)),
  };
}

/** Each request by a connection of its own. Throws `Unreachable`. */
export async function proxied(
  proxy: HttpProxy,
  request: Request,
  url: WebUrl,
  signal: AbortSignal,
): Promise<Connection> {
  if (url.protocol === 'http:')
    return { agent: false, host: proxy.host, port: proxy.port, path: url.href, headers: proxyHeaders(proxy) };
  const [host, port] = [hostOf(url), portOf(url)];
  try {
    const socket = await openTunnel({ proxy, host, port, signal, tls: { ...security(request, url), host } });
    return { createConnection: () => socket, host, path: `${url.pathname}${url.search}` };
  } catch (error) {
    throw failure(error, signal, request.timeoutMilliseconds, host);
  }
}
