/** One of the two API servers, and plain HTTP to it. */
import { type Agent, type IncomingMessage, request as insecureRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Side {
  name: string;
  url: string;
  headers: Record<string, string>;
  agent: Agent;
  stop(): Promise<void>;
}

export interface HttpRequest {
  method: string;
  path: string;
  contentType?: string;
  body?: string;
}

export interface HttpAnswer {
  code: number;
  /** Parsed, or the text itself where it is no JSON. */
  body: unknown;
  warnings: string[];
}

const LONGEST_ANSWER = 8000;
const USER_AGENT = 'differential/1.0';

/** Like a broken connection: the server owes an answer. */
function noAnswer(what: string): Error {
  return Object.assign(new Error(`${what} is not answered`), { code: 'ECONNRESET' });
}

function open(side: Side, { method, path, contentType, body }: HttpRequest): Promise<IncomingMessage> {
  const send = side.url.startsWith('https:') ? secureRequest : insecureRequest;
  const headers = {
    ...side.headers,
    'user-agent': USER_AGENT,
    accept: 'application/json',
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = send(side.url + path, { method, headers, agent: side.agent, timeout: LONGEST_ANSWER }, resolve);
    outgoing.once('error', reject).once('timeout', () => outgoing.destroy(noAnswer(`${method} ${path}`)));
    outgoing.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The texts of Warning headers: `299 - "text"`. */
function warningsOf(incoming: IncomingMessage): string[] {
  const all = (incoming.headersDistinct.warning ?? []).join(', ');
  return [...all.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));
}

/** A server that breaks the connection or never answers: code 0. */
export async function call(side: Side, request: HttpRequest): Promise<HttpAnswer> {
  for (;;) {
    const answer = await callOnce(side, request);
    // For some moments after a kind was defined its cache is not there yet.
    if (answer.code !== 429) return answer;
    await sleep(50);
  }
}

async function callOnce(side: Side, request: HttpRequest): Promise<HttpAnswer> {
  const incoming = await open(side, request).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') return undefined;
    throw error;
  });
  if (!incoming) return { code: 0, body: 'no answer', warnings: [] };
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = parsed(Buffer.concat(chunks).toString('utf8'));
  return { code: incoming.statusCode ?? 0, body, warnings: warningsOf(incoming) };
}

export interface WatchEvent {
  type: string;
  object: Record<string, unknown>;
}

/** Reads events until one is the last, or the server ends the stream, or nothing more comes. */
export async function watchUntil(
  side: Side,
  path: string,
  isLast: (event: WatchEvent) => boolean,
): Promise<{ code: number; events: WatchEvent[] } | { code: number; body: unknown }> {
  const incoming = await open(side, { method: 'GET', path });
  const code = incoming.statusCode ?? 0;
  let rest = '';
  const events: WatchEvent[] = [];
  const patience = setTimeout(() => incoming.destroy(), 5000);
  try {
    for await (const chunk of incoming.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (code !== 200) continue;
      for (const line of lines) {
        const event = JSON.parse(line) as WatchEvent;
        events.push(event);
        if (isLast(event)) return { code, events };
      }
    }
  } catch (error) {
    if (!incoming.destroyed) throw error;
  } finally {
    clearTimeout(patience);
    incoming.destroy();
  }
  return code === 200 ? { code, events } : { code, body: parsed(rest) };
}
