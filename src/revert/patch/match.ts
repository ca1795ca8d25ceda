import type { Part, Source } from './source.ts';
import { type ListTree, type Obstacle, same, scalarAt, type Tree } from './tree.ts';
import { type DocumentName, refused, type SpliceRefusal } from './types.ts';

/** The same thing in the three versions of a file. */
export interface Three<T, Head = T | undefined> {
  before: T;
  after: T;
  head: Head;
}

/** A document in those versions that have it. */
export interface PartTrio extends Three<Part | undefined> {
  name: DocumentName;
}

export interface MatchedParts {
  trios: PartTrio[];
  /** Documents that changed, and of which nothing tells which is which. */
  unmatched: DocumentName | undefined;
}

function byIdentity({ parts }: Source): Map<string, Part> | SpliceRefusal {
  const found = new Map<string, Part>();
  for (const part of parts) {
    const { object, label } = part.name;
    if (!object) continue;
    const identity = JSON.stringify([object.group, object.kind, object.namespace, object.name]);
    if (found.has(identity)) return refused('ambiguous', `${label} is in the file twice. Remove one of the two`);
    found.set(identity, part);
  }
  return found;
}

/** Documents without an identity are told by their number, so only where none was added or taken away. */
function unnamed({ before, after, head }: Three<Source, Source>): MatchedParts {
  const of = ({ parts }: Source) => parts.filter((part) => !part.name.object);
  const [left, right, now] = [of(before), of(after), of(head)];
  if (left.length === right.length && right.length === now.length) {
    const trios = left.map((part, index) => ({ name: part.name, before: part, after: right[index], head: now[index] }));
    return { trios, unmatched: undefined };
  }
  const isLeft = (parts: Part[]) =>
    left.length === parts.length && left.every((part, index) => same(part.tree, parts[index]?.tree));
  const isDone = isLeft(right) || isLeft(now);
  return { trios: [], unmatched: isDone ? undefined : (left[0] ?? right[0])?.name };
}

/** Matches documents: objects by group, kind, namespace and name, wherever they stand; others by their number. */
export function matchParts(sources: Three<Source, Source>): MatchedParts | SpliceRefusal {
  const [before, after, head] = [byIdentity(sources.before), byIdentity(sources.after), byIdentity(sources.head)];
  if ('kind' in before) return before;
  if ('kind' in after) return after;
  if ('kind' in head) return head;
  const named = [...new Map([...after, ...before])].map(([identity, { name }]) => {
    return { name, before: before.get(identity), after: after.get(identity), head: head.get(identity) };
  });
  const others = unnamed(sources);
  return { trios: [...named, ...others.trios], unmatched: others.unmatched };
}

/** By what the API server tells items of a list apart, where that is not the name alone: the first that all items have. */
const MERGE_KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  hostAliases: [['ip']],
  ports: [['name'], ['containerPort', 'protocol'], ['port', 'protocol']],
  resizePolicy: [['resourceName']],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
  volumeDevices: [['devicePath']],
  volumeMounts: [['mountPath']],
};
const USUAL: readonly (readonly string[])[] = [['name']];

export type MatchedItems =
  /** Items by the last part of their path, as in `[name=web]`, in their order. */
  | { kind: 'keys'; items: Three<Map<string, Tree>> }
  /** They have no key: only their index tells them apart. */
  | { kind: 'index' }
  /** They have one that does not tell them apart. */
  | ({ kind: 'unclear' } & Obstacle);

/** Undefined where an item lacks the key's first field, or two have the same key. */
function byKey(list: ListTree, fields: readonly string[]): Map<string, Tree> | undefined {
  const items = new Map<string, Tree>();
  for (const item of list.items) {
    const values = fields.map((field) => ({ field, value: scalarAt(item, field) }));
    if (values[0]?.value === undefined) return undefined;
    const said = values.filter(({ value }) => value !== undefined).map(({ field, value }) => `${field}=${value}`);
    const key = `[${said.join(',')}]`;
    if (items.has(key)) return undefined;
    items.set(key, item);
  }
  return items;
}

/** Matches the items of a list by their merge key. `field` is the name under which the list stands. */
export function matchItems(lists: Three<ListTree>, field: string): MatchedItems {
  const candidates = (Object.hasOwn(MERGE_KEYS, field) ? MERGE_KEYS[field] : undefined) ?? USUAL;
  for (const fields of candidates) {
    const [before, after] = [byKey(lists.before, fields), byKey(lists.after, fields)];
    const head = lists.head && byKey(lists.head, fields);
    if (before && after && (head || !lists.head)) return { kind: 'keys', items: { before, after, head } };
  }
  const all = [lists.before, lists.after, lists.head].flatMap((list) => list?.items ?? []);
  const names = candidates.map(([first = '']) => first);
  const hasKeys = all.some((item) => names.some((name) => scalarAt(item, name) !== undefined));
  if (!hasKeys) return { kind: 'index' };
  const alias = all.find(({ kind, obstacle }) => kind === 'scalar' && obstacle?.reason === 'alias')?.obstacle;
  if (alias) return { kind: 'unclear', reason: 'alias', message: `has an item that ${alias.message}` };
  return { kind: 'unclear', reason: 'ambiguous', message: `has items that ${names.join(' or ')} does not tell apart` };
}
