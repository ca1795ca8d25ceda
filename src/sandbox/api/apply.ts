/** Server-side apply: merge a configuration into the live object, refuse conflicts, remove what is no longer applied. */
import { type Cause, Failure } from './failure.ts';
import { child, type FieldSet, partsOf, readable, withNamedAncestors } from './field-sets.ts';
import type { KindInfo } from './kinds.ts';
import {
  claimed,
  difference,
  emptyObject,
  type Manager,
  readManagers,
  type Writer,
  writable,
  writeManagers,
} from './managed-fields.ts';
import { copy, define, equal, type Fields, isFields } from './objects.ts';
import type { Schema } from './schema.ts';
import type { ApiObject } from './types.ts';

export interface Application {
  kind: KindInfo;
  live: ApiObject;
  configuration: ApiObject;
  writer: Writer;
  force: boolean;
  /** Says another time of birth, or that nobody wrote: this changes nothing but when the writer wrote. */
  restates: boolean;
}

/** The object after the apply, with its managedFields; throws Conflict unless forced. */
export function applyConfiguration(application: Application): ApiObject {
  const { kind, live, configuration, writer, force, restates } = application;
  const { schema } = kind;
  const known = readManagers(live);
  const managers = live.metadata.uid && known.length === 0 ? [formerWriters(kind, live, writer)] : known;
  const isMine = (manager: Manager) =>
    manager.operation === 'Apply' && manager.manager === writer.manager && manager.subresource === writer.subresource;
  const mine = managers.find(isMine);
  const others = managers.filter((manager) => !isMine(manager));
  const fields = claimed(configuration, kind, writer.subresource);

  const merged = merge(live, configuration, schema) as ApiObject;
  const changed = difference(live, merged, schema).set;
  if (!force) refuseConflicts(others, changed);

  const remaining = others.map((manager) => ({ ...manager, fields: minus(manager.fields, changed) }));
  const kept = withNamedAncestors(new Set([...fields, ...remaining.flatMap((manager) => [...manager.fields])]));
  const obsolete = minus(withNamedAncestors(mine?.fields ?? new Set()), kept);
  // Whatever becomes of labels and the like, an object keeps its name.
  obsolete.delete('f:metadata');
  const result = obsolete.size === 0 ? merged : (prune(merged, schema, '', obsolete) as ApiObject);

  const isChange = restates || !equal(content(live), content(result));
  const own: Manager = {
    manager: writer.manager,
    operation: 'Apply',
    apiVersion: configuration.apiVersion,
    subresource: writer.subresource,
    // Time is a matter of what changed: an apply that only claims has none.
    time: isChange ? writer.time : (mine?.time ?? ''),
    fields,
  };
  const managedFields = writeManagers([...remaining, own]) as NonNullable<ApiObject['metadata']['managedFields']>;
  return { ...result, metadata: { ...result.metadata, managedFields } };
}

/** Whoever wrote an object in which nobody is entered. */
function formerWriters(kind: KindInfo, live: ApiObject, { time, subresource }: Writer): Manager {
  const { set } = difference(emptyObject(kind), live, kind.schema);
  const fields = writable(set, kind.hasStatus, subresource);
  return {
    manager: 'before-first-apply',
    operation: 'Update',
    apiVersion: live.apiVersion,
    subresource,
    time,
    fields,
  };
}

function content({ metadata, ...rest }: ApiObject): object {
  const { managedFields: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

function minus(fields: FieldSet, taken: FieldSet): FieldSet {
  return new Set([...fields].filter((path) => !taken.has(path)));
}

function describeManager({ manager, operation, subresource, apiVersion }: Manager): string {
  const through = subresource === '' ? '' : ` with subresource "${subresource}"`;
  const using = operation === 'Update' ? ` using ${apiVersion}` : '';
  return `conflict with "${manager}"${through}${using}`;
}

function refuseConflicts(others: readonly Manager[], taken: FieldSet): void {
  const causes: Cause[] = [];
  for (const manager of others) {
    for (const path of [...taken].filter((each) => manager.fields.has(each)).sort()) {
      causes.push({ reason: 'FieldManagerConflict', message: describeManager(manager), field: readable(path) });
    }
  }
  const [first] = causes;
  if (!first) return;
  const byManager = Map.groupBy(causes, (each) => each.message);
  const lines = [...byManager].map(
    ([who, list]) => `${who.replace('conflict', 'conflicts')}:\n${list.map((each) => `- ${each.field}`).join('\n')}`,
  );
  const text = causes.length === 1 ? `${first.message}: ${first.field}` : lines.join('\n');
  const message = `Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${text}`;
  throw new Failure(409, 'Conflict', message, { causes });
}

/** What the configuration says, over what is there; lists by their keys. */
function merge(live: unknown, wanted: unknown, schema: Schema | undefined): unknown {
  const before = partsOf(live, schema);
  // To claim a map or a merged list without giving one leaves what is there.
  if (wanted === null && before) return live;
  const parts = partsOf(wanted, schema);
  if (!before || !parts || Array.isArray(live) !== Array.isArray(wanted)) return copy(wanted);
  const known = new Map(before.map((part) => [part.element, part.value]));
  if (!Array.isArray(wanted)) {
    const result: Fields = { ...(live as Fields) };
    for (const part of parts) {
      const old = known.get(part.element);
      define(result, part.element.slice(2), old === undefined ? copy(part.value) : merge(old, part.value, part.schema));
    }
    return result;
  }
  const rest = new Map(parts.map((part) => [part.element, part]));
  const result: unknown[] = [];
  const done = new Set<string>();
  const take = (element: string) => {
    const part = rest.get(element);
    if (!part || done.has(element)) return;
    done.add(element);
    result.push(known.has(element) ? merge(known.get(element), part.value, part.schema) : copy(part.value));
  };
  const queue = parts.map((part) => part.element);
  for (const { element, value } of before) {
    if (!rest.has(element)) result.push(value);
    // The order of the configuration wins among the items that both have.
    else while (!done.has(element)) take(queue.shift() ?? element);
  }
  for (const element of queue) take(element);
  return result;
}

function prune(value: unknown, schema: Schema | undefined, path: string, obsolete: FieldSet): unknown {
  const parts = partsOf(value, schema);
  if (!parts) return value;
  const kept = parts.filter((part) => !obsolete.has(child(path, part.element)));
  // What lost all that was in it becomes nothing, not empty.
  if (kept.length === 0 && parts.length > 0) return null;
  const pruned = kept.map((part) => ({
    ...part,
    value: prune(part.value, part.schema, child(path, part.element), obsolete),
  }));
  if (Array.isArray(value)) return pruned.map((part) => part.value);
  if (!isFields(value)) return value;
  const result: Fields = {};
  for (const part of pruned) define(result, part.element.slice(2), part.value);
  return result;
}
