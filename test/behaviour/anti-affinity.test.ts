import { describe, expect } from 'vitest';
import { rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  FIRST,
  GOOD,
  HASH,
  hashes,
  installed,
  isHealthy,
  isPaused,
  NEWEST,
  podsOf,
  released,
  replicaSets,
  rolloutYaml,
  serviceYaml,
} from './fixtures.ts';

const canaryYaml = (own = '') =>
  rolloutYaml({
    steps: '[{ setWeight: 50 }, { pause: {} }]',
    canary: '      antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 30 } }',
  }).replace('    spec:\n', `    spec:\n${own}`);

const blueGreenYaml = () => {
  const strategy = `
    blueGreen:
      activeService: shop-active
      autoPromotionEnabled: false
      antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} }
  template:`;
  const rollout = rolloutYaml({ replicas: 2 }).replace(/\n {4}canary:[\s\S]*?\n {2}template:/, strategy);
  return [serviceYaml('shop-active'), rollout].join('---');
};

const term = (world: TestWorld, hash: string) => ({
  labelSelector: { matchExpressions: [{ key: HASH, operator: 'In', values: [hash] }] },
  namespaces: [world.namespace],
  topologyKey: 'kubernetes.io/hostname',
});
const preferred = (world: TestWorld, hash: string) => ({
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 30, podAffinityTerm: term(world, hash) }],
  },
});
const required = (world: TestWorld, hash: string) => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(world, hash)] },
});

/** The affinity in the ReplicaSet's template. */
async function affinity(world: TestWorld, hash: string): Promise<unknown> {
  const all = await replicaSets(world);
  return all.find(({ metadata }) => metadata.labels?.[HASH] === hash)?.spec.template.spec?.affinity;
}

async function promoted(world: TestWorld): Promise<void> {
  await world.patchStatus('shop', { pauseConditions: null });
  await world.until('shop', isHealthy, 60);
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('new pods keep away from the stable ones, and those that come back from those that are stable by then', async ({
    world,
  }) => {
    await installed(world, canaryYaml());
    const { stable: first } = await hashes(world);
    expect(await affinity(world, first)).toBeUndefined();
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    const { latest: second } = await hashes(world);
    expect(await affinity(world, second)).toEqual(preferred(world, first));
    expect((await podsOf(world, second)).map(({ spec }) => spec.affinity)).toEqual([
      preferred(world, first),
      preferred(world, first),
    ]);
    await promoted(world);
    expect(await affinity(world, second)).toEqual(preferred(world, first));
    await world.setImage('shop', FIRST);
    const { status } = await world.until('shop', isPaused, 60);
    expect(status?.currentPodHash).toBe(first);
    expect(await affinity(world, first)).toEqual(preferred(world, second));
    expect((await podsOf(world, first)).map(({ spec }) => spec.affinity)).toContainEqual(preferred(world, second));
    await world.setImage('shop', GOOD);
    await world.until('shop', isHealthy, 60);
    expect(await affinity(world, second)).toBeUndefined();
    expect((await hashes(world)).stable).toBe(second);
  });

  it("leaves the template's own affinity as it is, and goes when nobody asks for it", async ({ world }) => {
    const own = `
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - { labelSelector: { matchLabels: { app: other } }, topologyKey: kubernetes.io/hostname }
`;
    await installed(world, canaryYaml(own.slice(1)));
    const { stable } = await hashes(world);
    const given = (await affinity(world, stable)) as { podAntiAffinity: object };
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    const { latest } = await hashes(world);
    expect(await affinity(world, latest)).toEqual({
      podAntiAffinity: { ...given.podAntiAffinity, ...preferred(world, stable).podAntiAffinity },
    });
    await world.patch(rollouts, 'shop', { spec: { strategy: { canary: { antiAffinity: null } } } });
    await world.until('shop', isPaused, 20);
    await world.untilTrue(async () => JSON.stringify(await affinity(world, latest)) === JSON.stringify(given), 20);
  });

  it('may be required of blue-green pods; each update keeps away from the one before', async ({ world }) => {
    await released(world, blueGreenYaml(), GOOD);
    await world.until('shop', isPaused, 60);
    const { stable: first, latest: second } = await hashes(world);
    expect(await affinity(world, second)).toEqual(required(world, first));
    await promoted(world);
    await world.setImage('shop', NEWEST);
    await world.until('shop', isPaused, 60);
    const { latest: third } = await hashes(world);
    expect(await affinity(world, third)).toEqual(required(world, second));
    expect([await affinity(world, first), await affinity(world, second)]).toEqual([undefined, required(world, first)]);
  });

  it('no ReplicaSet is made anew for what was injected', async ({ world }) => {
    await released(world, canaryYaml(), GOOD);
    await world.until('shop', isPaused, 60);
    await promoted(world);
    await world.restart();
    await world.pass(5);
    expect(await replicaSets(world)).toHaveLength(2);
    expect((await world.rollout('shop')).status?.phase).toBe('Healthy');
  });
});
