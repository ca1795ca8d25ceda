import { isDeepStrictEqual } from 'node:util';
import type { GitRevert, GitRevertPlan, RevertWay } from '../../api/index.ts';
import { messageOf, Stalled, Waiting } from '../../errors.ts';
import {
  derive,
  type Effect,
  type FailedResult,
  isApproved,
  type LookResult,
  type PersonMerges,
  type PlanResult,
  type Policy,
  type Seen,
  type WithdrawResult,
  type Work,
} from '../../revert/index.ts';
import { keyOf } from '../keys.ts';
import { openPolicy } from './access.ts';
import { whyOf } from './evidence.ts';
import { noFindings } from './findings.ts';
import { measured } from './held.ts';
import type { Context, Job } from './job.ts';
import { knownRoots } from './known-roots.ts';
import { look } from './look.ts';
import { observe } from './observe.ts';
import { closeUnneeded, proposalInstead } from './one-proposal.ts';
import { plan } from './plan.ts';
import { cancelMerge, propose, watch, withdraw } from './proposals.ts';
import { prove } from './prove.ts';
import { awaited, refsOfQuorum, takeBack } from './quorum.ts';
import { causeOf, helmOf, learn, replicaSetOf } from './revision.ts';
import { stableFailsToo } from './stable-check.ts';
import type { Task } from './task.ts';
import { ignoredMetadata, templateOf } from './templates.ts';
import { write } from './write.ts';

const RETRY_SECONDS = 30;
const WRITING: ReadonlySet<string> = new Set(['writing', 'proposed']);

function failed(error: unknown): FailedResult {
  const message = messageOf(error);
  const reason = error instanceof Stalled || error instanceof Waiting ? error.reason : 'GitFailed';
  const retryAfterSeconds =
    error instanceof Waiting ? error.retryAfter : error instanceof Stalled ? 300 : RETRY_SECONDS;
  return { kind: 'failed', reason, message, retryAfterSeconds };
}

async function perform(effect: Effect, task: Task): Promise<Work> {
  const planned = task.revert.status?.plan;
  if (effect === 'plan') return { effect, result: await planFor(task) };
  if (!planned) throw new Error('there is no plan');
  if (effect === 'prove') return { effect, result: await prove(task, planned) };
  if (effect === 'look') return { effect, result: await lookFor(task, planned) };
  if (effect === 'propose') return { effect, result: await propose(task, planned) };
  if (effect === 'watch') return { effect, result: await watch(task, planned) };
  if (effect === 'cancelMerge') return { effect, result: await cancelMerge(task) };
  if (effect === 'withdraw') return { effect, result: await withdrawFor(task) };
  return { effect, result: await write(task, planned) };
}

/** A proposal may have been opened for an earlier plan of it, without anything being put down about that. */
const mayHaveProposed = ({ revert }: Task) => revert.status?.way === 'PullRequest';

async function planFor(task: Task): Promise<PlanResult> {
  const result = await plan(task);
  if (result.kind !== 'gone' || !mayHaveProposed(task)) return result;
  return (await closeUnneeded(task)) ?? result;
}

async function withdrawFor(task: Task): Promise<WithdrawResult> {
  const result = await withdraw(task, task.unwanted ?? 'it is not needed');
  if (result.kind === 'closed') await takeBack(task, await refsOfQuorum(task));
  return result;
}

/** On the branch first, then among the proposals where it is to be one. */
async function lookFor(task: Task, planned: GitRevertPlan): Promise<LookResult> {
  const { result, refs } = await look(task, planned);
  if (task.unwanted !== undefined) await takeBack(task, refs);
  const others = async () => (result.kind === 'clear' && task.unwanted === undefined ? awaited(task, refs) : undefined);
  if (!mayHaveProposed(task)) return (await others()) ?? result;
  if (result.kind === 'found') return (await closeUnneeded(task)) ?? result;
  const mayAdopt = result.kind === 'clear' && task.mayWrite();
  return (await proposalInstead(task, refs, mayAdopt)) ?? (await others()) ?? result;
}

/** What the work needs of the cluster; undefined where a part of it is gone. */
function gather(
  context: Context,
  { spec }: GitRevert,
): Pick<Task, 'templates' | 'cause' | 'helm' | 'known' | 'reading'> | undefined {
  const rollout = context.rollouts.get(spec.rollout.namespace, spec.rollout.name);
  const bad = rollout && replicaSetOf(context, rollout, spec.templates.canary);
  const stable = rollout && replicaSetOf(context, rollout, spec.templates.stable);
  if (!rollout || !bad || !stable) return undefined;
  const { message = '', step } = causeOf(bad) ?? {};
  const learnt = learn(context, rollout, bad);
  return {
    templates: { bad: templateOf(bad), stable: templateOf(stable), ignored: ignoredMetadata(rollout) },
    cause: { message, step },
    helm: learnt.known ? helmOf(context, learnt.provenance) : undefined,
    known: knownRoots(context, spec),
    reading: { renderer: context.renderer, parsed: new Map() },
  };
}

/** Asked again right before the write, of what the caches hold then: work that waited for its turn may be out of date. */
function mayWrite(context: Context, job: Job, { metadata }: GitRevert, policy: Policy): boolean {
  const revert = context.reverts.get(metadata.namespace, metadata.name);
  if (revert?.metadata.uid !== metadata.uid || !revert || !WRITING.has(derive(revert.status))) return false;
  const { seen, policy: current } = observe(context, revert, job);
  // Where the branch takes proposals only, a policy that allows a commit allows to propose it.
  const modes = revert.status?.way === 'PullRequest' ? ['PullRequest', 'Direct'] : ['Direct'];
  const isOpen = seen.gate.kind === 'open' && modes.includes(seen.gate.mode);
  return isOpen && seen.superseded === undefined && isDeepStrictEqual(current, policy);
}

/** As the caches hold it now, with what the plan has found by then. */
function isDryRun(context: Context, job: Job, { metadata }: GitRevert): boolean {
  const revert = context.reverts.get(metadata.namespace, metadata.name);
  const gate = revert && observe(context, revert, job).seen.gate;
  return gate?.kind === 'open' && gate.mode === 'DryRun';
}

/** What is begun once the decision is written down. */
interface Begun {
  effect: Effect;
  revert: GitRevert;
  policy: Policy;
  seen: Seen;
}

/** Begins the work beside the passes; what it comes to is found in the job, and `again` asked for it. */
export function begin(context: Context, job: Job, { effect, revert, policy, seen }: Begun) {
  const { pool, again, version, killSwitch } = context;
  const { superseded, gate } = seen;
  const unwanted = superseded ?? (gate.kind === 'skip' ? gate.message : undefined);
  const limits = limitsOf(gate);
  const run = async (): Promise<Work> => {
    try {
      const gathered = gather(context, revert);
      if (!gathered)
        throw new Waiting('ReplicaSetMissing', 'a ReplicaSet of the update is not there any more', RETRY_SECONDS);
      const access = await openPolicy(policy, context);
      const task = { ...gathered, revert, policy: access, findings: job.findings, version, unwanted, limits };
      const why = () => whyOf(context, revert, policy);
      const rollout = context.rollouts.get(revert.spec.rollout.namespace, revert.spec.rollout.name);
      const asked = {
        stableFailsToo: async () =>
          rollout && !isApproved(revert) ? stableFailsToo(context, rollout, revert) : undefined,
        now: context.clock.now,
        measured: (measures: PersonMerges) => measured(context, revert, measures),
        mayWrite: () => mayWrite(context, job, revert, policy),
        takePlace: (way: RevertWay) => context.places.take(revert, policy, way),
        isDryRun: () => isDryRun(context, job, revert),
        paused: killSwitch.paused,
      };
      return await perform(effect, { ...task, ...asked, why });
    } catch (error) {
      // It may have gone wrong for what was found: a clone that is not the same any more.
      job.findings = noFindings();
      return { effect, result: failed(error) };
    }
  };
  job.running = true;
  pool.run(run).then((work) => {
    job.running = false;
    job.work = work;
    again(keyOf(revert));
  });
}

/** Why less is done than the policy allows. */
function limitsOf(gate: Seen['gate']): Task['limits'] {
  if (gate.kind !== 'open' || gate.message === undefined) return undefined;
  return { message: gate.message, personMerges: gate.personMerges === true };
}
