import type { GitRevert, GitSource, KubeObject, ReplicaSet, RevertPolicy, Rollout } from '../../api/index.ts';
import type { Clock } from '../../clock.ts';
import type { Renderer } from '../../git/app.ts';
import type { GitHost } from '../../git/hosts/host.ts';
import type { Repositories } from '../../git/repository.ts';
import type { RepositoryLocation } from '../../git/url.ts';
import type { Cache } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Log } from '../../log.ts';
import type { ProvenanceKeeper } from '../provenance/keeper.ts';
import type { SyncRequests } from '../provenance/sync-requests.ts';
import type { KillSwitch } from './kill-switch.ts';

export interface GitRevertOptions {
  client: KubeClient;
  clock: Clock;
  log: Log;
  rollouts: Cache<Rollout>;
  replicaSets: Cache<ReplicaSet>;
  reverts: Cache<GitRevert>;
  policies: Cache<RevertPolicy>;
  sources: Cache<GitSource>;
  /** What sync engines besides our own say. */
  provenance: Pick<ProvenanceKeeper, 'said' | 'onAnswer'>;
  /** Has them look at a branch. */
  syncRequests: SyncRequests;
  repositories: Repositories;
  renderer: Renderer;
  /** By the name that a policy uses. */
  hosts: ReadonlyMap<string, GitHost>;
  /** Checks an address; throws `Stalled` for one that is not allowed. */
  locate: (url: string) => Promise<RepositoryLocation>;
  emit: (object: KubeObject, event: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void;
  killSwitch: KillSwitch;
  /** The controller's own, where the policies' secrets are. */
  namespace: string;
  /** Headgate's, for the commit's trailers. */
  version: string;
}
