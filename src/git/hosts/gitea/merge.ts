import { setTimeout } from 'node:timers/promises';
import { fieldsOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { Proposal } from '../host.ts';
import { Ended, type HttpResponse } from '../http.ts';
import { type Api, failureOf } from './api.ts';
import { type Pull, readPull } from './pulls.ts';

/** Gitea does not tell a conflict from a check that is not over: what it would not merge at the last look counts as one. */
const LOOKS = 10;

/** What is to be done after Gitea has refused to merge. */
type Next = 'lookAgain' | 'schedule';

const NOT_CHECKED = /try again later|push out of date|already merged/i;
const RULE_TO_WAIT_FOR = /status checks|enough approvals|requested changes|official review requests/i;
const NOT_ALLOWED = /not allowed to merge/i;
const HEAD_MOVED = /head out of date/i;

function nextAfter(answer: HttpResponse, { mayWrite }: Pull): Next {
  const said = textOf(parsedFields(answer.body).message) ?? '';
  // A pull request that is closed is not found.
  if (answer.status === 404) return 'lookAgain';
  if (answer.status !== 405 && answer.status !== 409) throw new Ended(failureOf(answer));
  if (NOT_CHECKED.test(said)) return 'lookAgain';
  if (RULE_TO_WAIT_FOR.test(said)) return 'schedule';
  const message = `Gitea answered ${answer.status}: ${said.slice(0, 300) || 'it cannot be merged'}`;
  if (HEAD_MOVED.test(said)) throw new Ended({ kind: 'stale', message });
  throw new Ended({ kind: NOT_ALLOWED.test(said) && !mayWrite ? 'noRights' : 'protected', message });
}

/** What Gitea is asked for; bound to the head. */
async function requestFor(api: Api, { style, proposal: { head } }: Pull) {
  const { commit } = await api.get(`git/commits/${head}?stat=false&files=false&verification=false`);
  // By itself, Gitea writes a headline only. The trailers below it are how the commit is known to be a revert.
  const [, ...body] = (textOf(fieldsOf(commit).message) ?? '').split('\n');
  return {
    Do: style,
    head_commit_id: head,
    delete_branch_after_merge: true,
    MergeMessageField: body.join('\n').trim(),
  };
}

/**
 * Has Gitea merge when the rules are fulfilled. It does not bind that to the head, and a push does not end it: whoever looks
 * again after one ends it.
 */
async function schedule(api: Api, pull: Pull, request: object) {
  const body = JSON.stringify({ ...request, merge_when_checks_succeed: true });
  const answer = await api.send('POST', `pulls/${pull.proposal.number}/merge`, body);
  const isScheduled = answer.status === 201 || (answer.status === 409 && /already scheduled/.test(answer.body));
  // Where Gitea is checking once more, whoever asks again comes to this again.
  if (!isScheduled) nextAfter(answer, pull);
}

/** What was scheduled by another account. */
const OF_ANOTHER = /no permission to cancel/i;

async function unschedule(api: Api, { number }: Pick<Proposal, 'number'>) {
  const answer = await api.send('DELETE', `pulls/${number}/merge`);
  // Not found where nothing was scheduled.
  if (answer.status === 204 || answer.status === 404) return;
  if (answer.status !== 403 || !OF_ANOTHER.test(answer.body)) throw new Ended(failureOf(answer));
}

/** As `Proposals.cancelMerge`. Gitea tells no one what is scheduled, so it is asked in any case. Throws `Ended`. */
export async function cancelMerge(api: Api, wanted: Proposal): Promise<Proposal> {
  const { proposal, mayWrite } = await readPull(api, wanted.number);
  if (proposal.state !== 'open') return proposal;
  if (!mayWrite) throw new Ended({ kind: 'noRights', message: 'the token may read pull requests but not write' });
  await unschedule(api, wanted);
  return (await readPull(api, wanted.number)).proposal;
}

/** The pull request, at the expected head if it is open. */
async function look(api: Api, { number, head }: Proposal): Promise<Pull> {
  const pull = await readPull(api, number);
  const { state, url, head: now } = pull.proposal;
  if (state !== 'open' || (head && now === head)) return pull;
  throw new Ended({ kind: 'stale', message: `the branch of ${url} is at ${now ?? 'no commit'}, not at ${head}` });
}

function refusal({ proposal: { url } }: Pull, why: string): Ended {
  return new Ended({ kind: 'protected', message: `${url} ${why}` });
}

/** Asks once, if Gitea has checked it. */
async function attempt(api: Api, pull: Pull): Promise<'lookAgain' | 'merged' | 'scheduled'> {
  if (pull.isDraft) throw refusal(pull, 'is marked as work in progress');
  const { style, into, isMergeable } = pull;
  if (!style) throw refusal(pull, `can be merged in no way that the repository allows, unless rebased on ${into}`);
  if (!isMergeable) return 'lookAgain';
  const request = await requestFor(api, pull);
  const answer = await api.send('POST', `pulls/${pull.proposal.number}/merge`, JSON.stringify(request));
  if (answer.status === 200) return 'merged';
  if (nextAfter(answer, pull) === 'lookAgain') return 'lookAgain';
  await schedule(api, pull, request);
  return 'scheduled';
}

/**
 * Gitea pushes a merge before it says so of the pull request, and of one that was closed meanwhile it never does: what it
 * answered to the merge is what the branch holds.
 */
async function readMerged(api: Api, wanted: Proposal): Promise<Proposal> {
  const { proposal, into } = await look(api, wanted);
  if (proposal.state !== 'closed') return proposal;
  return { ...proposal, state: 'merged', commit: (await api.branch(into)).head };
}

async function mergeOrSchedule(api: Api, wanted: Proposal, pauseMilliseconds: number): Promise<Proposal> {
  for (let looks = 1; ; looks++) {
    const pull = await look(api, wanted);
    if (pull.proposal.state !== 'open') return pull.proposal;
    const done = await attempt(api, pull);
    if (done === 'merged') return readMerged(api, wanted);
    if (done === 'scheduled') return (await look(api, wanted)).proposal;
    if (looks === LOOKS) {
      throw refusal(pull, `is not found mergeable: it conflicts with ${pull.into}, or changes nothing there`);
    }
    await setTimeout(pauseMilliseconds);
  }
}

/**
 * Merges it if the rules allow that now, which Gitea binds to the head; else has Gitea do it later. Gitea checks for conflicts
 * after each push to either branch, for seconds at times, and merges nothing meanwhile.
 */
export async function mergePull(api: Api, wanted: Proposal, pauseMilliseconds: number): Promise<Proposal> {
  try {
    return await mergeOrSchedule(api, wanted, pauseMilliseconds);
  } catch (error) {
    // It is a person's now: what they push to it is not for Gitea to merge in our name.
    const isLeft = error instanceof Ended && (error.failure.kind === 'stale' || error.failure.kind === 'protected');
    if (isLeft) await unschedule(api, wanted);
    throw error;
  }
}
