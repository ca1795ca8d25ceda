/** Strategic merge patch: a merge patch that knows by which key the items of a list belong together. */
import { badRequest, Failure } from './failure.ts';
import { copy, define, equal, type Fields, isFields } from './objects.ts';
import { field, itemOf, type Schema } from './schema.ts';

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const REMOVE_PREFIX = '$deleteFromPrimitiveList/';
const ORDER_PREFIX = '$setElementOrder/';

function strategies(schema: Schema | undefined): string[] {
  return (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',');
}

export function strategicPatch(target: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (!isFields(patch)) return copy(patch);
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return Object.fromEntries(Object.entries(patch).filter(([key]) => key !== DIRECTIVE));
  if (directive === 'delete') return {};
  const result: Fields = isFields(target) ? { ...target } : {};
  if (RETAIN in patch) retain(result, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER_PREFIX)) continue;
    if (key.startsWith(REMOVE_PREFIX)) removeItems(result, key.slice(REMOVE_PREFIX.length), value);
    else patchField(result, key, value, field(schema, key));
  }
  for (const [key, order] of Object.entries(patch)) {
    if (key.startsWith(ORDER_PREFIX)) reorder(result, key.slice(ORDER_PREFIX.length), order, schema);
  }
  return result;
}

function patchField(result: Fields, key: string, value: unknown, schema: Schema | undefined): void {
  const old = Object.hasOwn(result, key) ? result[key] : undefined;
  if (value === null) delete result[key];
  else if (!isSameSort(old, value)) {
    const taken = asGiven(value);
    if (taken === undefined) delete result[key];
    else define(result, key, taken);
  } else if (Array.isArray(value)) define(result, key, patchList(old as unknown[], value, schema));
  else if (isFields(value) && strategies(schema).includes('replace')) define(result, key, withoutDirectives(value));
  else define(result, key, strategicPatch(old, value, schema));
}

function isSameSort(old: unknown, value: unknown): boolean {
  return typeof old === typeof value && Array.isArray(old) === Array.isArray(value) && old !== null;
}

/** What a patch brings where there is nothing to patch: without nulls, and without whatever says how to patch it. */
function asGiven(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asGiven).filter((item) => item !== undefined);
  if (!isFields(value)) return value;
  if (DIRECTIVE in value) return undefined;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  const given = kept.map(([key, item]) => [key, asGiven(item)] as const);
  return Object.fromEntries(given.filter(([, item]) => item !== undefined));
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .filter(
        (item) =>
          !(isFields(item) && (item[DIRECTIVE] === 'delete' || (DIRECTIVE in item && Object.keys(item).length === 1))),
      )
      .map(withoutDirectives);
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, item]) =>
      item !== null &&
      key !== DIRECTIVE &&
      key !== RETAIN &&
      !key.startsWith(ORDER_PREFIX) &&
      !key.startsWith(REMOVE_PREFIX),
  );
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutDirectives(item)]));
}

/** Only the named keys stay; whatever the patch gives must be among them. */
function retain(result: Fields, patch: Fields): void {
  const keys = patch[RETAIN];
  const isOther = (key: string) => key === RETAIN || key.startsWith(ORDER_PREFIX) || key.startsWith(REMOVE_PREFIX);
  const given = Object.keys(patch).filter((key) => patch[key] !== null && !isOther(key));
  if (!Array.isArray(keys) || given.some((key) => !keys.includes(key)))
    throw badRequest('the format of $retainKeys in the patch is wrong');
  for (const key of Object.keys(result)) if (!keys.includes(key)) delete result[key];
}

function removeItems(result: Fields, key: string, items: unknown): void {
  const list = result[key];
  if (!Array.isArray(list) || !Array.isArray(items)) return;
  result[key] = list.filter((item) => !items.some((removed) => equal(item, removed)));
}

function patchList(old: unknown[], patch: unknown[], schema: Schema | undefined): unknown[] {
  if (!strategies(schema).includes('merge')) return withoutDirectives(patch) as unknown[];
  if (patch.some((item) => isFields(item) && item[DIRECTIVE] === 'replace'))
    return withoutDirectives(patch) as unknown[];
  const key = schema?.['x-kubernetes-patch-merge-key'];
  const result = [...old];
  if (key === undefined) {
    for (const item of patch) if (!result.some((known) => equal(known, item))) result.push(item);
  } else for (const item of patch) patchItem(result, item, key, itemOf(schema));
  const identity = (item: unknown) => (key !== undefined && isFields(item) ? (item[key] ?? null) : item);
  return interleaved(result, { patch, old, identity });
}

interface Orders {
  patch: unknown[];
  old: unknown[];
  identity(item: unknown): unknown;
}

/** What the patch names comes in its order; the rest goes in between, before what it came before. */
function interleaved(merged: unknown[], { patch, old, identity }: Orders): unknown[] {
  const place = (list: unknown[], item: unknown) => list.findIndex((each) => equal(identity(each), identity(item)));
  const named = merged.filter((item) => place(patch, item) >= 0);
  const right = named.sort((one, other) => place(patch, one) - place(patch, other));
  const left = merged.filter((item) => place(patch, item) < 0);
  const result: unknown[] = [];
  while (left.length > 0 && right.length > 0) {
    const [at, before] = [place(old, left[0]), place(old, right[0])];
    result.push(before >= 0 && at < before ? left.shift() : right.shift());
  }
  return [...result, ...left, ...right];
}

function patchItem(result: unknown[], item: unknown, key: string, schema: Schema | undefined): void {
  if (!isFields(item) || item[key] === undefined) {
    throw new Failure(500, '', `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
  }
  const isThis = (known: unknown) => isFields(known) && equal(known[key], item[key]);
  const index = result.findIndex(isThis);
  if (item[DIRECTIVE] === 'delete') {
    for (let at = index; at >= 0; at = result.findIndex(isThis)) result.splice(at, 1);
  } else if (index < 0) result.push(withoutDirectives(item));
  else result[index] = strategicPatch(result[index], item, schema);
}

/** Items named in the order come in that order; others keep their place after the one that they followed. */
function reorder(result: Fields, key: string, order: unknown, schema: Schema | undefined): void {
  const list = result[key];
  if (!Array.isArray(list) || !Array.isArray(order)) return;
  const mergeKey = field(schema, key)?.['x-kubernetes-patch-merge-key'];
  const identity = (item: unknown) => (mergeKey !== undefined && isFields(item) ? item[mergeKey] : item);
  const wanted = order.map(identity);
  const rank = (item: unknown) => wanted.findIndex((each) => equal(each, identity(item)));
  const named = list.filter((item) => rank(item) >= 0).sort((left, right) => rank(left) - rank(right));
  result[key] = list.map((item) => (rank(item) >= 0 ? named.shift() : item));
}
