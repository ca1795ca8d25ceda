import { readdir, readFile } from 'node:fs/promises';
import type { RealWorldState } from '../../test/worlds/real/state.ts';
import { usageOf } from '../controller.ts';

/** The program's file name and the parent, or undefined where it has ended meanwhile. */
async function processOf(pid: string): Promise<{ name: string; parent: number } | undefined> {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    const [program = '', file = ''] = commandLine.split('\0');
    const named = program.endsWith('/node') ? file : program;
    return { name: named.slice(named.lastIndexOf('/') + 1), parent };
  } catch {
    return undefined;
  }
}

/** CPU seconds so far of each of the world's servers, which are the children of the process that holds it; and of this one. */
export async function usageOfServers({ pid: world }: RealWorldState): Promise<Record<string, number>> {
  const seconds: Record<string, number> = { bench: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 };
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const found = await processOf(pid);
    if (found?.parent === world) seconds[found.name] = (await usageOf(Number(pid))).cpuSeconds;
  }
  return seconds;
}
