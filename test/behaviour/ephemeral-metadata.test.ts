import { describe, expect, vi } from 'vitest';
import { EPHEMERAL_METADATA, PENDING_METADATA } from '../../src/api/index.ts';
import { rollouts } from '../../src/kube/resources.ts';
import type { RequestInfo } from '../../src/sandbox/api/types.ts';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  FIRST,
  GOOD,
  HASH,
  hashes,
  installed,
  isDegraded,
  isHealthy,
  isPaused,
  NEWEST,
  podsOf,
  ROUTING,
  released,
  replicaSets,
  rolloutYaml,
  routeYaml,
  serviceYaml,
  untilWanted,
} from './fixtures.ts';

const STEPS = '[{ setWeight: 50 }, { pause: {} }]';
const PARTS = `
      canaryMetadata: { labels: { role: canary } }
      stableMetadata: { labels: { role: stable }, annotations: { shop.example/team: core } }
`;
const basic = () => rolloutYaml({ steps: STEPS, canary: PARTS });
const routed = (world: TestWorld) =>
  [routeYaml(world), rolloutYaml({ steps: STEPS, canary: ROUTING + PARTS })].join('---');

const blueGreen = () => {
  const strategy = `
    blueGreen:
      activeService: shop-active
      previewService: shop-preview
      autoPromotionEnabled: false
      scaleDownDelaySeconds: 120
      activeMetadata: { labels: { role: active } }
      previewMetadata: { labels: { role: preview } }
  template:`;
  const rollout = rolloutYaml({ replicas: 2 }).replace(/\n {4}canary:[\s\S]*?\n {2}template:/, strategy);
  return [serviceYaml('shop-active'), serviceYaml('shop-preview'), rollout].join('---');
};

/** The roles of a revision's pods, each once; `-` for none. */
async function roles(world: TestWorld, hash: string): Promise<string[]> {
  const found = (await podsOf(world, hash)).map(({ metadata }) => metadata.labels?.role ?? '-');
  return [...new Set(found)];
}

async function uids(world: TestWorld, hash: string): Promise<string[]> {
  return (await podsOf(world, hash)).map(({ metadata }) => metadata.uid ?? '').sort();
}

/** Lets time pass until a revision's pods all have this role, and nothing more is due. */
async function untilRole(world: TestWorld, hash: string, role: string): Promise<void> {
  const has = async () => (await roles(world, hash)).join() === role && (await pending(world)).length === 0;
  await world.untilTrue(has, 20).catch(() => {});
  expect(await roles(world, hash)).toEqual([role]);
}

async function pending(world: TestWorld): Promise<string[]> {
  const all = await replicaSets(world);
  return all.flatMap(({ metadata }) => metadata.annotations?.[PENDING_METADATA] ?? []);
}

async function record(world: TestWorld, hash: string): Promise<string | undefined> {
  const all = await replicaSets(world);
  return all.find(({ metadata }) => metadata.labels?.[HASH] === hash)?.metadata.annotations?.[EPHEMERAL_METADATA];
}

/** Lets time pass until a revision has no part any more, and none of its pods says otherwise. */
async function untilWithoutPart(world: TestWorld, hash: string): Promise<void> {
  await world.untilTrue(
    async () => (await record(world, hash)) === undefined && (await pending(world)).length === 0,
    20,
  );
}

const change = (world: TestWorld, canary: object) => world.patch(rollouts, 'shop', { spec: { strategy: { canary } } });

describe.each(worlds)('in the $name', ({ it }) => {
  it('pods are the canary, then stable, and are never replaced for that', async ({ world }) => {
    await installed(world, basic());
    const { stable: first } = await hashes(world);
    expect(await roles(world, first)).toEqual(['stable']);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    const { latest } = await hashes(world);
    expect([await roles(world, first), await roles(world, latest)]).toEqual([['stable'], ['canary']]);
    const canaries = await uids(world, latest);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
    await untilRole(world, latest, 'stable');
    expect(await uids(world, latest)).toEqual(expect.arrayContaining(canaries));
    const [pod] = await podsOf(world, latest);
    expect(pod?.metadata.annotations?.['shop.example/team']).toBe('core');
    expect(await record(world, latest)).toBe('{"labels":{"role":"stable"},"annotations":{"shop.example/team":"core"}}');
    await untilWithoutPart(world, first);
  });

  it('pods follow what the strategy says meanwhile, and lose what it says no more', async ({ world }) => {
    await released(world, basic(), GOOD);
    await world.until('shop', isPaused, 60);
    const { stable, latest } = await hashes(world);
    const before = [...(await uids(world, stable)), ...(await uids(world, latest))];
    await change(world, { canaryMetadata: { labels: { role: null, part: 'new' } } });
    await untilRole(world, latest, '-');
    expect((await podsOf(world, latest))[0]?.metadata.labels?.part).toBe('new');
    await change(world, { canaryMetadata: { labels: { role: 'second', part: null } } });
    await untilRole(world, latest, 'second');
    expect((await podsOf(world, latest))[0]?.metadata.labels).not.toHaveProperty('part');
    await change(world, { canaryMetadata: null, stableMetadata: null });
    await untilRole(world, latest, '-');
    await untilRole(world, stable, '-');
    expect([...(await uids(world, stable)), ...(await uids(world, latest))]).toEqual(before);
    expect([await record(world, stable), await record(world, latest)]).toEqual([undefined, undefined]);
  });

  it('pods of a revision that was given up stay the canary, are it again, and have no part once the spec goes back', async ({
    world,
  }) => {
    await released(world, routed(world), GOOD);
    await world.until('shop', isPaused, 60);
    const { stable, latest } = await hashes(world);
    await world.patchStatus('shop', { abort: true });
    await world.until('shop', isDegraded, 60);
    expect([await roles(world, stable), await roles(world, latest)]).toEqual([['stable'], ['canary']]);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
    await world.patchStatus('shop', { abort: false });
    await world.until('shop', isPaused, 60);
    expect(await roles(world, latest)).toEqual(['canary']);
    await world.setImage('shop', FIRST);
    await world.until('shop', isHealthy, 60);
    await untilWithoutPart(world, latest);
    expect(await roles(world, stable)).toEqual(['stable']);
    expect(await roles(world, latest)).not.toContain('canary');
  });

  it('the next revision takes the part over', async ({ world }) => {
    await released(world, routed(world), GOOD);
    await world.until('shop', isPaused, 60);
    const { latest: second } = await hashes(world);
    await world.setImage('shop', NEWEST);
    await world.until('shop', ({ status }) => isPaused({ status } as never) && status?.currentPodHash !== second, 60);
    const { stable, latest } = await hashes(world);
    expect([await roles(world, stable), await roles(world, latest)]).toEqual([['stable'], ['canary']]);
    await untilWithoutPart(world, second);
    await world.untilTrue(async () => !(await roles(world, second)).includes('canary'), 20);
  });

  it('blue-green pods are the preview, then active; former ones, while they are kept, are neither', async ({
    world,
  }) => {
    await installed(world, blueGreen());
    const { stable: first } = await hashes(world);
    expect(await roles(world, first)).toEqual(['active']);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    const { latest } = await hashes(world);
    expect([await roles(world, first), await roles(world, latest)]).toEqual([['active'], ['preview']]);
    const previewed = await uids(world, latest);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
    await untilRole(world, latest, 'active');
    await untilRole(world, first, '-');
    expect(await uids(world, latest)).toEqual(previewed);
  });

  it.for<[string, object, RegExp]>([
    ['a label of the selector', { labels: { app: 'other' } }, /canaryMetadata\.labels: .*`selector` would not select/],
    [
      'the hash',
      { labels: { [HASH]: 'x' } },
      /canaryMetadata\.labels\..*rollouts-pod-template-hash.* is the controller's own/,
    ],
    ['what is no label', { labels: { role: 'not a label' } }, /canaryMetadata\.labels\.role: .*a valid label must be/],
    ['what is no key', { annotations: { 'a b': 'x' } }, /canaryMetadata\.annotations\..*name part must/],
  ])('refuses %s as metadata, with the place', async ([, canaryMetadata, message], { world }) => {
    await installed(world, rolloutYaml({ replicas: 1 }));
    await change(world, { canaryMetadata });
    const { status } = await world.until('shop', isDegraded, 20);
    expect(status?.message).toMatch(message);
    await change(world, { canaryMetadata: null });
    await world.until('shop', isHealthy, 20);
  });
});

/** Only the sandbox tells every request, and fails on demand. */
sandboxOnly.describe('the metadata of pods', () => {
  const { it } = sandboxOnly;
  /** The kubelet's own writes are of other kinds. */
  const isPodPatch = ({ verb, resource, subresource }: RequestInfo) =>
    verb === 'patch' && resource === 'pods' && subresource === '';

  it('is looked at only where it changes', async ({ world }) => {
    await installed(world, basic());
    const asked: string[] = [];
    world.setFaults((request) => {
      if (isPodPatch(request) || (request.verb === 'list' && request.resource === 'pods')) asked.push(request.verb);
      return undefined;
    });
    await world.pass(600);
    expect(asked).toEqual([]);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    await world.pass(600);
    expect(asked).toEqual([]);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
    await world.pass(600);
    expect(asked).toEqual(['list', 'patch', 'patch', 'patch', 'patch']);
  });

  it.for([0, 1, 2])('is complete after a crash with %i pods done', async (done, { world }) => {
    await released(world, basic(), GOOD);
    await world.until('shop', isPaused, 60);
    const { latest } = await hashes(world);
    let patched = 0;
    world.setFaults((request) => (isPodPatch(request) && patched++ >= done ? { drop: 'before' } : undefined));
    await world.patchStatus('shop', { pauseConditions: null });
    await world.untilTrue(async () => (await pending(world)).length === 1 && patched > done, 60);
    await world.restart();
    expect((await roles(world, latest)).includes('canary')).toBe(true);
    world.setFaults();
    await vi.waitFor(() => untilRole(world, latest, 'stable'), { timeout: 10_000 });
    expect(await pending(world)).toEqual([]);
  });

  it('waits conflicts out, and leaves pods alone that are gone', async ({ world }) => {
    await released(world, basic(), GOOD);
    await world.until('shop', isPaused, 60);
    const { latest } = await hashes(world);
    const answers = [409, 404, 500, 409];
    world.setFaults((request) => {
      const answer = isPodPatch(request) ? answers.shift() : undefined;
      return answer === undefined ? undefined : { answer };
    });
    await world.patchStatus('shop', { pauseConditions: null });
    await vi.waitFor(
      async () => {
        await world.pass(5);
        expect(await pending(world)).toEqual([]);
        expect((await world.rollout('shop')).status?.phase).toBe('Healthy');
      },
      { timeout: 10_000 },
    );
    expect(answers).toEqual([]);
    expect(await roles(world, latest)).toEqual(['stable']);
  });
});
