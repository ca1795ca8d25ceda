import { type GitRevert, type GitRevertState, type GitRevertStatus, revertMode } from '../../api/index.ts';
import { timestamp } from '../../api/times.ts';
import type { CommitReport, GitHost, ReportOutcome } from '../../git/hosts/host.ts';
import { isObjectId } from '../../git/process.ts';
import { commentDue, commentText, derive, harmless, type Policy } from '../../revert/index.ts';
import { openPolicy, type PolicyAccess } from './access.ts';
import { evidenceFor } from './evidence.ts';
import { askPolicy } from './facts.ts';
import type { GitRevertOptions } from './options.ts';
import { causeOf, replicaSetOf } from './revision.ts';

/** What ended longer ago, under a version that told nobody, is of no use to anyone any more. */
const RECENT_MILLISECONDS = 3_600_000;
const DESCRIPTION_CHARACTERS = 250;
const NAME_CHARACTERS = 200;
const PROBLEM_CHARACTERS = 500;
const WRITING_MODES: ReadonlySet<string> = new Set(['Direct', 'PullRequest']);
const OUT_OF_GIT = new Set(['landed', 'merged', 'observed', 'done']);

/** Who is told, by which host, and why it failed. */
export interface Addressee {
  policy: Policy;
  host: GitHost;
  why: string;
}

/** Nobody where no policy lets Headgate write there. */
function addressee(options: GitRevertOptions, revert: GitRevert): Addressee | undefined {
  const { rollout: ref, templates } = revert.spec;
  const rollout = options.rollouts.get(ref.namespace, ref.name);
  const canary = rollout && replicaSetOf(options, rollout, templates.canary);
  if (!rollout || !canary) return undefined;
  const { policy } = askPolicy(options, revert, rollout, canary);
  const host = policy && options.hosts.get(policy.spec.repository.host);
  if (!policy || !host || !WRITING_MODES.has(revertMode(policy))) return undefined;
  return { policy, host, why: causeOf(canary)?.message ?? '' };
}

/** `status`: what is to be noted; of a failure, where that is known though the rest is not. */
export type ErrandOutcome = ReportOutcome & { status?: GitRevertStatus };

/** One thing that is asked of the host or told by it once. */
export interface Errand {
  /** Unique within its record. */
  id: string;
  run(): Promise<ErrandOutcome>;
  /** What is noted where it is given up. */
  givenUp(problem: string): GitRevertStatus;
}

function reportsOf({ spec, status }: GitRevert, why: string): CommitReport[] {
  const { commit = '', url } = status ?? {};
  const context = `headgate/${spec.rollout.namespace}/${spec.rollout.name}`;
  const taken = spec.culprits.map((each) => each.slice(0, 7)).join(', ');
  const text = (begin: string) => harmless(why ? `${begin}: ${why}` : begin, DESCRIPTION_CHARACTERS);
  const failed = text('release failed');
  return [
    ...spec.culprits.map((each) => ({ commit: each, state: 'failure' as const, context, description: failed, url })),
    { commit, state: 'success', context, description: text(`takes ${taken} out, whose release failed`) },
  ];
}

/** Beside the commits: what failed, and what takes it out. */
function statuses(options: GitRevertOptions, revert: GitRevert, { policy, host, why }: Addressee): Errand | undefined {
  const { status } = revert;
  const { discussion } = host;
  const isDue =
    isObjectId(status?.commit ?? '') && status?.reported?.at === undefined && OUT_OF_GIT.has(derive(status));
  if (!discussion || !isDue) return undefined;
  const at = () => timestamp(options.clock.now());
  return {
    id: 'commits',
    async run() {
      const { access } = await openPolicy(policy, options);
      for (const each of reportsOf(revert, why)) {
        const outcome = await discussion.report(access, each);
        if (!outcome.ok) return outcome;
      }
      return { ok: true, status: { reported: { at: at() } } };
    },
    givenUp: (problem) => ({ reported: { at: at(), problem } }),
  };
}

/** Who stands behind the change. What was fetched for the search is asked first. */
async function authorOf({ repository }: PolicyAccess, commit: string): Promise<string> {
  const known = await repository.commit(commit).catch(() => undefined);
  if (known === undefined) await repository.fetch();
  const { authorName = '' } = known ?? (await repository.commit(commit)) ?? {};
  return authorName.slice(0, NAME_CHARACTERS);
}

function culprit(options: GitRevertOptions, revert: GitRevert, { policy, host }: Addressee): Errand | undefined {
  const [commit, ...more] = revert.spec.culprits;
  if (commit === undefined || more.length > 0 || revert.status?.culprit) return undefined;
  const note = (problem: string): GitRevertStatus => {
    const comment = { says: derive(revert.status), at: timestamp(options.clock.now()), problem };
    return host.discussion ? { reported: { comment } } : {};
  };
  return {
    id: 'culprit',
    async run() {
      const opened = await openPolicy(policy, options);
      const author = await authorOf(opened, commit);
      const found = await host.discussion?.pullRequestOf(opened.access, commit, opened.branch);
      if (found === undefined || found.kind === 'none') return { ok: true, status: { culprit: { author } } };
      if (found.kind === 'pullRequest') {
        const { number, url, author: login, reviewers } = found.pullRequest;
        const pullRequest = { number, url, ...(login && { author: login.slice(0, NAME_CHARACTERS) }) };
        const names = reviewers.map((each) => each.slice(0, NAME_CHARACTERS));
        return { ok: true, status: { culprit: { author, pullRequest, reviewers: names } } };
      }
      const again = found.kind === 'unknown' || found.kind === 'rateLimited';
      return { ok: false, again, message: found.message, status: { culprit: { author } } };
    },
    givenUp: (problem) => ({ culprit: { author: '' }, ...note(problem) }),
  };
}

/** On the pull request that brought the change: one comment that tells how things are now. */
function comment(options: GitRevertOptions, revert: GitRevert, { policy, host }: Addressee): Errand | undefined {
  const { discussion } = host;
  const { mentionAuthor = false, graphUrl, comment: isWanted = true } = policy.spec.telling ?? {};
  const { pullRequest } = revert.status?.culprit ?? {};
  const state = commentDue(revert);
  if (!discussion || !pullRequest || !isWanted || state === undefined) return undefined;
  const told = (problem?: string): GitRevertStatus => {
    const at = timestamp(options.clock.now());
    return { reported: { comment: { says: state, at, ...(problem !== undefined && { problem }) } } };
  };
  return {
    id: `comment/${state}`,
    async run() {
      const { access } = await openPolicy(policy, options);
      const evidence = await evidenceFor(options, revert);
      const body = commentText({ revert, state, evidence, mentionsAuthor: mentionAuthor, graphUrl });
      const mark = `headgate/revert/${revert.spec.key}`;
      const outcome = await discussion.comment(access, pullRequest.number, { mark, body });
      if (outcome.kind === 'commented') return { ok: true, status: told() };
      const again = outcome.kind === 'unknown' || outcome.kind === 'rateLimited';
      return { ok: false, again, message: outcome.message };
    },
    givenUp: told,
  };
}

const SETTLED: ReadonlySet<GitRevertState> = new Set(['skipped', 'superseded', 'dryRun']);

/** All that is still to be asked and told, for one record as it is. */
export function errandsOf(options: GitRevertOptions, revert: GitRevert): Errand[] {
  const { status } = revert;
  const { finishedAt } = status ?? {};
  if (finishedAt !== undefined && options.clock.now() - Date.parse(finishedAt) >= RECENT_MILLISECONDS) return [];
  const to = addressee(options, revert);
  if (!to) return [];
  const who = SETTLED.has(derive(status)) ? undefined : culprit(options, revert, to);
  const all = [who, statuses(options, revert, to), comment(options, revert, to)];
  return all.filter((errand) => errand !== undefined);
}

/** What is noted of an errand that is over, with or without success. */
export function notedOf(errand: Errand, outcome: ErrandOutcome): GitRevertStatus {
  if (outcome.ok) return outcome.status ?? {};
  return { ...errand.givenUp(outcome.message.slice(0, PROBLEM_CHARACTERS)), ...outcome.status };
}
