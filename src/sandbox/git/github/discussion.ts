/** What GitHub's GraphQL says of the pull requests that brought a commit, and of the comments below one. */

import { brings } from '../brings.ts';
import {
  type Answer,
  asWrite,
  type GitHubWorld,
  type HostedRepository,
  mayWrite,
  mutationError,
  NOT_ACCESSIBLE,
  notFound,
  type PullRequest,
  type TokenRights,
} from '../world.ts';
import type { Variables } from './graphql.ts';
import { refreshPulls } from './merging.ts';
import { say } from './pulls.ts';

const PAGE_LENGTH = 100;
const OBJECT_ID = /^[0-9a-f]{40}$/;

function data(repository: object): Answer {
  return { status: 200, body: { data: { repository } } };
}

/** GraphQL follows a repository to its new name. */
function findRepository(world: GitHubWorld, { owner, name }: Variables) {
  const asked = `${owner}/${name}`;
  const nameWithOwner = world.moved?.get(asked) ?? asked;
  const hosted = world.repositories.get(nameWithOwner);
  return hosted ? { nameWithOwner, hosted } : notFound(`Repository with the name '${asked}'`);
}

function shown(nameWithOwner: string, number: number, pull: PullRequest) {
  const reviews = pull.reviews ?? [];
  const login = (each: { login: string }) => ({ login: each.login });
  return {
    number,
    url: `https://github.com/${nameWithOwner}/pull/${number}`,
    title: pull.title,
    mergedAt: pull.mergedAt === undefined ? null : new Date(pull.mergedAt).toISOString(),
    baseRefName: pull.into,
    baseRepository: { nameWithOwner },
    mergeCommit: pull.mergeCommit ? { oid: pull.mergeCommit } : null,
    author: { login: pull.author },
    latestReviews: {
      nodes: reviews
        .filter(({ state }) => state !== 'REQUESTED')
        .map((each) => ({ state: each.state, author: login(each) })),
    },
    reviewRequests: {
      nodes: reviews.filter(({ state }) => state === 'REQUESTED').map((each) => ({ requestedReviewer: login(each) })),
    },
  };
}

export async function associatedPulls(world: GitHubWorld, variables: Variables): Promise<Answer> {
  const found = findRepository(world, variables);
  if ('status' in found) return found;
  const { hosted, nameWithOwner } = found;
  const { bare, pulls = [] } = hosted;
  const { oid = '' } = variables;
  const isThere = OBJECT_ID.test(oid) && (await bare.git(['cat-file', '-e', oid]).then(Boolean, () => false));
  if (!isThere) return data({ nameWithOwner, object: null });
  await refreshPulls(hosted);
  const nodes: object[] = [];
  for (const [index, pull] of pulls.entries()) {
    // An open one brings its own commits to nobody yet, and is named all the same.
    const merge = pull.state === 'merged' ? pull.mergeCommit : undefined;
    const isOpen = pull.state === 'open' && pull.head === oid;
    if (isOpen || (await brings(bare, merge, pull.head, oid))) nodes.push(shown(nameWithOwner, index + 1, pull));
  }
  return data({ nameWithOwner, object: { associatedPullRequests: { nodes } } });
}

const addressOf = (name: string, number: number, comment: number) =>
  `https://github.com/${name}/pull/${number}#issuecomment-${comment}`;

export async function readComments(world: GitHubWorld, rights: TokenRights, variables: Variables): Promise<Answer> {
  const found = findRepository(world, variables);
  if ('status' in found) return found;
  const { hosted, nameWithOwner } = found;
  const { number = 0, after = '0' } = variables;
  const pull = hosted.pulls?.[number - 1];
  if (!pull) return notFound(`PullRequest with the number of ${number}`);
  const end = Number(after) + PAGE_LENGTH;
  const nodes = pull.comments.slice(Number(after), end).map(({ id, author, body }) => ({
    id: `IC_${nameWithOwner}#${number}#${id}`,
    url: addressOf(nameWithOwner, number, id),
    body,
    viewerDidAuthor: author === rights.login,
  }));
  const pageInfo = { hasNextPage: pull.comments.length > end, endCursor: String(end) };
  return data({ nameWithOwner, pullRequest: { id: `PR_${nameWithOwner}#${number}`, comments: { nodes, pageInfo } } });
}

interface Place {
  name: string;
  number: number;
  hosted: HostedRepository;
  pull: PullRequest;
  /** The number of a comment. */
  comment: number;
}

function placeOf(world: GitHubWorld, id: string): Place | undefined {
  const groups = /^(?:PR|IC)_(?<name>.*?)#(?<number>\d+)(?:#(?<comment>\d+))?$/.exec(id)?.groups;
  const { name = '', number, comment } = groups ?? {};
  const hosted = world.repositories.get(name);
  const pull = hosted?.pulls?.[Number(number) - 1];
  return hosted && pull && { name, number: Number(number), hosted, pull, comment: Number(comment) };
}

function limited(mutation: string): Answer {
  return mutationError(mutation, 'RATE_LIMITED', 'API rate limit exceeded for user ID 1.');
}

export async function addComment(
  world: GitHubWorld,
  rights: TokenRights,
  { subjectId, body }: { subjectId: string; body: string },
): Promise<Answer> {
  const mutation = 'addComment';
  const place = placeOf(world, subjectId);
  if (!place) return mutationError(mutation, 'NOT_FOUND', `Could not resolve to a node '${subjectId}'.`);
  if (!mayWrite(rights, 'pull_requests')) return mutationError(mutation, 'FORBIDDEN', NOT_ACCESSIBLE);
  return asWrite(world, limited(mutation), async () => {
    const said = say(place.hosted, place.pull, rights.login, body);
    if (!said) return mutationError(mutation, 'UNPROCESSABLE', 'Body is too long (maximum is 65536 characters)');
    const node = { url: addressOf(place.name, place.number, said.id) };
    return { status: 200, body: { data: { [mutation]: { commentEdge: { node } } } } };
  });
}

export async function changeComment(
  world: GitHubWorld,
  rights: TokenRights,
  { id, body }: { id: string; body: string },
): Promise<Answer> {
  const mutation = 'updateIssueComment';
  const place = placeOf(world, id);
  const said = place?.pull.comments.find((each) => each.id === place.comment);
  if (!place || !said) return mutationError(mutation, 'NOT_FOUND', `Could not resolve to a node '${id}'.`);
  if (!mayWrite(rights, 'pull_requests')) return mutationError(mutation, 'FORBIDDEN', NOT_ACCESSIBLE);
  return asWrite(world, limited(mutation), async () => {
    said.body = body;
    const issueComment = { url: addressOf(place.name, place.number, said.id) };
    return { status: 200, body: { data: { [mutation]: { issueComment } } } };
  });
}
