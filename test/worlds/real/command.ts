/** `npm run world:real -- up|down|status|build [PART ...]`: a world to try things in by hand. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from './binaries.ts';
import { partsOrAdvice, SKIPPED, startDetached } from './enter.ts';
import { processBegin, type RealWorldState } from './state.ts';

const FOLDER = join(cacheFolder(), 'world');
const STATE = join(FOLDER, 'state.json');

function isRunning({ pid, begin }: RealWorldState): boolean {
  return begin !== undefined && processBegin(pid) === begin;
}

/** The world that is up; one whose process has died is none. */
async function current(): Promise<RealWorldState | undefined> {
  if (!existsSync(STATE)) return undefined;
  const state = JSON.parse(await readFile(STATE, 'utf8')) as RealWorldState;
  return isRunning(state) ? state : undefined;
}

function tell({ pid, kubeconfig, apiServer, prometheus, gitea, gateway }: RealWorldState): void {
  console.log(`up, process ${pid}
  API server  ${apiServer}
  Prometheus  ${prometheus.url}
  Gitea       ${gitea?.url}
  Gateway     ${gateway.address}
  logs        ${FOLDER}
Commands in its network: nsenter -t ${pid} -n env KUBECONFIG=${kubeconfig} HEADGATE_REAL_WORLD=${STATE} bash`);
}

async function up(): Promise<number> {
  const running = await current();
  if (running) {
    tell(running);
    return 0;
  }
  const parts = await partsOrAdvice();
  if (!parts) return SKIPPED;
  const child = await startDetached(FOLDER, parts);
  for (;;) {
    const state = await current();
    if (state && state.pid === child.pid) {
      tell(state);
      return 0;
    }
    if (child.exitCode !== null || child.signalCode !== null) {
      console.error(`it did not start:\n${await readFile(`${FOLDER}.log`, 'utf8')}`);
      return 1;
    }
    await sleep(100);
  }
}

async function down(): Promise<number> {
  const running = await current();
  if (!running) {
    console.log('not up');
    return 0;
  }
  process.kill(running.pid, 'SIGTERM');
  while (isRunning(running)) await sleep(100);
  console.log('down');
  return 0;
}

async function status(): Promise<number> {
  const running = await current();
  if (running) tell(running);
  else console.log('not up');
  return running ? 0 : 3;
}

/** Names of parts add those that are otherwise left out. */
async function build(names: string[]): Promise<number> {
  const parts = await partsOrAdvice(names);
  if (!parts) return SKIPPED;
  for (const { name, version, buildSeconds } of parts) console.log(`${name} ${version}: ${buildSeconds} s`);
  return 0;
}

const VERBS: Record<string, (names: string[]) => Promise<number>> = { up, down, status, build };
const [verb = '', ...names] = process.argv.slice(2);
const run = VERBS[verb];
if (!run) console.error(`world:real ${verb}: use one of ${Object.keys(VERBS).join(', ')}`);
process.exitCode = run ? await run(names) : 2;
