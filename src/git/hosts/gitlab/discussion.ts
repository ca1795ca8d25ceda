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
import { Ended, endedAs, type SendRequest } from '../http.ts';
import { type Api, failureOf, openApi } from './api.ts';
import { withoutCommands } from './proposals.ts';

/** GitLab takes no longer ones. */
const COMMENT_CHARACTERS = 1_000_000;
const PAGE_LENGTH = 100;

const loginOf = (account: unknown) => textOf(fieldsOf(account).username);

interface Request extends Candidate {
  asked: (string | undefined)[];
}

function requestOf(found: Fields): Request {
  return {
    number: Number(found.iid),
    url: textOf(found.web_url) ?? '',
    title: textOf(found.title) ?? '',
    author: loginOf(found.author),
    commits: [textOf(found.merge_commit_sha), textOf(found.squash_commit_sha)],
    mergedAt: textOf(found.merged_at) ?? '',
    asked: listOf(found.reviewers).map(loginOf),
  };
}

/** Who approved it. Nobody where GitLab will not say: that is no reason to leave the rest unsaid. */
async function approversOf(api: Api, number: number): Promise<(string | undefined)[]> {
  const answer = await endedAs(
    () => api.get(`/merge_requests/${number}/approvals`),
    (failure): Fields => {
      if (failure.kind === 'noRights' || failure.kind === 'gone') return {};
      throw new Ended(failure);
    },
  );
  return listOf(answer.approved_by).map((each) => loginOf(fieldsOf(each).user));
}

async function pullRequestOf(api: Api, commit: string, branch: string): Promise<PullRequestOutcome> {
  const path = `/repository/commits/${commit}/merge_requests?state=merged&per_page=${PAGE_LENGTH}`;
  const found = await api.list(path);
  const merged = found.filter(({ state, target_branch }) => state === 'merged' && target_branch === branch);
  const request = broughtBy(merged.map(requestOf), commit);
  if (!request) return { kind: 'none' };
  return asPullRequest(request, [...(await approversOf(api, request.number)), ...request.asked]);
}

async function commentsOf(api: Api, number: number): Promise<Comments> {
  const path = `/merge_requests/${number}/notes`;
  const login = await api.login();
  const pages = async function* () {
    for (let page = 1, more = true; more; page++) {
      const notes = await api.list(`${path}?sort=asc&order_by=created_at&per_page=${PAGE_LENGTH}&page=${page}`);
      // What GitLab itself noted is among them.
      const said = notes.filter(({ system }) => system !== true);
      yield said.map(({ id, body, author }) => ({
        id: String(id),
        body: textOf(body) ?? '',
        isOwn: login === undefined || loginOf(author) === login,
      }));
      more = notes.length === PAGE_LENGTH;
    }
  };
  return {
    pages: pages(),
    async add(text) {
      const answer = await api.post(path, { body: text });
      if (answer.status !== 201) throw new Ended(failureOf(answer));
      return textOf(parsedFields(answer.body).web_url);
    },
    async change({ id }, text) {
      const answer = await api.put(`${path}/${id}`, { body: text });
      if (answer.status !== 200) throw new Ended(failureOf(answer));
    },
  };
}

/** Notes on merge requests. */
export function createGitLabDiscussion(send: SendRequest): Talk {
  const calls = { pullRequestOf, comments: commentsOf, longest: COMMENT_CHARACTERS };
  const discussion = discussionOver((access) => openApi(send, access), calls);
  return {
    ...discussion,
    comment: (access, number, { mark, body }) =>
      discussion.comment(access, number, { mark, body: withoutCommands(body) }),
  };
}
