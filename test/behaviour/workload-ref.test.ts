import { describe, expect, vi } from 'vitest';
import { POD_TEMPLATE_HASH, type Rollout } from '../../src/api/index.ts';
import {
  type AnyObject,
  deployments,
  podTemplates,
  replicaSets as replicaSetsKind,
  rollouts,
  services,
} from '../../src/kube/resources.ts';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  canaryWeight,
  entryYaml,
  FIRST,
  GOOD,
  hashes,
  httpRouteYaml,
  isDegraded,
  isHealthy,
  isPausedAt,
  replicaSets,
  routeYaml,
  servedDuring,
  serviceYaml,
  wanted,
} from './fixtures.ts';

interface Deployment extends AnyObject {
  spec: { replicas: number; template: object };
  status?: { availableReplicas?: number };
}

const PODS = `
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: shop, image: '${FIRST}', ports: [{ containerPort: 8080 }] }] }
`;

function deploymentYaml(replicas: number): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: shop } }
  template:${PODS}
`;
}

interface Shape {
  replicas?: number | undefined;
  scaleDown?: string;
  /** In YAML's flow style. */
  strategy?: string;
  reference?: string;
  spec?: string;
}

const DEPLOYMENT = 'apiVersion: apps/v1, kind: Deployment, name: shop';

function referringYaml(shape: Shape): string {
  const { scaleDown = 'never', strategy = '{ canary: {} }', reference = DEPLOYMENT, spec = '' } = shape;
  const replicas = 'replicas' in shape ? shape.replicas : 3;
  return `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  ${replicas === undefined ? '' : `replicas: ${replicas}`}
  workloadRef: { ${reference}, scaleDown: ${scaleDown} }
  ${spec}
  strategy: ${strategy}
`;
}

const BLUE_GREEN = '{ blueGreen: { activeService: shop-active, scaleDownDelaySeconds: 5 } }';

function blueGreenPlace(world: TestWorld): string {
  return [serviceYaml('shop-active'), httpRouteYaml(world, '{ name: shop-active, port: 80 }')].join('---');
}

async function deployment(world: TestWorld): Promise<Deployment> {
  return (await world.get(deployments, 'shop')) as Deployment;
}

async function size(world: TestWorld): Promise<number> {
  return (await deployment(world)).spec.replicas;
}

async function untilSize(world: TestWorld, replicas: number, seconds = 60): Promise<void> {
  await world.untilTrue(async () => (await size(world)) === replicas, seconds).catch(() => {});
  expect(await size(world)).toBe(replicas);
}

/** A Deployment whose pods serve. */
async function deployed(world: TestWorld, place: string, replicas = 3): Promise<void> {
  await world.create([place, deploymentYaml(replicas)].join('---'));
  await world.untilTrue(async () => ((await deployment(world)).status?.availableReplicas ?? 0) === replicas, 60);
}

async function takenOver(world: TestWorld, yaml: string): Promise<void> {
  await world.create(yaml);
  await world.until('shop', isHealthy, 90);
}

/** Answers with how many requests find no pod from now on. */
function losses(world: TestWorld): () => number {
  const { unserved } = world.requests();
  return () => world.requests().unserved - unserved;
}

/** Available pods of the Rollout and of the Deployment together. */
async function availablePods(world: TestWorld): Promise<number> {
  const sets = (await world.list(replicaSetsKind)).map(({ status }) => status?.availableReplicas ?? 0);
  return sets.reduce((sum, pods) => sum + pods, 0);
}

async function setWorkloadImage(world: TestWorld, image: string): Promise<void> {
  const containers = [{ name: 'shop', image, ports: [{ containerPort: 8080 }] }];
  await world.patch(deployments, 'shop', { spec: { template: { spec: { containers } } } });
}

/** The workload's generation as the Rollout tells it: in its annotation and in its status. */
function generationsTold({ metadata, status }: Rollout): (string | undefined)[] {
  return [metadata.annotations?.['rollout.argoproj.io/workload-generation'], status?.workloadObservedGeneration];
}

async function expectGenerationTold(world: TestWorld): Promise<void> {
  const isTold = async () => {
    const generation = String((await deployment(world)).metadata.generation);
    return generationsTold(await world.rollout('shop')).every((told) => told === generation);
  };
  await world.untilTrue(isTold, 30);
}

/** The ReplicaSets of the Rollout. */
async function ownSets(world: TestWorld) {
  return (await replicaSets(world)).filter(({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH]);
}

/** Wanted pods of the Rollout by template hash. */
async function podsByHash(world: TestWorld): Promise<Record<string, number | undefined>> {
  const { '': _, ...own } = await wanted(world);
  return own;
}

describe.each(worlds)('a Rollout that names a Deployment, in the $name', ({ it }) => {
  it('takes its pods from there, leaves it alone, and writes nothing of it down', async ({ world }) => {
    await deployed(world, entryYaml(world), 2);
    const lost = losses(world);
    await takenOver(world, referringYaml({}));
    const { spec, status } = await world.rollout('shop');
    expect(spec.template).toBeUndefined();
    expect(spec.selector).toBeUndefined();
    expect(status).toMatchObject({ availableReplicas: 3, selector: 'app=shop' });
    const [own] = await ownSets(world);
    expect(own?.spec.selector.matchLabels).toEqual({ app: 'shop', [POD_TEMPLATE_HASH]: status?.stableRS });
    expect(own?.metadata.annotations).not.toHaveProperty('rollout.argoproj.io/workload-generation');
    await expectGenerationTold(world);
    await world.pass(10);
    expect(await size(world)).toBe(2);
    expect(lost()).toBe(0);
  });

  it('takes all of its pods once it is healthy and users reach it: onsuccess', async ({ world }) => {
    await deployed(world, blueGreenPlace(world), 2);
    const lost = losses(world);
    await takenOver(world, referringYaml({ scaleDown: 'onsuccess', replicas: 2, strategy: BLUE_GREEN }));
    await untilSize(world, 0);
    const { stable } = await hashes(world);
    expect((await world.get(services, 'shop-active')).spec.selector).toEqual({
      app: 'shop',
      [POD_TEMPLATE_HASH]: stable,
    });
    await expectGenerationTold(world);
    await world.pass(5);
    expect(await servedDuring(world, 3)).toEqual(['1.0.0']);
    expect(lost()).toBe(0);
  });

  it('takes its pods one by one as its own are there, and never gives any back after that: progressively', async ({
    world,
  }) => {
    await deployed(world, entryYaml(world));
    await world.create(referringYaml({ scaleDown: 'progressively' }));
    const lost = losses(world);
    const [sizes, together] = [new Set<number>(), new Set<number>()];
    const isDone = async () => {
      together.add(await availablePods(world));
      sizes.add(await size(world));
      return sizes.has(0);
    };
    await world.untilTrue(isDone, 90);
    expect(Math.min(...together)).toBe(3);
    await world.until('shop', isHealthy, 30);
    // Neither scaling nor an update brings the Deployment back.
    await world.patch(rollouts, 'shop', { spec: { replicas: 5 } });
    await world.until('shop', (rollout) => isHealthy(rollout) && rollout.status?.availableReplicas === 5, 60);
    await world.patch(rollouts, 'shop', { spec: { replicas: 2 } });
    await world.until('shop', (rollout) => isHealthy(rollout) && rollout.status?.replicas === 2, 60);
    const { stable } = await hashes(world);
    await setWorkloadImage(world, GOOD);
    await world.until('shop', (rollout) => isHealthy(rollout) && rollout.status?.stableRS !== stable, 60);
    expect(await size(world)).toBe(0);
    expect(lost()).toBe(0);
  });

  it('takes pods that come back later, at whatever revision', async ({ world }) => {
    await deployed(world, entryYaml(world), 0);
    await takenOver(world, referringYaml({ scaleDown: 'onsuccess' }));
    const { stable } = await hashes(world);
    await setWorkloadImage(world, GOOD);
    await world.until('shop', (rollout) => isHealthy(rollout) && rollout.status?.stableRS !== stable, 60);
    await world.patch(deployments, 'shop', { spec: { replicas: 2 } });
    await untilSize(world, 0);
  });

  it('rolls a change of the Deployment out by its own steps', async ({ world }) => {
    await deployed(world, entryYaml(world), 0);
    await takenOver(world, referringYaml({ strategy: '{ canary: { steps: [{ setWeight: 34 }, { pause: {} }] } }' }));
    await setWorkloadImage(world, GOOD);
    await world.until('shop', isPausedAt(1), 60);
    const { stable, latest } = await hashes(world);
    expect(await podsByHash(world)).toEqual({ [stable]: 2, [latest]: 1 });
    await expectGenerationTold(world);
    expect((await world.rollout('shop')).metadata.annotations?.['rollout.argoproj.io/revision']).toBe('2');
    await setWorkloadImage(world, FIRST);
    await world.until('shop', (rollout) => isHealthy(rollout) && rollout.status?.currentPodHash === stable, 60);
    await expectGenerationTold(world);
  });

  it('keeps its pods when the Deployment is deleted, says what is wrong, and goes on when it is back', async ({
    world,
  }) => {
    await deployed(world, blueGreenPlace(world), 0);
    await takenOver(world, referringYaml({ strategy: BLUE_GREEN, replicas: 2 }));
    await world.pass(1);
    const lost = losses(world);
    const before = await podsByHash(world);
    await world.client.delete(deployments, { namespace: world.namespace, name: 'shop' });
    const { status } = await world.until('shop', isDegraded, 60);
    expect(status?.message).toContain(
      `InvalidSpec: The Rollout "shop" is invalid: spec.workloadRef.name: deployments.apps "${world.namespace}/shop" not found: create it`,
    );
    expect(status).toMatchObject({ selector: `app=shop,${POD_TEMPLATE_HASH}=${status?.stableRS}` });
    await world.restart();
    await world.pass(10);
    expect(await podsByHash(world)).toEqual(before);
    await world.create(deploymentYaml(0));
    await world.until('shop', isHealthy, 60);
    expect(await podsByHash(world)).toEqual(before);
    await expectGenerationTold(world);
    expect(lost()).toBe(0);
  });

  it('waits for a Deployment that is not there yet, and touches no Service until it is', async ({ world }) => {
    await world.create([blueGreenPlace(world), referringYaml({ strategy: BLUE_GREEN, replicas: 1 })].join('---'));
    await world.until('shop', isDegraded, 60);
    expect((await world.get(services, 'shop-active')).spec.selector).toEqual({ app: 'shop' });
    expect(await replicaSets(world)).toEqual([]);
    await world.create(deploymentYaml(0));
    await world.until('shop', isHealthy, 60);
    const { stable } = await hashes(world);
    expect((await world.get(services, 'shop-active')).spec.selector).toMatchObject({ [POD_TEMPLATE_HASH]: stable });
  });

  it('says which kinds may be named, and goes on once it names one', async ({ world }) => {
    await deployed(world, entryYaml(world), 0);
    await world.create(referringYaml({ reference: 'apiVersion: apps/v1, kind: StatefulSet, name: shop' }));
    const { status } = await world.until('shop', isDegraded, 60);
    expect(status?.message).toContain('spec.workloadRef: workload of type apps/StatefulSet is not supported: name a');
    await world.patch(rollouts, 'shop', { spec: { workloadRef: { kind: 'Deployment' } } });
    await world.until('shop', isHealthy, 60);
  });

  it('may name a ReplicaSet, or a PodTemplate with a selector of its own', async ({ world }) => {
    const set = deploymentYaml(1).replace('kind: Deployment', 'kind: ReplicaSet');
    const template = `\napiVersion: v1\nkind: PodTemplate\nmetadata: { name: shop }\ntemplate:${PODS}`;
    await world.create([entryYaml(world), set, template].join('---'));
    const named = (apiVersion: string, kind: string) => `apiVersion: ${apiVersion}, kind: ${kind}, name: shop`;
    await takenOver(world, referringYaml({ scaleDown: 'onsuccess', reference: named('apps/v1', 'ReplicaSet') }));
    await world.pass(1);
    const lost = losses(world);
    await world.untilTrue(async () => (await world.get(replicaSetsKind, 'shop')).spec.replicas === 0, 60);
    const { stable } = await hashes(world);
    const workloadRef = { apiVersion: 'v1', kind: 'PodTemplate' };
    await world.patch(rollouts, 'shop', { spec: { workloadRef } });
    const { status } = await world.until('shop', isDegraded, 60);
    expect(status?.message).toContain("spec.selector: Rollout has missing field '.spec.selector'");
    await world.patch(rollouts, 'shop', { spec: { selector: { matchLabels: { app: 'shop' } } } });
    const healthy = await world.until('shop', isHealthy, 60);
    // The same pods by another name.
    expect(healthy.status?.stableRS).toBe(stable);
    const containers = [{ name: 'shop', image: GOOD }];
    await world.patch(podTemplates, 'shop', { template: { spec: { containers } } });
    await world.until('shop', (rollout) => isHealthy(rollout) && rollout.status?.stableRS !== stable, 60);
    expect(generationsTold(await world.rollout('shop'))).toEqual(['2', '2']);
    expect(lost()).toBe(0);
  });

  it('forgets the Deployment when it gets pods of its own', async ({ world }) => {
    await deployed(world, entryYaml(world), 2);
    await takenOver(world, referringYaml({ scaleDown: 'onsuccess' }));
    await untilSize(world, 0);
    const { stable } = await hashes(world);
    const template = (await deployment(world)).spec.template;
    const selector = { matchLabels: { app: 'shop' } };
    await world.patch(rollouts, 'shop', { spec: { workloadRef: null, selector, template } });
    const isForgotten = (rollout: Rollout) =>
      isHealthy(rollout) && generationsTold(rollout).every((told) => told === undefined);
    const { status } = await world.until('shop', isForgotten, 60);
    expect(status?.stableRS).toBe(stable);
    const isLetGo = async () =>
      (await deployment(world)).metadata.annotations?.['headgate.dev/scaled-down'] === undefined;
    await world.untilTrue(isLetGo, 30);
    expect(await size(world)).toBe(0);
  });

  it('gives the Deployment its pods back when it goes', async ({ world }) => {
    await deployed(world, entryYaml(world), 2);
    await takenOver(world, referringYaml({ scaleDown: 'onsuccess' }));
    await untilSize(world, 0);
    await world.client.delete(rollouts, { namespace: world.namespace, name: 'shop' });
    await untilSize(world, 2);
    expect((await deployment(world)).metadata.annotations ?? {}).not.toHaveProperty('headgate.dev/scaled-down');
  });

  it('does not take several pods for the one that it has by default', async ({ world }) => {
    await deployed(world, entryYaml(world));
    await takenOver(world, referringYaml({ scaleDown: 'onsuccess', replicas: undefined }));
    await untilSize(world, 2);
    await world.pass(10);
    expect(await size(world)).toBe(2);
    await world.patch(rollouts, 'shop', { spec: { replicas: 3 } });
    await untilSize(world, 0);
  });

  it('writes nothing at rest, also after a restart', async ({ world }) => {
    await deployed(world, entryYaml(world), 2);
    await takenOver(world, referringYaml({ scaleDown: 'progressively' }));
    await untilSize(world, 0);
    await world.pass(20);
    const before = await world.writes();
    expect(before.some((line) => line.startsWith('patch') && line.includes('/deployments/shop'))).toBe(true);
    await world.restart();
    await world.pass(world.longQuiet);
    expect((await world.writes()).slice(before.length)).toEqual([]);
  });
});

sandboxOnly.describe('a Rollout whose Deployment cannot be looked up', () => {
  sandboxOnly.it('takes traffic back at once, and does nothing else until it can', async ({ world }) => {
    const steps = 'steps: [{ setWeight: 25 }, { pause: {} }]';
    const routed = 'trafficRouting: { plugins: { argoproj-labs/gatewayAPI: { httpRoute: shop } } }';
    const strategy = `{ canary: { stableService: shop-stable, canaryService: shop-canary, ${routed}, ${steps} } }`;
    await deployed(world, routeYaml(world), 0);
    await takenOver(world, referringYaml({ strategy }));
    await setWorkloadImage(world, GOOD);
    await world.until('shop', isPausedAt(1), 60);
    expect(await canaryWeight(world)).toBe(25);
    world.setFaults(({ resource }) => (resource === 'deployments' ? { answer: 503 } : undefined));
    await world.restart();
    await world.pass(30);
    const before = await world.rollout('shop');
    expect(before.status?.phase).toBe('Paused');
    await world.patchStatus('shop', { abort: true });
    await world.untilTrue(async () => (await canaryWeight(world)) === 0, 30);
    expect((await world.rollout('shop')).status).toEqual({ ...before.status, abort: true });
    world.setFaults();
    // It is asked for again after a delay of machine time.
    await vi.waitFor(
      async () => {
        await world.pass(5);
        expect((await world.rollout('shop')).status?.phase).toBe('Degraded');
      },
      { timeout: 20_000 },
    );
  });
});

/** It takes minutes. */
sandboxOnly.describe('a Deployment that somebody else keeps scaling up', () => {
  sandboxOnly.it('is scaled down again after a while each time, never at once', async ({ world }) => {
    await deployed(world, entryYaml(world), 2);
    await takenOver(world, referringYaml({ scaleDown: 'onsuccess' }));
    await untilSize(world, 0);
    await world.pass(20);
    await world.patch(deployments, 'shop', { spec: { replicas: 2 } });
    await world.pass(240);
    expect(await size(world)).toBe(2);
    await untilSize(world, 0, 60);
  });
});
