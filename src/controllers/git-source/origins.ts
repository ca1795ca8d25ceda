import { createHash } from 'node:crypto';
import type { KubeObject } from '../../api/index.ts';
import { type App, type AppContents, isStoppedRendering, type Reading, readApp } from '../../git/app.ts';
import type { Clone, Commit } from '../../git/clone.ts';
import { identityOf, type ManifestSet } from '../../git/manifests.ts';

const MOST_COMMITS = 500;
/** A rendering costs a program's run. */
const MOST_RENDERED_COMMITS = 30;

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

export interface OriginQuery extends Reading {
  /** At the head. */
  app: App;
  /** What was found for an earlier head: only what came since is looked at. */
  known?: Origins | undefined;
}

/** The app as it was; undefined where that took too much. */
async function readBefore(clone: Clone, app: App, reading: Reading): Promise<AppContents | undefined> {
  try {
    return await readApp(clone, app, reading);
  } catch (error) {
    if (isStoppedRendering(error)) return undefined;
    throw error;
  }
}

/** A commit that changed what the app is made of, and what the app was before it. */
interface Step {
  commit: string;
  before: AppContents | undefined;
}

/**
 * The steps that led to the head, along the first parents, newest first. What the app was made of is followed backwards: a
 * commit may have moved it from elsewhere.
 */
async function* historyOf(clone: Clone, { kind, inputs }: AppContents, query: OriginQuery, from: string | undefined) {
  const { app } = query;
  const paths = new Set(inputs);
  const limit = kind === 'plain' ? MOST_COMMITS : MOST_RENDERED_COMMITS;
  const log = (to: string) => clone.log({ ...(from !== undefined && { from }), to, path: [...paths], limit });
  let commits: Commit[] = await log(app.tree);
  for (let count = 0; count < limit; count++) {
    const [commit, ...older] = commits;
    if (commit === undefined) return;
    const [parent] = commit.parents;
    const before = parent === undefined ? undefined : await readBefore(clone, { ...app, tree: parent }, query);
    yield { commit: commit.id, before } satisfies Step;
    const known = paths.size;
    for (const path of before?.inputs ?? []) paths.add(path);
    commits = parent !== undefined && paths.size > known ? await log(parent) : older;
  }
}

/**
 * For each object at the head, the commit in which its own content last changed, along the first parents. Commits whose
 * files cannot be read are passed over: what an object was in them is not known.
 */
export async function originsOf(clone: Clone, contents: AppContents, query: OriginQuery): Promise<Origins> {
  const { tree: head, namespace } = query.app;
  const known = query.known && (await clone.isAncestor(query.known.head, head)) ? query.known : undefined;
  const origins = new Map<string, string>();
  const current = digests(contents.set, namespace);
  const open = new Map(current);
  // The first commit with the present content, as far as is known.
  let newest = head;
  let isPassedOver = false;
  for await (const { commit, before } of historyOf(clone, contents, query, known?.head)) {
    if (!isPassedOver) newest = commit;
    isPassedOver = before === undefined || before.set.problems.length > 0;
    if (before === undefined || isPassedOver) continue;
    const then = digests(before.set, namespace);
    for (const [identity, digest] of open) {
      if (then.get(identity) === digest) continue;
      origins.set(identity, newest);
      open.delete(identity);
    }
    if (open.size === 0) break;
  }
  for (const [identity, digest] of open) {
    const unchanged = known?.digests.get(identity) === digest ? known.commits.get(identity) : undefined;
    origins.set(identity, unchanged ?? newest);
  }
  return { head, commits: origins, digests: current };
}
