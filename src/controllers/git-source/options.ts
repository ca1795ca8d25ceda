import type { GitRevert, GitSource, KubeObject, Rollout } from '../../api/index.ts';
import type { Clock } from '../../clock.ts';
import type { Decrypter, Renderer } from '../../git/app.ts';
import type { Repositories } from '../../git/repository.ts';
import type { RepositoryLocation } from '../../git/url.ts';
import type { Cache } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Log } from '../../log.ts';
import type { SourceMetrics } from '../source-metrics.ts';

export interface GitSourceOptions {
  client: KubeClient;
  clock: Clock;
  log: Log;
  sources: Cache<GitSource>;
  rollouts: Cache<Rollout>;
  /** What they took back comes to the cluster even while a source is held up. */
  reverts: Cache<GitRevert>;
  repositories: Repositories;
  renderer: Renderer & Decrypter;
  metrics?: SourceMetrics;
  /** Checks an address; throws `Stalled` for one that is not allowed. */
  locate: (url: string) => Promise<RepositoryLocation>;
  emit: (object: KubeObject, event: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void;
}
