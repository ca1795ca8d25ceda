/** The words that schemas are written in. Types are inferred from schemas; CRDs, docs and the checks walk them. */
import { type Static, type TSchema, Type } from 'typebox';

export const optional = Type.Optional;
export const list = Type.Array;

export function text(description: string) {
  return Type.String({ description });
}

/** Text that is never shown. */
export function secretText(description: string) {
  return Type.Unsafe<string>({ type: 'string', description, 'x-headgate-secret': true });
}

export function flag(description: string) {
  return Type.Boolean({ description });
}

/** A 32-bit whole number. */
export function integer(description: string, bounds: { minimum?: number; maximum?: number } = {}) {
  return Type.Integer({ description, format: 'int32', ...bounds });
}

export function longInteger(description: string) {
  return Type.Integer({ description, format: 'int64' });
}

/** An instant, as RFC 3339. */
export function instant(description: string) {
  return Type.String({ description, format: 'date-time' });
}

/** `5`, `"5"` or `"25%"`. */
export function intOrString(description: string) {
  return Type.Unsafe<number | string>({ description, 'x-kubernetes-int-or-string': true });
}

/** How long: a Go duration such as `30s`, `5m` or `1h30m`. */
export function duration(description: string) {
  return Type.String({ description });
}

/** A JSON object with free keys, all values of one shape. */
export function mapOf<V extends TSchema>(value: V, description: string) {
  return Type.Unsafe<Record<string, Static<V>>>({ type: 'object', description, additionalProperties: value });
}

export function stringMap(description: string) {
  return mapOf(Type.String(), description);
}

/** One of a few words; the API server refuses any other. */
export function choice<const W extends string>(words: readonly W[], description: string, fallback?: W) {
  const preset = fallback === undefined ? {} : { default: fallback };
  return Type.Unsafe<W>({ type: 'string', enum: [...words], description, ...preset });
}

/**
 * One of a few words, which only Headgate's own checks hold: the stock CRDs accept any string there, and an object that
 * they accept must stay acceptable.
 */
export function word<const W extends string>(words: readonly W[], description: string) {
  return Type.Unsafe<W>({ type: 'string', description, 'x-headgate-words': [...words] });
}

/** Any JSON object; nothing in it is checked or lost. */
export function free<T = Record<string, unknown>>(description: string) {
  return Type.Unsafe<T>({ type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true });
}

/** Any JSON value at all. */
export function freeValue(description: string) {
  return Type.Unsafe<unknown>({ description, 'x-kubernetes-preserve-unknown-fields': true });
}

/** A check that the API server makes itself: a CEL rule on the value, and what is told where it does not hold. */
export interface ServerCheck {
  rule: string;
  message: string;
}

/**
 * The checks of a schema, for its options. They may refuse nothing that the stock CRDs and Argo Rollouts accept. The server
 * adds up what they could cost at most: in the items of a list they need its maxItems, and they stay away from pod templates.
 */
export function serverChecks(...checks: ServerCheck[]) {
  return { 'x-kubernetes-validations': checks };
}

/**
 * A Secret in a namespace that is not the writer's to choose. A namespace is known to the schema only so that naming one
 * is refused rather than dropped.
 */
export function secretRef(description: string, where: string) {
  return Type.Unsafe<{ name: string }>({
    type: 'object',
    description,
    required: ['name'],
    properties: {
      name: { type: 'string', description: `The Secret, in ${where}.` },
      namespace: { type: 'string', description: `Must not be set: the Secret is always in ${where}.` },
    },
    ...serverChecks({
      rule: '!has(self.namespace)',
      message: `namespace must not be set: the Secret is always in ${where}`,
    }),
  });
}

/** A folder of a repository, from its root. */
export function folder(description: string, options: object = {}) {
  return Type.String({ description, default: '', maxLength: 1024, ...options });
}
