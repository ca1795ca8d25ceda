/**
 * Runs inside a network namespace of its own, started by enter.ts:
 *
 *   node test/worlds/real/inside.ts OPTIONS [COMMAND ...]
 *
 * OPTIONS is a JSON text. Starts the world, runs the command in it and ends with its exit code; without a command, the
 * world stays until SIGTERM.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Built } from './binaries.ts';
import { runInForeground, runProgram } from './toolbox.ts';
import { type RealWorld, startRealWorld } from './world.ts';

export interface InsideOptions {
  folder: string;
  parts: Built[];
  withTraffic: boolean;
  kubeletFlags: string[];
}

/** Every pod has an address of its own here, and nothing of it leaves the namespace. */
async function makeAddressesLocal(): Promise<void> {
  await runProgram('ip', ['link', 'set', 'lo', 'up']);
  await runProgram('ip', ['route', 'add', 'local', '10.88.0.0/16', 'dev', 'lo']);
}

function untilTold(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(0));
    // Nothing else may keep the process.
    setInterval(() => {}, 60_000);
  });
}

function runCommand([program = '', ...args]: string[], folder: string): Promise<number> {
  const env = { ...process.env, HEADGATE_REAL_WORLD: join(folder, 'state.json') };
  return runInForeground(program, args, env);
}

function tellParts({ state }: RealWorld): void {
  for (const [name, { version, buildSeconds, startSeconds }] of Object.entries(state.parts)) {
    const built = buildSeconds > 0 ? `built in ${buildSeconds} s` : 'found';
    const started = startSeconds > 0 ? `, ready after ${startSeconds.toFixed(1)} s` : '';
    console.log(`${name.padEnd(12)} ${version.padEnd(16)} ${built}${started}`);
  }
}

const [text = '{}', ...command] = process.argv.slice(2);
const { folder, parts, withTraffic, kubeletFlags } = JSON.parse(text) as InsideOptions;
await rm(folder, { recursive: true, force: true });
await makeAddressesLocal();
const world = await startRealWorld({
  folder,
  parts: new Map(parts.map((part) => [part.name, part])),
  withTraffic,
  kubeletFlags,
});
tellParts(world);
const code = command.length > 0 ? await runCommand(command, folder) : await untilTold();
await world.stop();
await rm(join(folder, 'state.json'), { force: true });
process.exit(code);
