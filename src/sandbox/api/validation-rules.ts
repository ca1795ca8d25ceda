/** Custom kinds: their schema, and the rules that their definitions give in CEL, written out here by name. */
import { type Cause, cause } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import { hasField, isFields, valueAt } from './objects.ts';
import type { ApiObject } from './types.ts';
import { httpRouteRules } from './validation-gateway.ts';
import { rolloutRules } from './validation-rollouts.ts';
import { repetitions, validateSchema } from './validation-schema.ts';

export interface Rule {
  /** With `*` for every item of a list. */
  path: string;
  /** Whether the value is right; only asked where there is one, which may be of a wrong type in what is misnamed. */
  holds(value: unknown, before: unknown): boolean;
  message: string;
}

const secret = 'namespace must not be set';

const RULES: Record<string, readonly Rule[]> = {
  Rollout: rolloutRules,
  GitSource: [
    {
      path: 'spec.repository.secretRef',
      holds: (value) => isFields(value) && !hasField(value, 'namespace'),
      message: secret,
    },
    {
      path: 'spec.path',
      holds: (value) => typeof value === 'string' && !value.startsWith('/') && !/(^|\/)[.][.](\/|$)/.test(value),
      message: 'path must be relative and stay inside the repository',
    },
  ],
  RevertPolicy: [
    {
      path: 'spec.repository.secretRef',
      holds: (value) => isFields(value) && !hasField(value, 'namespace'),
      message: secret,
    },
  ],
  HTTPRoute: httpRouteRules,
};

/** What keeps rules from being asked. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/** Rules are for what has the right shape: a shape too wrong to tell keeps them all from being asked. */
export function validateCustom(kind: KindInfo, object: ApiObject, live: ApiObject | undefined): Cause[] {
  const found = validateSchema(object, kind.schema, '');
  const rules = RULES[kind.kind];
  if (!rules) return found;
  if (found.some(({ reason }) => BLOCKING.has(reason))) {
    const message =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
    return [...found, { reason: 'FieldValueInvalid', message: `Invalid value: null: ${message}`, field: '<nil>' }];
  }
  return [...found, ...brokenRules(rules, object, live)];
}

function brokenRules(rules: readonly Rule[], object: ApiObject, live: ApiObject | undefined): Cause[] {
  return rules.flatMap(({ path, holds, message }) =>
    placesAt(object, path.split('.')).flatMap(({ at, value }) =>
      holds(value, valueAt(live, ...path.split('.'))) ? [] : [cause.invalid(at, value, message)],
    ),
  );
}

interface Place {
  /** As in `spec.rules[0].filters`. */
  at: string;
  value: unknown;
}

/** Everything that there is at a path. */
function placesAt(value: unknown, [key, ...rest]: readonly string[], at = ''): Place[] {
  if (value === undefined || value === null) return [];
  if (key === undefined) return [{ at, value }];
  if (key === '*')
    return Array.isArray(value) ? value.flatMap((item, index) => placesAt(item, rest, `${at}[${index}]`)) : [];
  return placesAt(valueAt(value, key), rest, at === '' ? key : `${at}.${key}`);
}

/** An object that says to be of another kind: its shape is not looked at, its lists and the rules are. */
export function misnamed(kind: KindInfo, object: ApiObject): Cause[] {
  const wrong = cause.invalid('kind', object.kind, `must be ${kind.kind}`);
  return [wrong, ...repetitions(object, kind.schema, ''), ...brokenRules(RULES[kind.kind] ?? [], object, undefined)];
}

/** Whether nothing but maps leads to a path. */
function isReachable(object: unknown, path: string): boolean {
  const keys = path.split('.').slice(1, -1);
  return keys.every((_, index) => {
    const value = valueAt(object, ...keys.slice(0, index + 1));
    return value === undefined || isFields(value);
  });
}

/** The numbers and the selector that a Scale is made of. */
export function scaleCauses({ scale }: KindInfo, object: ApiObject, subresource: string): Cause[] {
  if (!scale) return [];
  const paths = [...(subresource === 'status' ? [] : [scale.specReplicasPath]), scale.statusReplicasPath];
  const at = (path: string) => valueAt(object, ...path.split('.').slice(1));
  const found = paths.flatMap((path) => {
    const value = at(path);
    if (value === undefined) return isReachable(object, path) ? [] : [cause.invalid(path, value, 'is not there')];
    if (!Number.isInteger(value)) return [cause.invalid(path, value, 'must be an integer')];
    const number = value as number;
    if (number < 0) return [cause.invalid(path, number, 'should be a non-negative integer')];
    return number > 2 ** 31 - 1 ? [cause.invalid(path, number, 'should be less than or equal to 2147483647')] : [];
  });
  const { labelSelectorPath } = scale;
  const selector = labelSelectorPath === undefined ? undefined : at(labelSelectorPath);
  const isRight =
    labelSelectorPath === undefined ||
    typeof selector === 'string' ||
    (selector === undefined && isReachable(object, labelSelectorPath));
  if (isRight) return found;
  return [...found, cause.invalid(labelSelectorPath, selector, 'must be a string')];
}
