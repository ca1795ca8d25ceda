import type { Blow, Call, Trouble } from './line.ts';
import { HOSTS, type HostName, type Mode, modesOf, type Scene } from './stage.ts';

/** The calls of one revert in which nothing goes wrong. */
export interface Baseline {
  host: HostName;
  mode: Mode;
  calls: Call[];
}

/** A scene with the row of the report that it counts in. */
export interface Run extends Scene {
  fault: string;
}

export const STAGES = HOSTS.flatMap((host) => modesOf(host).map((mode) => ({ host, mode })));

const DEATHS = ['diesBefore', 'diesAfter'] as const;

/** The process dies before and after each call. */
export function deathsOf({ host, mode, calls }: Baseline): Run[] {
  return calls.flatMap((_, index) =>
    DEATHS.map((blow) => ({ host, mode, fault: blow, troubles: [[{ at: index + 1, blow, times: 1 }]] })),
  );
}

/** Each call is answered with each error that it can be, once or several times in a row. */
export function errorsOf({ host, mode, calls }: Baseline, times: number): Run[] {
  return calls.flatMap(({ to, errors }, index) =>
    errors.map((blow) => {
      const fault = `${to === 'cluster' ? 'API server: ' : ''}${blow}${times > 1 ? ` x${times}` : ''}`;
      return { host, mode, fault, troubles: [[{ at: index + 1, blow, times }]] };
    }),
  );
}

/** A generator of numbers in [0, 1) that a seed repeats (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What can hit at random: all that a revert gets over without a person. */
const RANDOM_BLOWS: readonly Blow[] = ['diesBefore', 'diesAfter', 'rateLimited', 'broken', 'cutBefore', 'cutAfter'];

function randomTrouble(random: () => number, { calls }: Baseline): Trouble {
  const blow = RANDOM_BLOWS[Math.floor(random() * RANDOM_BLOWS.length)] as Blow;
  return { at: 1 + Math.floor(random() * calls.length), blow, times: 1 };
}

/** Two troubles in one run. */
export function doublesOf(baselines: readonly Baseline[], count: number, seed: number): Run[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const baseline = baselines[index % baselines.length] as Baseline;
    const { host, mode } = baseline;
    const troubles = [[randomTrouble(random, baseline), randomTrouble(random, baseline)]];
    return { host, mode, fault: 'two at random', troubles };
  });
}

/** Two clusters see the same failure at the same time, and each has its own trouble; every other time on different attempts, and some wait for each other. */
export function clustersOf(baselines: readonly Baseline[], count: number, seed: number): Run[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const baseline = baselines[index % baselines.length] as Baseline;
    const { host, mode } = baseline;
    const troubles = [[randomTrouble(random, baseline)], index % 3 === 0 ? [] : [randomTrouble(random, baseline)]];
    const apart = mode === 'PullRequest' && Math.floor(index / baselines.length) % 2 === 1;
    const quorum = Math.floor(index / baselines.length) % 4 === 2;
    const what = `${apart ? ', attempts apart' : ''}${quorum ? ', a quorum' : ''}`;
    return { host, mode, fault: `two clusters${what}`, troubles, apart, quorum };
  });
}

/** So many of them, spread evenly by the seed. */
export function sampleOf<T>(all: readonly T[], count: number, seed: number): T[] {
  const random = seeded(seed);
  const drawn = all.map((each) => ({ each, at: random() })).sort((one, other) => one.at - other.at);
  return drawn.slice(0, count).map(({ each }) => each);
}
