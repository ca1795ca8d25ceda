import type { BareRepository } from '../repository.ts';
import type { Review, SaidBelow } from '../world.ts';

/** What keeps a project's merge requests from being merged, besides conflicts. */
export interface MergeRules {
  /** As GitLab names what is missing, such as `ci_still_running` or `not_approved`. */
  missing?: string;
  /** Whether GitLab can be told to merge when it is there; default yes. */
  mayWait?: boolean;
  /** How a change comes to the target; default `merge`. */
  method?: 'merge' | 'ff' | 'squash';
  /** How often a merge request is read before GitLab has found out whether it can be merged; default at once. */
  undecidedReads?: number;
}

export interface MergeRequest {
  iid: number;
  title: string;
  description: string;
  state: 'opened' | 'merged' | 'closed';
  source_branch: string;
  target_branch: string;
  /** The last head of its branch. */
  sha: string;
  merge_commit_sha: string | null;
  squash_commit_sha: string | null;
  merge_when_pipeline_succeeds: boolean;
  /** The account that opened it. */
  openedBy: string;
  merged_at: string | null;
  /** What people and programs said below it, oldest first. */
  notes: SaidBelow[];
  reviews: Review[];
  labels: string[];
  /** As it was asked for. */
  merging?: MergeBody | undefined;
  undecidedReads: number;
}

export interface MergeBody {
  sha?: string;
  auto_merge?: boolean;
  should_remove_source_branch?: boolean;
  merge_commit_message?: string;
  squash_commit_message?: string;
}

/** The merge requests of one project. */
export interface MergeRequests {
  /** Oldest first. */
  all: MergeRequest[];
  rules: MergeRules;
}

export interface MergeStage {
  bare: BareRepository;
  requests: MergeRequests;
  /** Who merges, as `Name <address>`. */
  author: string;
  /** Milliseconds since the epoch. */
  now: number;
}

const text = (output: Buffer) => output.toString('utf8').trim();

/** The tree of both together; undefined where they conflict. */
async function mergedTree({ bare }: MergeStage, target: string, source: string): Promise<string | undefined> {
  return bare.git(['merge-tree', '--write-tree', target, source]).then(
    (output) => text(output).split('\n')[0],
    () => undefined,
  );
}

async function isAncestor(bare: BareRepository, older: string, newer: string): Promise<boolean> {
  return bare.git(['merge-base', '--is-ancestor', older, newer]).then(
    () => true,
    () => false,
  );
}

/** As GitLab calls it, once it has found out. */
async function statusOf(stage: MergeStage, request: MergeRequest): Promise<string> {
  const { bare, requests } = stage;
  if (request.state !== 'opened') return 'not_open';
  const target = await bare.head(request.target_branch);
  const source = await bare.head(request.source_branch);
  if (!target || !source) return 'commits_status';
  if (!(await mergedTree(stage, target, source))) return 'conflict';
  if (requests.rules.method === 'ff' && !(await isAncestor(bare, target, source))) return 'need_rebase';
  return requests.rules.missing ?? 'mergeable';
}

/** What a push to its branch does: the head is another one, and nothing waits any more. Without its branch it is closed. */
async function refresh({ bare }: MergeStage, request: MergeRequest) {
  const head = await bare.head(request.source_branch);
  if (request.state !== 'opened' || head === request.sha) return;
  if (!head) request.state = 'closed';
  else Object.assign(request, { sha: head, merge_when_pipeline_succeeds: false, merging: undefined });
}

async function commitTree(stage: MergeStage, tree: string, parents: string[], message: string): Promise<string> {
  const { name = '', email = '' } = /^(?<name>.*) <(?<email>.*)>$/.exec(stage.author)?.groups ?? {};
  const date = `@${Math.floor(stage.now / 1000)} +0000`;
  const env = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])];
  return text(await stage.bare.git(args, { input: message, env }));
}

/** Brings it to its target; nothing where that conflicts. */
export async function mergeNow(stage: MergeStage, request: MergeRequest, body: MergeBody = {}) {
  const { bare, requests } = stage;
  const { source_branch: from, target_branch: into, title, iid } = request;
  const target = (await bare.head(into)) ?? '';
  const source = (await bare.head(from)) ?? '';
  const tree = await mergedTree(stage, target, source);
  if (!tree) return;
  const move = (commit: string) => bare.git(['update-ref', `refs/heads/${into}`, commit, target]);
  if (requests.rules.method === 'ff') {
    await move(source);
  } else if (requests.rules.method === 'squash') {
    request.squash_commit_sha = await commitTree(stage, tree, [target], body.squash_commit_message ?? title);
    await move(request.squash_commit_sha);
  } else {
    const usual = `Merge branch '${from}' into '${into}'\n\n${title}\n\nSee merge request !${iid}`;
    request.merge_commit_sha = await commitTree(stage, tree, [target, source], body.merge_commit_message ?? usual);
    await move(request.merge_commit_sha);
  }
  const merged_at = new Date(stage.now).toISOString();
  Object.assign(request, { state: 'merged', merged_at, sha: source, merge_when_pipeline_succeeds: false });
  if (body.should_remove_source_branch) await bare.git(['update-ref', '-d', `refs/heads/${from}`]);
}

/** Does what GitLab does in the background: takes note of pushes, and merges what waited. */
export async function settle(stage: MergeStage) {
  for (const request of stage.requests.all) {
    await refresh(stage, request);
    const waits = request.merge_when_pipeline_succeeds && (await statusOf(stage, request)) === 'mergeable';
    if (waits) await mergeNow(stage, request, request.merging);
  }
}

/** GitLab knows accounts by numbers; here they are made of their first letters. */
export const idOf = (login: string) => Number.parseInt(Buffer.from(login.slice(0, 6)).toString('hex'), 16);
export const nameOf = (id: number) => Buffer.from(id.toString(16), 'hex').toString();

/** As the API shows it; reading it lets GitLab find out more. */
export async function show(stage: MergeStage, request: MergeRequest, address: string) {
  const { notes: _, merging: __, reviews, openedBy, undecidedReads, ...shown } = request;
  const isUndecided = undecidedReads > 0 && request.state === 'opened';
  if (isUndecided) request.undecidedReads--;
  return {
    ...shown,
    author: { username: openedBy },
    reviewers: reviews
      .filter(({ state }) => state === 'REQUESTED')
      .map(({ login }) => ({ id: idOf(login), username: login })),
    source_project_id: 1,
    target_project_id: 1,
    detailed_merge_status: isUndecided ? 'checking' : await statusOf(stage, request),
    web_url: `${address}/-/merge_requests/${request.iid}`,
  };
}

/** The answer to being asked to merge it: the HTTP status, and GitLab's words where that is none of success. */
export async function askToMerge(
  stage: MergeStage,
  request: MergeRequest,
  body: MergeBody,
): Promise<{ status: number; words?: string }> {
  const { rules } = stage.requests;
  const status = request.undecidedReads > 0 ? 'checking' : await statusOf(stage, request);
  // A status that can be waited for is one that a rule names; what can be merged at once cannot be waited for.
  const mayWait = body.auto_merge === true && status === rules.missing && rules.mayWait !== false;
  const isNow = body.auto_merge !== true && status === 'mergeable';
  if (!mayWait && !isNow) return { status: 405, words: '405 Method Not Allowed' };
  if (body.sha && body.sha !== request.sha) {
    return { status: 409, words: `SHA does not match HEAD of source branch: ${request.sha}` };
  }
  if (mayWait) Object.assign(request, { merge_when_pipeline_succeeds: true, merging: body });
  else await mergeNow(stage, request, body);
  return { status: 200 };
}

/** GitLab answers with what became of it, and with 201 also where nothing did. */
export function cancelMerge(request: MergeRequest): object {
  const isWaiting = request.state === 'opened' && request.merge_when_pipeline_succeeds;
  if (!isWaiting) return { message: "Can't cancel the automatic merge", status: 'error', http_status: 406 };
  Object.assign(request, { merge_when_pipeline_succeeds: false, merging: undefined });
  return { status: 'success' };
}
