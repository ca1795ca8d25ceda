import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { PullRequestOutcome } from '../host.ts';
import {
  asPullRequest,
  broughtBy,
  type Candidate,
  type Comments,
  discussionOver,
  type Talk,
} from '../host-discussion.ts';
import { Ended, type SendRequest } from '../http.ts';
import { type Api, failureOf, openApi } from './api.ts';

/** Azure DevOps takes no longer ones. */
const COMMENT_CHARACTERS = 150_000;

/** Accounts are known by ids, which say nothing to people. */
const nameOf = (account: unknown) => textOf(fieldsOf(account).displayName);

function candidateOf({ page }: Api, found: Fields): Candidate {
  const number = Number(found.pullRequestId);
  return {
    number,
    url: `${page}/pullrequest/${number}`,
    title: textOf(found.title) ?? '',
    author: nameOf(found.createdBy),
    commits: [textOf(fieldsOf(found.lastMergeCommit).commitId)],
    mergedAt: textOf(found.closedDate) ?? '',
  };
}

/** Those who approved it or were asked to: people, not groups, who did not vote against it. */
async function reviewersOf(api: Api, number: number): Promise<(string | undefined)[]> {
  const { reviewers } = await api.get(`/pullrequests/${number}`);
  const people = listOf(reviewers).map(fieldsOf);
  return people.filter(({ vote, isContainer }) => !(Number(vote) < 0) && isContainer !== true).map(nameOf);
}

async function pullRequestOf(api: Api, commit: string, branch: string): Promise<PullRequestOutcome> {
  const queries = ['lastMergeCommit', 'commit'].map((type) => ({ type, items: [commit] }));
  const { results } = await api.query('/pullrequestquery', { queries });
  const found = listOf(results).flatMap((each) => listOf(fieldsOf(each)[commit]).map(fieldsOf));
  const merged = found.filter(
    ({ status, targetRefName }) => status === 'completed' && targetRefName === `refs/heads/${branch}`,
  );
  const pull = broughtBy(
    merged.map((each) => candidateOf(api, each)),
    commit,
  );
  return pull ? asPullRequest(pull, await reviewersOf(api, pull.number)) : { kind: 'none' };
}

/** The one that began a thread; undefined for what the host noted itself, and for what is about a line. */
function beginningOf({ isDeleted, threadContext, comments }: Fields): Fields | undefined {
  const [first] = listOf(comments).map(fieldsOf);
  const isSaid = first?.commentType === 'text' && first.isDeleted !== true;
  return isSaid && isDeleted !== true && !threadContext ? first : undefined;
}

async function commentsOf(api: Api, number: number): Promise<Comments> {
  const path = `/pullrequests/${number}/threads`;
  const page = `${api.page}/pullrequest/${number}`;
  const account = await api.account();
  // All of them at once: there are no pages for these.
  const threads = await api.list(path);
  const shown = threads.flatMap((thread) => {
    const first = beginningOf(thread);
    if (!first) return [];
    const isOwn = account === undefined || fieldsOf(first.author).id === account;
    const url = `${page}?discussionId=${thread.id}`;
    return [{ id: `${thread.id}/comments/${first.id}`, body: textOf(first.content) ?? '', url, isOwn }];
  });
  return {
    pages: (async function* () {
      yield shown;
    })(),
    async add(content) {
      const comments = [{ parentCommentId: 0, content, commentType: 'text' }];
      // An active thread would be one to resolve, where a policy asks for that.
      const answer = await api.post(path, { comments, status: 'closed' });
      if (answer.status >= 300) throw new Ended(failureOf(answer));
      return `${page}?discussionId=${parsedFields(answer.body).id}`;
    },
    async change({ id }, content) {
      const answer = await api.patch(`${path}/${id}`, { content });
      if (answer.status !== 200) throw new Ended(failureOf(answer));
    },
  };
}

/** Threads of pull requests, of one comment each. */
export function createAzureDiscussion(send: SendRequest): Talk {
  const calls = { pullRequestOf, comments: commentsOf, longest: COMMENT_CHARACTERS };
  return discussionOver((access) => openApi(send, access), calls);
}
