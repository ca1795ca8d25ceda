import { createHash } from 'node:crypto';
import type { KubeObject } from '../../api/index.ts';
import type { Clone } from '../../git/clone.ts';
import { identityOf, type Manifest, type ManifestSet, type ParsedFiles, readManifests } from '../../git/manifests.ts';

const MOST_COMMITS = 500;

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same for the same content, whatever the order of keys, the comments and the file it stands in. */
export function digestOf(object: KubeObject): string {
  return createHash('sha256').update(JSON.stringify(object, sorted)).digest('hex');
}

function digests({ manifests }: ManifestSet, namespace: string): Map<string, string> {
  return new Map(manifests.map(({ object }) => [identityOf(object, namespace), digestOf(object)]));
}

/** Where every object of one head came from. */
export interface Origins {
  head: string;
  /** By identity: the commit in which the object's own content last changed. */
  commits: ReadonlyMap<string, string>;
  /** By identity: what the content is. */
  digests: ReadonlyMap<string, string>;
}

export interface OriginQuery {
  head: string;
  path: string;
  namespace: string;
  parsed: ParsedFiles;
  /** What was found for an earlier head: only what came since is looked at. */
  known?: Origins | undefined;
}

/**
 * For each object at the head, the commit in which its own content last changed, along the first parents. Commits whose
 * files cannot be read are passed over: what an object was in them is not known.
 */
export async function originsOf(clone: Clone, manifests: readonly Manifest[], query: OriginQuery): Promise<Origins> {
  const { head, path, namespace, parsed } = query;
  const known = query.known && (await clone.isAncestor(query.known.head, head)) ? query.known : undefined;
  const commits = await clone.log({ ...(known && { from: known.head }), to: head, path, limit: MOST_COMMITS });
  const origins = new Map<string, string>();
  const current = new Map(manifests.map(({ object }) => [identityOf(object, namespace), digestOf(object)]));
  const open = new Map(current);
  let newest = commits[0]?.id ?? head;
  for (const { id } of commits.slice(1)) {
    if (open.size === 0) break;
    const before = await readManifests(clone, { tree: id, path, namespace }, parsed);
    if (before.problems.length > 0) continue;
    const then = digests(before, namespace);
    for (const [identity, digest] of open) {
      if (then.get(identity) === digest) continue;
      origins.set(identity, newest);
      open.delete(identity);
    }
    newest = id;
  }
  for (const [identity, digest] of open) {
    const unchanged = known?.digests.get(identity) === digest ? known.commits.get(identity) : undefined;
    origins.set(identity, unchanged ?? newest);
  }
  return { head, commits: origins, digests: current };
}
