import type { IncomingMessage, ServerResponse } from 'node:http';
import { machineNow } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { HANDED_ON, type Hint } from '../hint.ts';
import type { Hook, HookRequest } from './hook.ts';
import { createHintRelay } from './relay.ts';

export interface HookReceiverOptions {
  /** By the name in the address. */
  hooks: ReadonlyMap<string, Hook>;
  /** What a host's webhooks must know; undefined where nobody has said. */
  secretOf: (host: string) => Promise<string | undefined>;
  /** Called at most every two seconds for one repository. */
  lookAgain: (hint: Hint) => void;
  /** Whether anything would come of a hint: only the leader looks at anything. */
  isAtWork: () => boolean;
  /** Hands a hook on to whoever is at work; answers whether it was taken. `path` is that of the request. */
  handOn?: (path: string, request: HookRequest) => Promise<boolean>;
  log: Log;
}

/** Answers `POST /hooks/<host>`. */
export interface HookReceiver {
  handle(request: IncomingMessage, response: ServerResponse): void;
  stop(): void;
}

const MOST_BYTES = 1024 * 1024;
/** Deliveries that were heard of lately. One that is sent again says nothing new. */
const MOST_DELIVERIES = 1_000;
const LONGEST_NAME = 200;

interface Answer {
  status: number;
  text: string;
  headers?: Record<string, string>;
}

const ACCEPTED: Answer = { status: 202, text: 'accepted' };
/** The same for a host that is not known and one without a secret: who asks learns neither. */
const NOTHING_HERE: Answer = {
  status: 404,
  text: 'nothing is received here: there is no such host, or no secret for it',
};
const TOO_LARGE: Answer = {
  status: 413,
  text: `use a body of up to ${MOST_BYTES} bytes`,
  headers: { connection: 'close' },
};

const NOT_AT_WORK: Answer = {
  status: 503,
  text: 'this process does not hold the lease: send it again, or leave it to the next interval',
  headers: { 'retry-after': '2' },
};

/** What can be said before a byte of the body is read. */
function refusal({ method, headers }: IncomingMessage): Answer | undefined {
  if (method !== 'POST') return { status: 405, text: 'use POST', headers: { allow: 'POST' } };
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  const isPlain = (headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity';
  if (type.trim().toLowerCase() !== 'application/json' || !isPlain) {
    return { status: 415, text: 'use content type application/json, and no content encoding' };
  }
  return Number(headers['content-length'] ?? 0) > MOST_BYTES ? TOO_LARGE : undefined;
}

/** Undefined for a body that is too large: no more than the limit is ever kept. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parsed(body: Buffer): { payload: unknown } | undefined {
  try {
    return { payload: JSON.parse(body.toString('utf8')) };
  } catch {
    return undefined;
  }
}

/** Remembers the last names, and answers whether one is new. */
function createMemory(): (name: string) => boolean {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return false;
    known.add(name);
    const [oldest] = known;
    if (known.size > MOST_DELIVERIES && oldest !== undefined) known.delete(oldest);
    return true;
  };
}

/**
 * Hears of changes from Git hosts. A hook only says where to look: what is read, applied or written is derived from the
 * cluster and from Git, as it is without any hook. Nothing is parsed before its sender has shown to know the secret.
 */
export function createHookReceiver(options: HookReceiverOptions): HookReceiver {
  const { hooks, secretOf, lookAgain, isAtWork, handOn, log } = options;
  const relay = createHintRelay(lookAgain);
  const isNews = createMemory();

  const hear = (host: string, hook: Hook, request: HookRequest): Answer => {
    const json = parsed(request.body);
    if (json === undefined) return { status: 400, text: 'the body is no JSON' };
    const delivery = hook.delivery(request, json.payload)?.slice(0, LONGEST_NAME);
    const hint = hook.read(json.payload);
    if (hint === undefined || (delivery !== undefined && !isNews(`${host}/${delivery}`))) return ACCEPTED;
    log.info({ host, delivery, ...hint }, 'a hook says that branches have changed');
    relay.pass(hint);
    return ACCEPTED;
  };
  const elsewhere = async (host: string, request: HookRequest): Promise<Answer> => {
    if (handOn === undefined || request.headers[HANDED_ON] !== undefined) return NOT_AT_WORK;
    return (await handOn(`/hooks/${host}`, request)) ? ACCEPTED : NOT_AT_WORK;
  };
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const [, host = ''] = /^\/hooks\/([a-z-]{1,40})(?:\?|$)/.exec(request.url ?? '') ?? [];
    const hook = hooks.get(host);
    if (hook === undefined) return NOTHING_HERE;
    const refused = refusal(request);
    if (refused !== undefined) return refused;
    const secret = await secretOf(host);
    if (secret === undefined) return NOTHING_HERE;
    const body = await bodyOf(request);
    if (body === undefined) return TOO_LARGE;
    const heard = { headers: request.headers, body, now: machineNow() };
    if (hook.isAuthentic(heard, secret)) return isAtWork() ? hear(host, hook, heard) : elsewhere(host, heard);
    log.debug({ host }, 'a hook was refused: its sender does not know the secret');
    return { status: 403, text: 'the signature is missing or wrong' };
  };
  return {
    handle(request, response) {
      answer(request)
        .catch((error: unknown): Answer => {
          log.warn({ error: messageOf(error) }, 'a hook could not be received');
          return { status: 503, text: 'try again later', headers: { 'retry-after': '30' } };
        })
        .then(({ status, text, headers }) => {
          // What is left of the body is not waited for: the connection ends with the answer.
          const rest = request.complete ? {} : { connection: 'close' };
          response.writeHead(status, { 'content-type': 'text/plain', ...headers, ...rest }).end(`${text}\n`);
        });
    },
    stop: relay.stop,
  };
}
