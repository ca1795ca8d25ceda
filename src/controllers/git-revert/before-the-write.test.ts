/** What is looked at, and asked again, right before the one write. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  revertCommits,
  rolloutYaml,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import type { KubeObject, RevertCaution } from '../../api/index.ts';
import { type GitHost, markerRef } from '../../git/hosts/host.ts';
import { createGit } from '../../git/process.ts';
import { createRepositories } from '../../git/repository.ts';
import { canonicalRepository } from '../../git/url.ts';
import { configMaps, gitReverts, revertPolicies } from '../../kube/resources.ts';
import { revertKey } from '../../revert/index.ts';
import { look } from './look.ts';
import type { Task } from './task.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const status = () => loop.reverts()[0]?.status;
const keyOf = (culprit: string) =>
  revertKey({ repository: canonicalRepository(loop.bare.path), branch: 'main', culprits: [culprit], path: PATH });

/** Another start, with something between the controller and its host; answers how often it was asked to commit. */
async function restartWith(
  commit: (host: GitHost, ...args: Parameters<GitHost['commit']>) => ReturnType<GitHost['commit']>,
) {
  await loop.close();
  const asked = { times: 0 };
  loop = await startLoop({
    wrap: (host) => ({
      ...host,
      commit(...args) {
        asked.times++;
        return commit(host, ...args);
      },
    }),
  });
  return asked;
}

async function dropped(bad: string): Promise<string> {
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
  const args = [...author, 'commit-tree', `${bad}^{tree}`, '-p', bad, '-m', 'dropped'];
  return (await loop.bare.git(args)).toString().trim();
}

describe('a branch on which writes do not land', () => {
  it('that was forced back over the revert is left to a person, without another write', async () => {
    const asked = await restartWith((host, ...args) => host.commit(...args));
    allow(loop);
    const { bad } = await failedRelease(loop);
    const commit = await dropped(bad);
    await loop.bare.git(['update-ref', markerRef(keyOf(bad)), commit]);
    abort(loop, HASHES);
    await loop.settle(10 * MINUTE);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'RevertTakenOff' });
    expect(status()?.message).toContain(`as ${commit.slice(0, 7)}, which is not on the branch any more`);
    expect(status()?.message).toContain(`delete the ref ${markerRef(keyOf(bad))}`);
    expect(asked.times).toBe(0);
    // What the message says to do, works.
    await loop.bare.git(['update-ref', '-d', markerRef(keyOf(bad))]);
    loop.api.store.delete(gitReverts, 'shop', loop.reverts()[0]?.metadata.name ?? '');
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('that is always stale is planned anew five times, with rests, and then left to a person', async () => {
    const times: number[] = [];
    const asked = await restartWith(async () => {
      times.push(loop.clock.now());
      return { kind: 'stale', message: 'the branch has moved' };
    });
    allow(loop);
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(10 * MINUTE);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'BranchTooBusy', plan: { attempt: 5 } });
    expect(asked.times).toBe(5);
    times.slice(1).forEach((time, at) => {
      const rest = time - (times[at] ?? 0);
      expect(rest).toBeGreaterThanOrEqual(2000 * 2 ** at);
      expect(rest).toBeLessThanOrEqual(3000 * 2 ** at + 100);
    });
  });
});

it('a commit that lies on another one than planned is told of', async () => {
  const message = 'it lies on abc1234, which came in after the plan was made';
  await restartWith(async (host, ...args) => {
    const outcome = await host.commit(...args);
    return outcome.kind === 'written' ? { ...outcome, message } : outcome;
  });
  allow(loop);
  await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(10_000);
  expect(status()).toMatchObject({ state: 'landed', message });
  expect(status()).not.toHaveProperty('reason');
});

describe('what changes while the write waits for its turn', () => {
  /** The work reads the policy's Secret when its turn comes: first to look, then to write. */
  async function changeBeforeWrite(change: () => void) {
    const asked = await restartWith((host, ...args) => host.commit(...args));
    loop.api.store.create('Secret', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'git', namespace: 'headgate' },
    } as KubeObject);
    allow(loop, { repository: { host: 'git', url: loop.bare.path, branch: 'main', secretRef: { name: 'git' } } });
    await failedRelease(loop);
    let reads = 0;
    loop.api.faults = ({ resource, verb }) => {
      if (resource !== 'secrets' || verb !== 'get' || status()?.state !== 'writing' || ++reads !== 2) return undefined;
      change();
      return { delay: 100 };
    };
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    expect(reads).toBeGreaterThanOrEqual(2);
    expect(await revertCommits(loop)).toEqual([]);
    expect(asked.times).toBe(0);
  }
  const policy = (spec: object) => loop.api.store.patch(revertPolicies, { name: 'shop' } as never, { spec } as never);

  it.each([
    ['the policy is switched off', () => policy({ mode: 'Off' }), { state: 'skipped', reason: 'RevertPolicyOff' }],
    ['it becomes a dry run', () => policy({ mode: 'DryRun' }), { state: 'dryRun' }],
    [
      'a freeze begins',
      () => policy({ freeze: [{ from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', reason: 'sale' }] }),
      { state: 'writing', reason: 'Frozen' },
    ],
    [
      'reverts are paused',
      () =>
        loop.api.store.create(configMaps, {
          ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { reverts: 'paused' } },
          metadata: { name: 'headgate', namespace: 'headgate' },
        }),
      { state: 'writing', reason: 'Paused' },
    ],
    ['the budget is spent', () => policy({ budget: { directPerDay: 0 } }), { reason: 'BudgetExhausted' }],
    ['it is retried', () => setStatus(loop, { abort: false, phase: 'Progressing' }), { state: 'superseded' }],
    ['it is promoted in full', () => setStatus(loop, { abort: false, stableRS: 'bbb' }), { state: 'superseded' }],
  ])('%s: nothing is written', async (_, change, expected) => {
    await changeBeforeWrite(change);
    expect(status()).toMatchObject(expected);
  });
});

describe('a policy that changes earlier', () => {
  const policy = (spec: object) => loop.api.store.patch(revertPolicies, { name: 'shop' } as never, { spec } as never);

  it('and is off when the freeze ends: nothing is written', async () => {
    allow(loop, { freeze: [{ from: '2026-11-20T00:00:00Z', to: '2026-11-20T12:30:00Z', reason: 'sale' }] });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(10_000);
    policy({ mode: 'Off' });
    await loop.settle(31 * MINUTE);
    expect(status()?.state).toBe('skipped');
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('and is on again: a failure that still stands is taken up', async () => {
    allow(loop, { mode: 'Off' });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(10_000);
    policy({ mode: 'Direct' });
    await loop.settle(MINUTE);
    expect(await revertCommits(loop)).toHaveLength(1);
  });

  it('is told of once while a failure stands, and nothing of it is kept when it is gone', async () => {
    allow(loop, { mode: 'Off' });
    await failedRelease(loop);
    const told = () => loop.told.filter(({ reason }) => reason === 'RevertPolicyOff').length;
    abort(loop, HASHES);
    await loop.settle(1000);
    setStatus(loop, { message: 'news' });
    await loop.settle(1000);
    expect(told()).toBe(1);
    setStatus(loop, { abort: false });
    await loop.settle(1000);
    setStatus(loop, { abort: true });
    await loop.settle(1000);
    expect(told()).toBe(2);
  });
});

describe('the look', () => {
  async function lookFor(expectedHead: string, culprit: string, cautions: RevertCaution[] = []) {
    const git = createGit({ protocols: ['file'], environment: process.env });
    const repositories = createRepositories({ git, cacheDir: `${loop.bare.path}-cache` });
    const repository = repositories.open({ kind: 'local', url: loop.bare.path, canonical: loop.bare.path }, 'main');
    const revert = { spec: { key: keyOf(culprit), culprits: [culprit], path: PATH } };
    const task = { revert, policy: { repository, branch: 'main' } } as unknown as Task;
    const plan = { tree: '', patchDigest: '', files: [], attempt: 1, plannedAt: '' };
    return (await look(task, { ...plan, expectedHead, cautions })).result;
  }
  const release = (tag: string, message?: string) =>
    loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml(`web:${tag}`) }, message);

  it('has it planned anew where people say in Git what the plan does not know', async () => {
    const hold = (word: string) => loop.commit({ [`${PATH}/.headgate.yaml`]: `autoRevert: ${word}` }, 'Hold');
    await release('v1');
    const bad = await release('v2');
    const held = await hold('dry-run');
    const caution = { reason: 'OptedOut', most: 'DryRun', message: 'said' } as const;
    expect(await lookFor(held, bad)).toEqual({ kind: 'moved' });
    expect(await lookFor(held, bad, [caution])).toEqual({ kind: 'clear' });
    expect(await lookFor(await hold('disable'), bad, [caution])).toEqual({ kind: 'moved' });
    expect(await lookFor(await hold('nonsense'), bad, [caution])).toEqual({ kind: 'moved' });
  });

  it('finds nothing on an untouched branch', async () => {
    await release('v1');
    const bad = await release('v2');
    expect(await lookFor(bad, bad)).toEqual({ kind: 'clear' });
  });

  it.each([
    ['its own key', (bad: string) => `Revert-Key: ${keyOf(bad)}`, 'found'],
    ["a person's revert", (bad: string) => `This reverts commit ${bad}.`, 'found'],
    ['another key', (bad: string) => `This reverts commit ${bad}.\n\nRevert-Key: ${'0'.repeat(64)}`, 'moved'],
    ['no word of it', () => 'as it was', 'moved'],
  ])('recognises a commit by its message, without a marker: %s', async (_, words, kind) => {
    await release('v1');
    const bad = await release('v2');
    const commit = await release('v1', `Back\n\n${words(bad)}\n`);
    await loop.commit({ 'apps/other/x.yaml': 'x: 1\n' }, 'Another team');
    expect(await lookFor(bad, bad)).toMatchObject(kind === 'found' ? { kind, commit } : { kind });
  });

  it('finds what its marker points to, whatever that says', async () => {
    await release('v1');
    const bad = await release('v2');
    const commit = await release('v1', 'no trailer');
    await loop.bare.git(['update-ref', markerRef(keyOf(bad)), commit]);
    expect(await lookFor(bad, bad)).toMatchObject({ kind: 'found', commit });
  });

  it('asks a person where the marker points to what is not on the branch', async () => {
    await release('v1');
    const bad = await release('v2');
    await loop.bare.git(['update-ref', markerRef(keyOf(bad)), await dropped(bad)]);
    expect(await lookFor(bad, bad)).toMatchObject({ kind: 'needsHuman', reason: 'RevertTakenOff' });
  });
});
