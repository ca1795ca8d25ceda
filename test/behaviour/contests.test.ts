import { describe, expect } from 'vitest';
import type { KubeObject } from '../../src/api/index.ts';
import type { Resource } from '../../src/kube/client.ts';
import { events, httpRoutes, replicaSets, services } from '../../src/kube/resources.ts';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  canaryWeight,
  GOOD,
  HASH,
  hashes,
  isAborted,
  isAtStep,
  isHealthy,
  isPausedAt,
  ROUTING,
  released,
  rolloutYaml,
  routeYaml,
} from './fixtures.ts';

/** A sync engine with one object, as Git has it. */
interface Engine {
  /** Applies Git's content, whoever else wrote the object. */
  sync(): Promise<void>;
}

async function engine<T extends KubeObject>(
  { client, get }: TestWorld,
  resource: Resource<T>,
  name: string,
  fieldManager: string,
  change: (object: T) => T,
): Promise<Engine> {
  const live = change(structuredClone(await get(resource, name)));
  const { namespace, labels, annotations } = live.metadata;
  const metadata = { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) };
  const { status: _, ...desired } = { ...live, metadata } as T & { status?: unknown };
  return {
    sync: async () => void (await client.apply(resource, desired as unknown as T, { fieldManager, force: true })),
  };
}

/** Argo CD with the route of the first release, all of the traffic on stable. */
async function argoCd(world: TestWorld): Promise<Engine> {
  const id = `web:gateway.networking.k8s.io/HTTPRoute:${world.namespace}/shop`;
  return engine(world, httpRoutes, 'shop', 'argocd-controller', (route) => ({
    ...route,
    metadata: { ...route.metadata, annotations: { 'argocd.argoproj.io/tracking-id': id } },
  }));
}

async function told(world: TestWorld, reason: string): Promise<string[]> {
  return (await world.list(events)).filter((event) => event.reason === reason).map(({ message }) => message ?? '');
}

async function writesTo(world: TestWorld, path: string): Promise<number> {
  return (await world.writes()).filter((line) => line.includes(path)).length;
}

const STEPS = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }]';

async function pausedAtQuarter(world: TestWorld, git: (world: TestWorld) => Promise<Engine>): Promise<Engine> {
  const yaml = [routeYaml(world), rolloutYaml({ steps: STEPS, canary: ROUTING })].join('---');
  await released(world, yaml, GOOD);
  const made = await git(world);
  await world.until('shop', isPausedAt(1), 60);
  return made;
}

/** Sets the route back as often as it is put right. */
async function contest(world: TestWorld, git: Engine, times: number, weight = 25): Promise<void> {
  for (let round = 0; round < times; round++) {
    await world.untilTrue(async () => (await canaryWeight(world)) === weight, 60);
    await git.sync();
  }
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('puts right what is set back once or twice, and calls that no contest', async ({ world }) => {
    const git = await pausedAtQuarter(world, argoCd);
    await contest(world, git, 2);
    await world.untilTrue(async () => (await canaryWeight(world)) === 25, 5);
    expect(await told(world, 'RouteContested')).toEqual([]);
  });

  it('tells who sets the weights back, writes seldom, and goes no step on', async ({ world }) => {
    const git = await pausedAtQuarter(world, argoCd);
    await contest(world, git, 3);
    await world.untilTrue(async () => (await told(world, 'RouteContested')).length > 0, 10);
    const [message = '', ...more] = await told(world, 'RouteContested');
    expect(more).toEqual([]);
    expect(message).toMatch(
      /^Application argocd\/web \(argocd-controller\) has set the weights of HTTPRoute shop back 3 times/,
    );
    expect(message).toContain(
      "add to Application argocd/web: spec: {ignoreDifferences: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop, jqPathExpressions: ['.spec.rules[].backendRefs[].weight']}], syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}}",
    );
    const before = await writesTo(world, '/httproutes/shop');
    await world.pass(20);
    expect(await canaryWeight(world)).toBe(0);
    expect(await writesTo(world, '/httproutes/shop')).toBe(before);
    await world.untilTrue(async () => (await canaryWeight(world)) === 25, 20);
    await git.sync();
    await world.pass(20);
    expect(await writesTo(world, '/httproutes/shop')).toBe(before + 1);
    expect((await world.rollout('shop')).status?.currentStepIndex).toBe(1);
    expect(await told(world, 'RouteContested')).toHaveLength(1);
  });

  it('takes the traffic home at once, and writes nothing where it is there already', async ({ world }) => {
    const git = await pausedAtQuarter(world, argoCd);
    await contest(world, git, 3);
    await world.pass(5);
    const before = await writesTo(world, '/httproutes/shop');
    await world.patchStatus('shop', { abort: true });
    await world.until('shop', isAborted, 10);
    await world.pass(60);
    expect(await canaryWeight(world)).toBe(0);
    expect(await writesTo(world, '/httproutes/shop')).toBe(before);
  });

  it('takes traffic home at once where Git gives half of it to the canary', async ({ world }) => {
    const half = (one: TestWorld) =>
      engine(one, httpRoutes, 'shop', 'kubectl', (route) =>
        JSON.parse(JSON.stringify(route).replaceAll(/"weight":\d+/g, '"weight":50')),
      );
    const git = await pausedAtQuarter(world, half);
    await contest(world, git, 4);
    await world.patchStatus('shop', { abort: true });
    await world.untilTrue(async () => (await canaryWeight(world)) === 0, 1);
    // Once both Services lead to the stable pods, it hurts nobody.
    const { stable } = await hashes(world);
    const selected = async () => (await world.get(services, 'shop-canary')).spec.selector?.[HASH];
    await world.untilTrue(async () => (await selected()) === stable, 10);
    await git.sync();
    expect(await world.answers({})).toEqual(['1.0.0']);
    expect((await told(world, 'RouteContested'))[0]).toContain('without weights each counts as 1');
  });

  it('tells of a Service whose selector is set back, and keeps the step', async ({ world }) => {
    const flux = (one: TestWorld) =>
      engine(one, services, 'shop-canary', 'kustomize-controller', (service) => ({
        ...service,
        metadata: {
          ...service.metadata,
          labels: {
            'kustomize.toolkit.fluxcd.io/name': 'apps',
            'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
          },
          annotations: {},
        },
        spec: { ...service.spec, selector: { app: 'shop' } },
      }));
    const git = await pausedAtQuarter(world, flux);
    const { latest } = await hashes(world);
    const selected = async () => (await world.get(services, 'shop-canary')).spec.selector?.[HASH];
    for (let round = 0; round < 3; round++) {
      await world.untilTrue(async () => (await selected()) === latest, 60);
      await git.sync();
    }
    await world.untilTrue(async () => (await told(world, 'ServiceContested')).length > 0, 10);
    expect(await told(world, 'ServiceContested')).toEqual([
      expect.stringMatching(
        /^Kustomization flux-system\/apps \(kustomize-controller\) has set the selector of Service shop-canary back 3 times.*add to Service shop-canary in Git: metadata: \{annotations: \{kustomize\.toolkit\.fluxcd\.io\/ssa: IfNotPresent\}\}$/,
      ),
    ]);
    const before = await writesTo(world, '/services/shop-canary');
    await world.pass(20);
    expect(await selected()).toBeUndefined();
    expect(await writesTo(world, '/services/shop-canary')).toBe(before);
    await world.untilTrue(async () => (await selected()) === latest, 20);
  });
});

sandboxOnly.describe('in the sandbox', () => {
  const { it } = sandboxOnly;

  it('goes on once Git leaves the weights alone, says so, and forgets it', async ({ world }) => {
    const git = await pausedAtQuarter(world, argoCd);
    await contest(world, git, 4);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isAtStep(2), 10);
    await world.until('shop', isAtStep(3), 180);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 240);
    await world.pass(16 * 60);
    expect(await told(world, 'RouteContestEnded')).toEqual([
      'Application argocd/web (argocd-controller) no longer sets the weights of HTTPRoute shop back, after 4 times',
    ]);
    const remembered = (await world.list(replicaSets)).map(
      ({ metadata }) => metadata.annotations?.['headgate.dev/state'],
    );
    expect(remembered.join()).not.toContain('contests');
  });

  it('holds a pause that is over until its weight is served again', async ({ world }) => {
    const steps = '[{ setWeight: 25 }, { pause: { duration: 40 } }, { setWeight: 75 }, { pause: {} }]';
    await released(world, [routeYaml(world), rolloutYaml({ steps, canary: ROUTING })].join('---'), GOOD);
    const git = await argoCd(world);
    await world.until('shop', isPausedAt(1), 60);
    await contest(world, git, 4);
    await world.pass(45);
    expect((await world.rollout('shop')).status?.currentStepIndex).toBe(1);
    await world.until('shop', isAtStep(2), 200);
    expect(await canaryWeight(world)).toBe(25);
  });

  it('writes only now and then against somebody who is always quicker', async ({ world }) => {
    const git = await pausedAtQuarter(world, argoCd);
    const before = await writesTo(world, '/httproutes/shop');
    const answer = async () => {
      if ((await canaryWeight(world)) !== 0) await git.sync();
    };
    const end = world.api.store.watch('HTTPRoute', () => void answer());
    await world.pass(1800);
    end();
    expect((await writesTo(world, '/httproutes/shop')) - before).toBeLessThan(14);
    expect(await canaryWeight(world)).toBe(0);
    expect(await told(world, 'RouteContested')).toHaveLength(1);
  });
});
