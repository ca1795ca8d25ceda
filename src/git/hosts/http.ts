import { fieldsOf, listOf, parsedFields, textOf } from '../../api/fields.ts';
import { messageOf } from '../../errors.ts';
import type { HostFailure, ProbeOutcome, ReportOutcome, RepositoryAccess } from './host.ts';

/** The one way in which a host's API is called. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
  timeoutMilliseconds: number;
  /** Certificates in PEM: who is believed for this request alone; left out, whom the process believes. */
  ca?: string | undefined;
  /** Whether it changes nothing; of a GET that is clear, of others only where it is said. */
  isRead?: boolean;
  /** Whose rate limit it counts for, where that is not one token's. */
  account?: string;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** Sends one request, once. Follows no redirect; throws where there is no whole answer. */
export type SendRequest = (request: HttpRequest) => Promise<HttpResponse>;

export type Failure = HostFailure;

const DEFAULT_WAIT_SECONDS = 60;
const TIMEOUT_MILLISECONDS = 120_000;
/** A host that asks for more is asked again all the same. */
const LONGEST_WAIT_SECONDS = 3_600;

/** Ends what was begun; caught where the host is asked from outside. */
export class Ended extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'Ended';
    this.failure = failure;
  }
}

/** The outcome of work that may end early; what else it throws stays thrown. */
export async function endedAs<T>(work: () => Promise<T>, outcome: (failure: Failure) => T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Ended) return outcome(error.failure);
    throw error;
  }
}

/** As `endedAs`, where the failure is the outcome. */
export function orFailure<T>(work: () => Promise<T>): Promise<T | Failure> {
  return endedAs<T | Failure>(work, (failure) => failure);
}

/** A request to a host's API; two minutes where it says no other time. */
export type HostRequest = Omit<HttpRequest, 'timeoutMilliseconds' | 'ca'> &
  Partial<Pick<HttpRequest, 'timeoutMilliseconds'>>;

/**
 * The one way to a repository's host: under the authorities that its own secret names, where it names any. Asks once; throws
 * `Ended` where there is no answer, which is `unknown`, in words that name the host.
 */
export function wayTo(host: string, send: SendRequest, { ca }: Pick<RepositoryAccess, 'ca'>) {
  return async (request: HostRequest): Promise<HttpResponse> => {
    try {
      return await send({ timeoutMilliseconds: TIMEOUT_MILLISECONDS, ...request, ...(ca !== undefined && { ca }) });
    } catch (error) {
      // What stands before the host has something to say itself.
      if (error instanceof Ended) throw error;
      const message = `no answer from ${host}: ${messageOf(error).slice(0, 300)}`;
      throw new Ended({ kind: 'unknown', message });
    }
  };
}

/**
 * How long the host asks to be left alone, in seconds: by Retry-After, else until its limit begins anew, unless something is left of
 * that one: then it was another limit. Undefined where it does not say.
 */
export function restAsked({ headers }: HttpResponse): number | undefined {
  const after = headers['retry-after'];
  const date = Date.parse(headers.date ?? '') / 1000;
  const left = Number(headers['x-ratelimit-remaining'] ?? headers['ratelimit-remaining'] ?? 0);
  const anew = left === 0 ? (headers['x-ratelimit-reset'] ?? headers['ratelimit-reset']) : undefined;
  const reset = Number(anew ?? Number.NaN);
  const given =
    after === undefined ? reset - date : /^\d+$/.test(after) ? Number(after) : Date.parse(after) / 1000 - date;
  return given > 0 ? Math.min(Math.ceil(given), LONGEST_WAIT_SECONDS) : undefined;
}

/**
 * Whether GitHub says in words that it was asked too much, which may be all that tells its secondary limit: by 403, or of GraphQL by
 * 200. What an answer says of a repository's content is not meant.
 */
export function isLimitInWords({ status, body }: HttpResponse): boolean {
  if (status !== 403 && !(status === 200 && body.includes('"errors"'))) return false;
  const { message, errors } = parsedFields(body);
  const said = status === 403 ? [message] : listOf(errors).map((error) => fieldsOf(error).message);
  return said.some((text) => /\bsecondary rate limit|\babuse detection\b/i.test(textOf(text) ?? ''));
}

export function rateLimited(response: HttpResponse, message: string): Extract<Failure, { kind: 'rateLimited' }> {
  return { kind: 'rateLimited', message, retryAfterSeconds: restAsked(response) ?? DEFAULT_WAIT_SECONDS };
}

/**
 * An answer that is not the one hoped for, of a host that says where a repository has moved to. `said`: its words; `kind`: what
 * its status means, besides the rate limit.
 */
export function answerFailure(
  host: string,
  response: HttpResponse,
  said: string,
  kind: Exclude<Failure['kind'], 'rateLimited'>,
): Failure {
  const { status, headers } = response;
  // A query may hold secrets.
  const moved = status >= 300 && status < 400 ? headers.location?.replace(/[?#].*$/s, '').slice(0, 200) : undefined;
  const where = moved ? `: the repository has moved (${moved}); put its new address into the policy` : `: ${said}`;
  const message = `${host} answered ${status}${where}`;
  return status === 429 ? rateLimited(response, message) : { kind, message };
}

export function probeFailure({ kind, message }: Failure): ProbeOutcome {
  return { ok: false, reason: kind === 'noRights' || kind === 'gone' ? kind : 'unreachable', message };
}

export function reportFailure({ kind, message }: Failure): ReportOutcome {
  return { ok: false, again: kind === 'unknown' || kind === 'rateLimited', message };
}

/** A branch's name as part of an address: its slashes stay. */
export function branchPath(branch: string): string {
  return branch.split('/').map(encodeURIComponent).join('/');
}
