import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settle } from '../../test/transcripts/passes.ts';
import { createWorld, observe, podTemplate, user, type World } from '../../test/transcripts/world.ts';
import type { CanaryStrategy, ReplicaSet } from '../api/index.ts';
import { afterReset, afterWrite, type Resets, UNTOUCHED } from './contest.ts';
import { decide } from './decide.ts';
import { explanation } from './explain.ts';
import type { Observation, ObservedContest } from './observation.ts';

const ROUTED: CanaryStrategy = {
  stableService: 'stable',
  canaryService: 'canary',
  trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } },
  steps: [{ setWeight: 25 }, { pause: { duration: '1m' } }, { setWeight: 75 }, { pause: {} }],
};

/** Paused with a quarter of the traffic on the canary. */
function atQuarter(): World {
  const world = createWorld({ canary: ROUTED });
  settle(world);
  world.rollout.spec.template = podTemplate('v2');
  settle(world);
  expect(world.weight).toBe(25);
  return world;
}

/** Written three times or more, and set back each time, the last time just now. */
function resets(now: number, times = 3): Resets {
  const set = (before: Resets, ago: number) => afterReset(afterWrite(before, '25', now - ago - 100), now - ago);
  return Array.from({ length: times }, (_, index) => (times - 1 - index) * 1_000).reduce(set, UNTOUCHED);
}

function contested(world: World, change: Partial<ObservedContest> = {}): Observation {
  const own = resets(world.now);
  const since = '2026-11-21T09:00:00Z';
  const contest = { of: 'route', kind: 'HTTPRoute', name: 'web', manager: 'helm', times: 3, since } as const;
  return { ...observe(world), contests: [{ ...contest, resets: own, ...change }] };
}

const traffic = (seen: Observation) =>
  decide(seen).effects.flatMap((effect) => (effect.kind === 'setTraffic' ? [effect.weight] : []));
const switched = (seen: Observation) =>
  decide(seen).effects.flatMap((effect) => (effect.kind === 'switchService' ? [`${effect.name} ${effect.hash}`] : []));

describe('a contested route', () => {
  it('is put right at once without a contest, and later with one', () => {
    const world = atQuarter();
    world.weight = 0;
    expect(traffic(observe(world))).toEqual([25]);
    const { withheld, lookAgainAt } = decide(contested(world));
    expect(traffic(contested(world))).toEqual([]);
    expect(withheld).toMatchObject([{ kind: 'setTraffic', weight: 25 }]);
    expect(lookAgainAt).toBe(world.now - 100 + 30_000);
    const later = { ...contested(world), now: world.now - 100 + 30_000 };
    expect(traffic(later)).toEqual([25]);
  });

  it('does not delay an abort', () => {
    const world = atQuarter();
    world.weight = 50;
    user.abort(world);
    expect(traffic(contested(world))).toEqual([0]);
  });

  it('needs nothing where all of the traffic is at home', () => {
    const world = atQuarter();
    world.weight = 0;
    user.abort(world);
    const decision = decide(contested(world));
    expect([...decision.effects, ...decision.withheld].filter(({ kind }) => kind === 'setTraffic')).toEqual([]);
  });

  it('holds the step, also one whose time is over, until a person lets it pass', () => {
    const world = atQuarter();
    world.now += 61_000;
    expect(decide(observe(world)).status.currentStepIndex).toBe(2);
    expect(decide(contested(world)).status.currentStepIndex).toBe(1);
    const right = { ...resets(world.now), isUndone: false };
    expect(decide(contested(world, { resets: right })).status.currentStepIndex).toBe(2);
    user.promote(world);
    expect(decide(contested(world)).status.currentStepIndex).toBe(2);
  });
});

describe('a contested Service', () => {
  const service = (world: World, name: string) => contested(world, { of: 'service', kind: 'Service', name });

  it('is led to the canary later, and to the stable pods at once', () => {
    const world = atQuarter();
    for (const name of ['stable', 'canary']) delete world.services[name]?.spec.selector?.['rollouts-pod-template-hash'];
    const { stableRS, currentPodHash } = world.rollout.status ?? {};
    expect(switched(service(world, 'canary'))).toEqual([`stable ${stableRS}`]);
    expect(switched(service(world, 'stable'))).toEqual([`stable ${stableRS}`, `canary ${currentPodHash}`]);
  });

  it('keeps a contested route from nothing', () => {
    const world = atQuarter();
    world.weight = 0;
    expect(traffic(service(world, 'stable'))).toEqual([25]);
  });
});

describe('what a ReplicaSet remembers', () => {
  const memory = (seen: Observation) =>
    decide(seen).effects.flatMap((effect) =>
      effect.kind === 'annotateReplicaSet'
        ? [JSON.parse(effect.annotations['headgate.dev/state'] ?? '{}').contests]
        : [],
    );

  it('is who, and how often at least', () => {
    const world = atQuarter();
    expect(memory(contested(world, { times: 11 }))).toEqual([
      [{ kind: 'HTTPRoute', name: 'web', manager: 'helm', times: 6, since: '2026-11-21T09:00:00Z' }],
    ]);
  });

  it('is told for people, and not written again until it has doubled or is over', () => {
    const world = atQuarter();
    const [contests] = memory(contested(world));
    const remembers = (replicaSet: ReplicaSet) => {
      const { annotations = {} } = replicaSet.metadata;
      const state = JSON.stringify({ ...JSON.parse(annotations['headgate.dev/state'] ?? '{}'), contests });
      return {
        ...replicaSet,
        metadata: { ...replicaSet.metadata, annotations: { ...annotations, 'headgate.dev/state': state } },
      };
    };
    const known = { ...contested(world), replicaSets: observe(world).replicaSets.map(remembers) };
    const again = (times: number) => memory({ ...known, contests: contested(world, { times }).contests ?? [] });
    expect(again(5)).toEqual([]);
    expect(again(6)).toMatchObject([[{ times: 6 }]]);
    const { contests: _, ...over } = known;
    expect(explanation(over).besides[0]).toBe(
      'helm sets the weights of HTTPRoute web back, at least 3 times since 2026-11-21T09:00:00Z: what it undoes is written more and more seldom, and no step completes without that',
    );
    expect(explanation(over).canDo[0]?.does).toContain('keep HTTPRoute web in a release of its own');
  });

  it.each([['x'], [[null, 5, 'x', {}, { kind: 1 }]], [{}], [[{ kind: 'HTTPRoute', name: 'web', times: 'often' }]]])(
    'may be anything: %j',
    (contests) => {
      const world = atQuarter();
      const replicaSets = observe(world).replicaSets.map((replicaSet) => {
        const annotations = { ...replicaSet.metadata.annotations, 'headgate.dev/state': JSON.stringify({ contests }) };
        return { ...replicaSet, metadata: { ...replicaSet.metadata, annotations } };
      });
      expect(() => explanation({ ...observe(world), replicaSets })).not.toThrow();
    },
  );
});

it('whatever was set back and when, an abort takes the traffic home in the pass that sees it', () => {
  const world = atQuarter();
  user.abort(world);
  const history = fc.record({ times: fc.integer({ min: 3, max: 12 }), weight: fc.constantFrom(1, 25, 50, 100) });
  fc.assert(
    fc.property(history, ({ times, weight }) => {
      world.weight = weight;
      expect(traffic(contested(world, { resets: resets(world.now, times), times }))).toEqual([0]);
    }),
  );
});
