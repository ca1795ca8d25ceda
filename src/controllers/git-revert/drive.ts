import { isDeepStrictEqual } from 'node:util';
import type { GitRevert, GitRevertStatus } from '../../api/index.ts';
import { Waiting } from '../../errors.ts';
import { isConflict } from '../../kube/client.ts';
import { gitReverts } from '../../kube/resources.ts';
import { decide, isFinal, isOver } from '../../revert/index.ts';
import { splitKey } from '../keys.ts';
import { mergeDiff } from '../merge-diff.ts';
import type { PassResult } from '../queue.ts';
import { createPlaces } from './budget.ts';
import { type Context, type Job, newJob } from './job.ts';
import { isUrgent, observe } from './observe.ts';
import type { GitRevertOptions } from './options.ts';
import { begin } from './perform.ts';
import type { Pool } from './pool.ts';
import { tell } from './tell.ts';

/** A hint that comes during a look is good for another look after it. */
function heed(job: Job): void {
  if (!job.hinted || job.running || job.work !== undefined) return;
  job.hinted = false;
  if (job.mayHurry) job.notBefore = undefined;
}

async function report({ client, reverts }: Context, revert: GitRevert, status: GitRevertStatus): Promise<GitRevert> {
  const { generation, namespace = 'default', name, resourceVersion } = revert.metadata;
  const next = generation === undefined ? status : { ...status, observedGeneration: generation };
  if (isDeepStrictEqual(next, revert.status)) return revert;
  const body = { metadata: { resourceVersion }, status: mergeDiff(revert.status ?? {}, next) ?? {} };
  try {
    const written = await client.patch(gitReverts, { namespace, name }, { type: 'merge', subresource: 'status', body });
    reverts.observe(written);
    return written;
  } catch (error) {
    if (isConflict(error)) throw new Waiting('Conflict', 'the GitRevert has changed meanwhile', 0.05);
    throw error;
  }
}

/** Drives each GitRevert by its machine: what is decided is written down first, then begun. */
export function createDriver(options: GitRevertOptions, pool: Pool, again: (key: string) => void) {
  const places = createPlaces(options);
  const context: Context = { ...options, pool, places, again };
  const jobs = new Map<string, Job>();

  return {
    /** Looks at what is proposed now, and not only when its rest is over. */
    lookAgain(key: string): void {
      const job = jobs.get(key);
      if (job) job.hinted = true;
      again(key);
    },
    async reconcile(key: string): Promise<PassResult | undefined> {
      const { namespace, name } = splitKey(key);
      const revert = options.reverts.get(namespace, name);
      if (!revert || isOver(revert)) {
        jobs.delete(key);
        places.forget(key);
        return undefined;
      }
      const settlesAt = options.killSwitch.settlesAt();
      if (settlesAt !== undefined) return { lookAgainAt: settlesAt };
      places.know(revert);
      const job = jobs.get(key) ?? newJob();
      jobs.set(key, job);
      heed(job);
      const { seen, policy } = observe(context, revert, job);
      const decision = decide(seen);
      const written = await report(context, revert, decision.status);
      // Delivered: what it led to is persisted now.
      if (seen.work) {
        const mayHurry = seen.work.effect === 'watch' && seen.work.result.kind === 'open';
        places.settle(key, seen.work);
        Object.assign(job, { work: undefined, notBefore: decision.lookAgainAt, mayHurry });
        // What stands in the way may have come while the host was being asked.
        if (job.hinted || (mayHurry && isUrgent(written, seen, policy))) again(key);
      }
      tell(context, written, seen, decision);
      if (decision.effect && policy && !job.running)
        begin(context, job, { effect: decision.effect, revert: written, policy, seen });
      if (decision.from !== undefined && !isFinal(decision.state)) again(key);
      return { lookAgainAt: decision.lookAgainAt };
    },
  };
}
