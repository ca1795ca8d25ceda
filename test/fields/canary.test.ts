/** Every field of spec.strategy.canary, its analyses aside. */
import { describe } from 'vitest';
import type { CanaryStrategy } from '../../src/api/index.ts';
import { POD_TEMPLATE_HASH } from '../../src/api/index.ts';
import { later, settle } from '../transcripts/passes.ts';
import { setAvailable, user, type World } from '../transcripts/world.ts';
import { afterAbort, afterInstall } from './delays.ts';
import { install, matters, pods, update } from './matter.ts';

const strategy = 'spec.strategy.canary';
const pause = { pause: {} };
const services = { canaryService: 'web-canary', stableService: 'web-stable' };
const routed = { ...services, trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } } };
const tested = {
  ...services,
  trafficRouting: { ...routed.trafficRouting, managedRoutes: [{ name: 'staff' }, { name: 'testers' }] },
};
const one = { setCanaryScale: { replicas: 1 } };
const header = (name: string, match = [{ headerName: 'X-Tester', headerValue: { exact: 'yes' } }]) => ({
  setHeaderRoute: { name, match },
});
const mirror = { setMirrorRoute: { name: 'testers', match: [{ path: { prefix: '/' } }], percentage: 5 } };
const half: CanaryStrategy = { steps: [{ setWeight: 50 }, pause] };

/** The version that each Service leads to. */
function selected({ services, replicaSets }: World): Record<string, string | undefined> {
  const version = (hash: string | undefined) =>
    replicaSets
      .find(({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH] === hash)
      ?.spec.template?.spec?.containers?.[0]?.image?.split(':')
      .at(-1);
  return Object.fromEntries(
    Object.entries(services).map(([name, { spec }]) => [name, version(spec.selector?.[POD_TEMPLATE_HASH])]),
  );
}

/** The pods and the share of traffic of v2, and the step, in the update. */
function underWay(world: World) {
  install(world);
  const { canary, currentStepIndex: step } = world.rollout.status ?? {};
  return { ...pods(world), weight: canary?.weights?.canary.weight, step };
}

/** What is beside the weights in the update. */
function routes(world: World) {
  install(world);
  return world.routes;
}

/** v2 has no pod that becomes available. */
function withoutPods(world: World) {
  settle(world);
  world.podsFollow = false;
  update(world, 'v2');
  return pods(world);
}

/** Three of the five pods of v2 become available. */
function partly(world: World) {
  settle(world);
  world.podsFollow = false;
  update(world, 'v2');
  const own = world.replicaSets.at(-1);
  if (own) setAvailable(own, 3);
  settle(world);
  return world.rollout.status?.currentStepIndex;
}

const threshold = (type: string, value: number): Partial<CanaryStrategy> => ({
  ...routed,
  ...half,
  replicaProgressThreshold: { type, value } as NonNullable<CanaryStrategy['replicaProgressThreshold']>,
});

describe('Services', () => {
  matters(
    (['canaryService', 'stableService'] as const).map((name) => ({
      field: `${strategy}.${name}`,
      given: { canary: { ...services, ...half } },
      play: (world) => selected(install(world)),
      told: { 'web-canary': 'v2', 'web-stable': 'v1' },
    })),
  );
  matters(
    (['pingService', 'pongService'] as const).map((name) => ({
      field: `${strategy}.pingPong.${name}`,
      given: {
        canary: { trafficRouting: routed.trafficRouting, ...half, pingPong: { pingService: 'a', pongService: 'b' } },
      },
      play: (world) => [selected(install(world)), world.rollout.status?.canary?.stablePingPong],
      told: [{ a: 'v1', b: 'v2' }, 'ping'],
    })),
  );
});

describe('steps', () => {
  matters([
    {
      field: `${strategy}.steps`,
      given: { canary: half },
      play: underWay,
      told: { v1: 2, v2: 2, weight: undefined, step: 1 },
    },
    {
      field: `${strategy}.steps[].setWeight`,
      given: { canary: { ...routed, ...half } },
      play: underWay,
      told: { v1: 4, v2: 2, weight: 50, step: 1 },
    },
    {
      field: `${strategy}.steps[].pause`,
      given: { canary: { steps: [pause] } },
      play: underWay,
      told: { v1: 4, v2: 0, weight: undefined, step: 0 },
    },
    ...[10, '10', '10s'].map((duration) => ({
      field: `${strategy}.steps[].pause.duration`,
      when: JSON.stringify(duration),
      given: { canary: { steps: [{ setWeight: 50 }, { pause: { duration } }] } },
      play: (world: World) => {
        install(world);
        later(world, 9);
        const before = pods(world);
        later(world, 1);
        return [before, pods(world)];
      },
      told: [
        { v1: 2, v2: 2 },
        { v1: 0, v2: 4 },
      ],
    })),
    {
      field: `${strategy}.steps[].setHeaderRoute.name`,
      given: { canary: { ...tested, steps: [one, header('testers'), pause] } },
      play: routes,
      told: [{ kind: 'header', ...header('testers').setHeaderRoute }],
    },
    ...(['headerName', 'headerValue'] as const).map((name) => ({
      field: `${strategy}.steps[].setHeaderRoute.match[].${name}`,
      given: { canary: { ...tested, steps: [one, header('testers'), pause] } },
      play: routes,
      told: [{ kind: 'header', ...header('testers').setHeaderRoute }],
    })),
    {
      field: `${strategy}.steps[].setHeaderRoute.match`,
      when: 'that is empty',
      given: { canary: { ...tested, steps: [one, header('testers'), header('staff'), header('testers', []), pause] } },
      play: (world) => {
        install(world);
        const { length } = world.routes;
        user.template(world, 'v1');
        settle(world);
        return [
          length,
          world.routes.length,
          world.rollout.spec.strategy?.canary?.steps?.[1]?.setHeaderRoute?.match?.length,
        ];
      },
      told: [1, 0, 1],
    },
    ...(['name', 'match', 'percentage'] as const).map((name) => ({
      field: `${strategy}.steps[].setMirrorRoute.${name}`,
      given: { canary: { ...tested, steps: [one, mirror, pause] } },
      play: routes,
      told: [{ kind: 'mirror', ...mirror.setMirrorRoute }],
    })),
    {
      field: `${strategy}.trafficRouting.managedRoutes`,
      given: { canary: { ...tested, steps: [one, header('testers'), header('staff'), pause] } },
      play: (world) => routes(world).map(({ name }) => name),
      told: ['staff', 'testers'],
    },
    {
      field: `${strategy}.steps[].setCanaryScale.weight`,
      given: { canary: { ...routed, steps: [{ setCanaryScale: { weight: 75 } }, { setWeight: 25 }, pause] } },
      play: underWay,
      told: { v1: 4, v2: 3, weight: 25, step: 2 },
    },
    {
      field: `${strategy}.steps[].setCanaryScale.replicas`,
      given: { canary: { ...routed, steps: [{ setCanaryScale: { replicas: 3 } }, { setWeight: 25 }, pause] } },
      play: underWay,
      told: { v1: 4, v2: 3, weight: 25, step: 2 },
    },
    {
      field: `${strategy}.steps[].setCanaryScale.matchTrafficWeight`,
      given: {
        canary: {
          ...routed,
          steps: [
            { setCanaryScale: { replicas: 3 } },
            { setWeight: 25 },
            { setCanaryScale: { matchTrafficWeight: true, replicas: 3 } },
            pause,
          ],
        },
      },
      play: underWay,
      told: { v1: 4, v2: 1, weight: 25, step: 3 },
    },
  ]);
});

describe('traffic and pods', () => {
  matters([
    {
      field: `${strategy}.trafficRouting`,
      given: { canary: { ...routed, ...half } },
      play: underWay,
      told: { v1: 4, v2: 2, weight: 50, step: 1 },
    },
    {
      field: `${strategy}.trafficRouting.maxTrafficWeight`,
      given: {
        canary: {
          ...routed,
          trafficRouting: { ...routed.trafficRouting, maxTrafficWeight: 1000 },
          steps: [{ setWeight: 500 }, pause],
        },
      },
      play: (world) => [underWay(world), world.rollout.status?.canary?.weights?.stable.weight],
      told: [{ v1: 4, v2: 2, weight: 500, step: 1 }, 500],
    },
    {
      field: `${strategy}.minPodsPerReplicaSet`,
      given: { canary: { ...routed, steps: [{ setWeight: 10 }, pause], minPodsPerReplicaSet: 2 } },
      play: underWay,
      told: { v1: 4, v2: 2, weight: 10, step: 1 },
    },
    {
      field: `${strategy}.dynamicStableScale`,
      given: { canary: { ...routed, steps: [{ setWeight: 75 }, pause], dynamicStableScale: true } },
      play: underWay,
      told: { v1: 1, v2: 3, weight: 75, step: 1 },
    },
    {
      field: `${strategy}.replicaProgressThreshold.value`,
      given: { replicas: 10, canary: threshold('Percent', 60) },
      play: partly,
      told: 1,
    },
    {
      field: `${strategy}.replicaProgressThreshold.type`,
      given: { replicas: 10, canary: threshold('Percent', 60) },
      play: partly,
      told: 1,
    },
    {
      field: `${strategy}.replicaProgressThreshold`,
      when: 'of pods',
      given: { replicas: 10, canary: threshold('Pods', 3) },
      play: partly,
      told: 1,
    },
  ]);
});

describe('rolling', () => {
  const bounds: [Partial<CanaryStrategy>, keyof CanaryStrategy, Record<string, number>][] = [
    [{ maxSurge: 2, maxUnavailable: 0 }, 'maxSurge', { v1: 4, v2: 2 }],
    [{ maxSurge: '60%', maxUnavailable: 0 }, 'maxSurge', { v1: 4, v2: 3 }],
    [{ maxSurge: 0, maxUnavailable: 2 }, 'maxUnavailable', { v1: 2, v2: 2 }],
    [{ maxSurge: 0, maxUnavailable: '70%' }, 'maxUnavailable', { v1: 2, v2: 2 }],
    [{ maxSurge: 0, maxUnavailable: 0 }, 'maxSurge', { v1: 3, v2: 1 }],
    [{ maxSurge: 2, maxUnavailable: 2 }, 'maxSurge', { v1: 2, v2: 4 }],
    [{ maxSurge: 2, maxUnavailable: 2 }, 'maxUnavailable', { v1: 2, v2: 4 }],
  ];
  matters(
    bounds.map(([canary, name, told]) => ({
      field: `${strategy}.${name}`,
      when: JSON.stringify(canary),
      given: { canary },
      play: withoutPods,
      told,
    })),
  );
});

describe('delays', () => {
  const delayed = (field: Partial<CanaryStrategy>) => ({ canary: { ...routed, ...half, ...field } });
  const atOnce = (field: Partial<CanaryStrategy>) => ({ canary: { ...routed, ...field } });
  matters([
    {
      field: `${strategy}.scaleDownDelaySeconds`,
      given: atOnce({ scaleDownDelaySeconds: 100 }),
      play: afterInstall(99),
      told: { v1: 4, v2: 4 },
    },
    {
      field: `${strategy}.scaleDownDelaySeconds`,
      when: 'of 0',
      given: atOnce({ scaleDownDelaySeconds: 0 }),
      play: afterInstall(0),
      told: { v1: 0, v2: 4 },
    },
    {
      field: `${strategy}.scaleDownDelayRevisionLimit`,
      given: atOnce({ scaleDownDelaySeconds: 1000, scaleDownDelayRevisionLimit: 1 }),
      play: (world) => {
        install(world);
        update(world, 'v3');
        return pods(world);
      },
      told: { v1: 0, v2: 4, v3: 4 },
    },
    {
      field: `${strategy}.abortScaleDownDelaySeconds`,
      given: delayed({ abortScaleDownDelaySeconds: 100 }),
      play: afterAbort(99),
      told: { v1: 4, v2: 2 },
    },
    {
      field: `${strategy}.abortScaleDownDelaySeconds`,
      when: 'that is over',
      given: delayed({ abortScaleDownDelaySeconds: 10 }),
      play: afterAbort(10),
      told: { v1: 4, v2: 0 },
    },
    {
      field: `${strategy}.abortScaleDownDelaySeconds`,
      when: 'of 0 is for good',
      given: delayed({ abortScaleDownDelaySeconds: 0 }),
      play: afterAbort(86_400),
      told: { v1: 4, v2: 2 },
    },
  ]);
});
