import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Credentials } from './config.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the server's address, with the query. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

export interface HttpAnswer {
  code: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** HTTP to one server over connections that are kept. Machine time runs its timeouts. */
export interface Transport {
  /** One request and its whole answer, whatever its code. Throws where there is none in time. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** One request and the beginning of its answer; the body follows on the message, without a timeout. */
  open(request: HttpRequest): Promise<IncomingMessage>;
  close(): void;
}

/** More than any page of 500 objects that fits etcd's own limits in practice; an answer beyond it is an error, not an outage of memory. */
const LARGEST_ANSWER = 256 * 1024 * 1024;
const KEEP_ALIVE_MILLISECONDS = 15_000;

export interface TransportOptions {
  credentials: Credentials;
  userAgent: string;
  timeoutMilliseconds: number;
}

export function createTransport({ credentials, userAgent, timeoutMilliseconds }: TransportOptions): Transport {
  const { server } = credentials;
  const secure = server.protocol === 'https:';
  const agent = new (secure ? https : http).Agent({ keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MILLISECONDS });
  const base = server.pathname.replace(/\/+$/, '');

  const begin = async (request: HttpRequest): Promise<IncomingMessage> => {
    const { headers, ...tls } = await credentials.options();
    const options: RequestOptions = {
      agent,
      ...tls,
      method: request.method,
      headers: { ...headers, 'User-Agent': userAgent, Accept: 'application/json', ...request.headers },
      ...(request.signal && { signal: request.signal }),
    };
    const message = await exchange(new URL(base + request.path, server), options, request.body, timeoutMilliseconds);
    if (message.statusCode === 401) credentials.refused();
    return message;
  };
  return {
    open: begin,
    send: (request) => onceMoreWhenStale(request, async () => readWhole(await begin(request), timeoutMilliseconds)),
    close: () => agent.destroy(),
  };
}

function exchange(url: URL, options: RequestOptions, body: string | undefined, timeout: number) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, options);
    const timer = setTimeout(() => request.destroy(timedOut(timeout)), timeout);
    request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS));
    request.on('response', (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    // Stays on after the response: a request may still emit an error that nobody waits for.
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(Object.assign(error, { onKeptConnection: request.reusedSocket }));
    });
    if (body !== undefined) request.setHeader('Content-Length', Buffer.byteLength(body));
    request.end(body);
  });
}

/** Reads the body of an answer as text. */
export function readWhole(message: IncomingMessage, timeout: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => message.destroy(timedOut(timeout)), timeout);
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_ANSWER) message.destroy(new Error(`the API server's answer exceeds ${LARGEST_ANSWER} bytes`));
      else chunks.push(chunk);
    });
    message.on('close', () => clearTimeout(timer));
    message.on('error', reject);
    message.on('end', () =>
      resolve({
        code: message.statusCode ?? 0,
        headers: message.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }),
    );
  });
}

/** A kept connection that the server closed just now fails a request that never arrived; asking for a read again is safe. */
async function onceMoreWhenStale<R>(request: HttpRequest, send: () => Promise<R>): Promise<R> {
  try {
    return await send();
  } catch (error) {
    const stale = (error as { onKeptConnection?: boolean }).onKeptConnection === true && brokenOff(error);
    if (request.method === 'GET' && stale) return send();
    throw error;
  }
}

function brokenOff(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function timedOut(milliseconds: number): Error {
  return Object.assign(new Error(`the API server did not answer within ${milliseconds} ms`), { code: 'ETIMEDOUT' });
}
