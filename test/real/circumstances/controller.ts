import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { machineNow } from '../../../src/clock.ts';
import type { ControllerProcess } from '../../worlds/controller.ts';
import type { ControllerPlace } from '../../worlds/real/test-world.ts';
import { flagsFor, makeHome } from '../loop/controller.ts';
import { type FrontOptions, startApiFront } from './front.ts';

/** The bundle, which starts in a third of the time that the sources take: it is started a hundred times. */
const PROGRAM = ['dist/headgate.js', 'controller'];

/** One process of the controller, that stories kill. */
export interface Controller {
  readonly isRunning: boolean;
  /** Its exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  end(): Promise<void>;
}

/** `identity` is who holds the lease. */
export function launch(place: ControllerPlace, kubeconfig: string, identity: string): Controller {
  const log = openSync(join(place.folder.own, `${identity}.log`), 'a');
  const flags = flagsFor({ ...place, state: { ...place.state, controllerKubeconfig: kubeconfig } });
  const child: ChildProcess = spawn(process.execPath, [...PROGRAM, ...flags, '--identity', identity], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    get isRunning() {
      return child.exitCode === null && child.signalCode === null;
    },
    ended,
    signal: (signal) => void child.kill(signal),
    async end() {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A process that has ended. */
interface Exit {
  /** null where a signal ended it. */
  code: number | null;
  /** Milliseconds since the epoch. */
  at: number;
}

/** A controller that is started again whenever it ends, under the same name, as a Deployment's container is. */
export interface Deployed extends ControllerProcess {
  readonly exits: readonly Exit[];
  /** To the process that runs now. */
  signal(signal: NodeJS.Signals): void;
}

/** Behind a front: the audit log knows it by its identity. */
export async function deploy(place: ControllerPlace, identity: string, options: FrontOptions = {}): Promise<Deployed> {
  await makeHome(place);
  const front = await startApiFront(place, { userAgent: identity, ...options });
  const exits: Exit[] = [];
  let isOver = false;
  let controller: Controller;
  const start = () => {
    controller = launch(place, front.kubeconfig, identity);
    void controller.ended.then((code) => {
      if (isOver) return;
      exits.push({ code, at: machineNow() });
      start();
    });
  };
  start();
  return {
    exits,
    signal: (signal) => controller.signal(signal),
    async kill() {
      isOver = true;
      await controller.end();
      await front.close();
    },
  };
}
