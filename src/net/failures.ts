import { messageOf } from '../errors.ts';

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

/** The system's word for what went wrong, such as ECONNREFUSED; of several attempts the first one's. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : messageOf(error);
}

/** Of a connection, or of the way to it. */
export function failure(error: unknown, signal: AbortSignal, timeoutMilliseconds: number, host: string): Unreachable {
  if (signal.aborted) return new Unreachable(`no answer from ${host} within ${timeoutMilliseconds / 1000} s`);
  return new Unreachable(`${host} cannot be reached: ${codeOf(error)}`, { cause: error });
}
