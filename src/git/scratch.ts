import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = /^headgate-(?:ssh|render|index)-(\d+)\.([0-9a-f]{8})-/;
/** In a container every process that comes after a killed one has its number. */
const LIFE = randomBytes(4).toString('hex');

/** A folder of its own for one piece of work, that only this user can read, gone after it. What it is for is in its name. */
export async function inScratchFolder<T>(
  purpose: 'ssh' | 'render' | 'index',
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const prefix = `headgate-${purpose}-${process.pid}.${LIFE}-`;
  const folder = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Removes what processes that were killed at their work have left, keys among it. Other users' folders stay. */
export async function sweepScratchFolders(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const [, pid, life] = NAME.exec(name) ?? [];
    if (pid === undefined) continue;
    const isLeft = Number(pid) === process.pid ? life !== LIFE : !isRunning(Number(pid));
    if (isLeft) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  }
}
