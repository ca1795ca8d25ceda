/** The policies of branches: what they ask for, and how a pull request stands with them. */
import { fieldsOf, listOf, textOf } from '../../../api/fields.ts';
import type { Api } from './api.ts';
import type { Pull } from './pulls.ts';

/** The same everywhere. */
const MERGE_STRATEGY = 'fa4e907d-c16b-4a4c-9dfa-4916e5d171ab';
const WORK_ITEM_LINKING = '40e92b44-2fe1-4dd6-b3d8-74a9c21d0c6e';

/** Every way in which Azure DevOps brings commits to a branch, its own choice first, and the setting that allows it. */
const STRATEGIES = [
  ['noFastForward', 'allowNoFastForward'],
  ['squash', 'allowSquash'],
  ['rebaseMerge', 'allowRebaseMerge'],
  ['rebase', 'allowRebase'],
] as const;

async function blockingPolicies(api: Api, repository: string, branch: string) {
  const query = new URLSearchParams({ repositoryId: repository, refName: `refs/heads/${branch}` });
  const found = (await api.knownOfProject(`/git/policy/configurations?${query}`)) ?? [];
  return found.map(fieldsOf).filter(({ isEnabled, isBlocking }) => isEnabled === true && isBlocking === true);
}

/** Whether the branch takes changes by pull request only. Policies of whole repositories look at files and authors instead. */
export async function takesPullRequestsOnly(api: Api, repository: string, branch: string): Promise<boolean> {
  return (await blockingPolicies(api, repository, branch)).some(({ settings }) =>
    listOf(fieldsOf(settings).scope)
      .map(fieldsOf)
      .some(({ refName, matchKind }) => textOf(refName) || textOf(matchKind)),
  );
}

/** How it may be merged, where a policy leaves no free choice. */
export async function strategyFor(api: Api, { repository }: Pull, branch: string): Promise<string | undefined> {
  const policies = await blockingPolicies(api, repository, branch);
  const asked = policies.filter(({ type }) => fieldsOf(type).id === MERGE_STRATEGY);
  const settings = asked.map((policy) => fieldsOf(policy.settings));
  // Before there were others, squashing was all that could be asked for.
  if (settings.some(({ useSquashMerge }) => useSquashMerge === true)) return 'squash';
  if (settings.length === 0) return undefined;
  return STRATEGIES.find(([, setting]) => settings.every((each) => each[setting] === true))?.[0];
}

/**
 * The blocking policies that waiting does not fulfil, by name. Most that are shown as rejected only lack a vote or a build so far;
 * work items are linked by nobody but a person.
 */
export async function beyondWaiting(api: Api, { number, project }: Pull): Promise<string[]> {
  const artifact = encodeURIComponent(`vstfs:///CodeReview/CodeReviewId/${project}/${number}`);
  const found = (await api.knownOfProject(`/policy/evaluations?artifactId=${artifact}`)) ?? [];
  return found.map(fieldsOf).flatMap(({ status, configuration }) => {
    const { isBlocking, type, settings } = fieldsOf(configuration);
    const { id, displayName } = fieldsOf(type);
    const isStuck = status === 'broken' || (status === 'rejected' && id === WORK_ITEM_LINKING);
    const name = textOf(fieldsOf(settings).displayName) || textOf(displayName) || 'a policy without a name';
    return isBlocking === true && isStuck ? [name] : [];
  });
}
