/** A day's budget, where several reverts want what is left of it at the same moment. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  gitSource,
  HASHES,
  type Loop,
  type LoopOptions,
  MINUTE,
  raise,
  revertCommits,
  rolloutYaml,
  startLoop,
} from '../../../test/git/loop.ts';
import type { GitRevert } from '../../api/index.ts';
import { gitSources } from '../../kube/resources.ts';
import type { Policy, Work } from '../../revert/index.ts';
import { createPlaces } from './budget.ts';

const NAMES = ['web', 'api', 'shop', 'pay', 'mail'];
const NOW = Date.parse('2026-11-20T12:00:00Z');

let loop: Loop | undefined;
afterEach(async () => {
  await loop?.close();
  loop = undefined;
});

/** All apps fail at once, by one commit. */
async function failAll(policy: object, options: LoopOptions = {}): Promise<Loop> {
  const started = await startLoop(options);
  loop = started;
  allow(started, policy);
  const files = (tag: string) =>
    Object.fromEntries(NAMES.map((name) => [`apps/${name}/rollout.yaml`, rolloutYaml(`${name}:${tag}`, '', name)]));
  await started.commit(files('v1'), 'Release v1');
  for (const name of NAMES) started.api.store.create(gitSources, gitSource(started, name) as never);
  await started.settle(1000);
  for (const name of NAMES) raise(started, HASHES.stable, {}, name);
  await started.commit(files('v2'), 'Release all');
  await started.settle(MINUTE + 1000);
  for (const name of NAMES) raise(started, HASHES.canary, {}, name);
  for (const name of NAMES) abort(started, HASHES, {}, name);
  await started.settle(2 * MINUTE);
  return started;
}

const statesOf = ({ reverts }: Loop) =>
  reverts()
    .map(({ status }) => status?.state)
    .sort();

describe('of five that fail at once, no more are written than the day allows', () => {
  it('as commits', async () => {
    const started = await failAll({ budget: { directPerDay: 2 } });
    expect(await revertCommits(started)).toHaveLength(2);
    expect(statesOf(started)).toEqual(['landed', 'landed', 'needsHuman', 'needsHuman', 'needsHuman']);
  });

  it('as pull requests', async () => {
    const github = { pulls: [] };
    const started = await failAll({ mode: 'PullRequest', budget: { pullRequestsPerDay: 2 } }, { github });
    expect(started.hosted?.pulls).toHaveLength(2);
    expect(statesOf(started)).toEqual(['needsHuman', 'needsHuman', 'needsHuman', 'proposed', 'proposed']);
  });

  it('as pull requests where the branch takes no commits, until a person approves', async () => {
    const github = { pulls: [], protectedBranches: new Set(['main']) };
    const started = await failAll({ budget: { directPerDay: 9, pullRequestsPerDay: 1 } }, { github });
    expect(started.hosted?.pulls).toHaveLength(1);
    const waiting = started.reverts().filter(({ status }) => status?.state === 'writing');
    expect(waiting.map(({ status }) => status?.reason)).toEqual(Array(4).fill('BudgetExhausted'));
    const { name = '' } = waiting[0]?.metadata ?? {};
    const body = { metadata: { annotations: { 'headgate.dev/approve': 'true' } } };
    started.api.store.patch('GitRevert', { namespace: 'shop', name }, body);
    await started.settle(2 * MINUTE);
    expect(started.hosted?.pulls).toHaveLength(2);
  });
});

describe('a place in the budget', () => {
  const policy = (directPerDay: number) =>
    ({ name: 'shop', spec: { budget: { directPerDay, pullRequestsPerDay: directPerDay } } }) as unknown as Policy;
  const record = (name: string, status: object = {}) =>
    ({
      metadata: { namespace: 'shop', name, uid: name },
      spec: { repository: 'https://host/team/shop' },
      status: { state: 'writing', plan: { plannedAt: '2026-11-20T11:59:00Z' }, ...status },
    }) as unknown as GitRevert;
  const play = (...records: GitRevert[]) => {
    const places = createPlaces({ reverts: { list: () => records }, clock: { now: () => NOW } } as never);
    const take = (at: number, most: number, way: 'Direct' | 'PullRequest' = 'Direct') =>
      places.take(records[at] as GitRevert, policy(most), way) === undefined;
    const settle = (at: number, work: object) =>
      places.settle(`shop/${records[at]?.metadata.name}`, work as unknown as Work);
    return { places, take, settle };
  };
  const wrote = (kind: string) => ({ effect: 'write', result: { kind } });
  const looked = (kind: string) => ({ effect: 'look', result: { kind } });
  const fresh = { state: 'pending' };

  it('is taken until it is known that nothing was written on it', () => {
    const [a, b] = [record('a', fresh), record('b', fresh)];
    const { places, take, settle } = play(a, b);
    for (const each of [a, b]) places.know(each);
    expect([take(0, 1), take(1, 1), take(0, 1)]).toEqual([true, false, true]);
    settle(0, wrote('unknown'));
    settle(0, looked('failed'));
    expect(take(1, 1)).toBe(false);
    settle(0, looked('clear'));
    expect([take(1, 1), take(0, 1)]).toEqual([true, false]);
  });

  it('is on record once it was written, and counts once', () => {
    const written = record('a', { commit: 'c', state: 'landed' });
    const { places, take } = play(written, record('b', fresh), record('c', fresh));
    places.know(written);
    expect([take(1, 1), take(1, 2), take(2, 2)]).toEqual([false, true, false]);
  });

  it('may have been taken by the process before: of those one goes on, and nobody else', () => {
    const { places, take, settle } = play(record('a'), record('b'), record('c', fresh));
    expect([take(2, 2), take(2, 3)]).toEqual([false, true]);
    settle(2, wrote('stale'));
    for (const each of [record('a'), record('b')]) places.know(each);
    expect([take(1, 1), take(0, 1)]).toEqual([false, true]);
  });

  it('of a proposal is kept where a look finds nothing: an open one is found by opening it again', () => {
    const way = { way: 'PullRequest' };
    const { places, take, settle } = play(record('a', way), record('b', fresh));
    for (const each of [record('a', way), record('b', fresh)]) places.know(each);
    settle(0, looked('clear'));
    expect(take(1, 1, 'PullRequest')).toBe(false);
    settle(0, { effect: 'propose', result: { kind: 'stale' } });
    expect(take(1, 1, 'PullRequest')).toBe(true);
  });
});
