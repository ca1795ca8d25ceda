import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Judgement, judge } from './judge.ts';
import type { Call } from './line.ts';
import type { Run } from './matrix.ts';
import { play, prepare } from './stage.ts';

/** What came of one run. */
export interface Outcome extends Judgement {
  run: Run;
  calls: Call[][];
  /** The calls that were hit, as they were. */
  struck: string[];
  /** World seconds from the failure to the end. */
  seconds: number;
}

const HERE = fileURLToPath(import.meta.url);

export async function outcomeOf(prepared: Awaited<ReturnType<typeof prepare>>, run: Run): Promise<Outcome> {
  try {
    const played = await play(prepared, run);
    const struck = played.struck.map(({ call }) => call.what);
    return { run, ...judge(run, played), calls: played.calls, struck, seconds: played.seconds };
  } catch (error) {
    return { run, ending: 'none', doubles: 0, wrong: `it broke: ${error}`, calls: [], struck: [], seconds: 0 };
  }
}

async function work() {
  const prepared = await prepare();
  const say = (message: object) => process.send?.(message);
  process.once('disconnect', () => prepared.saved.forget());
  process.on('message', async (run: Run | 'end') => {
    if (run === 'end') process.disconnect();
    else say(await outcomeOf(prepared, run));
  });
  say({ ready: true });
}

/** Plays the runs in as many processes as the machine has processors; answers in the order in which they end. */
export async function playAll(runs: readonly Run[], onOutcome: (outcome: Outcome) => void): Promise<void> {
  let next = 0;
  const oneAfterAnother = (child: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      child.on('message', (message: Outcome | { ready: true }) => {
        if ('run' in message) onOutcome(message);
        child.send(runs[next++] ?? 'end');
      });
      child.on('error', reject);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
    });
  await Promise.all(Array.from({ length: availableParallelism() }, () => oneAfterAnother(fork(HERE, ['--worker']))));
}

if (process.argv[1] === HERE && process.argv.includes('--worker')) await work();
