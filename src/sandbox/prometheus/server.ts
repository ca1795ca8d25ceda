import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { ANSWERS, labelValues, type Question } from './answers.ts';
import { evaluate } from './evaluate.ts';
import { parse } from './parser.ts';
import { type ScrapeTargets, scrapedSamples } from './scrapes.ts';
import { QueryError, type Value } from './values.ts';

/** How an outage looks from outside. */
export type Outage = 'refused' | 'reset' | 'unavailable' | 'hang';

export interface SandboxPrometheusOptions {
  clock: Clock;
  targets: ScrapeTargets;
  /** World time, milliseconds; 5 s unless set. */
  scrapeInterval?: number;
  host?: string;
  /** Any free port unless set. */
  port?: number;
}

export interface SandboxPrometheus {
  readonly url: string;
  readonly port: number;
  /** Evaluates an expression without HTTP, at a world time (milliseconds) or now. Throws QueryError. */
  query(expression: string, time?: number): Value;
  /** Goes away until called with false: connections refused, reset, answered 503, or never answered. */
  outage(on: boolean, how?: Outage): Promise<void>;
  /** Answers every query with no data. */
  empty(on: boolean): void;
  /** Answers each query that many milliseconds of machine time late. */
  latency(milliseconds: number): void;
  stop(): Promise<void>;
}

interface Faults {
  outage: Outage | undefined;
  empty: boolean;
  latency: number;
}

const LONGEST_BODY = 1024 * 1024;

export async function createSandboxPrometheus(options: SandboxPrometheusOptions): Promise<SandboxPrometheus> {
  const { clock, targets, scrapeInterval = 5000, host = '127.0.0.1' } = options;
  const faults: Faults = { outage: undefined, empty: false, latency: 0 };
  const scraped = scrapedSamples(targets, scrapeInterval, clock.now);
  const store = {
    select: (...wanted: Parameters<typeof scraped.select>) => (faults.empty ? [] : scraped.select(...wanted)),
  };
  const ask = (parameters: URLSearchParams): Question => ({ parameters, store, now: clock.now() });

  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    if (faults.outage === 'reset') request.socket.resetAndDestroy();
    if (faults.outage === 'reset' || faults.outage === 'hang') return;
    const release = clock.busy();
    response.on('close', release);
    serve(request, response, { faults, ask }).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  let port = await listen(server, host, options.port ?? 0);
  const close = () => closeServer(server, sockets);

  return {
    url: `http://${host}:${port}`,
    port,
    query(expression, time = clock.now()) {
      return evaluate(parse(expression), { store, time, start: time, end: time });
    },
    async outage(on, how = 'refused') {
      faults.outage = on ? how : undefined;
      if (on && how === 'refused') await close();
      else if (!server.listening) port = await listen(server, host, port);
      if (!on || how === 'reset') for (const socket of sockets) socket.destroy();
    },
    empty(on) {
      faults.empty = on;
    },
    latency(milliseconds) {
      faults.latency = milliseconds;
    },
    stop: close,
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeServer(server: Server, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

interface Answer {
  code: number;
  body: unknown;
}

interface Serving {
  faults: Faults;
  ask(parameters: URLSearchParams): Question;
}

async function serve(request: IncomingMessage, response: ServerResponse, { faults, ask }: Serving): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const parameters = await readParameters(request, url);
  if (faults.latency > 0) await new Promise((resolve) => setTimeout(resolve, faults.latency));
  const { code, body } =
    faults.outage === 'unavailable' ? unavailable() : answer(request.method ?? 'GET', url.pathname, ask(parameters));
  const text = typeof body === 'string';
  response.writeHead(code, { 'content-type': text ? 'text/plain; charset=utf-8' : 'application/json' });
  response.end(text ? body : JSON.stringify(body));
}

function unavailable(): Answer {
  return { code: 503, body: 'Service Unavailable' };
}

/** The query string's parameters and, for a POSTed form, those of the body. */
async function readParameters(request: IncomingMessage, url: URL): Promise<URLSearchParams> {
  const parameters = new URLSearchParams(url.search);
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > LONGEST_BODY) throw new Error('the form is larger than 1 MiB');
  }
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(body)) parameters.append(name, value);
  }
  return parameters;
}

function answer(method: string, path: string, question: Question): Answer {
  if (method !== 'GET' && method !== 'POST') return { code: 405, body: 'Method Not Allowed' };
  if (path === '/-/ready') return { code: 200, body: 'Prometheus Server is Ready.\n' };
  if (path === '/-/healthy') return { code: 200, body: 'Prometheus Server is Healthy.\n' };
  const ask = route(path);
  if (!ask) return { code: 404, body: '404 page not found\n' };
  try {
    return { code: 200, body: { status: 'success', data: ask(question) } };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const code = error.type === 'bad_data' ? 400 : 422;
    return { code, body: { status: 'error', errorType: error.type, error: error.message } };
  }
}

function route(path: string): ((question: Question) => unknown) | undefined {
  const name = path.startsWith('/api/v1/') ? path.slice('/api/v1/'.length) : '';
  const [, label] = /^label\/([^/]+)\/values$/.exec(name) ?? [];
  if (label) return (question) => labelValues(decodeURIComponent(label), question);
  return Object.hasOwn(ANSWERS, name) ? ANSWERS[name] : undefined;
}
