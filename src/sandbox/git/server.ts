import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerAzure, clonePath } from './azure-devops/index.ts';
import { answerBitbucketCloud } from './bitbucket-cloud/index.ts';
import { answerBitbucketDataCenter, isDataCenterPath } from './bitbucket-data-center/index.ts';
import { answerApi, rightsOf } from './github/index.ts';
import { answerGitLab } from './gitlab/index.ts';
import { serveGit } from './smart-http.ts';
import { type GitHubWorld, type HostedRepository, mayWrite, seenBy } from './world.ts';

export interface GitServer {
  /**
   * `http://127.0.0.1:port`; a repository is at `/owner/name.git`, GitHub's API at `/api/graphql` and `/api/v3`, GitLab's at `/api/v4`,
   * Bitbucket Cloud's at `/2.0`, Bitbucket Data Center's at `/rest` and `/scm`. Azure DevOps' is below `/COLLECTION/owner`, where the
   * repository is at `_git/name`.
   */
  url: string;
  close(): Promise<void>;
}

const GIT_PATH = /^\/(?<name>[^/]+\/[^/]+?)(?:\.git)?(?<service>\/(?:info\/refs|git-[a-z-]+))$/;

function findRepository(
  world: GitHubWorld,
  path: string,
): { name: string; hosted: HostedRepository; service: string } | undefined {
  const match = GIT_PATH.exec(clonePath(path));
  const { name = '', service } = match?.groups ?? {};
  const hosted = world.repositories.get(name);
  return hosted && service ? { name, hosted, service } : undefined;
}

function movedTo(world: GitHubWorld, { pathname, search }: URL): string | undefined {
  const { name = '', service = '' } = GIT_PATH.exec(pathname)?.groups ?? {};
  const now = world.moved?.get(name);
  return now && `/${now}.git${service}${search}`;
}

async function answerGit(world: GitHubWorld, request: IncomingMessage, response: ServerResponse, url: URL) {
  const location = movedTo(world, url);
  if (location) {
    response.writeHead(301, { location }).end();
    return;
  }
  const found = findRepository(world, url.pathname);
  if (!found) {
    response.writeHead(404).end('Repository not found.');
    return;
  }
  const rights = rightsOf(world, request);
  if (rights && !seenBy(world, rights).repositories.has(found.name)) {
    response.writeHead(404).end('Repository not found.');
    return;
  }
  const pushes = url.pathname.endsWith('git-receive-pack') || url.searchParams.get('service') === 'git-receive-pack';
  if (!rights && (pushes || request.headers.authorization)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end('Bad credentials');
    return;
  }
  if (pushes && !(rights && mayWrite(rights, 'contents'))) {
    response.writeHead(403).end('Write access to repository not granted.');
    return;
  }
  const cut = request.method === 'POST' && pushes && world.faults.cutAfterWrite > 0;
  if (cut) world.faults.cutAfterWrite--;
  const { path: folder, searchPath } = found.hosted.bare;
  const query = url.search.slice(1);
  await serveGit(request, response, { folder, searchPath, service: found.service, query, user: rights?.login, cut });
}

async function answer(world: GitHubWorld, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  if (world.faults.badGateway > 0) {
    world.faults.badGateway--;
    response.writeHead(502).end('Bad Gateway');
    return;
  }
  if (url.pathname.includes('/_apis/')) await answerAzure(world, request, response);
  else if (isDataCenterPath(url.pathname)) await answerBitbucketDataCenter(world, request, response);
  else if (url.pathname.startsWith('/api/v4/')) await answerGitLab(world, request, response);
  else if (url.pathname.startsWith('/2.0/')) await answerBitbucketCloud(world, request, response);
  else if (url.pathname.startsWith('/api/'))
    await answerApi(world, request, response, url.pathname.slice('/api/'.length));
  else await answerGit(world, request, response, url);
}

/** Git hosts on loopback: the APIs of all that Headgate knows, and git's own protocol, over the same bare repositories. */
export async function startGitServer(world: GitHubWorld, port = 0): Promise<GitServer> {
  const server = createServer((request, response) => {
    answer(world, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
