import { join } from 'node:path';
import type { GitRevert } from '../../src/api/index.ts';
import { virtualClock } from '../../src/clock.ts';
import { openPolicy } from '../../src/controllers/git-revert/access.ts';
import type { Case as FailedCase } from '../../src/controllers/git-revert/failure.ts';
import { noFindings } from '../../src/controllers/git-revert/findings.ts';
import { look } from '../../src/controllers/git-revert/look.ts';
import type { GitRevertOptions } from '../../src/controllers/git-revert/options.ts';
import { plan } from '../../src/controllers/git-revert/plan.ts';
import { propose, watch } from '../../src/controllers/git-revert/proposals.ts';
import { prove } from '../../src/controllers/git-revert/prove.ts';
import { explainSearch, searchCulprit } from '../../src/controllers/git-revert/search.ts';
import type { Task } from '../../src/controllers/git-revert/task.ts';
import { templateOf } from '../../src/controllers/git-revert/templates.ts';
import { write } from '../../src/controllers/git-revert/write.ts';
import type { Reading } from '../../src/git/app.ts';
import { createGitHost } from '../../src/git/hosts/git/index.ts';
import { createRepositories } from '../../src/git/repository.ts';
import { canonicalRepository, locateRepository } from '../../src/git/url.ts';
import { createLog } from '../../src/log.ts';
import { decide, type Effect, type Gate, gate, isFinal, type Policy, type Work } from '../../src/revert/index.ts';
import type { Case } from './cases.ts';
import { type Failed, factsFor, NOW, policyFor, recordFor, stored } from './cluster.ts';
import type { Outcome, Scope } from './expected.ts';
import { createProposingHost, type Opened } from './host.ts';
import { NAMESPACE } from './parts.ts';
import { idleFetches, rememberingRenderer } from './thrift.ts';
import type { MadeBranch, World } from './world.ts';

/** More passes than any way through the machine takes. */
const MOST_PASSES = 30;

/** A commit that was made, on the branch or on that of a pull request. */
export interface Made {
  commit: string;
  scope: Scope;
  /** Of the pull request that it is in. */
  title?: string;
}

/** How it ended, and the commit that was made, where one was. */
export interface Played {
  outcome: Outcome;
  /** In the words for people. */
  message: string;
  made: Made | undefined;
}

/** What stands around all cases of a repository. */
export interface Player {
  options: GitRevertOptions;
  reading: Reading;
  opened: readonly Opened[];
}

/** Headgate's own parts, as the controller puts them together, on repositories of this machine. */
export function createPlayer({ folder, bare, machine }: World): Player {
  const clock = virtualClock(NOW);
  const log = createLog({ level: 'silent' });
  const { git } = machine;
  const repositories = idleFetches(createRepositories({ git, cacheDir: join(folder, 'cache') }), bare);
  const locate = (url: string) => locateRepository(url, { localRoots: [folder] });
  const renderer = rememberingRenderer(machine.renderer);
  const hostOptions = { repositories, locate, clock };
  const { host: proposing, opened } = createProposingHost(hostOptions);
  const hosts = new Map([
    ['git', createGitHost(hostOptions)],
    ['gitea', proposing],
  ]);
  const parts = {
    clock,
    log,
    repositories,
    locate,
    renderer,
    hosts,
    namespace: 'headgate',
  };
  return { options: parts as unknown as GitRevertOptions, reading: { renderer, parsed: new Map() }, opened };
}

async function perform(effect: Effect, task: Task): Promise<Work> {
  const planned = task.revert.status?.plan;
  if (effect === 'plan') return { effect, result: await plan(task) };
  if (!planned) throw new Error(`there is no plan for ${effect}`);
  if (effect === 'prove') return { effect, result: await prove(task, planned) };
  if (effect === 'look') return { effect, result: (await look(task, planned)).result };
  if (effect === 'write') return { effect, result: await write(task, planned) };
  if (effect === 'propose') return { effect, result: await propose(task, planned) };
  if (effect === 'watch') return { effect, result: await watch(task, planned) };
  throw new Error(`there is no reason to ${effect}`);
}

function limitsOf(answer: Gate): Task['limits'] {
  if (answer.kind !== 'open' || answer.message === undefined) return undefined;
  return { message: answer.message, personMerges: answer.personMerges === true };
}

/** Drives the record by its machine until it has landed or ended, or was looked at once more after it was proposed. */
async function drive(task: Omit<Task, 'revert' | 'limits'>, revert: GitRevert, policy: Policy): Promise<GitRevert> {
  let [current, work] = [revert, undefined as Work | undefined];
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const { status } = current;
    const answer = gate(policy, factsFor(status));
    const seen = { now: NOW, status, gate: answer, approved: false, superseded: undefined };
    const decision = decide({ ...seen, observed: false, work, busy: false, notBefore: undefined, jitter: 0 });
    current = { ...current, status: decision.status };
    const wasWatched = decision.state === 'proposed' && work?.effect === 'watch';
    if (decision.state === 'landed' || isFinal(decision.state) || wasWatched) return current;
    const limits = limitsOf(answer);
    work = decision.effect && (await perform(decision.effect, { ...task, limits, revert: current }));
  }
  throw new Error(`no end after ${MOST_PASSES} passes: ${current.status?.state}, ${current.status?.message}`);
}

function endOf({ status }: GitRevert, made: Made | undefined): Outcome {
  const { state = 'pending', reason = '' } = status ?? {};
  if (state === 'landed' && made) return `written: ${made.scope}`;
  return `${state === 'needsHuman' ? 'person' : state}: ${reason}` as Outcome;
}

/** Told by the record and by what the host was asked; the way by the commit itself. */
async function madeBy({ bare }: World, { status }: GitRevert, opened: readonly Opened[]): Promise<Made | undefined> {
  const { state, commit: own, reason, proposal } = status ?? {};
  const isOwn = state === 'landed' && reason !== 'AlreadyReverted';
  const commit = state === 'proposed' ? proposal?.head : isOwn ? own : undefined;
  if (commit === undefined) return undefined;
  const text = (await bare.git(['show', '-s', '--format=%B', commit])).toString();
  const scope = /^Revert-Scope: (fields|paths)$/m.exec(text)?.[1] as Scope | undefined;
  if (scope === undefined) throw new Error(`the commit ${commit} does not say which way it is`);
  const title = opened.find(({ proposal: each }) => each.number === proposal?.number)?.request.title;
  return { commit, scope, ...(title !== undefined && { title }) };
}

/** One failed release from the search for its culprit to the end, with Headgate's own code, up to the write to the branch. */
export async function play(
  world: World,
  { options, reading, opened }: Player,
  each: Case,
  { made: { name: branch }, failed }: { made: MadeBranch; failed: Failed },
): Promise<Played> {
  const { layout } = each.repository;
  const repository = canonicalRepository(world.bare.path);
  const policy = policyFor(world, each, branch);
  const place = { repository, branch, path: layout.path, learnt: 'ArgoCD', ...(layout.helm && { helm: layout.helm }) };
  const rollout = { metadata: { name: layout.rollout ?? 'web', namespace: NAMESPACE, uid: 'uid' } };
  const found = await searchCulprit(options, {
    failure: { rollout },
    policy,
    good: { ...place, commit: failed.good },
    bad: { ...place, commit: failed.bad },
  } as unknown as FailedCase);
  const none = explainSearch(found);
  if (none) return { outcome: `none: ${none.reason}` as Outcome, message: none.message, made: undefined };
  const apart = found.kind === 'one' && found.apart;
  const culprits = found.kind === 'one' ? [found.culprit] : found.kind === 'several' ? found.commits : [];
  const task: Omit<Task, 'revert' | 'limits'> = {
    policy: await openPolicy(policy, options),
    templates: {
      bad: templateOf(stored(failed.templates.bad, 'bbb')),
      stable: templateOf(stored(failed.templates.good, 'aaa')),
      ignored: {},
    },
    cause: { message: 'metric "ok" assessed Failed', step: 1 },
    now: () => 0,
    measured: async () => ({ failedAt: 0, lastRevertAt: undefined, failedMeasurements: 1 }),
    reading,
    helm: layout.helm,
    known: layout.known ?? [],
    version: '0.0.0',
    unwanted: undefined,
    why: async () => [],
    findings: noFindings(),
    stableFailsToo: async () => undefined,
    mayWrite: () => true,
    takePlace: () => undefined,
    isDryRun: () => false,
    paused: () => undefined,
  };
  const revert = await drive(task, recordFor(each, failed, { repository, branch, culprits, apart }), policy);
  const written = await madeBy(world, revert, opened);
  return { outcome: endOf(revert, written), message: revert.status?.message ?? '', made: written };
}
