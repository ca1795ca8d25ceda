import { expect, onTestFinished } from 'vitest';
import type { Rollout } from '../../../src/api/index.ts';
import { machineNow } from '../../../src/clock.ts';
import { background, ROUTING, rolloutYaml, routeYaml, successRateYaml } from '../../behaviour/fixtures.ts';
import { readRealWorld } from '../../worlds/real/state.ts';
import { realWorld } from '../../worlds/real/test-world.ts';
import type { TestWorld } from '../../worlds/world.ts';

/** Seconds of each of the shop's two pauses. */
export const PAUSE = 10;

/** A release that must not come to its second step takes so long for the first that no machine is too slow to judge it. */
export const LONG_PAUSE = 90;

/** What a release goes through, by the index of its step; the last stands for all done. */
export const ALL_STEPS = [0, 1, 2, 3, 4];

/** A metric that goes on until somebody ends it, and that knows a bad release after two looks. */
export const JUDGE = 'failureLimit: 1, interval: 3s, successCondition: result >= 0.95';

interface ShopShape {
  /** Seconds of each of the two pauses. */
  pause?: number;
  /** Further lines of the spec, indented by two spaces. */
  spec?: string;
}

/** A shop behind a route; its own canary's success rate judges it within seconds. */
export function shopYaml(world: TestWorld, { pause = PAUSE, spec = '' }: ShopShape = {}): string {
  const waiting = `{ pause: { duration: ${pause} } }`;
  const steps = `[{ setWeight: 25 }, ${waiting}, { setWeight: 75 }, ${waiting}]`;
  const rollout = rolloutYaml({ steps, canary: ROUTING + background(1), spec });
  return [routeYaml(world), successRateYaml(world, JUDGE), rollout].join('---');
}

/** A world that ends with the test. Whatever the story, a controller asks for nothing that makes no sense or that it may not have. */
export async function openWorld(start?: Parameters<typeof realWorld>[0], isExcused = (_refusal: string) => false) {
  const world = await realWorld(start);
  onTestFinished(async () => {
    const refused = await world.refused();
    await world.stop();
    expect(refused.filter((refusal) => !isExcused(refusal))).toEqual([]);
  });
  return world;
}

/** Where the servers are that the stories break. */
export function theServers() {
  const state = readRealWorld();
  if (!state?.gitea) throw new Error('there is no real world: start it with npm run test:real');
  return { ...state, gitea: state.gitea };
}

/** A state of the Rollout, and when it was seen; milliseconds since the epoch. */
export interface Seen {
  at: number;
  step: number;
  pausedSince: number | undefined;
}

/** Watches a release until it ends so; answers with every state of it. */
export async function follow(world: TestWorld, isEnd: (rollout: Rollout) => boolean, seconds: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  await world.until(
    'shop',
    (rollout) => {
      const { currentStepIndex = 0, pauseConditions = [] } = rollout.status ?? {};
      const since = pauseConditions[0]?.startTime;
      seen.push({ at: machineNow(), step: currentStepIndex, pausedSince: since ? Date.parse(since) : undefined });
      return isEnd(rollout);
    },
    seconds,
  );
  return seen;
}

/** The steps in the order in which they were entered. */
export function stepsOf(history: Seen[]): number[] {
  return history.map(({ step }) => step).filter((step, index, all) => step !== all[index - 1]);
}

/** How long each pause was, in seconds, by the clock of the controller, which is so many milliseconds ahead. */
export function pausesOf(history: Seen[], ahead = 0): number[] {
  const steps = new Set(history.filter(({ pausedSince }) => pausedSince !== undefined).map(({ step }) => step));
  return [...steps].map((paused) => {
    const begin = history.find(({ step, pausedSince }) => step === paused && pausedSince !== undefined)?.pausedSince;
    const end = history.find(({ step }) => step > paused)?.at ?? Number.NaN;
    return (end - (begin ?? Number.NaN) + ahead) / 1000;
  });
}
