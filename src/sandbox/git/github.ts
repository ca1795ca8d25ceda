import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BareRepository, HeadMoved, type NewContent } from './repository.ts';

/** What a token may do. */
export interface TokenRights {
  /** The account that commits are made as. */
  login: string;
  write: boolean;
}

/** What is shown beside a commit. */
export interface ShownStatus {
  commit: string;
  state: string;
  context: string;
  description: string;
  url: string | null;
}

/** A repository as GitHub shows it. */
export interface HostedRepository {
  bare: BareRepository;
  /** Branches on which changes must come by pull request. */
  protectedBranches?: Set<string>;
  archived?: boolean;
  /** Newest last. */
  statuses?: ShownStatus[];
}

/** How the host misbehaves; each count is used up by one request that it applies to. */
export interface HostFaults {
  /** Writes that are carried out, after which the connection is cut without an answer. */
  cutAfterWrite: number;
  /** Requests that are answered with 502. */
  badGateway: number;
  /** Writes that are answered with the rate limit's error. */
  rateLimited: number;
}

export interface GitHubWorld {
  /** By `owner/name`. */
  repositories: Map<string, HostedRepository>;
  /** Names that repositories had before, each with the name of now. */
  moved?: Map<string, string>;
  /** By the token itself. */
  tokens: Map<string, TokenRights>;
  faults: HostFaults;
  /** World time, milliseconds since the epoch. */
  now(): number;
  /** Called before a commit is made: the moment at which another one may come in between. */
  beforeWrite?: () => Promise<void>;
}

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  cut?: boolean;
}

interface CommitInput {
  branch: { repositoryNameWithOwner: string; branchName: string };
  expectedHeadOid: string;
  message: { headline: string; body?: string };
  fileChanges: { additions?: { path: string; contents: string }[] | null; deletions?: { path: string }[] | null };
}

function restError(status: number, message: string): Answer {
  return { status, body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) } };
}

function mutationError(type: string | undefined, message: string): Answer {
  const error = {
    ...(type ? { type } : {}),
    path: ['createCommitOnBranch'],
    locations: [{ line: 2, column: 3 }],
    message,
  };
  return { status: 200, body: { data: { createCommitOnBranch: null }, errors: [error] } };
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The rights that a request's credentials carry; undefined where they are not known. */
export function rightsOf(world: GitHubWorld, request: IncomingMessage): TokenRights | undefined {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  const basic = () => Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':');
  return world.tokens.get(scheme.toLowerCase() === 'basic' ? basic() : value);
}

async function refusal(hosted: HostedRepository, input: CommitInput): Promise<Answer | undefined> {
  const { branchName } = input.branch;
  const head = await hosted.bare.head(branchName);
  if (!head) return mutationError('NOT_FOUND', `Could not resolve to a Ref with the name '${branchName}'.`);
  if (hosted.protectedBranches?.has(branchName)) {
    const words = 'Changes must be made through a pull request.';
    return mutationError('BRANCH_PROTECTION_RULE_VIOLATION', words);
  }
  if (input.fileChanges.additions === null || input.fileChanges.deletions === null) {
    return mutationError(undefined, 'Something went wrong while executing your query.');
  }
  if (head !== input.expectedHeadOid) return stale(input.expectedHeadOid);
  for (const { path } of input.fileChanges.deletions ?? []) {
    if (!(await hosted.bare.read(head, path))) {
      return mutationError(
        'UNPROCESSABLE',
        `A path was requested for deletion which does not exist as of commit oid \`${head}\``,
      );
    }
  }
  return undefined;
}

function stale(expected: string): Answer {
  const words = `Expected branch to point to "${expected}" but it did not.  Pull and try again.`;
  return mutationError('STALE_DATA', words);
}

/** GitHub writes plain files only: a file keeps no other mode through this mutation. */
function filesOf({ additions, deletions }: CommitInput['fileChanges']): Record<string, NewContent> {
  const added = (additions ?? []).map(({ path, contents }) => [path, Buffer.from(contents, 'base64')] as const);
  const deleted = (deletions ?? []).map(({ path }) => [path, null] as const);
  return Object.fromEntries([...added, ...deleted]);
}

async function createCommit(world: GitHubWorld, rights: TokenRights, input: CommitInput): Promise<Answer> {
  const name = input.branch.repositoryNameWithOwner;
  const hosted = world.repositories.get(name);
  if (!hosted) return mutationError('NOT_FOUND', `Could not resolve to a Repository with the name '${name}'.`);
  if (!rights.write) return mutationError('FORBIDDEN', 'Resource not accessible by personal access token');
  if (world.faults.rateLimited > 0) {
    world.faults.rateLimited--;
    return mutationError('RATE_LIMITED', 'API rate limit exceeded for user ID 1.');
  }
  await world.beforeWrite?.();
  const refused = await refusal(hosted, input);
  if (refused) return refused;
  try {
    const commit = await hosted.bare.commit({
      branch: input.branch.branchName,
      parent: input.expectedHeadOid,
      author: `${rights.login} <${rights.login}@users.noreply.github.com>`,
      message: input.message.body ? `${input.message.headline}\n\n${input.message.body}` : input.message.headline,
      time: world.now(),
      files: filesOf(input.fileChanges),
    });
    const cut = world.faults.cutAfterWrite > 0;
    if (cut) world.faults.cutAfterWrite--;
    const body = {
      data: { createCommitOnBranch: { commit: { oid: commit, url: `https://github.com/${name}/commit/${commit}` } } },
    };
    return { status: 200, body, cut };
  } catch (error) {
    if (error instanceof HeadMoved) return stale(input.expectedHeadOid);
    throw error;
  }
}

async function graphql(world: GitHubWorld, request: IncomingMessage): Promise<Answer> {
  const { query, variables } = JSON.parse((await readBody(request)).toString('utf8')) as {
    query: string;
    variables?: { input?: CommitInput };
  };
  const rights = rightsOf(world, request);
  if (!rights) return restError(401, 'Bad credentials');
  if (/\bcreateCommitOnBranch\b/.test(query) && variables?.input) return createCommit(world, rights, variables.input);
  return { status: 200, body: { errors: [{ message: 'This query is not part of the sandbox.' }] } };
}

async function rest(world: GitHubWorld, request: IncomingMessage, path: string): Promise<Answer> {
  const rights = rightsOf(world, request);
  if (!rights) return restError(401, 'Bad credentials');
  const match = /^repos\/(?<name>[^/]+\/[^/]+)(?:\/(?<rest>.*))?$/.exec(path);
  const name = match?.groups?.name ?? '';
  const below = match?.groups?.rest ?? '';
  const now = world.moved?.get(name);
  if (now) return { ...restError(301, 'Moved Permanently'), headers: { location: `/api/v3/repos/${now}` } };
  const hosted = world.repositories.get(name);
  if (!hosted) return restError(404, 'Not Found');
  if (below.startsWith('statuses/') && request.method === 'POST') {
    return setStatus(hosted, rights, below.slice('statuses/'.length), JSON.parse(String(await readBody(request))));
  }
  if (below === '') {
    const permissions = { admin: false, maintain: false, push: rights.write, triage: rights.write, pull: true };
    const body = { full_name: name, archived: hosted.archived === true, default_branch: 'main', permissions };
    return { status: 200, body };
  }
  if (below.startsWith('git/ref/heads/')) return refAnswer(hosted, below.slice('git/ref/heads/'.length));
  if (below.startsWith('rules/branches/')) return rulesAnswer(hosted, below.slice('rules/branches/'.length));
  return restError(404, 'Not Found');
}

const STATES = ['error', 'failure', 'pending', 'success'];

async function setStatus(
  hosted: HostedRepository,
  rights: TokenRights,
  commit: string,
  { state, context, description, target_url: url = null }: Omit<ShownStatus, 'url'> & { target_url?: string | null },
): Promise<Answer> {
  if (!rights.write) return restError(403, 'Resource not accessible by personal access token');
  const isKnown = await hosted.bare.git(['cat-file', '-e', `${commit}^{commit}`]).then(
    () => true,
    () => false,
  );
  if (!isKnown) return restError(422, `No commit found for SHA: ${commit}`);
  if (!STATES.includes(state) || description.length > 140) return restError(422, 'Validation Failed');
  hosted.statuses = [...(hosted.statuses ?? []), { commit, state, context, description, url }];
  return { status: 201, body: { state, context, description, target_url: url } };
}

async function refAnswer(hosted: HostedRepository, branch: string): Promise<Answer> {
  const sha = await hosted.bare.head(branch);
  if (!sha) return restError(404, 'Not Found');
  return { status: 200, body: { ref: `refs/heads/${branch}`, object: { type: 'commit', sha } } };
}

function rulesAnswer(hosted: HostedRepository, branch: string): Answer {
  const isProtected = hosted.protectedBranches?.has(branch);
  return { status: 200, body: isProtected ? [{ type: 'pull_request', ruleset_source_type: 'Repository' }] : [] };
}

/** Answers one request to the API at `/api/graphql` or `/api/v3/...`. */
export async function answerApi(world: GitHubWorld, request: IncomingMessage, response: ServerResponse, path: string) {
  const answer = await (path === 'graphql' ? graphql(world, request) : rest(world, request, path.replace(/^v3\//, '')));
  if (answer.cut) {
    response.socket?.destroy();
    return;
  }
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-remaining': '4999',
    ...answer.headers,
  };
  response.writeHead(answer.status, headers).end(JSON.stringify(answer.body));
}
