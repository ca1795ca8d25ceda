/**
 * What stands in for Flux's source-controller, which cannot be built from published modules: it fetches the branch that each
 * GitRepository of a namespace follows and makes its head an artifact, at once where somebody has asked for a look, and else
 * at the object's interval, as the real one does.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fieldsOf, textOf } from '../../../src/api/fields.ts';
import { timestamp } from '../../../src/api/times.ts';
import { machineNow } from '../../../src/clock.ts';
import { REQUESTED_AT } from '../../../src/git/provenance/index.ts';
import { type AnyObject, gitRepositories } from '../../../src/kube/resources.ts';
import { runProgram } from '../../worlds/real/toolbox.ts';
import type { TestWorld } from '../../worlds/world.ts';

const LOOK_MILLISECONDS = 100;

interface Artifact {
  revision: string;
  digest: string;
  size: number;
  path: string;
}

/** The head of the branch, as the real one packs it: no folder of the repository's name around it. */
async function pack(folder: string, { spec }: AnyObject, token: string): Promise<Artifact> {
  const { url, ref } = fieldsOf(spec);
  const branch = textOf(fieldsOf(ref).branch) ?? '';
  const authorized = ['-c', `http.extraHeader=Authorization: token ${token}`];
  const fetched = `+refs/heads/${branch}:refs/heads/${branch}`;
  await runProgram('git', [...authorized, '--git-dir', folder, 'fetch', '--quiet', String(url), fetched]);
  const told = await runProgram('git', ['--git-dir', folder, 'rev-parse', `refs/heads/${branch}`]);
  const commit = told.trim();
  const path = `${commit}.tar.gz`;
  const file = join(folder, path);
  await runProgram('git', ['--git-dir', folder, 'archive', '--format=tar.gz', `--output=${file}`, commit]);
  const content = await readFile(file);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { revision: `${branch}@sha1:${commit}`, digest, size: content.length, path };
}

function statusOf({ metadata }: AnyObject, { path, ...artifact }: Artifact, address: string) {
  const { generation, annotations = {} } = metadata;
  const at = timestamp(machineNow());
  const message = `stored artifact for revision '${artifact.revision}'`;
  const ready = { type: 'Ready', status: 'True', reason: 'Succeeded', message, observedGeneration: generation };
  return {
    observedGeneration: generation,
    ...(annotations[REQUESTED_AT] && { lastHandledReconcileAt: annotations[REQUESTED_AT] }),
    artifact: { ...artifact, path, url: `${address}/${path}`, lastUpdateTime: at },
    conditions: [{ ...ready, lastTransitionTime: at }],
  };
}

/** Nobody has asked since, and it was looked at once: these stories' intervals are longer than the stories. */
function isUpToDate({ metadata, status }: AnyObject): boolean {
  const { artifact, lastHandledReconcileAt } = fieldsOf(status);
  return artifact !== undefined && metadata.annotations?.[REQUESTED_AT] === lastHandledReconcileAt;
}

/** Serves the files of a folder on loopback. */
async function serve(folder: string) {
  const server = createServer((request, response) => {
    readFile(join(folder, (request.url ?? '').replace(/[^0-9a-z.]/g, ''))).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => server.close() };
}

export interface SourceOptions {
  world: TestWorld;
  /** For reading the repositories. */
  token: string;
}

export async function startSource({ world, token }: SourceOptions): Promise<{ stop(): Promise<void> }> {
  const folder = join(world.folder, 'artifacts');
  await mkdir(folder, { recursive: true });
  await runProgram('git', ['init', '--quiet', '--bare', folder]);
  const served = await serve(folder);
  let isOver = false;
  const look = async () => {
    for (const each of await world.list(gitRepositories)) {
      if (isUpToDate(each)) continue;
      const status = statusOf(each, await pack(folder, each, token), served.address);
      const { namespace = '', name } = each.metadata;
      const body = { status };
      await world.client.patch(gitRepositories, { namespace, name }, { type: 'merge', subresource: 'status', body });
    }
  };
  const run = async () => {
    while (!isOver) {
      // Gitea may be busy: it is asked again.
      await look().catch((error: unknown) => console.log(`source: ${String(error)}`));
      await sleep(LOOK_MILLISECONDS);
    }
  };
  const running = run();
  return {
    async stop() {
      isOver = true;
      await running;
      served.close();
    },
  };
}
