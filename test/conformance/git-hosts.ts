import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineClock } from '../../src/clock.ts';
import type { HttpRequest, HttpResponse, SendRequest } from '../../src/git/hosts/http.ts';
import { createGit } from '../../src/git/process.ts';
import { createRepositories, type Repositories } from '../../src/git/repository.ts';
import { locateRepository } from '../../src/git/url.ts';
import {
  type BareRepository,
  type GitHubWorld,
  type HostedRepository,
  noFaults,
  openRepository,
  startGitServer,
} from '../../src/sandbox/git/index.ts';
import { gitHubProblems } from '../schemas/github.ts';
import type { OthersView } from './git-host.ts';

/** A real bare repository, served over HTTP with GitHub's API, and clones of it: for one test. */
export interface HostedWorld {
  folder: string;
  bare: BareRepository;
  world: GitHubWorld;
  url: string;
  repositories: Repositories;
  /** Gives the repository another name; the old one leads there. */
  move(): Promise<void>;
  locate(url: string): ReturnType<typeof locateRepository>;
  close(): Promise<void>;
}

export const WRITE_TOKEN = 'token-that-writes';
export const READ_TOKEN = 'token-that-reads';

export async function startHostedWorld(): Promise<HostedWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-host-'));
  const bare = await openRepository(join(folder, 'repo.git'), process.env.PATH);
  const world: GitHubWorld = {
    repositories: new Map([['team/shop', { bare, protectedBranches: new Set() }]]),
    tokens: new Map([
      [WRITE_TOKEN, { login: 'headgate', write: true }],
      [READ_TOKEN, { login: 'reader', write: false }],
    ]),
    faults: noFaults(),
    now: () => 1_700_000_500_000,
  };
  const server = await startGitServer(world);
  const git = createGit({ protocols: ['https', 'http', 'file'], environment: process.env });
  return {
    folder,
    bare,
    world,
    url: `${server.url}/team/shop`,
    repositories: createRepositories({ git, cacheDir: join(folder, 'cache') }),
    locate: (url) => locateRepository(url, { localRoots: [folder], plainHttpHosts: ['127.0.0.1'] }),
    async move() {
      world.moved = new Map([['team/shop', 'team/store']]);
      const hosted = world.repositories.get('team/shop');
      if (hosted) world.repositories.set('team/store', hosted);
      world.repositories.delete('team/shop');
    },
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function viewOf(bare: BareRepository): OthersView {
  const { commit, head, log, merge, read } = bare;
  return {
    commit,
    head,
    log,
    merge,
    read,
    mode: async (path) => (await bare.git(['ls-tree', String(await head()), path])).toString().slice(0, 6),
    async blobs(folder) {
      const listed = (await bare.git(['ls-tree', '-r', '-z', String(await head()), `${folder}/`])).toString();
      const entries = listed
        .split('\0')
        .filter(Boolean)
        .map((entry) => entry.split('\t') as [string, string]);
      return new Map(entries.map(([what, path]) => [path, what.split(' ')[2] ?? '']));
    },
  };
}

/** Two who may be asked to review something, and one who may not: where `collaborators` are the first two. */
export const COLLEAGUES = ['ann', 'bob', 'mallory'] as const;
export const collaborators = new Set<string>(COLLEAGUES.slice(0, 2));

/** The repository as its host shows it. */
export function shopOf({ world }: HostedWorld): HostedRepository {
  const found = world.repositories.get('team/shop');
  if (!found) throw new Error('the world has no repository');
  return found;
}

/** From now on it takes no proposals. */
export function closingProposals(hosted: HostedWorld) {
  return async () => {
    shopOf(hosted).takesPulls = false;
  };
}

/** What happens to such a repository and to the network in the same way, whatever host stands before it. */
export function hostedStage(hosted: HostedWorld) {
  const { world, bare, move, close } = hosted;
  return {
    repository: viewOf(bare),
    move,
    close,
    /** Main takes changes by proposal only. */
    async protect() {
      shopOf(hosted).protectedBranches?.add('main');
    },
    async deleteBranch(branch: string) {
      await bare.git(['update-ref', '-d', `refs/heads/${branch}`]);
    },
    /** Makes the branch where main is. */
    async branch(name: string) {
      await bare.git(['update-ref', `refs/heads/${name}`, String(await bare.head())]);
    },
    /** The write that comes after so many others is carried out, but its answer is lost. */
    loseAnswer(after = 0) {
      Object.assign(world.faults, { beforeCut: after, cutAfterWrite: 1 });
    },
    /** Runs once, right before the next write of any kind arrives. */
    beforeWrite(intrude: () => Promise<void>) {
      world.beforeWrite = async () => {
        delete world.beforeWrite;
        await intrude();
      };
    },
    /** The next write is not carried out, and answered with the rate limit. */
    limitRate() {
      world.faults.rateLimited = 1;
    },
  };
}

/** What is shown beside a commit; `failure` is the host's own word for that. */
export function statusesOf(hosted: HostedWorld, failure = 'failure') {
  return async (commit: string) => {
    const shown = (shopOf(hosted).statuses ?? []).filter((each) => each.commit === commit);
    return shown.map((each) => ({ ...each, state: each.state === failure ? 'failure' : each.state }));
  };
}

/** Lets a push to main fail the way a Git server with a protected branch does. */
export async function protectByHook(bare: BareRepository) {
  await mkdir(join(bare.path, 'hooks'), { recursive: true });
  const hook = join(bare.path, 'hooks', 'update');
  await mkdir(join(bare.path, 'hooks'), { recursive: true });
  const words =
    'error: GH006: Protected branch update failed for refs/heads/main. Changes must be made through a pull request.';
  await writeFile(hook, `#!/bin/sh\necho '${words}' >&2\nexit 1\n`);
  await chmod(hook, 0o755);
}

/** The same clones, with something happening right before each push. */
export function interrupted(repositories: Repositories, before: () => Promise<void>): Repositories {
  return {
    open(...args) {
      const repository = repositories.open(...args);
      return {
        ...repository,
        async push(...push) {
          await before();
          return repository.push(...push);
        },
      };
    },
  };
}

/** What was sent or answered against what a vendor publishes, since it was last asked for. */
const mismatches: string[] = [];
export const takeMismatches = () => mismatches.splice(0);

/** Holds each exchange against what the vendor publishes. */
export function heldAgainst(
  problemsOf: (request: HttpRequest, response: HttpResponse) => string[],
  way: SendRequest,
): SendRequest {
  return async (request) => {
    const response = await way(request);
    mismatches.push(...problemsOf(request, response));
    return response;
  };
}

const dial: SendRequest = async ({ method, url, headers, body, timeoutMilliseconds }) => {
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  const response = await fetch(url, { method, headers, redirect: 'manual', signal, ...(body ? { body } : {}) });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
};

/** What the dialer does in the controller. */
export const send = heldAgainst(gitHubProblems, dial);

export const clock = machineClock();
