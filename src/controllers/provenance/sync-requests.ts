import { fieldsOf } from '../../api/fields.ts';
import type { KubeObject } from '../../api/index.ts';
import type { Clock } from '../../clock.ts';
import {
  askedAt,
  gitRepositoryOf,
  hasApplied,
  isBehind,
  isSuspended,
  REQUESTED_AT,
} from '../../git/provenance/index.ts';
import { ApiError, type KubeClient, type Resource } from '../../kube/client.ts';
import { gitRepositories, kustomizations } from '../../kube/resources.ts';
import type { Log } from '../../log.ts';

/** So long Flux has to go on by itself once it was asked to fetch. */
const PATIENCE_MILLISECONDS = 10_000;
/** It is looked after for so long. */
const LONGEST_MILLISECONDS = 300_000;

export interface SyncRequestsOptions {
  client: Pick<KubeClient, 'get' | 'patch'>;
  clock: Clock;
  log: Log;
}

interface Key {
  namespace: string;
  name: string;
}

/** What a Kustomization is to bring to the cluster, and since when it is on the branch: milliseconds since the epoch. */
export interface SyncWish {
  commit: string;
  since: number;
}

export interface SyncRequests {
  /**
   * Has Flux fetch the branch now; what applies it follows by itself, and is asked only where it has not for ten seconds, as after
   * an error: each pass of it sets back what a Rollout decides of routes and Services. One annotation is all that is ever
   * written, of each object once. Answers when to look again, if that is of use. Without the right to write it, Flux is left to
   * its interval; any other failure of the API server is thrown, to be tried again.
   */
  ask(kustomization: Key, wish: SyncWish): Promise<number | undefined>;
}

export function createSyncRequests({ client, clock, log }: SyncRequestsOptions): SyncRequests {
  /** Answers as of when it counts as asked: not before what it is about, whatever the clock says. */
  const askToLook = async <T extends KubeObject>(resource: Resource<T>, key: Key, since: number): Promise<number> => {
    const at = Math.max(clock.now(), since);
    const annotations = { [REQUESTED_AT]: new Date(at).toISOString() };
    await client.patch(resource, key, { type: 'merge', body: { metadata: { annotations } } });
    log.info({ [resource.plural]: `${key.namespace}/${key.name}` }, 'asked Flux to look now');
    return at;
  };
  const follow = async (key: Key, { commit, since }: SyncWish): Promise<number | undefined> => {
    const kustomization = await client.get(kustomizations, key);
    const from = kustomization && gitRepositoryOf(fieldsOf(kustomization));
    if (!from || hasApplied(kustomization, commit) || isSuspended(kustomization)) return undefined;
    const repository = await client.get(gitRepositories, from);
    if (!repository || isSuspended(repository)) return undefined;
    const before = askedAt(repository) ?? 0;
    const fetchAsked = before < since ? await askToLook(gitRepositories, from, since) : before;
    const due = fetchAsked + PATIENCE_MILLISECONDS;
    if (clock.now() < due) return due;
    if (isBehind(kustomization, repository) && (askedAt(kustomization) ?? 0) < since) {
      await askToLook(kustomizations, key, since);
      return undefined;
    }
    const next = clock.now() + PATIENCE_MILLISECONDS;
    return next < since + LONGEST_MILLISECONDS ? next : undefined;
  };
  return {
    async ask(key, wish) {
      try {
        return await follow(key, wish);
      } catch (error) {
        if (!(error instanceof ApiError) || ![403, 404].includes(error.code)) throw error;
        log.warn(
          { kustomization: `${key.namespace}/${key.name}`, error: error.message },
          'Flux is left to its interval',
        );
        return undefined;
      }
    },
  };
}
