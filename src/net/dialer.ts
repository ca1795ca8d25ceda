import { lookup as resolveName } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { messageOf } from '../errors.ts';
import { forbidden, onAllowList, type ResolveRule } from './addresses.ts';

/** A rule forbids the request, or the answer: only a person can change that. */
export class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refused';
  }
}

/** Nobody answered: DNS, connection, TLS, timeout. */
export class Unreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Unreachable';
  }
}

export interface DialerOptions {
  /** Lets loopback addresses pass: the sandbox's flag. */
  allowLoopback?: boolean;
  /** Where given, only these hosts: names, `*.suffix` patterns, IP addresses. */
  allow?: readonly string[];
  /** Connections to go elsewhere; their targets are the administrator's word and not checked. */
  resolve?: readonly ResolveRule[];
  /** The longest answer, in bytes; 10 MiB when not given. */
  answerBytes?: number;
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

  return {
    locate,
    async request(request) {
      const url = parsedUrl(request.url);
      const signal = AbortSignal.timeout(request.timeoutMilliseconds);
      const target = await beforeTimeout(locate(hostOf(url), portOf(url)), signal, request);
      const agent = (request.method === 'GET' ? kept : fresh)[url.protocol];
      const send = () => exchange({ request, url, target, agent, signal, limit });
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

type WebUrl = URL & { protocol: 'http:' | 'https:' };

function parsedUrl(text: string): WebUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isWeb(url)) throw new Refused('the address is not an http or https URL');
  return url;
}

function isWeb(url: URL): url is WebUrl {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}

async function located(host: string, port: number, options: DialerOptions): Promise<Target> {
  const rule = options.resolve?.find((each) => each.host === host && each.port === port);
  if (rule !== undefined) return { addresses: [rule.address], port: rule.addressPort ?? port };
  if (options.allow !== undefined && !onAllowList(host, options.allow)) {
    throw new Refused(`${host} is not on the list of hosts that may be asked`);
  }
  const addresses = await addressesOf(host);
  for (const address of addresses) {
    const why = forbidden(address, options.allowLoopback ?? false);
    if (why === undefined) continue;
    const subject = address === host ? host : `${host} resolves to ${address}, which`;
    throw new Refused(
      `${subject} is a ${why} address: Headgate does not connect there (an administrator can point a host elsewhere by --resolve host:port=address)`,
    );
  }
  return { addresses, port };
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
  target: Target;
  agent: http.Agent | https.Agent;
  signal: AbortSignal;
  limit: number;
}

/** Answers net.connect's question for an address with those that were checked, so that none can be swapped in between. */
function fixedLookup({ addresses }: Target): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    if (options.all) callback(null, all);
    else callback(null, all[0]?.address ?? '', all[0]?.family);
  };
}

function exchange({ request, url, target, agent, signal, limit }: Exchange): Promise<Answer> {
  const { method, headers = {}, body = '', insecure, timeoutMilliseconds } = request;
  const host = hostOf(url);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = begin({
    agent,
    method,
    host: isIP(host) === 0 ? host : (target.addresses[0] ?? host),
    port: target.port,
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host, 'content-length': Buffer.byteLength(body) },
    lookup: fixedLookup(target),
    signal,
    ...(url.protocol === 'https:' && { rejectUnauthorized: !insecure, servername: isIP(host) === 0 ? host : '' }),
  });
  sent.on('response', (response) => {
    read(response, limit).then(resolve, (error) => {
      sent.destroy();
      reject(error instanceof Refused ? error : failure(error, signal, timeoutMilliseconds, host));
    });
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

function failure(error: unknown, signal: AbortSignal, timeoutMilliseconds: number, host: string): Unreachable {
  if (signal.aborted) return new Unreachable(`no answer from ${host} within ${timeoutMilliseconds / 1000} s`);
  return new Unreachable(`${host} cannot be reached: ${codeOf(error)}`, { cause: error });
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

/** The system's word for what went wrong, such as ECONNREFUSED; of several attempts the first one's. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : messageOf(error);
}
