import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../src/cli/headgate.ts', import.meta.url));
const MINUTES = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-demo-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function demo(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run(process.execPath, [PROGRAM, 'demo', '--json', ...args], { maxBuffer: 16 << 20 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function git(keep: string, ...args: string[]): Promise<string> {
  return run('git', ['-C', join(keep, 'repo.git'), ...args]).then(({ stdout }) => stdout.trim());
}

describe('the demo, as two processes', () => {
  it(
    'takes a bad commit out of Git, and nothing else',
    async () => {
      const keep = join(folder, 'bad');
      const result = await demo('--scenario', 'bad', '--keep', keep, '--speed', '40');
      expect(result).toMatchObject({ type: 'result', outcome: 'reverted', canaryWeight: 0 });
      const { culprit, revert } = result as { culprit: string; revert: string };
      expect(await git(keep, 'rev-parse', 'main')).toBe(revert);
      const message = await git(keep, 'log', '-1', '--format=%B', revert);
      expect(message).toContain(`This reverts commit ${culprit}.`);
      for (const trailer of [
        'Revert-Key',
        'Reverts-Commit',
        'Good-Revision',
        'Revert-Scope',
        'Analysis-Run',
        'Rollout',
      ]) {
        expect(message).toMatch(new RegExp(`^${trailer}: \\S`, 'm'));
      }
      for (const file of (await git(keep, 'diff-tree', '-r', '--no-commit-id', '--name-only', culprit)).split('\n')) {
        expect(await git(keep, 'show', `main:${file}`)).toBe(await git(keep, 'show', `${culprit}^:${file}`));
      }
      expect(await git(keep, 'show', 'main:apps/search/settings.yaml')).toContain('ranking: v2');
    },
    MINUTES,
  );

  it(
    'promotes a good release through an outage of Prometheus, without any commit of its own',
    async () => {
      const keep = join(folder, 'outage');
      const result = await demo('--scenario', 'outage', '--keep', keep, '--speed', '40');
      expect(result).toMatchObject({ outcome: 'promoted', canaryWeight: 0 });
      expect(await git(keep, 'log', '--format=%an', 'main')).not.toContain('Headgate');
    },
    MINUTES,
  );

  it(
    'leaves the change in Git where a person closes the pull request, and out of the cluster',
    async () => {
      const keep = join(folder, 'veto');
      const result = await demo('--scenario', 'veto', '--keep', keep, '--speed', '40');
      expect(result).toMatchObject({ outcome: 'vetoed', canaryWeight: 0 });
      expect(await git(keep, 'log', '--format=%B', 'main')).not.toContain('Revert-Key');
    },
    MINUTES,
  );

  it(
    "takes one app's part of a commit out of Git, and leaves the other's",
    async () => {
      const keep = join(folder, 'monorepo');
      const result = await demo('--scenario', 'monorepo', '--keep', keep, '--speed', '40');
      expect(result).toMatchObject({
        outcome: 'reverted',
        canaryWeight: 0,
        standings: [
          { of: 'shop', phase: 'Healthy', image: 'registry.example/shop:1.4.0' },
          { of: 'cart', phase: 'Healthy', image: 'registry.example/cart:1.4.1' },
          { of: 'search', phase: 'Healthy', image: 'registry.example/search:1.4.0', revision: '1' },
        ],
      });
      const { culprit, revert } = result as { culprit: string; revert: string };
      expect(await git(keep, 'rev-parse', 'main')).toBe(revert);
      expect(await git(keep, 'diff', '--name-only', `${culprit}^`, culprit)).toBe(
        'apps/cart/rollout.yaml\napps/shop/rollout.yaml',
      );
      expect(await git(keep, 'diff', '--name-only', `${revert}^`, revert)).toBe('apps/shop/rollout.yaml');
      expect(await git(keep, 'diff', '--name-only', `${culprit}^`, 'main', '--', 'apps/shop')).toBe('');
      expect(await git(keep, 'diff', '--name-only', culprit, 'main', '--', 'apps/cart')).toBe('');
    },
    MINUTES,
  );

  it(
    'writes one revert where two clusters see the same commit fail',
    async () => {
      const keep = join(folder, 'two-clusters');
      const result = await demo('--scenario', 'two-clusters', '--keep', keep, '--speed', '40');
      const image = 'registry.example/shop:1.4.0';
      expect(result).toMatchObject({
        outcome: 'reverted',
        canaryWeight: 0,
        standings: [
          { of: 'west', phase: 'Healthy', image },
          { of: 'east', phase: 'Healthy', image },
        ],
      });
      const written = await git(keep, 'log', '--all', '--format=%H', '--grep=^Revert-Key:');
      expect(written).toBe(result.revert);
      expect(await git(keep, 'rev-parse', 'main')).toBe(written);
    },
    MINUTES,
  );

  it('says what is wrong with its own command line', async () => {
    const asked = run(process.execPath, [PROGRAM, 'demo', '--scenario', 'worse']);
    await expect(asked).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('known are story, good, bad, outage, protected, veto, monorepo, two-clusters'),
    });
  });
});
