import { describe, expect } from 'vitest';
import { rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import { ROUTING, rolloutYaml } from './fixtures.ts';

const canary = (change: object) => ({ spec: { strategy: { canary: change } } });
const steps = (...list: object[]) => canary({ steps: list });
const preferred = (weight: number) => ({ preferredDuringSchedulingIgnoredDuringExecution: { weight } });
const required = { requiredDuringSchedulingIgnoredDuringExecution: {} };
const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' };

/** What is changed, in a Rollout with or without a router, and what the API server says to it. */
const refused: Record<string, { routed?: true; change: object; says: string }> = {
  'no selector': { change: { spec: { selector: null } }, says: "missing field '.spec.selector'" },
  'another selector': { change: { spec: { selector: { matchLabels: { app: 'b' } } } }, says: 'selector is immutable' },
  'no template': { change: { spec: { template: null } }, says: "missing field '.spec.template'" },
  'no strategy': { change: { spec: { strategy: null } }, says: "missing field '.spec.strategy.canary or" },
  'a strategy without a kind': { change: { spec: { strategy: { canary: null } } }, says: 'missing field' },
  'two strategies': {
    change: { spec: { strategy: { blueGreen: { activeService: 'a' } } } },
    says: 'Multiple Strategies can not be listed',
  },
  'a deadline that cannot be met': { change: { spec: { minReadySeconds: 600 } }, says: 'greater than minReadySeconds' },
  'one Service for both': {
    change: canary({ canaryService: 'a', stableService: 'a' }),
    says: 'the same service for the stable and canary services',
  },
  'a delay without a router': {
    change: canary({ scaleDownDelaySeconds: 5 }),
    says: 'Canary scaleDownDelaySeconds can only be used with traffic routing',
  },
  'a moving stable without a router': {
    change: canary({ dynamicStableScale: true }),
    says: 'Canary dynamicStableScale can only be used with traffic routing',
  },
  'a moving stable with a delay': {
    routed: true,
    change: canary({ dynamicStableScale: true }),
    says: 'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds',
  },
  'a weight over 100': { change: steps({ setWeight: 101 }), says: 'SetWeight needs to be between 0 and 100' },
  'a weight below 0': { change: steps({ setWeight: -1 }), says: 'SetWeight needs to be between 0 and 100' },
  'a weight over the greatest': {
    routed: true,
    change: canary({ trafficRouting: { maxTrafficWeight: 10 }, steps: [{ setWeight: 11 }] }),
    says: 'SetWeight needs to be between 0 and',
  },
  'a greatest weight that the router does not know': {
    routed: true,
    change: canary({ trafficRouting: { plugins: null, istio: {}, maxTrafficWeight: 1000 } }),
    says: 'only supported in Nginx and Plugins',
  },
  'a scale without a router': {
    change: steps({ setCanaryScale: { replicas: 1 } }),
    says: 'SetCanaryScale requires TrafficRouting',
  },
  'an empty step': { change: steps({}), says: 'Step must have one of the following set' },
  'two kinds in one step': { change: steps({ setWeight: 5, pause: {} }), says: 'exactly one of setWeight, pause' },
  'an empty ping-pong': {
    change: canary({ pingPong: { pingService: '', pongService: 'a' } }),
    says: 'Ping service and Pong service must to be set',
  },
  'a ping-pong with itself': {
    change: canary({ pingPong: { pingService: 'a', pongService: 'a' } }),
    says: 'the same service for the ping and pong services',
  },
  'no anti-affinity': { change: canary({ antiAffinity: {} }), says: 'AntiAffinity must have exactly one strategy' },
  'two anti-affinities': {
    change: canary({ antiAffinity: { ...preferred(5), ...required } }),
    says: 'AntiAffinity must have exactly one strategy',
  },
  'an anti-affinity of no weight': {
    change: canary({ antiAffinity: preferred(0) }),
    says: 'AntiAffinity weight must be between 1-100',
  },
  'a preview that is the active Service': {
    change: { spec: { strategy: { canary: null, blueGreen: { activeService: 'a', previewService: 'a' } } } },
    says: 'the same service for the active and preview services',
  },
};

/** What Argo Rollouts accepts must get past the API server. */
const accepted: Record<string, { routed?: true; change: object }> = {
  'an empty canary': { change: { spec: { strategy: { canary: { steps: null } } } } },
  'weights to the bounds': { change: steps({ setWeight: 0 }, { setWeight: 100 }) },
  'a weight of thousands': {
    routed: true,
    change: canary({ trafficRouting: { maxTrafficWeight: 1000 }, steps: [{ setWeight: 1000 }] }),
  },
  'a scale and a route in one step': {
    routed: true,
    change: steps(
      { setCanaryScale: { weight: 5 }, setHeaderRoute: { name: 'a' } },
      { setWeight: 5, plugin: { name: 'a' } },
    ),
  },
  'a delay with a router': { routed: true, change: canary({ dynamicStableScale: false }) },
  'ping-pong with a pair of its own': {
    routed: true,
    change: canary({ pingPong: { pingService: 'a', pongService: 'b' } }),
  },
  'anti-affinity': { change: canary({ antiAffinity: preferred(100) }) },
  'a preview of its own': {
    change: { spec: { strategy: { canary: null, blueGreen: { activeService: 'a', previewService: 'b' } } } },
  },
  'no preview': { change: { spec: { strategy: { canary: null, blueGreen: { activeService: 'a' } } } } },
  'a workload and an empty template': {
    change: { spec: { workloadRef, template: { metadata: { labels: null }, spec: null } } },
  },
  'a workload and a template': { change: { spec: { workloadRef } } },
  'a deadline just met': { change: { spec: { minReadySeconds: 599 } } },
};

const made = (name: string, routed?: true) =>
  rolloutYaml({ replicas: 0, canary: routed ? ROUTING : '' }).replace('name: shop }', `name: ${name} }`);

describe.each(worlds)('the API server of the $name world', ({ it }) => {
  it('refuses what can never run, and says why', async ({ world }) => {
    await world.create([made('plain'), made('routed', true)].join('---'));
    for (const [what, { routed, change, says }] of Object.entries(refused)) {
      const answer = world.patch(rollouts, routed ? 'routed' : 'plain', change).then(() => 'accepted', String);
      expect.soft(await answer, what).toContain(says);
    }
    for (const name of ['plain', 'routed']) expect((await world.rollout(name)).metadata.generation).toBe(1);
  });

  it('accepts what Argo Rollouts accepts', async ({ world }) => {
    for (const [index, [what, { routed, change }]] of Object.entries(accepted).entries()) {
      await world.create(made(`shop-${index}`, routed));
      const answer = world.patch(rollouts, `shop-${index}`, change).then(() => 'accepted', String);
      expect.soft(await answer, what).toBe('accepted');
    }
  });
});
