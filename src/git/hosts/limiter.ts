import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { Ended, type HttpRequest, type HttpResponse, isLimitInWords, restAsked, type SendRequest } from './http.ts';

export interface LimiterOptions {
  send: SendRequest;
  clock: Pick<Clock, 'now' | 'at'>;
}

/** Between the end of a write and the next one: what GitHub asks for, and no host minds. */
const GAP_MILLISECONDS = 1_000;
/** A write that had to wait longer for others is out of date: what it was planned on is looked at again. */
const LONGEST_TURN_MILLISECONDS = 60_000;
/** Without a word of the host. Doubled with each refusal that follows. */
const REST_SECONDS = 60;
const LONGEST_REST_SECONDS = 900;
const BUSY_SECONDS = 10;
const MOST_CREDENTIALS = 1_000;
const MOST_WAITING = 100;

/** What is known of one credential on one host. */
interface Account {
  /** Writes that have not ended, the one that is under way included. */
  writes: number;
  /** Ends when the last of them has. */
  last: Promise<unknown>;
  /** No write begins before; milliseconds of world time. */
  nextWrite: number;
  /** Nothing is asked before. */
  restsUntil: number;
  /** Refusals in a row. */
  refusals: number;
}

function isWrite({ method, isRead }: HttpRequest): boolean {
  return method !== 'GET' && isRead !== true;
}

/** A digest: tokens are not kept. */
function nameOf({ url, headers, account }: HttpRequest): string {
  const who = account ?? `${URL.parse(url)?.origin} ${headers.authorization ?? ''} ${headers['private-token'] ?? ''}`;
  return createHash('sha256').update(who).digest('base64');
}

/** Whether the host says that it was asked too much: GitHub by 403 too, and of GraphQL in an answer that looks like any other. */
function isLimit(response: HttpResponse): boolean {
  const { status, headers, body } = response;
  if (status === 429 || isLimitInWords(response)) return true;
  if (status === 403) return 'retry-after' in headers || headers['x-ratelimit-remaining'] === '0';
  if (status === 503) return 'retry-after' in headers;
  return status === 200 && /"type":\s*"RATE_LIMITED"/.test(body.slice(0, 2_000)) && body.includes('"errors"');
}

function resting(seconds: number): Ended {
  const message = `the host has asked to be left alone by this credential; it is asked again in ${seconds} s`;
  return new Ended({ kind: 'rateLimited', message, retryAfterSeconds: seconds });
}

function busy(): Ended {
  const message = 'not written: other writes with the same credential took too long';
  return new Ended({ kind: 'rateLimited', message, retryAfterSeconds: BUSY_SECONDS });
}

/**
 * Stands before all hosts. Of one credential, one write is under way at a time, with a rest after it, and when the host asks to be
 * left alone, nothing is asked by it at all until then: whoever asks is told so at once (`Ended`, rateLimited), and nothing
 * waits here but writes for their turn. Nothing is sent twice. Other credentials do not notice.
 */
export function createLimiter({ send, clock }: LimiterOptions): SendRequest {
  const accounts = new Map<string, Account>();

  const accountOf = (request: HttpRequest): Account => {
    const name = nameOf(request);
    const fresh = { writes: 0, last: Promise.resolve(), nextWrite: 0, restsUntil: 0, refusals: 0 };
    const account = accounts.get(name) ?? fresh;
    // The one that was used longest ago is first; what is under way or rests is not forgotten.
    accounts.delete(name);
    accounts.set(name, account);
    if (accounts.size > MOST_CREDENTIALS) forgetOne();
    return account;
  };
  const forgetOne = () => {
    const now = clock.now();
    for (const [name, { writes, nextWrite, restsUntil }] of accounts) {
      if (writes > 0 || Math.max(nextWrite, restsUntil) > now) continue;
      accounts.delete(name);
      return;
    }
  };
  const checkRest = ({ restsUntil }: Account) => {
    const left = restsUntil - clock.now();
    if (left > 0) throw resting(Math.ceil(left / 1000));
  };
  const heed = (account: Account, response: HttpResponse) => {
    if (!isLimit(response)) {
      account.refusals = 0;
      return;
    }
    const usual = Math.min(REST_SECONDS * 2 ** account.refusals++, LONGEST_REST_SECONDS);
    const seconds = restAsked(response) ?? usual;
    account.restsUntil = Math.max(account.restsUntil, clock.now() + seconds * 1000);
  };
  const pass = async (account: Account, request: HttpRequest): Promise<HttpResponse> => {
    checkRest(account);
    const response = await send(request);
    heed(account, response);
    return response;
  };
  const waitFor = (time: number) =>
    time <= clock.now() ? undefined : new Promise<void>((wake) => clock.at(time, wake));
  const write = async (account: Account, request: HttpRequest): Promise<HttpResponse> => {
    const asked = clock.now();
    const before = account.last;
    const turn = async () => {
      await before;
      // Told before the gap: who must not ask needs not wait for it.
      checkRest(account);
      await waitFor(account.nextWrite);
      if (clock.now() - asked > LONGEST_TURN_MILLISECONDS) throw busy();
      try {
        return await pass(account, request);
      } finally {
        account.nextWrite = clock.now() + GAP_MILLISECONDS;
      }
    };
    const mine = turn();
    account.writes++;
    account.last = mine.catch(() => {}).finally(() => account.writes--);
    return mine;
  };
  return async (request) => {
    const account = accountOf(request);
    if (!isWrite(request)) return pass(account, request);
    checkRest(account);
    if (account.writes >= MOST_WAITING) throw busy();
    return write(account, request);
  };
}
