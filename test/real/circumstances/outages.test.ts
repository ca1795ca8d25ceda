import { describe, expect, it } from 'vitest';
import { machineNow } from '../../../src/clock.ts';
import {
  BAD,
  canaryWeight,
  GOOD,
  isAborted,
  isAtStep,
  isHealthy,
  released,
  runPhases,
} from '../../behaviour/fixtures.ts';
import { expectAborted, expectPromoted } from '../../behaviour/judged.ts';
import { actOn, type PartAction } from '../../worlds/real/state.ts';
import type { TestWorld } from '../../worlds/world.ts';
import {
  ALL_STEPS,
  follow,
  LONG_PAUSE,
  openWorld,
  PAUSE,
  pausesOf,
  type Seen,
  secondsSince,
  shopYaml,
  stepsOf,
  tellFigures,
  theServers,
} from './shop.ts';

interface Outage {
  what: string;
  part: string;
  breaks: PartAction;
  mends: PartAction;
  seconds: number;
  /** What must be so at its end, where one can ask. */
  meanwhile?: (world: TestWorld) => Promise<void>;
}

/** From when the server answers again, on a busy machine: a watch is resumed within 5 s, and a verdict takes two looks. */
const LONGEST_RECOVERY_SECONDS = 25;

/** Longer than the pause: whoever guesses has gone on by now. */
async function expectHeld(world: TestWorld): Promise<void> {
  expect((await world.rollout('shop')).status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
  expect(await canaryWeight(world)).toBe(25);
  expect(await runPhases(world)).toEqual(['Running']);
}

const OUTAGES: Outage[] = [
  { what: 'API server, killed', part: 'kube-apiserver', breaks: 'kill', mends: 'start', seconds: 10 },
  { what: 'etcd, standing still', part: 'etcd', breaks: 'pause', mends: 'resume', seconds: 20 },
  { what: 'etcd, stopped', part: 'etcd', breaks: 'stop', mends: 'start', seconds: 20 },
  { what: 'Prometheus', part: 'prometheus', breaks: 'stop', mends: 'start', seconds: 30, meanwhile: expectHeld },
];

/** Whether the API server does, from its store. */
function answers(world: TestWorld): Promise<boolean> {
  return world.rollout('shop').then(
    () => true,
    () => false,
  );
}

function expectEachStepOnce(history: Seen[]): void {
  expect(stepsOf(history)).toEqual(ALL_STEPS);
  const pauses = pausesOf(history);
  expect(pauses).toHaveLength(2);
  // Written to the second.
  for (const seconds of pauses) expect(seconds).toBeGreaterThanOrEqual(PAUSE - 1);
}

/** When the controller first wrote a state after that time. */
function firstAfter(history: Seen[], time: number): number {
  return history.find(({ at }) => at > time)?.at ?? Number.NaN;
}

describe('a server is away in mid-canary', () => {
  it.for(OUTAGES)('$what, for $seconds s: a good release goes on, a bad one is aborted', async (outage) => {
    const { part, breaks, mends, seconds, meanwhile, what } = outage;
    // Until it has read the roles, an API server that starts denies everything.
    const isExcused = (refusal: string) => part === 'kube-apiserver' && refusal.startsWith('403 ');
    const [good, bad] = await Promise.all([openWorld(undefined, isExcused), openWorld(undefined, isExcused)]);
    await Promise.all([released(good, shopYaml(good), GOOD), released(bad, shopYaml(bad, { pause: LONG_PAUSE }), BAD)]);
    let brokenAt = 0;
    let outageEnds = 0;
    let mendedAt = 0;
    let apiAnswersAfterSeconds = 0;
    const breakServer = async () => {
      await Promise.all([good, bad].map((world) => world.until('shop', isAtStep(1), 60)));
      await actOn(theServers(), part, breaks);
      brokenAt = machineNow();
      await good.pass(seconds);
      try {
        await Promise.all([good, bad].map((world) => meanwhile?.(world)));
      } finally {
        outageEnds = machineNow();
        await actOn(theServers(), part, mends);
        const answeredAt = machineNow();
        // The API server takes a while of its own to find its store again.
        await good.untilTrue(() => answers(good), 60);
        mendedAt = machineNow();
        apiAnswersAfterSeconds = secondsSince(answeredAt);
      }
    };
    const [promoted, aborted] = await Promise.all([
      follow(good, isHealthy, 90),
      follow(bad, isAborted, 90),
      breakServer(),
    ]);
    const goodGoesOnAfterSeconds = secondsSince(mendedAt, firstAfter(promoted, outageEnds));
    const badAbortedAfterSeconds = secondsSince(mendedAt, aborted.at(-1)?.at);
    tellFigures(`away: ${what}, ${seconds} s`, {
      apiAnswersAfterSeconds,
      goodGoesOnAfterSeconds,
      goodPromotedAfterSeconds: secondsSince(mendedAt, promoted.at(-1)?.at),
      badAbortedAfterSeconds,
      pauses: pausesOf(promoted),
    });
    for (const late of [goodGoesOnAfterSeconds, badAbortedAfterSeconds])
      expect(late).toBeLessThanOrEqual(LONGEST_RECOVERY_SECONDS);
    expectEachStepOnce(promoted);
    expect(stepsOf(aborted)).not.toContain(2);
    expect(aborted.at(-1)?.at, 'the verdict fell after the outage had begun').toBeGreaterThan(brokenAt);
    // Until the old pods are gone.
    await good.pass(10);
    await Promise.all([expectPromoted(good), expectAborted(bad)]);
  });
});
