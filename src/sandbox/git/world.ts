import type { AzureRepository } from './azure-devops/pulls.ts';
import type { DataCenterPulls } from './bitbucket-data-center/pulls.ts';
import type { HostedApp, Permissions } from './github/apps.ts';
import type { MergeRequests } from './gitlab/merge-requests.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { BareRepository } from './repository.ts';

/** What a token may do. */
export interface TokenRights {
  /** The account that commits are made as. */
  login: string;
  write: boolean;
  /** As the host names them, GitHub for classic tokens only; left out: all. */
  scopes?: string[];
  /** As GitHub names them; left out: as `write` says. */
  permissions?: Permissions;
  /** Full names of those that it is for; left out: all. */
  repositories?: Set<string>;
  /** When it ends, world time in milliseconds since the epoch; left out: never. */
  until?: number;
}

/** What is shown beside a commit. */
export interface ShownStatus {
  commit: string;
  state: string;
  context: string;
  description: string;
  url: string | null;
}

export type MergeMethod = 'merge' | 'squash' | 'rebase';

/** What someone said below a pull request or merge request. */
export interface SaidBelow {
  /** Unique within the repository. */
  id: number;
  author: string;
  body: string;
}

/** Who looked at a change or is to. */
export interface Review {
  login: string;
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'REQUESTED';
}

export interface PullRequest {
  title: string;
  body: string;
  /** Branches of the same repository. */
  from: string;
  into: string;
  state: 'open' | 'merged' | 'closed';
  /** The branch's head; what it was then, once the pull request is no longer open. */
  head: string;
  /** World time, milliseconds since the epoch. */
  createdAt: number;
  mergedAt?: number;
  mergeCommit?: string;
  /** The account that opened it. */
  author: string;
  /** Oldest first. */
  comments: SaidBelow[];
  reviews?: Review[];
  labels?: string[];
  /** It is merged as soon as the rules allow. */
  armed?: { method: MergeMethod; by: string; headline?: string; body?: string };
  /** The head and base for which GitHub has worked out whether it can be merged. */
  workedOut?: string;
}

/** Asks someone, once, to look at a change. */
export function askForReview(reviews: Review[], login: string) {
  if (!reviews.some((each) => each.login === login)) reviews.push({ login, state: 'REQUESTED' });
}

/** A repository as GitHub shows it. */
export interface HostedRepository {
  bare: BareRepository;
  /** Branches on which changes must come by pull request. */
  protectedBranches?: Set<string>;
  archived?: boolean;
  isPublic?: boolean;
  /** Whether it takes pull requests at all; default yes. */
  takesPulls?: boolean;
  /** Newest last. */
  statuses?: ShownStatus[];
  /** Oldest first: number 1 is the first. */
  pulls?: PullRequest[];
  /** By branch: contexts in which a pull request's head must be shown as success before it may be merged into it. */
  requiredChecks?: Map<string, string[]>;
  /** Whether GitHub may be told to merge as soon as the rules allow. */
  allowsAutoMerge?: boolean;
  /** Default: all of them. */
  mergeMethods?: MergeMethod[];
  /** Whether a pull request's first look at a new head or base finds that GitHub is still working out if it can be merged. */
  worksInBackground?: boolean;
  /** Who may be asked to review something; default: everybody. */
  collaborators?: Set<string>;
  /** Whether Bitbucket Cloud tells which pull requests had a commit: an app of its own does; default yes. */
  linksCommits?: boolean;
  /** What GitLab knows of it besides. */
  mergeRequests?: MergeRequests;
  /** What Bitbucket Data Center knows of it besides. */
  dataCenterPulls?: DataCenterPulls;
  /** What Azure DevOps knows of it besides. */
  azure?: AzureRepository;
}

/** How the host misbehaves; each count is used up by one request that it applies to. */
export interface HostFaults {
  /** Writes that are carried out, after which the connection is cut without an answer. */
  cutAfterWrite: number;
  /** Writes whose answers come through before the first that is cut. */
  beforeCut?: number;
  /** Requests that are answered with 502. */
  badGateway: number;
  /** Writes that are answered with the rate limit's error. */
  rateLimited: number;
}

export function noFaults(): HostFaults {
  return { cutAfterWrite: 0, badGateway: 0, rateLimited: 0 };
}

export interface GitHubWorld {
  /** By `owner/name`. */
  repositories: Map<string, HostedRepository>;
  /** Names that repositories had before, each with the name of now. */
  moved?: Map<string, string>;
  /** By the token itself; those of Apps come in as they are asked for. */
  tokens: Map<string, TokenRights>;
  /** GitHub Apps, by ID. */
  apps?: Map<string, HostedApp>;
  faults: HostFaults;
  /** World time, milliseconds since the epoch. */
  now(): number;
  /** Called before a write arrives: the moment at which another one may come in between. */
  beforeWrite?: () => Promise<void>;
}

/** The rights of a token that is known and has not ended. */
export function rightsOfToken({ tokens, now }: GitHubWorld, token: string): TokenRights | undefined {
  const rights = tokens.get(token);
  return rights && now() < (rights.until ?? Number.POSITIVE_INFINITY) ? rights : undefined;
}

/** Whether a token may write what GitHub keeps under this permission. */
export function mayWrite({ write, permissions }: TokenRights, permission: string): boolean {
  return write && (permissions === undefined || permissions[permission] === 'write');
}

/** The world as a token sees it: without the repositories that it is not for. */
export function seenBy(world: GitHubWorld, { repositories: own }: TokenRights): GitHubWorld {
  if (!own) return world;
  const repositories = new Map([...world.repositories].filter(([name]) => own.has(name)));
  return Object.create(world, { repositories: { value: repositories } });
}

/** What is answered to one request. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  cut?: boolean;
}

/** One request below a repository. */
export interface Call {
  world: GitHubWorld;
  /** `owner/name`. */
  name: string;
  hosted: HostedRepository;
  rights: TokenRights;
  query: URLSearchParams;
  body: object;
}

export function restError(status: number, message: string, errors?: object[]): Answer {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) };
  return { status, body: errors ? { ...body, errors } : body };
}

/** GitHub refuses in GraphQL with 200. */
export function mutationError(mutation: string, type: string | undefined, message: string): Answer {
  const error = { ...(type ? { type } : {}), path: [mutation], locations: [{ line: 2, column: 3 }], message };
  return { status: 200, body: { data: { [mutation]: null }, errors: [error] } };
}

/** What a query about a repository asked for is not there. */
export function notFound(what: string): Answer {
  const error = { type: 'NOT_FOUND', path: ['repository'], message: `Could not resolve to a ${what}.` };
  return { status: 200, body: { data: { repository: null }, errors: [error] } };
}

export const NOT_ACCESSIBLE = 'Resource not accessible by personal access token';

/**
 * One write to the API: it may meet the rate limit, another may come in before it, and its answer may get lost. What is
 * not carried out counts for none of that.
 */
export async function asWrite(world: GitHubWorld, limited: Answer, write: () => Promise<Answer>): Promise<Answer> {
  const { faults } = world;
  if (faults.rateLimited > 0) {
    faults.rateLimited--;
    return limited;
  }
  await world.beforeWrite?.();
  const answer = await oneAtATime(faults, write);
  const isDone = answer.status < 300 && !('errors' in Object(answer.body));
  if (!isDone || faults.cutAfterWrite === 0) return answer;
  if (faults.beforeCut) {
    faults.beforeCut--;
    return answer;
  }
  faults.cutAfterWrite--;
  return { ...answer, cut: true };
}

/** The rate limit as REST tells it. */
export const LIMITED: Answer = {
  ...restError(403, 'API rate limit exceeded for user ID 1.'),
  headers: { 'x-ratelimit-remaining': '0', 'retry-after': '30' },
};
