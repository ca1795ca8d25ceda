/**
 * What a source has applied and is not known to be gone, as its status keeps it: lines such as `apps/v1 Deployment shop/web`, and
 * `v1 Namespace /shop` of what is in no namespace. Put down before it is applied, and crossed out once it is seen to be gone: so
 * whatever happens in between, nothing that was applied is forgotten.
 */
import type { KubeObject } from '../../api/index.ts';
import { resourceOf } from './kinds.ts';

/** Further objects are applied, but not kept account of: they are never deleted. */
export const MOST_ENTRIES = 2_000;
const ENTRY = /^(\S+) (\S+) ([^/\s]*)\/(\S+)$/;

/** The line for an object; `home` is the namespace of those that name none. */
export function entryOf(object: KubeObject, home: string): string {
  const { apiVersion, kind, metadata } = object;
  const namespace = resourceOf(object).namespaced ? (metadata.namespace ?? home) : '';
  return `${apiVersion} ${kind} ${namespace}/${metadata.name}`;
}

/** The object that a line names; undefined where it names none. */
export function readEntry(entry: string): KubeObject | undefined {
  const [, apiVersion, kind, namespace, name] = ENTRY.exec(entry) ?? [];
  if (apiVersion === undefined || kind === undefined || name === undefined) return undefined;
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } };
}

/** The same for one object in all versions of its API. */
export function keyOfEntry(entry: string): string {
  return entry.replace(
    /^([^/ ]+)(\/\S+)? /,
    (_, first: string, version?: string) => `${version === undefined ? '' : first}/`,
  );
}

/** For people: `Deployment shop/web`, `Namespace shop`. */
export function nameOfEntry(entry: string): string {
  return entry.replace(/^\S+ (\S+) \/?/, '$1 ');
}

export interface Growth {
  inventory: string[];
  /** Whether it must be put down before anything is applied. */
  isNew: boolean;
  /** How many there is no room for. */
  beyond: number;
}

/** The inventory with what is about to be applied. */
export function grown(known: readonly string[], wanted: readonly string[]): Growth {
  const entries = new Map(known.filter(readEntry).map((entry) => [keyOfEntry(entry), entry]));
  let beyond = 0;
  for (const entry of wanted.filter(readEntry)) {
    const key = keyOfEntry(entry);
    if (entries.has(key) || entries.size < MOST_ENTRIES) entries.set(key, entry);
    else beyond++;
  }
  const inventory = [...entries.values()].sort();
  const before = new Set(known);
  return { inventory, isNew: inventory.some((entry) => !before.has(entry)), beyond };
}

/** What was applied and is no longer wanted. */
export function leftovers(inventory: readonly string[], wanted: readonly string[]): string[] {
  const keys = new Set(wanted.map(keyOfEntry));
  return inventory.filter((entry) => !keys.has(keyOfEntry(entry)));
}

/** A list for a sentence, cut short. */
export function shortList(names: readonly string[], most = 5): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}
