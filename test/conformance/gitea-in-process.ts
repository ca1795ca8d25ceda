/** A Gitea that knows only what a discussion asks for, over a bare repository. The whole suite runs on a real one besides. */
import { createGiteaHost } from '../../src/git/hosts/gitea/index.ts';
import type { HttpRequest, HttpResponse, SendRequest } from '../../src/git/hosts/http.ts';
import { giteaProblems } from '../schemas/gitea.ts';
import type { DiscussionHarness, SeenComment } from './discussion.ts';
import { heldAgainst, hostedStage, startHostedWorld } from './git-hosts.ts';

interface Pull {
  title: string;
  author: string;
  into: string;
  mergedCommit: string | undefined;
  asked: string[];
  approved: string[];
  comments: (SeenComment & { id: number })[];
}

interface Account {
  login: string;
  scopes: string[];
}

const URL_OF_IT = 'https://git.example.com/team/shop';
const API = 'https://git.example.com/api/v1';
const PERSON = 'ann';
const BOT = 'headgate';

const json = (status: number, body: unknown, headers = {}): HttpResponse => ({
  status,
  headers,
  body: JSON.stringify(body),
});
const refused = (status: number, message: string) => json(status, { message, url: `${API}/swagger` });
const user = (login: string) => ({ login });

/** What is asked of a path is a scope of its own: reading or writing users, issues, repositories. */
function scopeOf({ method, url }: HttpRequest): string {
  const kind = url.endsWith('/user') ? 'user' : /\/issues\//.test(url) ? 'issue' : 'repository';
  return `${method === 'GET' ? 'read' : 'write'}:${kind}`;
}

function allows(scopes: readonly string[], scope: string): boolean {
  return scopes.includes(scope) || scopes.includes(scope.replace('read:', 'write:'));
}

function shownPull(pulls: readonly Pull[], pull: Pull) {
  const number = pulls.indexOf(pull) + 1;
  return {
    number,
    html_url: `${URL_OF_IT}/pulls/${number}`,
    title: pull.title,
    user: user(pull.author),
    base: { ref: pull.into },
    merged: pull.mergedCommit !== undefined,
    requested_reviewers: pull.asked.length > 0 ? pull.asked.map(user) : null,
  };
}

function shownComment(number: number, { id, author, body }: Pull['comments'][number]) {
  return { id, body, user: user(author), html_url: `${URL_OF_IT}/pulls/${number}#issuecomment-${id}` };
}

/** `scopes`: of the token that Headgate has. */
export async function startGiteaDiscussion(
  scopes = ['write:repository', 'write:issue', 'read:user'],
): Promise<DiscussionHarness> {
  const hosted = await startHostedWorld();
  const { bare } = hosted;
  const stage = hostedStage(hosted);
  const pulls: Pull[] = [];
  const faults = { lose: false, limit: false, moved: false };
  const accounts = new Map<string, Account>([
    ['token-that-writes', { login: BOT, scopes }],
    ['token-without-issues', { login: BOT, scopes: ['write:repository'] }],
    ['token-that-reads', { login: BOT, scopes: ['read:repository', 'read:issue'] }],
  ]);

  const add = (number: number, author: string, body: string) => {
    const id = pulls.reduce((count, { comments }) => count + comments.length, 1);
    const comment = { id, author, body };
    pulls[number - 1]?.comments.push(comment);
    return comment;
  };
  const write = (path: string, { method, body = '{}' }: HttpRequest, { login }: Account): HttpResponse => {
    const text = String(JSON.parse(String(body)).body);
    const [, number] = /^issues\/(\d+)\/comments$/.exec(path) ?? [];
    if (method === 'POST' && pulls[Number(number) - 1])
      return json(201, shownComment(Number(number), add(Number(number), login, text)));
    const [, id] = /^issues\/comments\/(\d+)$/.exec(path) ?? [];
    const at = pulls.findIndex(({ comments }) => comments.some((each) => each.id === Number(id)));
    const comment = pulls[at]?.comments.find((each) => each.id === Number(id));
    if (method !== 'PATCH' || !comment) return refused(404, 'not found');
    comment.body = text;
    return json(200, shownComment(at + 1, comment));
  };
  const read = async (path: string): Promise<HttpResponse> => {
    const [, commit, branch, reviews, comments] =
      /^(?:commits\/(\w+)\/pull|branches\/(.+)|pulls\/(\d+)\/reviews\?.*|issues\/(\d+)\/comments)$/.exec(path) ?? [];
    const merged = commit && pulls.find(({ mergedCommit }) => mergedCommit === commit);
    if (merged) return json(200, shownPull(pulls, merged));
    const head = branch && (await bare.head(branch));
    if (head) return json(200, { name: branch, commit: { id: head }, protected: false, user_can_push: true });
    const pull = pulls[Number(reviews ?? comments) - 1];
    if (!pull) return refused(404, 'not found');
    if (comments)
      return json(
        200,
        pull.comments.map((each) => shownComment(Number(comments), each)),
      );
    const said = pull.approved.map((login) => ({ user: user(login), state: 'APPROVED', dismissed: false }));
    const teams = { user: null, state: 'REQUEST_REVIEW' };
    return json(200, [...said, teams, { user: user('mallory'), state: 'COMMENT' }]);
  };
  const send: SendRequest = async (request) => {
    const account = accounts.get((request.headers.authorization ?? '').replace('token ', ''));
    if (!account) return refused(401, 'invalid username, password or token');
    const scope = scopeOf(request);
    if (!allows(account.scopes, scope)) {
      return refused(403, `token does not have at least one of required scope(s), required=[${scope}]`);
    }
    if (request.url === `${API}/user`) return json(200, user(account.login));
    const path = request.url.startsWith(`${API}/repos/team/shop/`) ? request.url.split('/team/shop/')[1] : undefined;
    if (!path) return refused(404, 'not found');
    if (faults.moved) return json(307, '', { location: '/api/v1/repos/team/store' });
    if (request.method === 'GET') return read(path);
    if (faults.limit) {
      faults.limit = false;
      return json(429, { message: 'slow down' }, { 'retry-after': '7' });
    }
    const answer = write(path, request, account);
    if (!faults.lose) return answer;
    faults.lose = false;
    throw new Error('socket hang up');
  };
  return {
    host: createGiteaHost({ send: heldAgainst(giteaProblems, send) }),
    repository: stage.repository,
    access: { url: URL_OF_IT, token: 'token-that-writes' },
    missing: { url: `${URL_OF_IT}-missing`, token: 'token-that-writes' },
    silent: ['token-without-issues', 'token-that-reads'].map((token) => ({ url: URL_OF_IT, token })),
    person: PERSON,
    bot: BOT,
    others: ['bob', 'eve'],
    longest: 65_536,
    async move() {
      faults.moved = true;
    },
    close: () => hosted.close(),
    branch: stage.branch,
    async propose({ from, into = 'main', title = 'x', asked = [], approved = [], isOpen }) {
      const head = String(await bare.head(from));
      const by = { author: 'Ann <ann@example.com>', time: hosted.world.now(), message: title };
      const mergedCommit = isOpen ? undefined : await bare.merge({ ...by, into, head, keepsParent: true });
      pulls.push({ title, author: PERSON, into, mergedCommit, asked, approved, comments: [] });
      return { number: pulls.length, commit: String(await bare.head(into)) };
    },
    async said(number) {
      return (pulls[number - 1]?.comments ?? []).map(({ author, body }) => ({ author, body }));
    },
    async sayByHand(number, body) {
      add(number, PERSON, body);
    },
    loseAnswer() {
      faults.lose = true;
    },
    limitRate() {
      faults.limit = true;
    },
  };
}
