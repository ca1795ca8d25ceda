import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { PullRequestOutcome } from '../host.ts';
import {
  asPullRequest,
  asUnusedLink,
  broughtBy,
  type Candidate,
  type Comments,
  discussionOver,
  type Talk,
} from '../host-discussion.ts';
import { Ended, type SendRequest } from '../http.ts';
import { type Api, failureOf, openApi } from './api.ts';
import { quoted } from './proposals.ts';

/** Bitbucket takes no longer ones. */
const COMMENT_CHARACTERS = 32_767;
const PAGE_ENTRIES = 50;
/** So much of a commit's id do pull requests have. */
const ID_CHARACTERS = 12;

/** Names may change and are not unique; people know no others. */
const nameOf = (account: unknown) => textOf(fieldsOf(account).nickname) ?? textOf(fieldsOf(account).display_name);

function candidateOf(found: Fields, commit: string): Candidate {
  const merge = textOf(fieldsOf(found.merge_commit).hash);
  return {
    number: Number(found.id),
    url: textOf(fieldsOf(fieldsOf(found.links).html).href) ?? '',
    title: textOf(found.title) ?? '',
    author: nameOf(found.author),
    commits: merge && commit.startsWith(merge) ? [commit] : [],
    mergedAt: textOf(found.updated_on) ?? '',
  };
}

async function madeBy(api: Api, commit: string, branch: string): Promise<Fields[]> {
  const merge = quoted(commit.slice(0, ID_CHARACTERS));
  const filter = `state = "MERGED" AND destination.branch.name = ${quoted(branch)} AND merge_commit.hash ~ ${merge}`;
  const answer = await api.ask(`/pullrequests?q=${encodeURIComponent(filter)}&pagelen=${PAGE_ENTRIES}`);
  if (answer.status === 200) return listOf(parsedFields(answer.body).values).map(fieldsOf);
  // A question that it does not take; the other one finds most of them, too.
  if (answer.status === 400) return [];
  throw new Ended(failureOf(answer));
}

/** Those that had it among their commits: told by an app of Bitbucket's own, which a workspace may lack. */
async function holding(api: Api, commit: string, branch: string): Promise<Fields[]> {
  const answer = await api.ask(`/commit/${commit}/pullrequests?pagelen=${PAGE_ENTRIES}`);
  if (answer.status === 404) {
    // Not found is also what a missing repository answers.
    await api.branch(branch);
    return [];
  }
  if (answer.status === 202) {
    throw new Ended({
      kind: 'unknown',
      message: 'Bitbucket is still finding out which pull requests hold which commits',
    });
  }
  if (answer.status !== 200) throw new Ended(failureOf(answer));
  return listOf(parsedFields(answer.body).values).map(fieldsOf);
}

/** Who approved it or was asked to. */
async function reviewersOf(api: Api, number: number): Promise<(string | undefined)[]> {
  const { participants, reviewers } = await api.get(`/pullrequests/${number}`);
  const behind = listOf(participants)
    .map(fieldsOf)
    .filter(({ approved, role }) => approved === true || role === 'REVIEWER');
  return [...behind.map(({ user }) => nameOf(user)), ...listOf(reviewers).map(nameOf)];
}

async function pullRequestOf(api: Api, commit: string, branch: string): Promise<PullRequestOutcome> {
  const made = await madeBy(api, commit, branch);
  const found = made.length > 0 ? made : await holding(api, commit, branch);
  const merged = found.filter(
    ({ state, destination }) => state === 'MERGED' && fieldsOf(fieldsOf(destination).branch).name === branch,
  );
  const pull = broughtBy(
    merged.map((each) => candidateOf(each, commit)),
    commit,
  );
  return pull ? asPullRequest(pull, await reviewersOf(api, pull.number)) : { kind: 'none' };
}

async function commentsOf(api: Api, number: number): Promise<Comments> {
  const path = `/pullrequests/${number}/comments`;
  const account = await api.account();
  const pages = async function* () {
    for await (const page of api.pagesOf(path, `?pagelen=${PAGE_ENTRIES}&sort=created_on`)) {
      const said = page.filter(({ deleted, inline }) => deleted !== true && !inline);
      yield said.map(({ id, content, user, links }) => ({
        id: String(id),
        body: textOf(fieldsOf(content).raw) ?? '',
        url: textOf(fieldsOf(fieldsOf(links).html).href),
        isOwn: account === undefined || fieldsOf(user).uuid === account,
      }));
    }
  };
  return {
    pages: pages(),
    async add(raw) {
      const answer = await api.post(path, { content: { raw } });
      if (answer.status !== 201) throw new Ended(failureOf(answer));
      return textOf(fieldsOf(fieldsOf(parsedFields(answer.body).links).html).href);
    },
    async change({ id }, raw) {
      const answer = await api.put(`${path}/${id}`, { content: { raw } });
      if (answer.status !== 200) throw new Ended(failureOf(answer));
    },
  };
}

/** Comments need no right that reading pull requests does not; HTML is shown there as it is. */
export function createBitbucketCloudDiscussion(send: SendRequest): Talk {
  const calls = { pullRequestOf, comments: commentsOf, longest: COMMENT_CHARACTERS, hidden: asUnusedLink };
  return discussionOver((access) => openApi(send, access), calls);
}
