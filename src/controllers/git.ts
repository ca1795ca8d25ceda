import type { Clock } from '../clock.ts';
import type { Decrypter, Renderer } from '../git/app.ts';
import type { Hint } from '../git/hint.ts';
import type { GitHost } from '../git/hosts/host.ts';
import type { Repositories } from '../git/repository.ts';
import type { RepositoryLocation } from '../git/url.ts';
import type { KubeClient } from '../kube/client.ts';
import { configMaps, gitSources, revertPolicies } from '../kube/resources.ts';
import type { Log } from '../log.ts';
import { SWITCH_CONFIG_MAP } from '../revert/index.ts';
import { defaultBranchBy } from './git-revert/access.ts';
import { createGitRevertController, createKillSwitch } from './git-revert/index.ts';
import { createGitSourceController } from './git-source/index.ts';
import type { ControllerMetrics } from './metrics.ts';
import { createProvenanceKeeper } from './provenance/keeper.ts';
import { createProvenanceReader } from './provenance/reader.ts';
import { createSyncRequests } from './provenance/sync-requests.ts';
import type { Extension } from './start.ts';

export interface GitControllersOptions {
  client: KubeClient;
  clock: Clock;
  log: Log;
  repositories: Repositories;
  /** Of Kustomize folders and Helm charts, and of what SOPS has encrypted. */
  renderer: Renderer & Decrypter;
  /** By the name that a policy uses. */
  hosts: ReadonlyMap<string, GitHost>;
  /** Checks an address; throws `Stalled` for one that is not allowed. */
  locate: (url: string) => Promise<RepositoryLocation>;
  /** The controller's own namespace, where the policies' Secrets are. */
  namespace: string;
  /** Where Argo CD keeps its Applications. */
  argoCdNamespace: string;
  version: string;
  /** Nothing is written to Git. */
  pauseReverts: boolean;
  /** Takes what is to be called when somebody says that branches have changed. */
  onHint?: (lookAgain: (hint: Hint) => void) => void;
  metrics?: ControllerMetrics;
}

/** From Git into the cluster, and what failed out of Git again. A cluster with the stock CRDs alone has neither. */
export function gitControllers(options: GitControllersOptions): Extension {
  return ({ caches, rollout: { rollouts, replicaSets, workloads }, reverts, emit }) => {
    const sources = caches.cache(gitSources, { optional: true });
    const policies = caches.cache(revertPolicies, { optional: true });
    const { client, argoCdNamespace, metrics, ...git } = options;
    metrics?.sources.follow(sources);
    const defaultBranch = defaultBranchBy({ ...options, policies });
    const reader = createProvenanceReader({ client, argoCdNamespace, defaultBranch });
    const provenance = createProvenanceKeeper({ ...options, rollouts, replicaSets, workloads, reader });
    const switchOptions = { namespace: options.namespace, name: SWITCH_CONFIG_MAP, onDemand: true };
    const syncRequests = createSyncRequests(options);
    const killSwitch = createKillSwitch({ ...options, configMaps: caches.cache(configMaps, switchOptions) });
    const own = { ...git, client, rollouts, sources, reverts, emit };
    const lookers = [
      createGitSourceController({ ...own, ...(metrics && { metrics: metrics.sources }) }),
      createGitRevertController({ ...own, replicaSets, policies, provenance, syncRequests, killSwitch }),
    ];
    options.onHint?.((hint) => {
      for (const looker of lookers) looker.lookAgain(hint);
    });
    const members = [provenance, ...lookers];
    return {
      start() {
        for (const member of members) member.start();
      },
      async stop() {
        await Promise.all(members.map((member) => member.stop()));
      },
    };
  };
}
