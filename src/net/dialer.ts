import { lookup as resolveName } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { messageOf } from '../errors.ts';
import { forbidden, onAllowList, type ResolveRule } from './addresses.ts';
import { type Connection, direct, proxied } from './connection.ts';
import { codeOf, failure, Refused, Unreachable } from './failures.ts';
import type { HttpProxy, Proxies } from './proxy.ts';
import { hostOf, parsedUrl, portOf, type WebUrl } from './web-url.ts';

export interface DialerOptions {
  /** Lets loopback addresses pass: the sandbox's flag. */
  allowLoopback?: boolean;
  /** Where given, only these hosts: names, `*.suffix` patterns, IP addresses. */
  allow?: readonly string[];
  /** Connections to go elsewhere; their targets are the administrator's word and not checked. */
  resolve?: readonly ResolveRule[];
  /** The longest answer, in bytes; 10 MiB when not given. */
  answerBytes?: number;
  /** For requests that may go through one. */
  proxies?: Proxies;
}

export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** http or https. */
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** For the whole exchange, machine time. */
  timeoutMilliseconds: number;
  /** The server's certificate is not checked. */
  insecure?: boolean;
  /** Certificates in PEM: who is believed for this request, instead of those whom the process believes. */
  ca?: string | undefined;
  /** Goes through the administrator's proxy, where there is one for the address. */
  mayUseProxy?: boolean;
}

export interface Answer {
  status: number;
  /** Lower-case names; repeated headers are joined by `, `. */
  headers: Record<string, string>;
  body: string;
}

/** Where a connection really goes. */
export interface Target {
  /** Checked IP addresses, in order of preference. */
  addresses: string[];
  port: number;
}

/** The one way to addresses that a tenant can write. Follows no redirects. Throws `Refused` or `Unreachable`. */
export interface Dialer {
  request(request: Request): Promise<Answer>;
  /** Where a connection to this host and port may go; for programs that dial by themselves. */
  locate(host: string, port: number): Promise<Target>;
  /**
   * The administrator's proxy for a web address; undefined where it is connected to directly. A proxy looks names up by itself: of
   * what is forbidden only what the address itself shows can be refused, and is.
   */
  proxyFor(url: string): HttpProxy | undefined;
}

const TEN_MIB = 10 * 1024 * 1024;

function agentsOf(keepAlive: boolean) {
  const options = { keepAlive, maxSockets: 64 };
  return { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
}

export function createDialer(options: DialerOptions = {}): Dialer {
  const kept = agentsOf(true);
  // Only what may be asked twice goes over kept connections: whether a write arrived is not known when one breaks.
  const fresh = agentsOf(false);
  const limit = options.answerBytes ?? TEN_MIB;
  const locate = (host: string, port: number) => located(host.toLowerCase(), port, options);
  const proxyFor = (text: string) => proxyOf(parsedUrl(text), options);

  return {
    locate,
    proxyFor,
    async request(request) {
      const url = parsedUrl(request.url);
      refuseFraming(request);
      const signal = AbortSignal.timeout(request.timeoutMilliseconds);
      const proxy = request.mayUseProxy ? proxyOf(url, options) : undefined;
      if (proxy)
        return exchange({ request, url, connection: await proxied(proxy, request, url, signal), signal, limit });
      const target = await beforeTimeout(locate(hostOf(url), portOf(url)), signal, request);
      const agent = (request.method === 'GET' ? kept : fresh)[url.protocol];
      const connection = direct(request, url, target, agent);
      const send = () => exchange({ request, url, connection, signal, limit });
      try {
        return await send();
      } catch (error) {
        // A kept connection that the server had closed meanwhile says nothing about the server.
        if (error instanceof Unreachable && error.cause === STALE) return send();
        throw error;
      }
    },
  };
}

/** With one of these a server may see another request in a body, whose answer the next one on the connection would get. */
const FRAMING = ['transfer-encoding', 'upgrade', 'expect', 'te', 'trailer'];

function refuseFraming({ headers = {} }: Request) {
  const name = Object.keys(headers).find((each) => FRAMING.includes(each.toLowerCase()));
  if (name !== undefined)
    throw new Refused(`the header ${name} is not sent: it belongs to the connection. Leave it out`);
}

function ruleFor(host: string, port: number, { resolve }: DialerOptions): ResolveRule | undefined {
  return resolve?.find((each) => each.host === host && each.port === port);
}

function refuseUnlisted(host: string, { allow }: DialerOptions) {
  if (allow === undefined || onAllowList(host, allow)) return;
  throw new Refused(`${host} is not on the list of hosts that may be asked`);
}

/** `address`: one of the host's. */
function refuseForbidden(host: string, address: string, { allowLoopback = false }: DialerOptions) {
  const why = forbidden(address, allowLoopback);
  if (why === undefined) return;
  const subject = address === host ? host : `${host} resolves to ${address}, which`;
  throw new Refused(
    `${subject} is a ${why} address: Headgate does not connect there (an administrator can point a host elsewhere by --resolve host:port=address)`,
  );
}

async function located(host: string, port: number, options: DialerOptions): Promise<Target> {
  const rule = ruleFor(host, port, options);
  if (rule !== undefined) return { addresses: [rule.address], port: rule.addressPort ?? port };
  refuseUnlisted(host, options);
  const addresses = await addressesOf(host);
  for (const address of addresses) refuseForbidden(host, address, options);
  return { addresses, port };
}

function proxyOf(url: WebUrl, options: DialerOptions): HttpProxy | undefined {
  const host = hostOf(url);
  const proxy = options.proxies?.(url);
  if (proxy === undefined || ruleFor(host, portOf(url), options) !== undefined) return undefined;
  refuseUnlisted(host, options);
  const address = /(^|\.)localhost$/.test(host) ? '127.0.0.1' : host;
  if (isIP(address) === 0) return proxy;
  refuseForbidden(host, address, options);
  // To a proxy, loopback is its own machine; where it may be reached, this one is meant.
  return forbidden(address, false) === 'loopback' ? undefined : proxy;
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const found = await resolveName(host, { all: true, verbatim: true });
    return found.map(({ address }) => address);
  } catch (error) {
    throw new Unreachable(`${host} cannot be resolved: ${codeOf(error)}`, { cause: error });
  }
}

async function beforeTimeout<T>(work: Promise<T>, signal: AbortSignal, { timeoutMilliseconds }: Request): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const give = () => reject(new Unreachable(`no answer within ${timeoutMilliseconds / 1000} s`));
  signal.addEventListener('abort', give, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', give);
  }
}

const STALE = Symbol('stale connection');

interface Exchange {
  request: Request;
  url: WebUrl;
  connection: Connection;
  signal: AbortSignal;
  limit: number;
}

function exchange({ request, url, connection, signal, limit }: Exchange): Promise<Answer> {
  const { method, headers = {}, body = '', timeoutMilliseconds } = request;
  const host = hostOf(url);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = begin({
    ...connection,
    method,
    headers: {
      ...headers,
      ...connection.headers,
      host: url.host,
      'content-length': Buffer.byteLength(body),
    } as http.OutgoingHttpHeaders,
    signal,
  });
  sent.on('response', (response) => {
    read(response, limit).then(resolve, (error) => {
      sent.destroy();
      reject(error instanceof Refused ? error : failure(error, signal, timeoutMilliseconds, host));
    });
  });
  // Without a listener Node closes the connection, and nobody hears of it.
  sent.on('upgrade', (_, socket) => {
    socket.destroy();
    reject(new Refused(`${host} asks for another protocol than HTTP`));
  });
  sent.on('error', (error) => {
    const stale = sent.reusedSocket && !signal.aborted && codeOf(error) === 'ECONNRESET';
    reject(
      stale
        ? new Unreachable('the connection was closed', { cause: STALE })
        : failure(error, signal, timeoutMilliseconds, host),
    );
  });
  sent.end(body);
  return promise;
}

/** Headers that no request can carry are refused here, before anything is sent. */
function begin(options: https.RequestOptions): http.ClientRequest {
  try {
    return options.agent instanceof https.Agent ? https.request(options) : http.request(options);
  } catch (error) {
    throw new Refused(`the request cannot be made: ${messageOf(error)}`);
  }
}

async function read(response: http.IncomingMessage, limit: number): Promise<Answer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw new Refused(`the answer is longer than ${limit / 1024 / 1024} MiB`);
    parts.push(part);
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value ?? '')]);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(parts).toString('utf8'),
  };
}
