/**
 * Starts programs by a small process of our own. A fork copies the page tables of who forks, on the event loop: measured on two cores,
 * 17 ms of CPU at 600 MiB, 7 at 200, 0.5 from a small one; and a revert starts dozens of git processes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildCall, type ChildResult, runChild } from './child.ts';

export type StarterRequest =
  | { id: number; program: string; call: Omit<ChildCall, 'signal'> }
  /** `stop`: why. */
  | { id: number; stop: string };

export type StarterReply = { id: number; result: ChildResult } | { id: number; error: string };

/** In a checkout beside this file; in a build beside the program, which may be called by a link. */
function programFile(): string | undefined {
  const [, called = ''] = process.argv;
  const program = existsSync(called) ? realpathSync(called) : called;
  const files = [fileURLToPath(new URL('./starter-process.ts', import.meta.url)), join(dirname(program), 'starter.js')];
  return files.find((file) => existsSync(file));
}

/** Nobody knows what became of it: as of what was stopped. */
const LOST: ChildResult = {
  code: -1,
  stdout: Buffer.alloc(0),
  stderr: '',
  stopped: { why: 'was lost with the process that started it', timedOut: false },
};

interface Starter {
  run(program: string, call: ChildCall): Promise<ChildResult>;
}

interface Waiting {
  resolve(result: ChildResult): void;
  reject(error: Error): void;
}

/** `onEnd`: whether it ever answered. */
function launch(file: string, onEnd: (hasAnswered: boolean) => void): Starter {
  const child: ChildProcess = fork(file, [], {
    execArgv: [],
    // What a call is to see is in the call.
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let hasAnswered = false;
  const send = (request: StarterRequest) => child.connected && child.send(request, () => {});
  const take = (id: number) => {
    const found = waiting.get(id);
    waiting.delete(id);
    // It keeps nobody from ending; what is waited for does.
    if (waiting.size === 0) child.channel?.unref();
    return found;
  };
  const end = () => {
    onEnd(hasAnswered);
    for (const id of [...waiting.keys()]) take(id)?.resolve(LOST);
  };
  child.on('message', (reply: StarterReply) => {
    hasAnswered = true;
    if ('result' in reply) take(reply.id)?.resolve(reply.result);
    else take(reply.id)?.reject(new Error(reply.error));
  });
  child.on('error', end);
  child.on('exit', end);
  child.unref();
  child.channel?.unref();
  return {
    run(program, { signal, ...call }) {
      const id = ++last;
      const stop = () => send({ id, stop: String(signal?.reason) });
      const result = new Promise<ChildResult>((resolve, reject) => waiting.set(id, { resolve, reject }));
      child.channel?.ref();
      send({ id, program, call });
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop);
      return result.finally(() => signal?.removeEventListener('abort', stop));
    },
  };
}

/** One for the whole process. */
let starter: Starter | undefined;
let isUsable = true;

function starterNow(): Starter | undefined {
  const file = starter === undefined && isUsable ? programFile() : undefined;
  if (file === undefined) return starter;
  const own = launch(file, (hasAnswered) => {
    if (starter === own) starter = undefined;
    // Where it cannot be had, there is the longer way.
    isUsable &&= hasAnswered;
  });
  starter = own;
  return own;
}

/** As `runChild`, and cheap in a large process. Where the process that started it is lost, it counts as stopped. */
export function startChild(program: string, call: ChildCall): Promise<ChildResult> {
  return starterNow()?.run(program, call) ?? runChild(program, call);
}
