/** Server-side apply: merge a configuration into the live object, refuse conflicts, remove what is no longer applied. */
import { type Cause, Failure } from './failure.ts';
import { child, type FieldSet, partsOf, readable, withNamedAncestors } from './field-sets.ts';
import type { KindInfo } from './kinds.ts';
import {
  claimed,
  difference,
  type Manager,
  readManagers,
  sameFields,
  type Writer,
  writeManagers,
} from './managed-fields.ts';
import { copy, define, type Fields, isFields } from './objects.ts';
import type { Schema } from './schema.ts';
import type { ApiObject } from './types.ts';

export interface Application {
  kind: KindInfo;
  live: ApiObject;
  configuration: ApiObject;
  writer: Writer;
  force: boolean;
}

/** The object after the apply, with its managedFields; throws Conflict unless forced. */
export function applyConfiguration({ kind, live, configuration, writer, force }: Application): ApiObject {
  const { schema, hasStatus } = kind;
  const managers = readManagers(live);
  const isMine = (manager: Manager) =>
    manager.operation === 'Apply' && manager.manager === writer.manager && manager.subresource === writer.subresource;
  const mine = managers.find(isMine);
  const others = managers.filter((manager) => !isMine(manager));
  const fields = claimed(configuration, schema, hasStatus, writer.subresource);

  const merged = merge(live, configuration, schema) as ApiObject;
  const changed = difference(live, merged, schema).set;
  const taken = new Set([...changed].filter((path) => fields.has(path)));
  if (!force) refuseConflicts(kind, live, others, taken);

  const remaining = others.map((manager) => ({ ...manager, fields: minus(manager.fields, taken) }));
  const kept = withNamedAncestors(new Set([...fields, ...remaining.flatMap((manager) => [...manager.fields])]));
  const obsolete = minus(withNamedAncestors(mine?.fields ?? new Set()), kept);
  const result = obsolete.size === 0 ? merged : (prune(merged, schema, '', obsolete) as ApiObject);

  const own: Manager = {
    manager: writer.manager,
    operation: 'Apply',
    apiVersion: configuration.apiVersion,
    subresource: writer.subresource,
    time: mine && sameFields(mine.fields, fields) ? mine.time : writer.time,
    fields,
  };
  const managedFields = writeManagers([...remaining, own]) as NonNullable<ApiObject['metadata']['managedFields']>;
  return { ...result, metadata: { ...result.metadata, managedFields } };
}

function minus(fields: FieldSet, taken: FieldSet): FieldSet {
  return new Set([...fields].filter((path) => !taken.has(path)));
}

function describeManager({ manager, operation, subresource, apiVersion, time }: Manager): string {
  const through = subresource === '' ? '' : ` with subresource "${subresource}"`;
  const at = operation === 'Update' && time !== '' ? ` at ${time}` : '';
  return `conflict with "${manager}"${through} using ${apiVersion}${at}`;
}

function refuseConflicts(kind: KindInfo, live: ApiObject, others: readonly Manager[], taken: FieldSet): void {
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
  throw new Failure(409, 'Conflict', message, {
    name: live.metadata.name,
    group: kind.group,
    kind: kind.plural,
    causes,
  });
}

/** What the configuration says, over what is there; lists by their keys. */
function merge(live: unknown, wanted: unknown, schema: Schema | undefined): unknown {
  const before = partsOf(live, schema);
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
