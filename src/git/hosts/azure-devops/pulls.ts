import { type Fields, fieldsOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { Proposal, ProposalBranches, ProposalOutcome } from '../host.ts';
import { asOutcome } from '../host-proposals.ts';
import { Ended } from '../http.ts';
import { type Api, failureOf } from './api.ts';

export interface Pull extends Omit<Proposal, 'head'> {
  /** What became of the last try to merge: `succeeded`, also where that was not to stay; `queued`, `conflicts`, ... */
  tried: string;
  /** Why the last try failed, in the host's words. */
  reason: string;
  isDraft: boolean;
  /** The account that opened it. */
  creator: string;
  /** The account in whose name it is merged when the rules allow. */
  waitsFor: string | undefined;
  repository: string;
  project: string;
}

const STATES: Readonly<Record<string, Proposal['state']>> = { completed: 'merged', abandoned: 'closed' };

/** Throws `Ended` for what is no pull request. */
export function pullOf(page: string, found: Fields): Pull {
  const number = Number(found.pullRequestId);
  if (!Number.isSafeInteger(number)) {
    throw new Ended({ kind: 'unknown', message: 'Azure DevOps answered without saying which pull request it means' });
  }
  const state = STATES[String(found.status)] ?? 'open';
  // Until it is completed, this one is a try.
  const commit = state === 'merged' ? textOf(fieldsOf(found.lastMergeCommit).commitId) : undefined;
  const repository = fieldsOf(found.repository);
  return {
    number,
    url: `${page}/pullrequest/${number}`,
    state,
    ...(commit && { commit }),
    tried: textOf(found.mergeStatus) ?? 'notSet',
    reason: textOf(found.mergeFailureMessage) ?? '',
    isDraft: found.isDraft === true,
    creator: textOf(fieldsOf(found.createdBy).id) ?? '',
    waitsFor: textOf(fieldsOf(found.autoCompleteSetBy).id),
    repository: textOf(repository.id) ?? '',
    project: textOf(fieldsOf(repository.project).id) ?? '',
  };
}

/** As others know it. `head`: of its branch as it is now, which the pull request itself lags behind. */
export function shown({ number, url, state, commit }: Pull, head: string | undefined): ProposalOutcome {
  return asOutcome({ number, url, state, ...(head && { head }), ...(commit && { commit }) });
}

export function pathOf({ number }: Pick<Proposal, 'number'>): string {
  return `/pullrequests/${number}`;
}

export async function readPull(api: Api, proposal: Pick<Proposal, 'number'>): Promise<Pull> {
  return pullOf(api.page, await api.get(pathOf(proposal)));
}

/** Changes one that is open; answers it as it is then. What is over meanwhile, by someone else or by a merge, is answered as well. */
export async function editPull(api: Api, proposal: Pick<Proposal, 'number'>, change: object): Promise<Pull> {
  const answer = await api.patch(pathOf(proposal), change);
  if (answer.status === 200) return pullOf(api.page, parsedFields(answer.body));
  const pull = answer.status === 400 ? await readPull(api, proposal) : undefined;
  if (pull && pull.state !== 'open') return pull;
  throw new Ended(failureOf(answer));
}

/** The newest one in any state, open ones first, that comes from this repository and not from a fork's branch of the same name. */
export async function findPull(api: Api, { from, into }: ProposalBranches): Promise<Pull | undefined> {
  const query = new URLSearchParams({
    'searchCriteria.status': 'all',
    'searchCriteria.sourceRefName': `refs/heads/${from}`,
    'searchCriteria.targetRefName': `refs/heads/${into}`,
    $top: '100',
  });
  const found = await api.list(`/pullrequests?${query}`);
  const own = found.filter(({ forkSource }) => !forkSource).map((each) => pullOf(api.page, each));
  const newestFirst = own.sort((one, other) => other.number - one.number);
  return newestFirst.find(({ state }) => state === 'open') ?? newestFirst[0];
}
