import type { GitSource } from '../../api/index.ts';
import { Stalled, Waiting } from '../../errors.ts';
import { type Reading, readApp } from '../../git/app.ts';
import type { Clone } from '../../git/clone.ts';
import { canonicalRepository, checkPath } from '../../git/url.ts';
import { helmOptionsOf } from './check.ts';
import { entryOf, keyOfEntry } from './inventory.ts';

export interface TakersOptions {
  source: GitSource;
  /** Of all namespaces, without this one. */
  others: readonly GitSource[];
  clone: Clone;
  /** The commit in which something is no longer there. */
  head: string;
  reading: Reading;
}

/** One other source, and what it holds; undefined where that cannot be told. */
interface Taker {
  name: string;
  keys: ReadonlySet<string> | undefined;
}

function follows({ spec }: GitSource, { repository }: GitSource['spec']): boolean {
  const { url, branch } = spec.repository;
  return branch === repository.branch && canonicalRepository(url) === canonicalRepository(repository.url);
}

/** What another source of the same branch holds at this commit, whether it has come to look at it or not. */
async function heldInGit({ clone, head, reading }: TakersOptions, other: GitSource): Promise<Taker['keys']> {
  const { namespace = 'default' } = other.metadata;
  try {
    const path = checkPath(other.spec.path ?? '');
    if ((await clone.files(head, path)).length === 0) return new Set();
    const app = { tree: head, path, namespace, helm: helmOptionsOf(other) };
    const { set } = await readApp(clone, app, reading);
    if (set.problems.length > 0) return undefined;
    return new Set(set.manifests.map(({ object }) => keyOfEntry(entryOf(object, namespace))));
  } catch (error) {
    if (error instanceof Stalled || error instanceof Waiting) return undefined;
    throw error;
  }
}

/** A source of another namespace has a say about a branch only once it has shown that it may read it. */
function mayTake(other: GitSource, source: GitSource): boolean {
  if (other.metadata.deletionTimestamp !== undefined) return false;
  return other.metadata.namespace === source.metadata.namespace || other.status?.lastAppliedCommit !== undefined;
}

/**
 * Who else holds an object, by its key, so that one that only moves to another source is never deleted. Sources of the same
 * branch are read at the same commit, because they may look at it later; of others only the inventory is known. They are read at the
 * first question.
 */
export function takersOf(options: TakersOptions): (key: string) => Promise<string | undefined> {
  const { source, others } = options;
  let takers: Promise<Taker[]> | undefined;
  const read = async () => {
    const found: Taker[] = [];
    for (const other of others) {
      const { metadata, status } = other;
      if (!mayTake(other, source)) continue;
      const keys = follows(other, source.spec)
        ? await heldInGit(options, other)
        : new Set(status?.inventory?.map(keyOfEntry));
      found.push({ name: `GitSource ${metadata.namespace}/${metadata.name}`, keys });
    }
    return found;
  };
  return async (key) => {
    takers ??= read();
    const all = await takers;
    const taker = all.find(({ keys }) => keys?.has(key));
    if (taker !== undefined) return `${taker.name} has it too`;
    const unknown = all.find(({ keys }) => keys === undefined);
    return unknown && `${unknown.name} cannot be read at this commit, and may take it over`;
  };
}
