/** What happens to an object before anyone judges it: unknown fields and nulls go, defaults come. */
import { badRequest, Failure, invalidPatch } from './failure.ts';
import { apiVersionOf, type KindInfo } from './kinds.ts';
import { copy, define, type Fields, isFields, listAt, textAt } from './objects.ts';
import { declared, field, isOpen, itemOf, type Schema } from './schema.ts';
import { type Reading, readTyped } from './typed.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** How the object came: a patch that makes something unreadable is itself invalid; what is applied keeps its nulls. */
export type Origin = 'object' | 'patch' | 'apply';

/** A copy without the fields that the schema does not know; what was dropped is refused or answered as warnings. */
export function decode(
  kind: KindInfo,
  object: object,
  validation: FieldValidation,
  warnings: string[],
  origin: Origin = 'object',
): Fields {
  const reading: Reading = { unknown: [], mismatch: [] };
  const result = kind.custom
    ? readCustom(object, kind, reading, origin)
    : (readTyped(object, kind.schema, '', reading) as Fields);
  const refuse = (why: string) => {
    if (origin === 'apply') throw new Failure(500, '', `failed to convert the merged object: ${why}`, {});
    if (origin === 'patch') throw invalidPatch(why);
    throw badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`);
  };
  if (reading.mismatch.length > 0) refuse(`json: cannot unmarshal ${reading.mismatch[0]}`);
  // Of an object of another kind only the metadata is read.
  const isOfThisKind = !kind.custom || !result.kind || result.kind === kind.kind;
  // What is applied was read by the schema before.
  const isRead = (path: string) => origin !== 'apply' && (isOfThisKind || path.startsWith('metadata.'));
  const unknown = reading.unknown.filter(isRead);
  const complaints = unknown.map((path) => `unknown field "${path}"`);
  if (validation === 'Strict' && complaints.length > 0) refuse(`strict decoding error: ${complaints.join(', ')}`);
  if (validation === 'Warn') warnings.push(...complaints);
  if (isFields(result.metadata)) warnings.push(...dropRepeatedOwners(result.metadata, origin));
  define(result, 'apiVersion', apiVersionOf(kind));
  // A wrong kind of a custom object is judged together with the rest.
  if (!kind.custom || typeof result.kind !== 'string' || result.kind === '') define(result, 'kind', kind.kind);
  return result;
}

/** One owner counts once. */
export function dropRepeatedOwners(metadata: Fields, origin: Origin): string[] {
  const owners = listAt(metadata, 'ownerReferences');
  const repeated = owners.filter((owner, index) =>
    owners.slice(0, index).some((each) => textAt(each, 'uid') === textAt(owner, 'uid')),
  );
  if (repeated.length === 0) return [];
  define(
    metadata,
    'ownerReferences',
    owners.filter((owner) => !repeated.includes(owner)),
  );
  const uids = [...new Set(repeated.map((owner) => textAt(owner, 'uid')))].join(', ');
  const when = origin === 'object' ? '' : ' after mutating admission happens';
  return [
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`,
  ];
}

/** Custom kinds keep what their schema knows; only their metadata has a Go type. */
function readCustom(object: object, kind: KindInfo, reading: Reading, origin: Origin): Fields {
  const { metadata, ...rest } = object as Fields;
  if (rest.status === null) delete rest.status;
  const result = pruned(rest, kind.schema, '', { reading, keepsNull: origin === 'apply' }) as Fields;
  if (metadata === null || metadata === undefined) return result;
  const read = readTyped(metadata, declared(kind.schema, 'metadata') ?? {}, 'metadata', reading);
  // Only of built-in objects can the managers be forgotten by an empty list.
  if (isFields(read) && listAt(read, 'managedFields').length === 0) delete read.managedFields;
  define(result, 'metadata', read);
  return result;
}

interface Pruning {
  reading: Reading;
  keepsNull: boolean;
}

function pruned(value: unknown, schema: Schema | undefined, path: string, pruning: Pruning): unknown {
  if (Array.isArray(value)) {
    const item = itemOf(schema);
    return value.map((each, index) => pruned(each, item, `${path}[${index}]`, pruning));
  }
  if (!isFields(value)) return value;
  const result: Fields = {};
  for (const [key, each] of Object.entries(value)) {
    const below = field(schema, key);
    const at = path === '' ? key : `${path}.${key}`;
    const isNothing = each === null && below !== undefined && !below.nullable;
    if (schema && !below && !isOpen(schema)) pruning.reading.unknown.push(at);
    else if (isNothing && (!pruning.keepsNull || below.default !== undefined)) continue;
    else define(result, key, pruned(each, below, at, pruning));
  }
  return result;
}

/** Fills in the schema's defaults, in place. */
export function applyDefaults(value: unknown, schema: Schema | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    for (const item of value) applyDefaults(item, itemOf(schema));
    return;
  }
  if (!isFields(value)) return;
  for (const key of Object.keys(schema.properties ?? {})) {
    const fallback = declared(schema, key)?.default;
    if (fallback !== undefined && value[key] === undefined) value[key] = copy(fallback);
  }
  for (const [key, each] of Object.entries(value)) {
    if (typeof each === 'object' && each !== null) applyDefaults(each, field(schema, key));
  }
}
