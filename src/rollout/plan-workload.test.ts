import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pass } from '../../test/transcripts/passes.ts';
import {
  changeDeployment,
  createWorld,
  observe,
  podsCatchUp,
  type ScaleDown,
  setAvailable,
  user,
  type World,
} from '../../test/transcripts/world.ts';
import { type Decision, decide } from './decide.ts';
import type { Effect } from './effects.ts';
import type { ObservedWorkload } from './observation.ts';
import { keptPods } from './plan-workload.ts';

describe('pods that a workload keeps while the Rollout comes up', () => {
  it.each([
    { size: 4, goal: 4, available: 0, kept: 4 },
    { size: 4, goal: 4, available: 1, kept: 3 },
    { size: 4, goal: 4, available: 4, kept: 1 },
    { size: 4, goal: 4, available: 9, kept: 1 },
    // A Rollout that is to be smaller takes no more than it has.
    { size: 10, goal: 4, available: 3, kept: 7 },
    // One that is to be larger does not make the workload grow, and takes nothing until both have so many.
    { size: 4, goal: 10, available: 1, kept: 4 },
    { size: 4, goal: 10, available: 8, kept: 2 },
    { size: 1, goal: 1, available: 1, kept: 1 },
  ])('$kept of $size, where $available of $goal are there', ({ kept, ...shares }) => {
    expect(keptPods(shares)).toBe(kept);
  });

  const count = fc.integer({ min: 1, max: 1000 });
  const pods = fc.integer({ min: 0, max: 1000 });

  it('are together with the new ones as many as there were, or as there should be', () => {
    fc.assert(
      fc.property(count, count, pods, (size, goal, available) => {
        const kept = keptPods({ size, goal, available });
        expect(kept).toBeGreaterThanOrEqual(1);
        expect(kept).toBeLessThanOrEqual(size);
        expect(kept + available).toBeGreaterThanOrEqual(Math.min(size + available, Math.max(size, goal)));
        expect(keptPods({ size, goal, available: available + 1 })).toBeLessThanOrEqual(kept);
      }),
    );
  });
});

type ScaleWorkload = Extract<Effect, { kind: 'scaleWorkload' }>;

function scalings({ effects }: Decision): ScaleWorkload[] {
  return effects.filter((effect) => effect.kind === 'scaleWorkload');
}

/** A Rollout of `replicas` that has taken over from nothing, and is healthy. */
function healthy(scaleDown: ScaleDown = 'onsuccess', replicas = 3): World {
  const world = createWorld({ replicas, deployment: { replicas: 0, scaleDown } });
  for (let count = 0; count < 6; count++) pass(world);
  expect(world.rollout.status?.phase).toBe('Healthy');
  return world;
}

describe('a workload that comes back', () => {
  const planned = (world: World, change: Partial<ObservedWorkload> = {}) => {
    const seen = observe(world);
    const workload = seen.workload as ObservedWorkload;
    return scalings(decide({ ...seen, workload: { ...workload, ...change } })).map(({ mark }) => mark.to);
  };

  it('is taken over', () => {
    const world = healthy();
    changeDeployment(world, { replicas: 2 });
    expect(planned(world)).toEqual([0]);
  });

  it.each<[string, Partial<ObservedWorkload>]>([
    ['belongs to another controller, or is being deleted', { isTaken: true }],
    ['has no pods of its own', { kind: 'PodTemplate', replicas: undefined }],
  ])('is left alone where it %s', (_, change) => {
    const world = healthy();
    changeDeployment(world, { replicas: 2 });
    expect(planned(world, change)).toEqual([]);
  });

  it('is left alone where nobody asked for anything else, and while the Rollout is paused', () => {
    const never = healthy('never');
    changeDeployment(never, { replicas: 2 });
    expect(planned(never)).toEqual([]);
    const paused = healthy();
    changeDeployment(paused, { replicas: 2 });
    user.pause(paused);
    expect(planned(paused)).toEqual([]);
  });

  const trafficRouting = { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } };
  it.each([
    { pair: { stableService: 'web-stable', canaryService: 'web-canary' }, names: ['web-stable', 'web-canary'] },
    { pair: { pingPong: { pingService: 'ping', pongService: 'pong' } }, names: ['ping', 'pong'] },
  ])('waits until users reach the stable pods by every Service: $names', ({ pair, names }) => {
    const canary = { ...pair, trafficRouting };
    const world = createWorld({ canary, deployment: { replicas: 0, scaleDown: 'onsuccess' } });
    for (let count = 0; count < 6; count++) pass(world);
    changeDeployment(world, { replicas: 2 });
    expect(planned(world)).toEqual([0]);
    world.weight = 5;
    expect(planned(world)).toEqual([]);
    world.weight = 0;
    for (const name of names) {
      const { selector } = world.services[name]?.spec ?? {};
      Object.assign(world.services[name]?.spec ?? {}, { selector: { app: 'web' } });
      expect(planned(world)).toEqual([]);
      Object.assign(world.services[name]?.spec ?? {}, { selector });
    }
    expect(planned(world)).toEqual([0]);
  });

  it('waits for its own rollout where it is to lose only some of its pods', () => {
    const world = createWorld({ replicas: 4, deployment: { replicas: 4, scaleDown: 'progressively' } });
    world.podsFollow = false;
    pass(world);
    setAvailable(world.replicaSets[0] as never, 2);
    pass(world);
    changeDeployment(world, { replicas: 4, mark: undefined });
    expect(planned(world, { isSteady: false })).toEqual([]);
    expect(planned(world)).toEqual([2]);
  });

  it('belongs to nobody whose mark it does not carry', () => {
    const world = healthy();
    const mark = { rollout: 'web', uid: 'former', from: 9, to: 2, at: '2026-11-21T09:00:00Z' };
    changeDeployment(world, { replicas: 2, mark });
    expect(scalings(decide(observe(world)))[0]?.mark).toMatchObject({ uid: 'rollout-uid', from: 2, to: 0 });
  });

  it('waits out somebody else, and is looked at again then', () => {
    const world = healthy();
    changeDeployment(world, { replicas: 2 });
    pass(world);
    world.now += 10_000;
    changeDeployment(world, { replicas: 2 });
    const decision = decide(observe(world));
    expect(scalings(decision)).toEqual([]);
    expect(decision.lookAgainAt).toBe(world.now + 290_000);
    world.now += 290_000;
    expect(planned(world)).toEqual([0]);
  });
});

const small = fc.integer({ min: 0, max: 6 });
const podsCome = fc.record({ kind: fc.constant('pods' as const), count: small });
const happenings = fc.oneof(
  { weight: 6, arbitrary: podsCome },
  fc.record({ kind: fc.constant('size' as const), count: small }),
  fc.record({ kind: fc.constant('scale' as const), count: small }),
  fc.record({ kind: fc.constant('time' as const), count: fc.constantFrom(1, 30, 400) }),
  fc.record({ kind: fc.constant('template' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('abort' as const), count: fc.constant(0) }),
);

function happen(world: World, { kind, count }: { kind: string; count: number }): void {
  const [newest] = [...world.replicaSets]
    .sort((a, b) => (a.metadata.uid ?? '').localeCompare(b.metadata.uid ?? ''))
    .slice(-1);
  if (kind === 'pods' && newest) setAvailable(newest, count);
  if (kind === 'size') changeDeployment(world, { replicas: count });
  if (kind === 'scale') user.scale(world, count);
  if (kind === 'time') world.now += count * 1000;
  if (kind === 'template') user.template(world, `v${count}`);
  if (kind === 'abort') user.abort(world);
}

/** What must hold of every scaling, whatever came before. */
function expectSafe(world: World, effect: ScaleWorkload, scaleDown: ScaleDown): void {
  const { from, mark } = effect;
  const { status = {}, spec } = world.rollout;
  const own = world.replicaSets.find(
    ({ metadata }) => metadata.labels?.['rollouts-pod-template-hash'] === status.stableRS,
  );
  const available = own?.status?.availableReplicas ?? 0;
  const replicas = spec.replicas ?? 1;
  const before = world.deployment?.mark;
  expect(from).toBe(world.deployment?.replicas);
  expect(from).toBeGreaterThan(0);
  expect(status.currentPodHash).toBe(status.stableRS);
  expect(scaleDown).not.toBe('never');
  if (before && before.to !== from) expect(world.now).toBeGreaterThanOrEqual(Date.parse(before.at) + 300_000);
  if (mark.to === 0) {
    expect(status.phase).toBe('Healthy');
    expect(available).toBeGreaterThanOrEqual(replicas);
    expect(replicas).toBeGreaterThan(0);
    return;
  }
  expect(scaleDown).toBe('progressively');
  expect(mark.to).toBeLessThanOrEqual(mark.from);
  if (mark.to > from) expect(before?.to).toBe(from);
  expect(mark.to + available).toBeGreaterThanOrEqual(Math.min(from + available, Math.max(mark.from, replicas)));
}

it('a workload hands over without a gap, and nobody is fought, whatever happens meanwhile', () => {
  const scaleDowns = fc.constantFrom<ScaleDown>('progressively', 'progressively', 'onsuccess', 'never');
  const goals = fc.integer({ min: 2, max: 6 });
  const begun = fc.array(podsCome, { minLength: 2, maxLength: 6 });
  const stories = fc.tuple(begun, fc.array(happenings, { maxLength: 20 })).map((parts) => parts.flat());
  const taken = { zero: 0, part: 0, back: 0 };
  const story = fc.property(scaleDowns, small, goals, stories, (scaleDown, size, replicas, all) => {
    const canary = { steps: [{ setWeight: 50 }, { pause: {} }] };
    const world = createWorld({ replicas, canary, deployment: { replicas: size, scaleDown } });
    world.podsFollow = false;
    for (const one of all) {
      happen(world, one);
      for (let count = 0; count < 3; count++) {
        podsCatchUp(world);
        for (const effect of scalings(decide(observe(world)))) {
          expectSafe(world, effect, scaleDown);
          taken[effect.mark.to === 0 ? 'zero' : effect.mark.to < effect.from ? 'part' : 'back']++;
        }
        pass(world);
      }
    }
    for (let count = 0; count < 20; count++) pass(world);
    expect(pass(world).effects).toEqual([]);
  });
  fc.assert(story, { numRuns: 100 });
  for (const often of Object.values(taken)) expect(often).toBeGreaterThan(0);
});
