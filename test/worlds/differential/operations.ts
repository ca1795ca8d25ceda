/** What is asked of both servers, in words that hold on either: versions and UIDs are named, not given. */
import type { Path, TestedKind } from './kinds.ts';

/** A field that is set; undefined removes it. */
export interface Edit {
  path: Path;
  value: unknown;
}

/** Which resourceVersion is sent: the last known, an earlier one, none, or one that never was. */
export type Version = 'fresh' | 'stale' | 'none' | 'wrong';
export type Uid = 'own' | 'wrong' | 'none';

interface Common {
  kind: TestedKind;
  /** '' for the collection. */
  name: string;
  subresource: '' | 'status' | 'scale' | 'unknown';
  query: Record<string, string>;
  /** Of another namespace than the sequence's own. */
  elsewhere?: string;
}

export type Operation = Common &
  (
    | { verb: 'create'; edits: Edit[]; generateName?: true; contentType?: string; body?: string }
    | { verb: 'update'; edits: Edit[]; version: Version; contentType?: string; body?: string }
    | { verb: 'patch'; type: PatchType; body: unknown; version: Version; uid: Uid }
    | { verb: 'delete'; version: Version; uid: Uid; body: Record<string, unknown> | undefined }
    | { verb: 'deleteCollection'; body: Record<string, unknown> | undefined }
    | { verb: 'get' }
    /** Follows `continue` to the last page; `at` is the version that is asked for. */
    | { verb: 'list'; at: 'none' | 'start' | 'fresh'; changeBetween: boolean }
    /** Everything since a version, up to an object that is made for this. */
    | { verb: 'watch'; from: 'start' | 'none' | 'zero' | 'initial'; sentinel: string }
  );

export const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
  wrong: 'application/x-unknown',
} as const;

export type PatchType = keyof typeof PATCH_TYPES;

/** In a namespace of its own. */
export interface Sequence {
  namespace: string;
  operations: Operation[];
}

type Container = Record<string | number, unknown>;

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** A copy with the edits made; what leads to a field is made where it is missing, but lists do not grow. */
export function edited(object: Record<string, unknown>, edits: readonly Edit[]): Record<string, unknown> {
  const result = structuredClone(object);
  for (const { path, value } of edits) setField(result, path, value);
  return result;
}

function setField(root: Container, path: Path, value: unknown): void {
  const keys = [...path];
  const last = keys.pop();
  if (last === undefined) return;
  let current = root;
  for (const key of keys) {
    if (Array.isArray(current) && (typeof key !== 'number' || key >= current.length)) return;
    if (!isContainer(current[key])) {
      if (value === undefined) return;
      current[key] = {};
    }
    current = current[key] as Container;
  }
  if (Array.isArray(current) && (typeof last !== 'number' || last >= current.length)) return;
  if (value === undefined) delete current[last];
  else current[last] = structuredClone(value);
  if (Array.isArray(current) && value === undefined) current.splice(Number(last), 1);
}

export function describeOperation(operation: Operation): string {
  const { verb, kind, name, subresource, query } = operation;
  const what = [kind.plural, name, subresource].filter((part) => part !== '').join('/');
  const { kind: _, verb: __, name: ___, subresource: ____, query: _____, ...rest } = operation;
  const asked = new URLSearchParams(query).toString();
  return `${verb} ${what}${asked === '' ? '' : `?${asked}`} ${JSON.stringify(rest)}`;
}
