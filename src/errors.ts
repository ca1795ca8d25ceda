/** Errors that say what the loop should do. Anything that is neither of these is retried with back-off and counted. */

/** Nothing will change until a person changes something: wait for the next observation. */
export class Stalled extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Stalled';
    this.reason = reason;
  }
}

/** Not ready yet: look again after `retryAfter` seconds. */
export class Waiting extends Error {
  readonly reason: string;
  readonly retryAfter: number;

  constructor(reason: string, message: string, retryAfter: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Waiting';
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

/** One thing wrong with an object: where it is and, in one sentence, what is wrong, what is allowed, what to do. */
export interface Problem {
  /** The path in the object, as in `spec.strategy.canary.steps[0].setWeight`. */
  path: string;
  message: string;
}

/** A refused connection comes as several errors, one per address, with no message of its own. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** A text without any of the secrets; the longest goes first, so that no rest of it stays where one begins like another. */
export function redact(text: string, secrets: readonly string[], mark = '[redacted]'): string {
  const named = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  return named.reduce((clean, secret) => clean.replaceAll(secret, mark), text);
}
