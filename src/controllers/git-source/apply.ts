import {
  GIT_BRANCH,
  GIT_COMMIT,
  GIT_PATH,
  GIT_REPOSITORY,
  GIT_SOURCE,
  type GitSource,
  type KubeObject,
} from '../../api/index.ts';
import type { Manifest } from '../../git/manifests.ts';
import { ApiError, isConflict, type KubeClient, type ObjectKey } from '../../kube/client.ts';
import { carryOver, isShared, type Owned } from './carry-over.ts';
import { differences } from './drift.ts';
import { markOf } from './judge.ts';
import { resourceOf } from './kinds.ts';
import { digestOf } from './origins.ts';

const MANAGER = 'headgate-gitsource';
const MOST_CONFLICTS = 5;

/** What was last applied of one object, so that what the API server normalised is not taken for drift. */
export interface Applied {
  digest: string;
  generation: number | undefined;
}

/** The object as it is to be: in the source's namespace by default, and marked with where it comes from. */
export function desiredObject({ object }: Manifest, source: GitSource, path: string, commit: string): KubeObject {
  const { repository } = source.spec;
  const namespace = source.metadata.namespace ?? 'default';
  const annotations = {
    ...object.metadata.annotations,
    [GIT_REPOSITORY]: repository.url,
    [GIT_BRANCH]: repository.branch,
    [GIT_PATH]: path,
    [GIT_COMMIT]: commit,
    [GIT_SOURCE]: markOf(source),
  };
  const placed = resourceOf(object).namespaced ? { namespace: object.metadata.namespace ?? namespace } : {};
  const { status: _, ...rest } = object as KubeObject & { status?: unknown };
  return { ...rest, metadata: { ...object.metadata, ...placed, annotations } };
}

/** Whether the live object has every field of the desired one. */
export function covers(live: unknown, desired: unknown): boolean {
  if (Array.isArray(desired)) {
    return (
      Array.isArray(live) && live.length === desired.length && desired.every((item, index) => covers(live[index], item))
    );
  }
  if (typeof desired === 'object' && desired !== null) {
    if (typeof live !== 'object' || live === null) return Object.keys(desired).length === 0 && live === undefined;
    return Object.entries(desired).every(([key, value]) => covers((live as Record<string, unknown>)[key], value));
  }
  return live === desired || (desired === null && live === undefined);
}

function isUpToDate(live: KubeObject, desired: KubeObject, applied: Applied | undefined): boolean {
  if (covers(live, desired)) return true;
  const { generation } = live.metadata;
  const untouched =
    generation !== undefined && applied?.generation === generation && applied.digest === digestOf(desired);
  const { annotations, labels } = desired.metadata;
  return untouched && covers(live.metadata, { ...(annotations ? { annotations } : {}), ...(labels ? { labels } : {}) });
}

/**
 * What may be done to an object: `heal` applies it where anything differs, `report` only where its content in Git is not what was
 * applied before, `look` never.
 */
export type Mode = 'heal' | 'report' | 'look';

export interface Application {
  mode: Mode;
  owned: Owned;
  applied: Applied | undefined;
  /** Whether this content was applied before; asked, with `report`, where the object differs. */
  wasApplied: () => Promise<boolean>;
}

export interface Outcome {
  /** The object as the API server now holds it; undefined where it is not there. */
  live: KubeObject | undefined;
  applied?: Applied;
  /** Where it differs from Git and was left so, the fields; none of one that is not there. */
  drift?: string[];
}

type Examined = Outcome & { merged?: KubeObject };

/** What an apply would change, by asking the API server without letting it store anything. */
async function compare(client: KubeClient, live: KubeObject | undefined, merged: KubeObject): Promise<Examined> {
  if (live === undefined) return { live, drift: [] };
  const result = await client.apply(resourceOf(merged), merged, { fieldManager: MANAGER, force: true, dryRun: true });
  const drift = differences(live, result);
  if (drift.length > 0) return { live, drift };
  // What came from where is Headgate's own account of it.
  if (live.metadata.annotations?.[GIT_COMMIT] !== merged.metadata.annotations?.[GIT_COMMIT]) return { live, merged };
  return { live, applied: { digest: digestOf(merged), generation: live.metadata.generation } };
}

function keyOf({ metadata: { name, namespace } }: KubeObject): ObjectKey {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

/** The object as it is, and as it is to be; only `live` where nothing is to be applied. */
async function examine(
  client: KubeClient,
  desired: KubeObject,
  { mode, owned, applied, wasApplied }: Application,
): Promise<Examined> {
  const live = await client.get(resourceOf(desired), keyOf(desired));
  if (mode === 'look') return { live };
  const merged = carryOver(desired, live, owned, desired.metadata.namespace ?? '');
  if (live && isUpToDate(live, merged, applied)) {
    return { live, applied: { digest: digestOf(merged), generation: live.metadata.generation } };
  }
  const isTold = mode === 'report' && (await wasApplied());
  return isTold ? compare(client, live, merged) : { live, merged };
}

/**
 * Applies one object as the source's service account, where anything of it differs. An object that a Rollout owns a part of
 * is bound to the version that was read: when its controller writes in between, it is read again.
 */
export async function applyObject(client: KubeClient, desired: KubeObject, application: Application): Promise<Outcome> {
  for (let conflicts = 0; ; conflicts++) {
    const { merged, ...outcome } = await examine(client, desired, application);
    if (merged === undefined) return outcome;
    const resourceVersion = isShared(desired, application.owned) ? outcome.live?.metadata.resourceVersion : undefined;
    const metadata = { ...merged.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    try {
      const options = { fieldManager: MANAGER, force: true };
      const live = await client.apply(resourceOf(desired), { ...merged, metadata }, options);
      return { live, applied: { digest: digestOf(merged), generation: live.metadata.generation } };
    } catch (error) {
      if (!isConflict(error) || conflicts >= MOST_CONFLICTS) throw error;
    }
  }
}

/** Whether the API server refused this very object: for the person who wrote it. Anything else is tried again. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code >= 400 && error.code < 500 && error.code !== 429 && error.code !== 401;
}
