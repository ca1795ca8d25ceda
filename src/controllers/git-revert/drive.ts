import { isDeepStrictEqual } from 'node:util';
import type { GitRevert, GitRevertPlan, GitRevertStatus, ReplicaSet, RevertWay } from '../../api/index.ts';
import { messageOf, Stalled, Waiting } from '../../errors.ts';
import { isConflict } from '../../kube/client.ts';
import { gitReverts } from '../../kube/resources.ts';
import {
  decide,
  derive,
  type Effect,
  type FailedResult,
  isApproved,
  isFinal,
  isOver,
  type LookResult,
  type Policy,
  type Seen,
  type Work,
} from '../../revert/index.ts';
import { keyOf, splitKey } from '../keys.ts';
import { mergeDiff } from '../merge-diff.ts';
import type { PassResult } from '../queue.ts';
import { openPolicy } from './access.ts';
import { createPlaces, type Places } from './budget.ts';
import { whyOf } from './evidence.ts';
import { askPolicy, type GateAnswer, isObserved, supersededBy } from './facts.ts';
import { type Findings, noFindings } from './findings.ts';
import { knownRoots } from './known-roots.ts';
import { look } from './look.ts';
import type { GitRevertOptions } from './options.ts';
import { plan } from './plan.ts';
import type { Pool } from './pool.ts';
import { cancelMerge, endedProposal, propose, watch, withdraw } from './proposals.ts';
import { prove } from './prove.ts';
import { causeOf, helmOf, learn, replicaSetOf } from './revision.ts';
import { clusterOf } from './stable.ts';
import { stableFailsToo } from './stable-check.ts';
import type { Task } from './task.ts';
import { tell } from './tell.ts';
import { ignoredMetadata, templateOf } from './templates.ts';
import { write } from './write.ts';

const RETRY_SECONDS = 30;
const WRITING: ReadonlySet<string> = new Set(['writing', 'proposed']);

/** What one revert has under way; lost with the process, and begun again. */
interface Job {
  running: boolean;
  work: Work | undefined;
  notBefore: number | undefined;
  /** The rest until then may be cut short: it is not one that a host or a failure has asked for. */
  mayHurry: boolean;
  /** A hint says that what is proposed may have changed since it was looked at last. */
  hinted: boolean;
  findings: Findings;
}

function newJob(): Job {
  const findings = noFindings();
  return { running: false, work: undefined, notBefore: undefined, mayHurry: false, hinted: false, findings };
}

/** A hint that comes during a look is good for another look after it. */
function heed(job: Job): void {
  if (!job.hinted || job.running || job.work !== undefined) return;
  job.hinted = false;
  if (job.mayHurry) job.notBefore = undefined;
}

function failed(error: unknown): FailedResult {
  const message = messageOf(error);
  const reason = error instanceof Stalled || error instanceof Waiting ? error.reason : 'GitFailed';
  const retryAfterSeconds =
    error instanceof Waiting ? error.retryAfter : error instanceof Stalled ? 300 : RETRY_SECONDS;
  return { kind: 'failed', reason, message, retryAfterSeconds };
}

async function perform(effect: Effect, task: Task): Promise<Work> {
  const planned = task.revert.status?.plan;
  if (effect === 'plan') return { effect, result: await plan(task) };
  if (!planned) throw new Error('there is no plan');
  if (effect === 'prove') return { effect, result: await prove(task, planned) };
  if (effect === 'look') return { effect, result: await lookFor(task, planned) };
  if (effect === 'propose') return { effect, result: await propose(task, planned) };
  if (effect === 'watch') return { effect, result: await watch(task, planned) };
  if (effect === 'cancelMerge') return { effect, result: await cancelMerge(task) };
  if (effect === 'withdraw') return { effect, result: await withdraw(task, task.unwanted ?? 'it is not needed') };
  return { effect, result: await write(task, planned) };
}

/** On the branch first, then among the proposals where it is to be one. */
async function lookFor(task: Task, planned: GitRevertPlan): Promise<LookResult> {
  const found = await look(task, planned);
  if (found.kind === 'found' || task.revert.status?.way !== 'PullRequest') return found;
  return (await endedProposal(task)) ?? found;
}

type Context = GitRevertOptions & { pool: Pool; places: Places; again: (key: string) => void };

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

function begin(context: Context, job: Job, { effect, revert, policy, seen }: Begun) {
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
        mayWrite: () => mayWrite(context, job, revert, policy),
        takePlace: (way: RevertWay) => context.places.take(revert, policy, way),
        isDryRun: () => isDryRun(context, job, revert),
        paused: killSwitch.paused,
      };
      return await perform(effect, { ...task, ...asked, why });
    } catch (error) {
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

function takenBack(canary: ReplicaSet | undefined): string | undefined {
  if (!canary) return 'the ReplicaSet that failed is not there any more';
  return causeOf(canary) ? undefined : 'the abort was taken back';
}

/** The host may merge at any moment what is not to be merged any more. */
function isUrgent({ status }: GitRevert, gate: Seen['gate'], policy: Policy | undefined): boolean {
  if (status?.proposal?.autoMerge !== true || policy === undefined) return false;
  const mayMerge = gate.kind === 'open' && gate.mode !== 'DryRun' && gate.personMerges !== true;
  return !mayMerge || policy.spec.pullRequests?.autoMerge !== true;
}

function observe(context: Context, revert: GitRevert, job: Job): { seen: Seen; policy: Policy | undefined } {
  const { namespace, name } = revert.spec.rollout;
  const rollout = context.rollouts.get(namespace, name);
  const canary = rollout && replicaSetOf(context, rollout, revert.spec.templates.canary);
  const superseded = supersededBy(rollout, revert) ?? takenBack(canary);
  const noPolicy: GateAnswer = { gate: { kind: 'skip', reason: 'Superseded', message: superseded ?? '' } };
  const { gate, policy } = rollout && canary ? askPolicy(context, revert, rollout, canary) : noPolicy;
  const { work, running: busy } = job;
  const notBefore = job.mayHurry && isUrgent(revert, gate, policy) ? undefined : job.notBefore;
  const now = context.clock.now();
  const observed = isObserved(rollout, revert);
  const jitter = Math.random();
  const { status } = revert;
  const approved = isApproved(revert);
  const isOut = status?.state === 'landed' || status?.state === 'merged';
  const cluster = isOut && rollout ? clusterOf(context, rollout, revert) : undefined;
  const asked = { status, gate, hasPolicy: policy !== undefined, approved, superseded, observed, cluster };
  return { seen: { now, ...asked, work, busy, notBefore, jitter }, policy };
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
        if (job.hinted || (mayHurry && isUrgent(written, seen.gate, policy))) again(key);
      }
      tell(context, written, seen, decision);
      if (decision.effect && policy && !job.running)
        begin(context, job, { effect: decision.effect, revert: written, policy, seen });
      if (decision.from !== undefined && !isFinal(decision.state)) again(key);
      return { lookAgainAt: decision.lookAgainAt };
    },
  };
}
