import type { KubeObject } from '../../api/index.ts';
import { concerns, type Hint } from '../../git/hint.ts';
import { keyOf, splitKey } from '../keys.ts';
import { createQueue, type Queue } from '../queue.ts';
import { createDriver } from './drive.ts';
import { clearHistory } from './history.ts';
import type { GitRevertOptions } from './options.ts';
import { createPolicyProbe } from './policy.ts';
import { createPool } from './pool.ts';
import { createReporter } from './report.ts';
import { createSyncAsker } from './sync.ts';
import { createTrigger } from './trigger.ts';

export { createKillSwitch } from './kill-switch.ts';
export type { GitRevertOptions } from './options.ts';

const PARALLEL_GIT_WORK = 4;

export interface GitRevertController {
  start(): void;
  /** Looks now at the open pull requests that the hint is about: by their target, or by their own branch. */
  lookAgain(hint: Hint): void;
  stop(): Promise<void>;
}

/** What else is looked at when one thing has changed. */
function adding(
  { rollouts, reverts }: GitRevertOptions,
  { failures, records, reports, syncs }: Record<'failures' | 'records' | 'reports' | 'syncs', Queue>,
) {
  return {
    addRevertsOf({ metadata }: Pick<KubeObject, 'metadata'>, ...queues: Queue[]) {
      for (const revert of reverts.list(metadata.namespace)) {
        if (revert.spec.rollout.name === metadata.name) for (const queue of queues) queue.add(keyOf(revert));
      }
    },
    /** One record speaks of a change for all Rollouts of its folder: when it ends without a write, another's failure may count. */
    addFailuresBeside({ metadata }: KubeObject) {
      for (const rollout of rollouts.list(metadata.namespace)) {
        if (rollout.status?.abort === true) failures.add(keyOf(rollout));
      }
    },
    addAll() {
      for (const rollout of rollouts.list()) failures.add(keyOf(rollout));
      for (const revert of reverts.list()) {
        records.add(keyOf(revert));
        reports.add(keyOf(revert));
        syncs.add(keyOf(revert));
      }
    },
  };
}

/** Takes failed releases out of Git: finds the failures, records each, and drives each record to its end. */
export function createGitRevertController(options: GitRevertOptions): GitRevertController {
  const { clock, log, rollouts, replicaSets, reverts, policies, sources, killSwitch } = options;
  const pool = createPool(PARALLEL_GIT_WORK, clock);
  const queues: Queue[] = [];
  const open = (name: string, reconcile: Parameters<typeof createQueue>[0]['reconcile']) => {
    const queue = createQueue({ name, clock, log, concurrency: 4, reconcile });
    queues.push(queue);
    return queue;
  };
  const trigger = createTrigger(options, pool, (key) => failures.add(key));
  const driver = createDriver(options, pool, (key) => records.add(key));
  const failures = open('gitrevert-triggers', trigger.reconcile);
  const records = open('gitreverts', async (key) => {
    const result = await driver.reconcile(key);
    await clearHistory(options, splitKey(key).namespace);
    return result;
  });
  // Beside the pool: what the host shows must not keep a revert waiting.
  const showing = createPool(1, clock);
  const reporter = createReporter(options, showing, (key) => reports.add(key));
  const reports = open('gitrevert-reports', reporter.reconcile);
  const syncs = open('gitrevert-syncs', createSyncAsker(options).reconcile);
  const probes = open('revertpolicies', createPolicyProbe(options).reconcile);

  const { addAll, addRevertsOf, addFailuresBeside } = adding(options, { failures, records, reports, syncs });
  options.provenance.onAnswer((key) => {
    failures.add(key);
    const { namespace, name } = splitKey(key);
    addRevertsOf({ metadata: { namespace, name } }, records, syncs);
  });
  const subscriptions: (() => void)[] = [];
  return {
    start() {
      subscriptions.push(
        rollouts.onChange((rollout) => {
          failures.add(keyOf(rollout));
          addRevertsOf(rollout, records);
        }),
        replicaSets.onChange(({ metadata }) => {
          const owner = metadata.ownerReferences?.find(({ kind }) => kind === 'Rollout');
          if (owner) failures.add(keyOf({ metadata: { ...metadata, name: owner.name } }));
        }),
        reverts.onChange((revert) => {
          records.add(keyOf(revert));
          reports.add(keyOf(revert));
          syncs.add(keyOf(revert));
          addFailuresBeside(revert);
        }),
        policies.onChange((policy) => {
          probes.add(policy.metadata.name);
          addAll();
        }),
        sources.onChange(addAll),
        killSwitch.onChange(addAll),
      );
      killSwitch.start();
      addAll();
      for (const policy of policies.list()) probes.add(policy.metadata.name);
    },
    lookAgain(hint) {
      for (const revert of reverts.list()) {
        const { spec, status } = revert;
        if (status?.state !== 'proposed') continue;
        const branches = [spec.branch, status.proposal?.branch ?? spec.branch];
        if (branches.some((branch) => concerns(hint, spec.repository, branch))) driver.lookAgain(keyOf(revert));
      }
    },
    async stop() {
      for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
      await Promise.all(queues.map((queue) => queue.stop()));
      await Promise.all([pool.idle(), showing.idle()]);
    },
  };
}
