import type { GitRevert, GitRevertState, GitRevertStatus } from '../../api/index.ts';
import { timestamp } from '../../api/times.ts';
import type { CommitReport, Discussion, ReportOutcome } from '../../git/hosts/host.ts';
import { isObjectId } from '../../git/process.ts';
import { commentDue, commentText, derive, harmless } from '../../revert/index.ts';
import { keyOf } from '../keys.ts';
import type { PolicyAccess } from './access.ts';
import { type Addressee, addressee, type Errand, type ErrandOutcome, openFor, refused } from './addressee.ts';
import { evidenceFor } from './evidence.ts';
import type { GitRevertOptions } from './options.ts';
import { reminder } from './reminder.ts';

/** What ended longer ago, under a version that told nobody, is of no use to anyone any more. */
const RECENT_MILLISECONDS = 3_600_000;
const DESCRIPTION_CHARACTERS = 250;
const NAME_CHARACTERS = 200;
const PROBLEM_CHARACTERS = 500;
const OUT_OF_GIT = new Set(['landed', 'merged', 'observed', 'done']);

/** Numbers of culprits' pull requests, by the record, as this process has found them: a status may say anything. */
export type FoundPullRequests = Map<string, { uid: string | undefined; number: number }>;

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
function statuses(options: GitRevertOptions, revert: GitRevert, to: Addressee): Errand | undefined {
  const { status } = revert;
  const { discussion } = to.host;
  const isDue =
    isObjectId(status?.commit ?? '') && status?.reported?.at === undefined && OUT_OF_GIT.has(derive(status));
  if (!discussion || !isDue) return undefined;
  const at = () => timestamp(options.clock.now());
  return {
    id: 'commits',
    async run() {
      const { access } = await openFor(options, revert, to);
      for (const each of reportsOf(revert, to.why)) {
        const outcome = await discussion.report(access, each);
        if (!outcome.ok) return outcome;
      }
      return { ok: true, status: { reported: { at: at() } } };
    },
    givenUp: (problem) => ({ reported: { at: at(), problem } }),
  };
}

/** Who stands behind the change. */
async function authorOf({ repository }: PolicyAccess, commit: string): Promise<string> {
  const { authorName = '' } = (await repository.commit(commit)) ?? {};
  return authorName.slice(0, NAME_CHARACTERS);
}

function culprit(
  options: GitRevertOptions,
  revert: GitRevert,
  to: Addressee,
  found: FoundPullRequests,
): Errand | undefined {
  const { host } = to;
  const [commit, ...more] = revert.spec.culprits;
  if (commit === undefined || more.length > 0 || revert.status?.culprit) return undefined;
  const note = (problem: string): GitRevertStatus => {
    const comment = { says: derive(revert.status), at: timestamp(options.clock.now()), problem };
    return host.discussion ? { reported: { comment } } : {};
  };
  return {
    id: 'culprit',
    async run() {
      const opened = await openFor(options, revert, to);
      const author = await authorOf(opened, commit);
      const answer = await host.discussion?.pullRequestOf(opened.access, commit, opened.branch);
      if (answer === undefined || answer.kind === 'none') return { ok: true, status: { culprit: { author } } };
      if (answer.kind === 'pullRequest') {
        const { number, url, author: login, reviewers } = answer.pullRequest;
        found.set(keyOf(revert), { uid: revert.metadata.uid, number });
        const pullRequest = { number, url, ...(login && { author: login.slice(0, NAME_CHARACTERS) }) };
        const names = reviewers.map((each) => each.slice(0, NAME_CHARACTERS));
        return { ok: true, status: { culprit: { author, pullRequest, reviewers: names } } };
      }
      return { ...refused(answer), status: { culprit: { author } } };
    },
    givenUp: (problem) => ({ culprit: { author: '' }, ...note(problem) }),
  };
}

/** Asks anew where another process has found it; where it is another one by now, nobody is told. */
async function checkPullRequest(
  revert: GitRevert,
  { access, branch }: PolicyAccess,
  discussion: Discussion,
  found: FoundPullRequests,
): Promise<ReportOutcome> {
  const { uid } = revert.metadata;
  const number = revert.status?.culprit?.pullRequest?.number ?? 0;
  const known = found.get(keyOf(revert));
  if (known?.uid === uid && known?.number === number) return { ok: true };
  const answer = await discussion.pullRequestOf(access, revert.spec.culprits[0] ?? '', branch);
  if (answer.kind === 'pullRequest' && answer.pullRequest.number === number) {
    found.set(keyOf(revert), { uid, number });
    return { ok: true };
  }
  const message = 'message' in answer ? answer.message : `the culprit did not come by pull request ${number}`;
  return refused({ kind: answer.kind, message });
}

/** On the pull request that brought the change: one comment that tells how things are now. */
function comment(
  options: GitRevertOptions,
  revert: GitRevert,
  to: Addressee,
  found: FoundPullRequests,
): Errand | undefined {
  const { discussion } = to.host;
  const { mentionAuthor = false, graphUrl, comment: isWanted = true } = to.policy.spec.telling ?? {};
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
      const opened = await openFor(options, revert, to);
      const checked = await checkPullRequest(revert, opened, discussion, found);
      if (!checked.ok) return checked;
      const evidence = await evidenceFor(options, revert);
      const body = commentText({ revert, state, evidence, mentionsAuthor: mentionAuthor, graphUrl });
      const mark = `headgate/revert/${revert.spec.key}`;
      const outcome = await discussion.comment(opened.access, pullRequest.number, { mark, body });
      return outcome.kind === 'commented' ? { ok: true, status: told() } : refused(outcome);
    },
    givenUp: told,
  };
}

const SETTLED: ReadonlySet<GitRevertState> = new Set(['skipped', 'superseded', 'dryRun']);

/** All that is still to be asked and told, for one record as it is. */
export function errandsOf(options: GitRevertOptions, revert: GitRevert, found: FoundPullRequests): Errand[] {
  const { status } = revert;
  const { finishedAt } = status ?? {};
  if (finishedAt !== undefined && options.clock.now() - Date.parse(finishedAt) >= RECENT_MILLISECONDS) return [];
  const to = addressee(options, revert);
  if (!to) return [];
  const who = SETTLED.has(derive(status)) ? undefined : culprit(options, revert, to, found);
  const all = [who, statuses(options, revert, to), comment(options, revert, to, found), reminder(options, revert, to)];
  return all.filter((errand) => errand !== undefined);
}

/** What is noted of an errand that is over, with or without success. */
export function notedOf(errand: Errand, outcome: ErrandOutcome): GitRevertStatus {
  if (outcome.ok) return outcome.status ?? {};
  return { ...errand.givenUp(outcome.message.slice(0, PROBLEM_CHARACTERS)), ...outcome.status };
}
