import { createHash } from 'node:crypto';
import type { KubeObject } from '../../api/index.ts';
import type { Clone } from '../../git/clone.ts';
import { type Manifest, type ManifestSet, type ParsedFiles, readManifests } from '../../git/manifests.ts';

const MOST_COMMITS = 500;

/** An object's name across commits. */
export function identityOf({ apiVersion = '', kind, metadata }: KubeObject, namespace: string): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return `${group}/${kind}/${metadata.namespace ?? namespace}/${metadata.name}`;
}

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

export interface OriginQuery {
  head: string;
  path: string;
  namespace: string;
  parsed: ParsedFiles;
}

/**
 * For each object at the head, the commit in which its own content last changed, along the first parents. Commits whose
 * files cannot be read are passed over: what an object was in them is not known.
 */
export async function originsOf(
  clone: Clone,
  manifests: readonly Manifest[],
  query: OriginQuery,
): Promise<Map<string, string>> {
  const { head, path, namespace, parsed } = query;
  const commits = await clone.log({ to: head, path, limit: MOST_COMMITS });
  const origins = new Map<string, string>();
  const open = new Map(manifests.map(({ object }) => [identityOf(object, namespace), digestOf(object)]));
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
  for (const identity of open.keys()) origins.set(identity, newest);
  return origins;
}
