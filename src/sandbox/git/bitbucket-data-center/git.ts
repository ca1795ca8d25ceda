import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { serveGit } from '../smart-http.ts';
import type { GitHubWorld, HostedRepository } from '../world.ts';
import { rightsOf } from './call.ts';

const GIT_PATH = /\/scm\/(?<name>[^/]+\/[^/]+)\.git(?<service>\/(?:info\/refs|git-[a-z-]+))$/;

const RULER = '-----------------------------------------------------';
const LOGO = '                    %%%#                %%';

/** Refuses pushes to the branches that take changes by pull request only, in the words that people see. */
async function installHook({ bare, protectedBranches }: HostedRepository) {
  const hook = join(bare.path, 'hooks', 'pre-receive');
  const refs = [...(protectedBranches ?? [])].map((branch) => `refs/heads/${branch}`);
  if (refs.length === 0) return rm(hook, { force: true });
  const lines = [
    LOGO,
    RULER,
    'Branch $ref can only be modified through pull requests.',
    'Check your branch permissions configuration with the project administrator.',
    RULER,
  ];
  const say = lines.map((line) => `echo "${line}" >&2`).join('\n');
  const script = `#!/bin/sh\nwhile read -r old new ref; do\ncase "$ref" in ${refs.join('|')})\n${say}\nexit 1 ;;\nesac\ndone\n`;
  await mkdir(join(bare.path, 'hooks'), { recursive: true });
  await writeFile(hook, script);
  await chmod(hook, 0o755);
}

/** Whether the connection is to be cut before the answer to this write. */
export function isCut({ faults }: GitHubWorld): boolean {
  if (faults.cutAfterWrite === 0) return false;
  if (faults.beforeCut) {
    faults.beforeCut--;
    return false;
  }
  faults.cutAfterWrite--;
  return true;
}

/** Answers one request of git below `/scm`. */
export async function answerDataCenterGit(
  world: GitHubWorld,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) {
  const { name = '', service = '' } = GIT_PATH.exec(url.pathname)?.groups ?? {};
  const rights = rightsOf(world, request);
  if (!rights) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="Atlassian Bitbucket"' }).end();
    return;
  }
  const hosted = world.repositories.get(name);
  if (!hosted) {
    response.writeHead(404).end();
    return;
  }
  const pushes = service.endsWith('git-receive-pack') || url.searchParams.get('service') === 'git-receive-pack';
  if (pushes && !rights.write) {
    response.writeHead(403).end();
    return;
  }
  const writes = pushes && request.method === 'POST';
  if (writes) {
    await installHook(hosted);
    await world.beforeWrite?.();
  }
  const { path: folder, searchPath } = hosted.bare;
  const query = url.search.slice(1);
  await serveGit(request, response, {
    folder,
    searchPath,
    service,
    query,
    user: rights.login,
    cut: writes && isCut(world),
  });
}
