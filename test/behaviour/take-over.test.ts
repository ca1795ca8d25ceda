import { describe, expect } from 'vitest';
import type { Rollout } from '../../src/api/index.ts';
import { deployments, pods, replicaSets, services } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import { HASH, isDegraded, isHealthy, isPausedAt } from './fixtures.ts';
import { type HalfWay, halfWays, type Loaded, load } from './left-half-way.ts';

/** Wanted pods by ReplicaSet. */
async function wanted(world: TestWorld): Promise<Record<string, number | undefined>> {
  const sets = await world.list(replicaSets);
  return Object.fromEntries(sets.map(({ metadata, spec }) => [metadata.name, spec.replicas]));
}

async function selectors(world: TestWorld): Promise<Record<string, unknown>> {
  const all = await world.list(services);
  return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name, spec?.selector]));
}

/** The same pods are pods that nobody has restarted. */
async function podsOf(world: TestWorld): Promise<(string | undefined)[]> {
  return (await world.list(pods)).map(({ metadata }) => metadata.uid).toSorted();
}

function standing({ status = {} }: Rollout) {
  const { phase, currentStepIndex, pauseConditions, currentPodHash, stableRS, blueGreen } = status;
  const { activeSelector, previewSelector } = blueGreen ?? {};
  return { phase, currentStepIndex, pauseConditions, currentPodHash, stableRS, activeSelector, previewSelector };
}

async function picture(world: TestWorld, name: string) {
  return {
    wanted: await wanted(world),
    selectors: await selectors(world),
    pods: await podsOf(world),
    standing: standing(await world.rollout(name)),
  };
}

/** As the kubectl plugin promotes. */
async function promote(world: TestWorld, name: string): Promise<void> {
  await world.patchStatus(name, { pauseConditions: null });
}

async function promotedToTheEnd(world: TestWorld, { rollout }: HalfWay): Promise<void> {
  const { name } = rollout.metadata;
  await promote(world, name);
  const done = await world.until(name, isHealthy, 900);
  expect(done.status?.stableRS).toBe(rollout.status?.currentPodHash);
  expect((await wanted(world))[`${name}-${done.status?.stableRS}`]).toBe(rollout.spec.replicas);
}

async function hashOf(world: TestWorld, service: string): Promise<string | undefined> {
  return (await world.get(services, service)).spec?.selector?.[HASH];
}

/** Lets time pass until all pods of the revision carry the label. */
async function untilLabelled(world: TestWorld, hash: string | undefined, key: string, value: string): Promise<void> {
  await world.untilTrue(async () => {
    const own = (await world.list(pods)).filter(({ metadata }) => metadata.labels?.[HASH] === hash);
    return own.length > 0 && own.every(({ metadata }) => metadata.labels?.[key] === value);
  }, 30);
}

type Story = (world: TestWorld, halfWay: HalfWay, loaded: Loaded) => Promise<void>;

/** Those whose timers are waited for are taken as if the other controller had ended so shortly before the first rings. */
const ended: Record<string, string> = {
  '03': '2026-11-21T01:55:40Z',
  '09': '2026-11-21T01:55:25Z',
  '14': '2026-11-21T01:54:50Z',
};

/** How it goes on, by the number of the state. Every timer ends when it would have ended for the other controller. */
const stories: Record<string, Story> = {
  async '01'(world) {
    await world.setImage('shop', 'registry.example/shop/web:1.2.0');
    await world.until('shop', isPausedAt(1), 60);
    expect(Object.values(await wanted(world)).toSorted()).toEqual([1, 4]);
    expect(await wanted(world)).toMatchObject({ 'shop-7cc9d6f849': 4 });
  },
  '02': promotedToTheEnd,
  async '03'(world, { rollout: { metadata, status } }, { at }) {
    await untilLabelled(world, status?.currentPodHash, 'role', 'canary');
    await world.pass((at('2026-11-21T01:56:56Z') - world.now()) / 1000);
    expect((await world.rollout(metadata.name)).status).toMatchObject({ phase: 'Paused', currentStepIndex: 2 });
    await world.until(metadata.name, isPausedAt(4), 30);
    await promote(world, metadata.name);
    await world.until(metadata.name, isHealthy, 60);
    await untilLabelled(world, status?.currentPodHash, 'role', 'stable');
  },
  async '08'(world, halfWay) {
    const { activeSelector: old } = halfWay.rollout.status?.blueGreen ?? {};
    expect(await hashOf(world, 'site-active')).toBe(old);
    await promotedToTheEnd(world, halfWay);
    const { currentPodHash } = halfWay.rollout.status ?? {};
    expect(await hashOf(world, 'site-active')).toBe(currentPodHash);
    await untilLabelled(world, currentPodHash, 'slot', 'active');
  },
  async '09'(world, _, { at }) {
    await world.pass((at('2026-11-21T01:56:50Z') - world.now()) / 1000);
    expect(await wanted(world)).toEqual({ 'blog-75695767bd': 3, 'blog-6844b7c97b': 3 });
    await world.untilTrue(async () => (await wanted(world))['blog-75695767bd'] === 0, 10);
    expect(world.now()).toBeGreaterThan(at('2026-11-21T01:56:53Z'));
    expect(await wanted(world)).toEqual({ 'blog-75695767bd': 0, 'blog-6844b7c97b': 3 });
    expect((await world.rollout('blog')).status?.phase).toBe('Healthy');
  },
  async '10'(world, halfWay) {
    await promotedToTheEnd(world, halfWay);
    expect((await world.get(deployments, 'legacy')).spec).toMatchObject({ replicas: 0 });
  },
  async '12'(world, halfWay) {
    expect(await wanted(world)).toEqual({ 'feed-548975c496': 6, 'feed-7cdf88c76c': 3 });
    await promotedToTheEnd(world, halfWay);
  },
  async '14'(world, { rollout: { metadata } }, { at }) {
    await world.until(metadata.name, isDegraded, 120);
    expect(world.now()).toBeGreaterThan(at('2026-11-21T01:56:12Z'));
    expect(world.now()).toBeLessThan(at('2026-11-21T01:56:40Z'));
    expect(await wanted(world)).toEqual({ 'stuck-7f466d5674': 2, 'stuck-8556d56f88': 1 });
  },
};

describe.each(worlds)('what Argo Rollouts left half-way: $name', ({ it }) => {
  for (const halfWay of halfWays) {
    const { name, rollout, undriven } = halfWay;
    const shop = rollout.metadata.name;
    const isDriven = undriven.length === 0;

    it.skipIf(!isDriven)(`${name} goes on where it stood`, async ({ world }) => {
      const number = name.slice(0, 2);
      const loaded = await load(world, halfWay, ended[number]);
      const before = await picture(world, shop);
      expect(await world.writes()).toEqual([]);
      await loaded.takeOver();
      await world.pass(15);
      expect(await picture(world, shop)).toEqual(before);
      await stories[number]?.(world, halfWay, loaded);
    });

    it.skipIf(isDriven)(`${name} is refused, and nothing is touched`, async ({ world }) => {
      const loaded = await load(world, halfWay);
      const before = await picture(world, shop);
      await loaded.takeOver();
      await world.pass(15);
      const { standing: _, ...rest } = await picture(world, shop);
      expect(before).toMatchObject(rest);
      const { status } = await world.rollout(shop);
      const invalid = status?.conditions?.find(({ type }) => type === 'InvalidSpec');
      const path = `/namespaces/${world.namespace}/rollouts/${shop}/status`;
      expect(await world.writes()).toEqual([expect.stringMatching(`^patch .*${path}(\\?|$)`)]);
      expect(invalid?.message).toContain('not supported by this version');
    });
  }
});
