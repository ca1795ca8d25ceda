import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { PullRequestOutcome } from '../host.ts';
import { asPullRequest, type Comments, discussionOver, type Talk } from '../host-discussion.ts';
import { Ended, type SendRequest } from '../http.ts';
import { type Api, failureOf, openApi } from './api.ts';

/** Gitea itself would take more; a person reads no longer ones. */
const COMMENT_CHARACTERS = 65_536;
const PAGE_LENGTH = 50;
const BEHIND_IT = new Set(['APPROVED', 'REQUEST_REVIEW']);

const loginOf = (account: unknown) => textOf(fieldsOf(account).login);

async function reviewersOf(api: Api, { number, requested_reviewers }: Fields): Promise<(string | undefined)[]> {
  const reviews = await api.list(`pulls/${number}/reviews?limit=${PAGE_LENGTH}`);
  const said = reviews.filter(({ state, dismissed }) => BEHIND_IT.has(String(state)) && dismissed !== true);
  return [...said.map(({ user }) => loginOf(user)), ...listOf(requested_reviewers).map(loginOf)];
}

/** Gitea knows a pull request by the one commit that its merge made last: others that a rebase brought are not found. */
async function pullRequestOf(api: Api, commit: string, branch: string): Promise<PullRequestOutcome> {
  const found = await api.find(`commits/${commit}/pull`);
  if (!found) {
    // Not found is also what a missing repository answers.
    await api.branch(branch);
    return { kind: 'none' };
  }
  if (fieldsOf(found.base).ref !== branch || found.merged !== true) return { kind: 'none' };
  const pull = {
    number: Number(found.number),
    url: textOf(found.html_url) ?? '',
    title: textOf(found.title) ?? '',
    author: loginOf(found.user),
    commits: [commit],
    mergedAt: '',
  };
  return asPullRequest(pull, await reviewersOf(api, found));
}

async function commentsOf(api: Api, number: number): Promise<Comments> {
  const path = `issues/${number}/comments`;
  // All of them at once: Gitea has no pages for these.
  const found = await api.list(path);
  const login = await api.login();
  const shown = found.map(({ id, body, html_url, user }) => ({
    id: String(id),
    body: textOf(body) ?? '',
    url: textOf(html_url),
    isOwn: login === undefined || loginOf(user) === login,
  }));
  return {
    pages: (async function* () {
      yield shown;
    })(),
    async add(body) {
      const answer = await api.send('POST', path, JSON.stringify({ body }));
      if (answer.status !== 201) throw new Ended(failureOf(answer));
      return textOf(parsedFields(answer.body).html_url);
    },
    async change({ id }, body) {
      const answer = await api.send('PATCH', `issues/comments/${id}`, JSON.stringify({ body }));
      if (answer.status !== 200) throw new Ended(failureOf(answer));
    },
  };
}

/** Comments need the scope `write:issue` besides; with `read:user`, a comment of another with our mark is told from our own. */
export function createGiteaDiscussion(send: SendRequest): Talk {
  const calls = { pullRequestOf, comments: commentsOf, longest: COMMENT_CHARACTERS };
  return discussionOver((access) => openApi(send, access), calls);
}
