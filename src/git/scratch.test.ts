import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inScratchFolder, sweepScratchFolders } from './scratch.ts';

const { TMPDIR } = process.env;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-scratch-'));
  process.env.TMPDIR = folder;
});
afterEach(async () => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  await rm(folder, { recursive: true });
});

/** The number of a process that is over. */
async function deadProcess(): Promise<number> {
  const child = execFile(process.execPath, ['--version']);
  await new Promise((exited) => child.once('exit', exited));
  return child.pid ?? 0;
}

describe('a folder for one piece of work', () => {
  it('is gone after it, also where the work fails', async () => {
    const failing = inScratchFolder('ssh', async (own) => {
      expect(own).toContain('/headgate-ssh-');
      throw new Error('no answer');
    });
    await expect(failing).rejects.toThrow('no answer');
    expect(await readdir(folder)).toEqual([]);
  });

  it('of a killed process is removed; those at work, and what is no such folder, stay', async () => {
    const left = [
      `headgate-ssh-${await deadProcess()}.0a1b2c3d-Ab12Cd`,
      // As of the container's first process, before it was restarted.
      `headgate-render-${process.pid}.0a1b2c3d-Ab12Cd`,
    ];
    const kept = ['headgate-demo-x', 'headgate-ssh-notes', `headgate-ssh-${process.ppid}.0a1b2c3d-Ab12Cd`, 'other'];
    for (const name of [...left, ...kept]) await mkdir(join(folder, name, 'home'), { recursive: true });
    await inScratchFolder('index', async (own) => {
      await sweepScratchFolders();
      expect(new Set(await readdir(folder))).toEqual(new Set([...kept, own.slice(own.lastIndexOf('/') + 1)]));
    });
  });
});
