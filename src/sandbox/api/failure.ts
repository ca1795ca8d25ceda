import type { KindInfo } from './kinds.ts';
import type { ApiObject } from './types.ts';

/** One reason why an object was refused, as in a Status object's details. */
export interface Cause {
  /** As in `FieldValueInvalid`. */
  reason: string;
  message: string;
  field?: string;
}

interface Details {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
}

/** A request that is refused, with what becomes its Status object. */
export class Failure extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: Details | undefined;

  constructor(code: number, reason: string, message: string, details?: Details) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

export function statusOf(failure: Failure): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: failure.message,
    ...(failure.reason === '' ? {} : { reason: failure.reason }),
    ...(failure.details ? { details: failure.details } : {}),
    code: failure.code,
  };
}

/** `rollouts.argoproj.io`, or `pods`. */
export function qualified(kind: KindInfo): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

function detailsOf(kind: KindInfo, name: string): Details {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural };
}

export function notFound(kind: KindInfo, name: string): Failure {
  return new Failure(404, 'NotFound', `${qualified(kind)} "${name}" not found`, detailsOf(kind, name));
}

export function alreadyExists(kind: KindInfo, there: ApiObject, generateName: string | undefined): Failure {
  const { name, deletionTimestamp } = there.metadata;
  const why = `${qualified(kind)} "${name}" already exists`;
  // Whoever left the choice of the name to the server may just ask again.
  const again = generateName ? { retryAfterSeconds: 1 } : {};
  const whole = deletionTimestamp ? `object is being deleted: ${why}` : why;
  const message = generateName ? `${whole}, the server was not able to generate a unique name for the object` : whole;
  return new Failure(409, 'AlreadyExists', message, { ...detailsOf(kind, name), ...again });
}

export function conflict(kind: KindInfo, name: string, why: string): Failure {
  const message = `Operation cannot be fulfilled on ${qualified(kind)} "${name}": ${why}`;
  return new Failure(409, 'Conflict', message, detailsOf(kind, name));
}

export function staleVersion(kind: KindInfo, name: string): Failure {
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  return conflict(kind, name, why);
}

export function badRequest(message: string): Failure {
  return new Failure(400, 'BadRequest', message);
}

export function forbidden(kind: KindInfo, name: string, why: string): Failure {
  const message = `${qualified(kind)} "${name}" is forbidden: ${why}`;
  return new Failure(403, 'Forbidden', message, detailsOf(kind, name));
}

export function methodNotAllowed(): Failure {
  return new Failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

export function unsupportedMediaType(accepted: readonly string[]): Failure {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new Failure(415, 'UnsupportedMediaType', message);
}

export function expired(message: string): Failure {
  return new Failure(410, 'Expired', message);
}

export function invalid(kind: KindInfo, name: string, causes: Cause[]): Failure {
  const named = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const sentences = [
    ...new Set(causes.map((cause) => (cause.field ? `${cause.field}: ${cause.message}` : cause.message))),
  ];
  const list = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`;
  return new Failure(422, 'Invalid', `${named} "${name}" is invalid: ${list}`, {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  });
}

/** A patch after which the object cannot be read. */
export function invalidPatch(why: string): Failure {
  const message = `Invalid value: "": ${why}`;
  const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }];
  return new Failure(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes });
}

/** Options of a request that say what they may not. */
export function invalidOptions(options: string, causes: Cause[]): Failure {
  const list = causes.map(({ field, message }) => `${field}: ${message}`).join(', ');
  return new Failure(422, 'Invalid', `${options}.meta.k8s.io "" is invalid: ${list}`, {
    group: 'meta.k8s.io',
    kind: options,
    causes,
  });
}

/** The causes that validation produces, in the server's words. */
export const cause = {
  required: (field: string, detail = ''): Cause => ({
    reason: 'FieldValueRequired',
    message: detail === '' ? 'Required value' : `Required value: ${detail}`,
    field,
  }),
  invalid: (field: string, value: unknown, detail: string): Cause => ({
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${shown(value)}: ${detail}`,
    field,
  }),
  wrongType: (field: string, value: unknown, detail: string): Cause => ({
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${shown(value)}: ${detail}`,
    field,
  }),
  unsupported: (field: string, value: unknown, allowed: readonly string[]): Cause => ({
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${shown(value)}: supported values: ${allowed.map((item) => JSON.stringify(item)).join(', ')}`,
    field,
  }),
  tooLong: (field: string, maximum: number): Cause => ({
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${maximum} bytes`,
    field,
  }),
  tooMany: (field: string, actual: number, maximum: number): Cause => ({
    reason: 'FieldValueTooMany',
    message: `Too many: ${actual}: must have at most ${maximum} items`,
    field,
  }),
  duplicate: (field: string, value: unknown): Cause => ({
    reason: 'FieldValueDuplicate',
    message: `Duplicate value: ${shown(value)}`,
    field,
  }),
  forbidden: (field: string, detail: string): Cause => ({
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${detail}`,
    field,
  }),
};

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
