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
import { ApiError, isConflict, type KubeClient } from '../../kube/client.ts';
import { carryOver, isShared, type Owned } from './carry-over.ts';
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
    [GIT_SOURCE]: `GitSource/${namespace}/${source.metadata.name}`,
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
 * Applies one object as the source's service account, where anything of it differs. An object that a Rollout owns a part of
 * is bound to the version that was read: when its controller writes in between, it is read again.
 */
export async function applyObject(
  client: KubeClient,
  desired: KubeObject,
  owned: Owned,
  applied?: Applied,
): Promise<Applied> {
  const resource = resourceOf(desired);
  const { name, namespace } = desired.metadata;
  const key = { name, ...(namespace === undefined ? {} : { namespace }) };
  for (let conflicts = 0; ; conflicts++) {
    const live = await client.get(resource, key);
    const merged = carryOver(desired, live, owned, namespace ?? '');
    if (live && isUpToDate(live, merged, applied))
      return { digest: digestOf(merged), generation: live.metadata.generation };
    const resourceVersion = live && isShared(desired, owned) ? live.metadata.resourceVersion : undefined;
    const metadata = { ...merged.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    try {
      const result = await client.apply(resource, { ...merged, metadata }, { fieldManager: MANAGER, force: true });
      return { digest: digestOf(merged), generation: result.metadata.generation };
    } catch (error) {
      if (!isConflict(error) || conflicts >= MOST_CONFLICTS) throw error;
    }
  }
}

/** Whether the API server refused this very object: for the person who wrote it. Anything else is tried again. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code >= 400 && error.code < 500 && error.code !== 429 && error.code !== 401;
}
