/** Pull requests of GitHub by GraphQL: it alone says whether a comment is one's own, to every kind of token. */
import { type Fields, fieldsOf, listOf, textOf } from '../../../api/fields.ts';
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
import { type Api, openApi } from './api.ts';

/** GitHub takes no longer ones. */
const COMMENT_CHARACTERS = 65_536;

/** `asked`: with those who were asked to look at it. */
const associated = (asked: boolean) => `query($owner: String!, $name: String!, $oid: GitObjectID!) {
  repository(owner: $owner, name: $name) {
    nameWithOwner
    object(oid: $oid) {
      ... on Commit {
        associatedPullRequests(first: 50) {
          nodes {
            number
            url
            title
            mergedAt
            baseRefName
            baseRepository { nameWithOwner }
            mergeCommit { oid }
            author { login }
            latestReviews(first: 50) { nodes { state author { login } } }
            ${asked ? 'reviewRequests(first: 50) { nodes { requestedReviewer { ... on User { login } } } }' : ''}
          }
        }
      }
    }
  }
}`;

const COMMENTS = `query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    nameWithOwner
    pullRequest(number: $number) {
      id
      comments(first: 100, after: $after) {
        nodes { id url body viewerDidAuthor }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`;

const ADD = `mutation($input: AddCommentInput!) {
  addComment(input: $input) { commentEdge { node { url } } }
}`;

const CHANGE = `mutation($input: UpdateIssueCommentInput!) {
  updateIssueComment(input: $input) { issueComment { url } }
}`;

const loginOf = (account: unknown) => textOf(fieldsOf(account).login);
const nodesOf = (connection: unknown) => listOf(fieldsOf(connection).nodes).map(fieldsOf);

/** GraphQL follows a repository to its new address, which the policy has not named. */
function checkName(api: Api, { nameWithOwner }: Fields) {
  const asked = `${api.owner}/${api.name}`;
  const found = textOf(nameWithOwner);
  if (found?.toLowerCase() === asked.toLowerCase()) return;
  const message = `the repository has moved (${found?.slice(0, 200)}); put its new address into the policy`;
  throw new Ended({ kind: 'gone', message });
}

async function repositoryOf(api: Api, query: string, variables: object): Promise<Fields> {
  const { repository } = await api.graphql(query, { owner: api.owner, name: api.name, ...variables });
  checkName(api, fieldsOf(repository));
  return fieldsOf(repository);
}

interface Pull extends Candidate {
  reviewers: (string | undefined)[];
}

function pullOf(pull: Fields): Pull {
  const approved = nodesOf(pull.latestReviews).filter(({ state }) => state === 'APPROVED');
  const asked = nodesOf(pull.reviewRequests).map(({ requestedReviewer }) => loginOf(requestedReviewer));
  return {
    number: Number(pull.number),
    url: textOf(pull.url) ?? '',
    title: textOf(pull.title) ?? '',
    author: loginOf(pull.author),
    commits: [textOf(fieldsOf(pull.mergeCommit).oid)],
    mergedAt: textOf(pull.mergedAt) ?? '',
    reviewers: [...approved.map(({ author }) => loginOf(author)), ...asked],
  };
}

/** Where a team was asked, a token that may not see teams is refused the whole: then it is asked without. */
function readAssociated(api: Api, oid: string): Promise<Fields> {
  return endedAs(
    () => repositoryOf(api, associated(true), { oid }),
    (failure) => {
      if (failure.kind !== 'noRights') throw new Ended(failure);
      return undefined;
    },
  ).then((found) => found ?? repositoryOf(api, associated(false), { oid }));
}

async function pullRequestOf(api: Api, commit: string, branch: string): Promise<PullRequestOutcome> {
  const { nameWithOwner, object } = await readAssociated(api, commit);
  // Of open ones too, where the commit is not on the default branch, and of those of forks.
  const merged = nodesOf(fieldsOf(object).associatedPullRequests).filter(
    ({ mergedAt, baseRefName, baseRepository }) =>
      textOf(mergedAt) && baseRefName === branch && fieldsOf(baseRepository).nameWithOwner === nameWithOwner,
  );
  const found = broughtBy(merged.map(pullOf), commit);
  return found ? asPullRequest(found, found.reviewers) : { kind: 'none' };
}

async function readPage(api: Api, number: number, after: string | undefined) {
  const { pullRequest } = await repositoryOf(api, COMMENTS, { number, ...(after && { after }) });
  const { id, comments } = fieldsOf(pullRequest);
  const { hasNextPage, endCursor } = fieldsOf(fieldsOf(comments).pageInfo);
  const shown = nodesOf(comments).map((each) => ({
    id: String(each.id),
    body: textOf(each.body) ?? '',
    url: textOf(each.url),
    isOwn: each.viewerDidAuthor === true,
  }));
  return { id: textOf(id), shown, next: hasNextPage === true ? textOf(endCursor) : undefined };
}

async function commentsOf(api: Api, number: number): Promise<Comments> {
  const first = await readPage(api, number, undefined);
  const pages = async function* () {
    let page = first;
    yield page.shown;
    while (page.next) {
      page = await readPage(api, number, page.next);
      yield page.shown;
    }
  };
  return {
    pages: pages(),
    async add(body) {
      const { addComment } = await api.graphql(ADD, { input: { subjectId: first.id, body } });
      return textOf(fieldsOf(fieldsOf(fieldsOf(addComment).commentEdge).node).url);
    },
    async change({ id }, body) {
      await api.graphql(CHANGE, { input: { id, body } });
    },
  };
}

/** Comments need the right Pull requests or Issues: write. */
export function createGitHubDiscussion(send: SendRequest): Talk {
  const calls = { pullRequestOf, comments: commentsOf, longest: COMMENT_CHARACTERS };
  return discussionOver((access) => openApi(send, access), calls);
}
