import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGit } from './process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-process-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function program(script: string, environment = process.env) {
  const path = join(folder, `git-${Math.random().toString(36).slice(2)}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return createGit({ protocols: ['https'], program: path, environment });
}

describe('calling git', () => {
  it('stops what takes too long, with all that it started', async () => {
    const marker = join(folder, 'survived');
    const git = await program(`(sleep 1; touch ${marker}) & sleep 60`);
    await expect(git.run(['fetch'], { timeoutMilliseconds: 100 })).rejects.toMatchObject({ timedOut: true });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await expect(rm(marker)).rejects.toThrow('ENOENT');
  });

  it('stops what says too much', async () => {
    const git = await program('yes');
    await expect(git.run(['log'], { maxOutputBytes: 1000 })).rejects.toThrow('more than 1000 bytes');
  });

  it('says what to install where there is none', async () => {
    const git = createGit({ protocols: [], program: join(folder, 'nothing'), environment: process.env });
    await expect(git.run(['version'])).rejects.toThrow('needs git 2.38 or later');
  });

  it('hands configuration over in the environment only, and nothing of the machine gets in', async () => {
    const inherited = { ...process.env, GIT_CONFIG_PARAMETERS: "'core.pager=evil'" };
    const git = await program('echo "$@"; env', inherited);
    const text = await git.text(['log'], { config: { 'http.extraHeader': 'Authorization: secret' } });
    const [argv, ...environment] = text.split('\n');
    expect(argv).toBe('log');
    expect(environment.join('\n')).toContain('Authorization: secret');
    expect(environment).toEqual(
      expect.arrayContaining([
        'GIT_CONFIG_NOSYSTEM=1',
        'GIT_CONFIG_GLOBAL=/dev/null',
        'GIT_TERMINAL_PROMPT=0',
        'GIT_ALLOW_PROTOCOL=https',
      ]),
    );
    expect(text).not.toContain('evil');
  });

  it('keeps secrets out of errors', async () => {
    const git = await program('echo "fatal: https://u:p@host token abc123" >&2; exit 128');
    const error = await git.text(['fetch'], { secrets: ['abc123'] }).catch(String);
    expect(error).toContain('fatal: https://[redacted]@host token [redacted]');
  });
});
