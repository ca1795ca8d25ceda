import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { ControllerPlace } from '../../worlds/real/test-world.ts';
import { flagsFor } from '../loop/controller.ts';

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
