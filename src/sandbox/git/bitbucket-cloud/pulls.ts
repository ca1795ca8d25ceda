import { brings } from '../brings.ts';
import { missingCheck } from '../github/merging.ts';
import { HeadMoved } from '../repository.ts';
import type { Answer, PullRequest } from '../world.ts';
import { accountOf, type Call, failure, notFound, ok, refusal, shortened, unreadable } from './call.ts';
import { onComments } from './comments.ts';
import { strategiesOf } from './source.ts';

const STATES = { open: 'OPEN', merged: 'MERGED', closed: 'DECLINED' } as const;
const SCOPE = 'pullrequest:write';
const PAGE_ENTRIES = 50;

/** A pull request whose branch is gone stays open, without a commit. */
async function shown({ name, hosted, pages }: Call, pull: PullRequest) {
  const id = (hosted.pulls ?? []).indexOf(pull) + 1;
  const head = pull.state === 'open' ? await hosted.bare.head(pull.from) : pull.head;
  const repository = { type: 'repository', full_name: name };
  return {
    type: 'pullrequest',
    id,
    title: pull.title,
    description: pull.body,
    state: STATES[pull.state],
    source: { branch: { name: pull.from }, commit: shortened(head), repository },
    destination: { branch: { name: pull.into }, repository },
    merge_commit: shortened(pull.mergeCommit),
    author: accountOf(pull.author),
    updated_on: new Date(pull.mergedAt ?? pull.createdAt).toISOString(),
    links: { html: { href: `${pages}/pull-requests/${id}` } },
  };
}

/** The texts that fields must have, or hold, of a query in Bitbucket's language. */
function wantedBy(query: string): Map<string, string> {
  const pairs = [...query.matchAll(/([a-z_.]+) [=~] "((?:[^"\\]|\\.)*)"/g)];
  return new Map(pairs.map(([, field = '', text = '']) => [field, text.replace(/\\(.)/g, '$1')]));
}

export async function listPulls(call: Call): Promise<Answer> {
  const { hosted, query } = call;
  if (Number(query.get('pagelen') ?? 10) > PAGE_ENTRIES) return failure(400, 'Invalid pagelen');
  const refused = unreadable(call, 'pullrequest');
  if (refused) return refused;
  const wanted = wantedBy(query.get('q') ?? '');
  const states = [...query.getAll('state'), wanted.get('state')].filter((each) => each !== undefined);
  const found = (hosted.pulls ?? []).filter(
    ({ state, from, into, mergeCommit = '' }) =>
      mergeCommit.includes(wanted.get('merge_commit.hash') ?? '') &&
      (states.length > 0 ? states : ['OPEN']).includes(STATES[state]) &&
      (wanted.get('source.branch.name') ?? from) === from &&
      (wanted.get('destination.branch.name') ?? into) === into,
  );
  const ordered = query.get('sort') === '-created_on' ? found.reverse() : found;
  return ok({ pagelen: PAGE_ENTRIES, page: 1, values: await Promise.all(ordered.map((pull) => shown(call, pull))) });
}

function branchNamed(end: unknown): string | undefined {
  return (end as { branch?: { name?: string } } | undefined)?.branch?.name;
}

/** Asked for one that is open already, Bitbucket answers with that one. */
export async function createPull(call: Call): Promise<Answer> {
  const { hosted, world, body } = call;
  const refused = refusal(call, SCOPE);
  if (refused) return refused;
  const [from, into = 'main'] = [branchNamed(body.source), branchNamed(body.destination)];
  if (!from || !body.title) return failure(400, 'title: required key not provided');
  const [head, base] = [await hosted.bare.head(from), await hosted.bare.head(into)];
  if (!head || !base)
    return failure(400, `${head ? 'destination' : 'source'}: branch not found: ${head ? into : from}`);
  const ahead = await hosted.bare.git(['rev-list', '--max-count=1', `${base}..${head}`]);
  // From the look at what is open to the new one nothing may come in between.
  const pulls = hosted.pulls ?? [];
  hosted.pulls = pulls;
  const open = pulls.find((pull) => pull.state === 'open' && pull.from === from && pull.into === into);
  if (open) return ok(await shown(call, open));
  if (ahead.length === 0) return failure(400, 'There are no changes to be pulled');
  const texts = { title: String(body.title), body: String(body.description ?? '') };
  const author = call.rights?.login ?? '';
  const pull: PullRequest = { ...texts, author, from, into, state: 'open', head, createdAt: world.now(), comments: [] };
  pulls.push(pull);
  return { status: 201, body: await shown(call, pull) };
}

async function decline(call: Call, pull: PullRequest): Promise<Answer> {
  const refused = refusal(call, SCOPE);
  if (refused) return refused;
  if (pull.state !== 'open') return failure(400, 'This pull request is already closed.');
  pull.head = (await call.hosted.bare.head(pull.from)) ?? pull.head;
  pull.state = 'closed';
  return ok(await shown(call, pull));
}

/** Brings the head to the target; undefined where that conflicts. */
async function brought({ hosted, world, rights, body }: Call, pull: PullRequest, head: string, strategy: string) {
  const { bare } = hosted;
  const base = String(await bare.head(pull.into));
  if (strategy === 'fast_forward') {
    const between = (await bare.git(['rev-list', '--max-count=1', `${head}..${base}`])).toString('utf8');
    if (between !== '') return undefined;
    await bare.git(['update-ref', `refs/heads/${pull.into}`, head, base]);
    return head;
  }
  const author = `${rights.login} <${rights.login}@example.com>`;
  const message = String(body.message ?? `Merged in ${pull.from}\n\n${pull.title}`);
  const keepsParent = strategy === 'merge_commit';
  return bare.merge({ into: pull.into, head, keepsParent, author, message, time: world.now() });
}

/** Merges whatever the branch holds. */
async function merge(call: Call, pull: PullRequest): Promise<Answer> {
  const { hosted, body, world } = call;
  const refused = refusal(call, SCOPE);
  if (refused) return refused;
  const head = await hosted.bare.head(pull.from);
  if (pull.state !== 'open' || !head) return failure(400, 'This pull request is already closed.');
  const strategy = String(body.merge_strategy ?? 'merge_commit');
  if (!strategiesOf(call).includes(strategy)) return failure(400, `merge_strategy: ${strategy} is not allowed`);
  const missing = missingCheck(hosted, { ...pull, head });
  if (missing !== undefined) return failure(400, `You can't merge until ${missing} has passed.`);
  try {
    const commit = await brought(call, pull, head, strategy);
    if (!commit) return failure(400, "You can't merge until you resolve all merge conflicts.");
    Object.assign(pull, { state: 'merged', head, mergedAt: world.now(), mergeCommit: commit });
  } catch (error) {
    if (error instanceof HeadMoved) return failure(409, error.message);
    throw error;
  }
  if (body.close_source_branch) await hosted.bare.git(['update-ref', '-d', `refs/heads/${pull.from}`]);
  return ok(await shown(call, pull));
}

const ACTIONS: Record<string, (call: Call, pull: PullRequest) => Promise<Answer>> = {
  decline,
  merge,
};

/** Those that were merged with this commit among theirs, or for which it was made. */
export async function pullsOfCommit(call: Call, commit: string): Promise<Answer> {
  const { linksCommits = true, pulls = [], bare } = call.hosted;
  if (!linksCommits) return failure(404, 'Resource not found');
  const refused = unreadable(call, 'pullrequest');
  if (refused) return refused;
  const values: object[] = [];
  for (const pull of pulls) {
    const isOpen = pull.state === 'open' && pull.head === commit;
    if (isOpen || (await brings(bare, pull.mergeCommit, pull.head, commit))) values.push(await shown(call, pull));
  }
  return ok({ pagelen: PAGE_ENTRIES, page: 1, values });
}

function participants({ reviews = [] }: PullRequest) {
  return reviews.map(({ login, state }) => ({
    user: accountOf(login),
    role: state === 'COMMENTED' ? 'PARTICIPANT' : 'REVIEWER',
    approved: state === 'APPROVED',
  }));
}

/** One pull request, or what is to be done with it. */
export async function onPull(call: Call, number: string, action: string | undefined): Promise<Answer> {
  const pull = call.hosted.pulls?.[Number(number) - 1];
  const refused = unreadable(call, 'pullrequest');
  if (refused) return refused;
  if (!pull) return notFound('Pull request');
  if (!action) return ok({ ...(await shown(call, pull)), participants: participants(pull) });
  if (action.startsWith('comments')) return onComments(call, { number, pull, id: Number(action.split('/')[1]) });
  return ACTIONS[action]?.(call, pull) ?? notFound(action);
}
