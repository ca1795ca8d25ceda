import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitHost } from '../../src/git/hosts/host.ts';
import { openRepository } from '../../src/sandbox/git/index.ts';
import type { HostHarness, OthersView } from './git-host.ts';
import { viewOf } from './git-hosts.ts';
import { type SpoilingProxy, startProxy } from './proxy.ts';

/** A Gitea that runs, and someone who may do everything there. */
export interface RunningGitea {
  url: string;
  admin: { name: string; token: string };
}

export type Caller = <T>(method: string, path: string, body?: object) => Promise<T>;

/** Gitea's API, as one who may call it sees it; throws for any answer that is no success. */
export function caller(url: string, authorization: string): Caller {
  return async (method, path, body) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, ...text });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return answer === '' ? undefined : JSON.parse(answer);
  };
}

const basic = (name: string, secret: string) => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;

const PAUSE_MILLISECONDS = 200;
const TRIES = 100;

/** For a while after a push, Gitea answers to every merge that one is to try again. */
async function patiently(ask: () => Promise<unknown>) {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES || !String(error).includes('try again later')) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  }
}

export interface Person {
  name: string;
  token(...scopes: string[]): Promise<string>;
}

async function enrol(url: string, asAdmin: Caller, role: string): Promise<Person> {
  const name = `${role}-${randomBytes(5).toString('hex')}`;
  const password = randomBytes(18).toString('base64url');
  const account = { username: name, email: `${name}@example.com`, password, must_change_password: false };
  await asAdmin('POST', '/admin/users', account);
  const asPerson = caller(url, basic(name, password));
  return {
    name,
    async token(...scopes) {
      const made = { name: randomBytes(5).toString('hex'), scopes };
      return (await asPerson<{ sha1: string }>('POST', `/users/${name}/tokens`, made)).sha1;
    },
  };
}

/** The repository as someone sees it who has a clone and pushes. */
async function cloneOf(url: string, authorization: string, folder: string): Promise<OthersView> {
  const bare = await openRepository(join(folder, 'clone.git'), process.env.PATH);
  const remote = (...args: string[]) => bare.git(['-c', `http.extraHeader=Authorization: ${authorization}`, ...args]);
  const update = () => remote('fetch', '--quiet', '--prune', url, '+refs/heads/*:refs/heads/*');
  const here = viewOf(bare);
  return {
    async commit(commit) {
      await update();
      const id = await bare.commit(commit);
      await remote('push', '--quiet', url, `refs/heads/${commit.branch ?? 'main'}`);
      return id;
    },
    async merge(merge) {
      await update();
      const id = await bare.merge(merge);
      await remote('push', '--quiet', url, `refs/heads/${merge.into}`);
      return id;
    },
    async head(branch) {
      await update();
      return here.head(branch);
    },
    async log(branch) {
      await update();
      return here.log(branch);
    },
    async read(commit, path) {
      await update();
      return here.read(commit, path);
    },
    async mode(path) {
      await update();
      return here.mode(path);
    },
    async blobs(folder) {
      await update();
      return here.blobs(folder);
    },
  };
}

export interface GiteaStage extends Omit<HostHarness, 'host'> {
  folder: string;
  owner: { name: string; call: Caller };
  /** The repository's path in the API. */
  path: string;
  proxy: SpoilingProxy;
  patiently: typeof patiently;
  /** Those whose credentials the host has, and another who only reads. */
  writer: Person;
  reader: Person;
  /** The API for one of them. */
  callAs(token: string): Caller;
}

/** A private repository of its own on a real Gitea, and people with and without rights to it: for one test. */
export async function setGiteaStage({ url, admin }: RunningGitea): Promise<GiteaStage> {
  const asAdmin = caller(url, `token ${admin.token}`);
  const [owner, writer, reader] = await Promise.all(
    ['owner', 'writer', 'reader'].map((role) => enrol(url, asAdmin, role)),
  );
  if (!owner || !writer || !reader) throw new Error('nobody was enrolled');
  const ownersToken = await owner.token('write:repository', 'write:issue', 'write:user');
  const asOwner = caller(url, `token ${ownersToken}`);
  // Begun with a commit: for a moment after the first push to an empty one, Gitea 1.26 answers 500 to what asks for branches.
  const repository = { name: 'shop', private: true, default_branch: 'main', auto_init: true };
  await asOwner('POST', '/user/repos', repository);
  const at = `/repos/${owner.name}/shop`;
  await asOwner('PUT', `${at}/collaborators/${writer.name}`, { permission: 'write' });
  await asOwner('PUT', `${at}/collaborators/${reader.name}`, { permission: 'read' });
  const folder = await mkdtemp(join(tmpdir(), 'headgate-gitea-'));
  const proxy = await startProxy(url, (path) =>
    /\/contents$|\/git-receive-pack$|\/branches|\/pulls|\/issues/.test(path),
  );
  const address = `${proxy.url}/${owner.name}/shop`;
  return {
    folder,
    owner: { name: owner.name, call: asOwner },
    path: at,
    proxy,
    patiently,
    writer,
    reader,
    callAs: (token) => caller(url, `token ${token}`),
    repository: await cloneOf(`${url}/${owner.name}/shop.git`, basic(owner.name, ownersToken), folder),
    access: { url: address, token: await writer.token('write:repository') },
    readOnly: [
      { url: `${address}.git`, token: await reader.token('write:repository') },
      { url: address, token: await writer.token('read:repository') },
    ],
    missing: { url: `${address}-missing`, token: await writer.token('write:repository') },
    move: () => asOwner('PATCH', at, { name: 'store' }),
    protect: () => asOwner('POST', `${at}/branch_protections`, { rule_name: 'main', enable_push: false }),
    closeProposals: () => asOwner('PATCH', at, { has_pull_requests: false }),
    loseAnswer() {
      proxy.loseAnswerAfter = 0;
    },
    beforeWrite(intrude) {
      proxy.beforeWrite = intrude;
    },
    async statuses(commit) {
      const path = `${at}/commits/${commit}/status`;
      const { statuses } = await asOwner<{ statuses: { status: string; context: string; description: string }[] }>(
        'GET',
        path,
      );
      return statuses.map(({ status, ...rest }) => ({ ...rest, state: status }));
    },
    async close() {
      await proxy.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Such a stage with one host on it. */
export function onStage(stage: GiteaStage, host: GitHost): HostHarness {
  const { statuses, ...rest } = stage;
  return { ...rest, host, ...(host.discussion && statuses && { statuses }) };
}
