import {
  type Answer,
  askForReview,
  type Call,
  type HostedRepository,
  type MergeMethod,
  mayWrite,
  NOT_ACCESSIBLE,
  type PullRequest,
  restError,
  type SaidBelow,
} from '../world.ts';
import { mergePull, refreshPulls } from './merging.ts';

const isoTime = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

function shownLabels({ labels = [] }: PullRequest) {
  return labels.map((name, index) => ({ id: index + 1, name, color: 'ededed', default: false }));
}

function shown({ name, hosted }: Call, pull: PullRequest) {
  const number = (hosted.pulls ?? []).indexOf(pull) + 1;
  return {
    number,
    html_url: `https://github.com/${name}/pull/${number}`,
    state: pull.state === 'open' ? 'open' : 'closed',
    title: pull.title,
    body: pull.body,
    head: { ref: pull.from, sha: pull.head, repo: { id: 1, full_name: name } },
    base: { ref: pull.into, repo: { id: 1, full_name: name } },
    labels: shownLabels(pull),
    created_at: isoTime(pull.createdAt),
    merged_at: isoTime(pull.mergedAt),
    // GitHub tries the merge before anyone asks for it, and says with which commit.
    merge_commit_sha: pull.mergeCommit ?? pull.head,
  };
}

const invalid = (detail: object) => restError(422, 'Validation Failed', [{ resource: 'PullRequest', ...detail }]);

export async function listPulls(call: Call): Promise<Answer> {
  const { hosted, name, query } = call;
  await refreshPulls(hosted);
  const [state, head, base] = ['state', 'head', 'base'].map((key) => query.get(key));
  const owner = name.split('/')[0];
  const found = (hosted.pulls ?? []).filter(
    (pull) =>
      (state === 'all' || (state ?? 'open') === (pull.state === 'open' ? 'open' : 'closed')) &&
      (!head || head === `${owner}:${pull.from}`) &&
      (!base || base === pull.into),
  );
  const ordered = query.get('direction') === 'asc' ? found : found.reverse();
  return { status: 200, body: ordered.map((pull) => shown(call, pull)) };
}

export async function createPull(call: Call): Promise<Answer> {
  const { hosted, name, rights, world } = call;
  const {
    title,
    body,
    head: from,
    base: into,
  } = call.body as { title: string; body: string; head: string; base: string };
  if (hosted.takesPulls === false) return restError(404, 'Not Found');
  if (!mayWrite(rights, 'pull_requests')) return restError(403, NOT_ACCESSIBLE);
  const [head, base] = [await hosted.bare.head(from), await hosted.bare.head(into)];
  if (!base) return invalid({ field: 'base', code: 'invalid' });
  if (!head) return invalid({ field: 'head', code: 'invalid' });
  const ahead = await hosted.bare.git(['rev-list', '--max-count=1', `${base}..${head}`]);
  if (ahead.length === 0) return invalid({ code: 'custom', message: `No commits between ${into} and ${from}` });
  const pulls = hosted.pulls ?? [];
  hosted.pulls = pulls;
  if (pulls.some((pull) => pull.state === 'open' && pull.from === from && pull.into === into)) {
    const owner = name.split('/')[0];
    return invalid({ code: 'custom', message: `A pull request already exists for ${owner}:${from}.` });
  }
  const about = { title, body, from, into, author: rights.login, createdAt: world.now() };
  const pull: PullRequest = { ...about, state: 'open', head, comments: [] };
  pulls.push(pull);
  return { status: 201, body: shown(call, pull) };
}

async function withPull(call: Call, number: string, use: (pull: PullRequest) => Promise<Answer>): Promise<Answer> {
  await refreshPulls(call.hosted);
  const pull = call.hosted.pulls?.[Number(number) - 1];
  if (!pull) return restError(404, 'Not Found');
  return mayWrite(call.rights, 'pull_requests') ? use(pull) : restError(403, NOT_ACCESSIBLE);
}

export function updatePull(call: Call, number: string): Promise<Answer> {
  return withPull(call, number, async (pull) => {
    const { state } = call.body as { state?: 'open' | 'closed' };
    if (state === 'closed' && pull.state === 'open') {
      pull.state = 'closed';
      delete pull.armed;
    }
    if (state === 'open' && pull.state === 'closed') pull.state = 'open';
    return { status: 200, body: shown(call, pull) };
  });
}

/** GitHub takes no longer ones. */
export const COMMENT_CHARACTERS = 65_536;

/** Adds a comment; undefined where it is too long. */
export function say(hosted: HostedRepository, pull: PullRequest, author: string, body: string): SaidBelow | undefined {
  if (body.length > COMMENT_CHARACTERS) return undefined;
  const said = { id: (hosted.pulls ?? []).reduce((count, each) => count + each.comments.length, 1), author, body };
  pull.comments.push(said);
  return said;
}

export function commentOn(call: Call, number: string): Promise<Answer> {
  return withPull(call, number, async (pull) => {
    const { body } = call.body as { body: string };
    const said = say(call.hosted, pull, call.rights.login, body);
    if (!said) return invalid({ field: 'body', code: 'custom', message: 'body is too long' });
    return { status: 201, body: { id: said.id, body, user: { login: said.author } } };
  });
}

export async function listComments({ hosted }: Call, number: string): Promise<Answer> {
  const comments = hosted.pulls?.[Number(number) - 1]?.comments ?? [];
  return { status: 200, body: comments.map(({ id, author, body }) => ({ id, body, user: { login: author } })) };
}

/** All of them are asked, or none. */
export function requestReviewers(call: Call, number: string): Promise<Answer> {
  return withPull(call, number, async (pull) => {
    const { reviewers = [] } = call.body as { reviewers?: string[] };
    const { collaborators } = call.hosted;
    if (reviewers.includes(pull.author)) {
      return restError(422, 'Review cannot be requested from pull request author.');
    }
    if (reviewers.some((login) => collaborators?.has(login) === false)) {
      const why = `One or more of the users or teams you specified is not a collaborator of the ${call.name} repository.`;
      return restError(422, `Reviews may only be requested from collaborators. ${why}`);
    }
    pull.reviews ??= [];
    for (const login of reviewers) askForReview(pull.reviews, login);
    return { status: 201, body: shown(call, pull) };
  });
}

/** GitHub takes no longer ones. */
const LABEL_CHARACTERS = 50;

/** All of them are added, or none; what the repository does not have yet is made. */
export function addLabels(call: Call, number: string): Promise<Answer> {
  return withPull(call, number, async (pull) => {
    const { labels = [] } = call.body as { labels?: string[] };
    if (labels.some((name) => name.trim() === '' || name.length > LABEL_CHARACTERS)) {
      return restError(422, 'Validation Failed', [{ resource: 'Label', field: 'name', code: 'invalid' }]);
    }
    pull.labels = [...new Set([...(pull.labels ?? []), ...labels])];
    return { status: 200, body: shownLabels(pull) };
  });
}

interface MergeInput {
  sha?: string;
  merge_method?: MergeMethod;
  commit_title?: string;
  commit_message?: string;
}

export function putMerge(call: Call, number: string): Promise<Answer> {
  return withPull(call, number, async (pull) => {
    const input = call.body as MergeInput;
    const { sha, merge_method: method = 'merge', commit_title: headline, commit_message: body } = input;
    if (!mayWrite(call.rights, 'contents')) return restError(403, NOT_ACCESSIBLE);
    if (pull.state !== 'open') return restError(405, 'Pull Request is not mergeable');
    if (sha !== undefined && sha !== pull.head) {
      return restError(409, 'Head branch was modified. Review and try the merge again.');
    }
    const order = { method, by: call.rights.login, ...(headline && { headline }), ...(body && { body }) };
    const outcome = await mergePull(call.world, call.hosted, pull, order);
    if ('refused' in outcome) return restError(405, outcome.refused);
    return { status: 200, body: { sha: outcome.commit, merged: true, message: 'Pull Request successfully merged' } };
  });
}
