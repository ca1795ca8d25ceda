import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { evaluateTime } from '../../src/analysis/index.ts';
import type { Rollout } from '../../src/api/index.ts';
import { machineClock } from '../../src/clock.ts';
import { createControllers } from '../../src/controllers/start.ts';
import { loadKubeConfigText } from '../../src/kube/config.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { silentLog } from '../../src/log.ts';
import { createProviders } from '../../src/metrics/index.ts';
import { createDialer } from '../../src/net/index.ts';
import { createWorld, type World } from '../../src/sandbox/world.ts';
import { routers } from '../../src/traffic/index.ts';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A program that runs, such as a watch. */
export interface Started {
  /** Resolves once standard output matches; fails after 20 s. */
  printed(text: RegExp): Promise<void>;
  ended: Promise<Ended>;
  kill(): void;
}

/** A sandbox and a controller in this process on the machine's time, and programs that see it as their cluster. */
export interface MachineWorld extends World {
  rollout(name: string): Rollout;
  start(program: string, args: string[]): Started;
  run(program: string, args: string[]): Promise<Ended>;
  until(name: string, condition: (rollout: Rollout) => boolean): Promise<Rollout>;
  eventually(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

const PATIENCE = 20_000;
const LOOK = 20;

async function eventually(condition: () => boolean, what = () => String(condition)): Promise<void> {
  for (let waited = 0; !condition(); waited += LOOK) {
    if (waited > PATIENCE) throw new Error(`not within ${PATIENCE / 1000} s: ${what()}`);
    await sleep(LOOK);
  }
}

function started(child: ChildProcess): Started {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    ended,
    printed: (text) =>
      eventually(
        () => text.test(stdout),
        () => `${text} in ${stdout}${stderr}`,
      ),
    kill: () => void child.kill(),
  };
}

function runControllers(world: World) {
  const clock = machineClock();
  const log = silentLog();
  const config = loadKubeConfigText(world.api.kubeconfig());
  return createControllers({
    connection: createKubeClient({ config, log, userAgent: 'headgate-test', clock }),
    clock,
    log,
    providers: createProviders({ dialer: createDialer({}), moments: evaluateTime }),
    routers,
    outages: 'hold',
    argoCdNamespace: 'argocd',
    instance: 'test',
  });
}

/** `folder` is where the kubeconfig and kubectl's own cache are kept. */
export async function machineWorld(folder: string): Promise<MachineWorld> {
  const world = await createWorld({
    clock: machineClock(),
    workloads: { startDelay: { least: 20, most: 100 }, stopDelay: 20 },
  });
  const controllers = runControllers(world);
  await controllers.start();
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, world.api.kubeconfig());
  const env = { PATH: process.env.PATH, HOME: folder, KUBECACHEDIR: join(folder, 'cache'), KUBECONFIG: kubeconfig };
  const rollout = (name: string) => {
    const found = world.api.store.get<Rollout>('Rollout', 'default', name);
    if (!found) throw new Error(`no Rollout ${name}`);
    return found;
  };
  const start = (program: string, args: string[]) =>
    started(spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  return {
    ...world,
    rollout,
    start,
    run: (program, args) => start(program, args).ended,
    eventually: (condition) => eventually(condition),
    async until(name, condition) {
      await eventually(
        () => condition(rollout(name)),
        () => JSON.stringify(rollout(name).status, undefined, 1),
      );
      return rollout(name);
    },
    async stop() {
      await controllers.stop();
      await world.stop();
    },
  };
}
