import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GitRevert, GitSource } from '../../src/api/index.ts';
import type { Event } from '../../src/api/kubernetes.ts';
import { type BareRepository, openRepository } from '../../src/sandbox/git/index.ts';
import { canaryWeight, ROUTED } from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

const AUTHOR = 'Ann <ann@example.com>';
const HEADGATE = { apiVersion: 'headgate.dev/v1alpha1' };

let folder: string;
let repository: BareRepository;
let world: TestWorld;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'headgate-behaviour-')));
  repository = await openRepository(join(folder, 'repo.git'), process.env.PATH);
  const behaviour = (image: string) => ({ errorRate: image.includes('bad') ? 0.6 : 0, latencyMilliseconds: 20 });
  world = await testWorld({ repositories: folder, behaviour });
});
afterEach(async () => {
  await world.stop();
  await rm(folder, { recursive: true, force: true });
});

function commit(files: Record<string, string>, message: string): Promise<string> {
  return repository.commit({ author: AUTHOR, message, time: world.clock.now(), files });
}

function release(image: string): Promise<string> {
  return commit({ 'apps/shop/all.yaml': ROUTED.replace('shop:1.0.0', image) }, `Release ${image}`);
}

/** Git is followed every few seconds, and Headgate may write to it. */
async function install(mode = 'Direct'): Promise<void> {
  const { store } = world.api;
  await release('shop:1.0.0');
  const source = { url: repository.path, branch: 'main' };
  store.create('Namespace', { metadata: { name: 'headgate' } });
  store.create('GitSource', {
    ...HEADGATE,
    kind: 'GitSource',
    metadata: { name: 'deploy', namespace: 'default' },
    spec: { repository: source, path: 'apps/shop', interval: '2s', serviceAccountName: 'deployer' },
  } as GitSource);
  if (mode !== 'none') {
    const spec = { namespaces: ['default'], repository: { host: 'git', ...source, path: 'apps' }, mode };
    store.create('RevertPolicy', { ...HEADGATE, kind: 'RevertPolicy', metadata: { name: 'deploy' }, spec } as never);
  }
  await world.clock.run({
    until: world.clock.now() + 60_000,
    done: () => store.get('Rollout', 'default', 'shop') !== undefined,
  });
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
}

function revert(): GitRevert | undefined {
  return world.api.store.list<GitRevert>('GitRevert', 'default')[0];
}

async function untilReverted(): Promise<void> {
  await world.clock.run({ until: world.clock.now() + 900_000, done: () => revert()?.status?.state === 'done' });
  expect(revert()?.status).toMatchObject({ state: 'done' });
}

async function subjects(): Promise<string[]> {
  return (await repository.log()).map(({ message }) => message.split('\n')[0] ?? '');
}

it('takes a bad commit out of the cluster and out of Git, and leaves everybody else alone', async () => {
  await install();
  const culprit = await release('shop:bad');
  await world.until('shop', ({ status }) => status?.currentStepIndex === 1, 120);
  await commit({ 'apps/search/settings.txt': 'ranking: v2' }, 'Search: rank by freshness');
  await untilReverted();
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  expect(canaryWeight(world)).toBe(0);
  expect(await subjects()).toEqual([
    'Revert "Release shop:bad" (default/shop)',
    'Search: rank by freshness',
    'Release shop:bad',
    'Release shop:1.0.0',
  ]);
  expect(revert()?.spec.culprits).toEqual([culprit]);
  const head = (await repository.head()) ?? '';
  expect((await repository.read(head, 'apps/shop/all.yaml'))?.toString()).toBe(
    ROUTED.replace('shop:1.0.0', 'shop:1.0.0'),
  );
  expect((await repository.read(head, 'apps/search/settings.txt'))?.toString()).toBe('ranking: v2');
  // The way back was no release: nothing was measured for it.
  expect(world.api.store.list('AnalysisRun', 'default')).toHaveLength(1);
});

it('moves no request by a hundred syncs in mid-canary, nor by a hundred after an abort', async () => {
  await install('none');
  await release('shop:1.1.0');
  await world.until('shop', ({ status }) => status?.currentStepIndex === 1 && status.phase === 'Paused', 120);
  const share = () => [canaryWeight(world), world.traffic.summary('default', 'shop').unserved];
  const before = share();
  for (let sync = 0; sync < 100; sync++) {
    // A commit that changes the Rollout's file, but nothing of its objects' meaning for the update.
    await commit(
      { 'apps/shop/all.yaml': `${ROUTED.replace('shop:1.0.0', 'shop:1.1.0')}# ${sync}\n` },
      `Comment ${sync}`,
    );
    await world.pass(1);
    expect(share()).toEqual(before);
  }
  world.patchStatus('shop', { abort: true });
  await world.until('shop', ({ status }) => status?.phase === 'Degraded', 60);
  await world.pass(120);
  const served = () =>
    world.traffic.summary('default', 'shop').revisions.filter(({ requestsPerSecond }) => requestsPerSecond > 0);
  expect(served().map(({ image }) => image)).toEqual(['1.0.0']);
  for (let sync = 0; sync < 100; sync++) {
    await commit(
      { 'apps/shop/all.yaml': `${ROUTED.replace('shop:1.0.0', 'shop:1.1.0')}# again ${sync}\n` },
      `Again ${sync}`,
    );
    await world.pass(2.5);
  }
  expect(served().map(({ image }) => image)).toEqual(['1.0.0']);
  expect(share()).toEqual([0, before[1]]);
  expect(world.rollout('shop').status?.phase).toBe('Degraded');
}, 120_000);

it.each([
  ['none', 'NoRevertPolicy'],
  ['Off', 'RevertPolicyOff'],
])('says why nothing was reverted (policy: %s)', async (mode, reason) => {
  await install(mode);
  await release('shop:bad');
  await world.until('shop', ({ status }) => status?.abort === true, 600);
  await world.pass(60);
  const events = world.api.store.list<Event>('Event', 'default').filter((event) => event.reason === reason);
  expect(events).toHaveLength(1);
  expect(events[0]?.message).toContain('Nothing is reverted in Git');
  expect(await subjects()).toHaveLength(2);
});
