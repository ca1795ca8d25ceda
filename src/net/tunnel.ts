import http from 'node:http';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import tls from 'node:tls';
import type { HttpProxy } from './proxy.ts';

export interface TunnelOptions {
  proxy: HttpProxy;
  /** Where the tunnel leads: the proxy looks it up and connects. Without brackets. */
  host: string;
  port: number;
  signal: AbortSignal;
  tls: tls.ConnectionOptions;
}

export function proxyHeaders({ authorization }: HttpProxy): Record<string, string> {
  return authorization === undefined ? {} : { 'proxy-authorization': authorization };
}

function connectThrough({ proxy, host, port, signal }: TunnelOptions): Promise<Socket> {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const asked = http.request({
    agent: false,
    method: 'CONNECT',
    host: proxy.host,
    port: proxy.port,
    path: authority,
    headers: { host: authority, ...proxyHeaders(proxy) },
    signal,
  });
  asked.on('connect', ({ statusCode = 0 }, socket: Socket) => {
    if (statusCode >= 200 && statusCode < 300) return resolve(socket);
    socket.destroy();
    const hint = statusCode === 407 ? ', which asks for credentials: put them into its address' : '';
    return reject(new Error(`the proxy ${proxy.host}:${proxy.port} answered ${statusCode}${hint}`));
  });
  asked.on('error', (error) =>
    reject(new Error(`the proxy ${proxy.host}:${proxy.port} cannot be reached: ${wordOf(error)}`)),
  );
  asked.end();
  return promise;
}

function wordOf(error: Error & { code?: string }): string {
  return error.code ?? error.message;
}

/** A TLS connection to a server through an HTTP proxy, which sees no more than the server's name. Rejects with an Error that says why there is none. */
export async function openTunnel(options: TunnelOptions): Promise<tls.TLSSocket> {
  const { signal } = options;
  const socket = await connectThrough(options);
  const { promise, resolve, reject } = Promise.withResolvers<tls.TLSSocket>();
  const secured = tls.connect({ ...options.tls, socket }, () => resolve(secured));
  secured.on('error', (error: Error & { code?: string }) => reject(new Error(wordOf(error), { cause: error })));
  signal.addEventListener('abort', () => secured.destroy(new Error('too late')), { once: true });
  return promise;
}
