import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { machineNow } from '../../../src/clock.ts';
import { analysisRuns, events, gitReverts, replicaSets, services } from '../../../src/kube/resources.ts';
import { HASH, routeWeights } from '../../behaviour/fixtures.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { secondsSince, tellFigures } from '../figures.ts';
import type { Team } from '../loop/team.ts';
import type { Moment } from './front.ts';
import { MOMENTS, type Told, tellStory } from './killed.ts';

/** Each with a controller of its own, on two cores. */
const STORIES_AT_ONCE = 7;
const SETTLED_SECONDS = 30;
/** They would not be the same in any two runs. */
const REVISION = 'rollout.argoproj.io/revision';

/** Everything that must be the same however often the controller was killed; names of its own aside. */
async function outcomeOf(world: TestWorld, team: Team) {
  const { phase, abort, stableRS, currentPodHash, currentStepIndex, availableReplicas, message } =
    (await world.rollout('shop')).status ?? {};
  const sets = (await world.list(replicaSets)).map(({ metadata, spec, status }) => [
    metadata.labels?.[HASH],
    metadata.annotations?.[REVISION],
    spec.replicas,
    status?.replicas,
  ]);
  // What a GitRevert asks of the stable side is named by its UID.
  const runs = (await world.list(analysisRuns)).map(({ metadata: { name, ownerReferences: [owner] = [] }, status }) => [
    owner?.kind === 'GitRevert' ? 'of the stable side' : name,
    status?.phase,
  ]);
  const selectors = (await world.list(services)).map(({ metadata, spec }) => [metadata.name, spec.selector]);
  const commits = (await team.log()).map(({ message: told }) =>
    told.split('\n')[0]?.replace(world.namespace, 'NAMESPACE'),
  );
  return {
    rollout: { phase, abort, stableRS, currentPodHash, currentStepIndex, availableReplicas, message },
    sets: sets.sort(),
    runs: runs.sort(),
    selectors: selectors.sort(),
    weights: await routeWeights(world),
    reverts: (await world.list(gitReverts)).map(({ spec, status }) => [status?.state, spec.culprits.length]),
    commits,
  };
}

type Outcome = Awaited<ReturnType<typeof outcomeOf>>;

/** How often each event was told. */
async function eventsOf(world: TestWorld): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { reason = '', count = 1, involvedObject } of await world.list(events)) {
    if (!['Rollout', 'AnalysisRun', 'GitRevert', 'GitSource'].includes(involvedObject.kind ?? '')) continue;
    const what = `${involvedObject.kind} ${reason}`;
    counts[what] = (counts[what] ?? 0) + count;
  }
  return counts;
}

interface Look {
  outcome: Outcome;
  events: Record<string, number>;
}

/** Waits until it is as expected, or has had the time for it. */
function lookFor(expected?: Outcome) {
  return async (world: TestWorld, team: Team): Promise<Look> => {
    const isThere = async () => isDeepStrictEqual(await outcomeOf(world, team), expected);
    if (expected) await world.untilTrue(isThere, SETTLED_SECONDS / 2).catch(() => {});
    else await world.pass(SETTLED_SECONDS / 2);
    // Nothing more may come of it.
    await world.pass(3);
    return { outcome: await outcomeOf(world, team), events: await eventsOf(world) };
  };
}

function expectSame(kinds: readonly string[], killed: Told<Look>, recorded: Told<Look>): void {
  for (const kind of kinds) expect(killed.moments.get(kind)?.size, `kills around ${kind}`).toBeGreaterThan(0);
  expect(killed.refused).toEqual([]);
  expect(killed.outcome.outcome).toEqual(recorded.outcome.outcome);
  for (const [what, count] of Object.entries(killed.outcome.events))
    expect(count, `events ${what}`).toBeLessThanOrEqual((recorded.outcome.events[what] ?? 0) + killed.kills);
}

/** Two kinds to a story, those that are far from each other in the alphabet. */
function inPairs(kinds: readonly string[]): string[][] {
  const half = Math.ceil(kinds.length / 2);
  return kinds.slice(0, half).map((kind, index) => [kind, ...kinds.slice(half + index, half + index + 1)]);
}

/** A story for each, several at once; answers with what went wrong. */
async function tellAll(stories: string[][], check: (kinds: string[]) => Promise<void>): Promise<string[]> {
  const failures: string[] = [];
  const rest = [...stories];
  const work = async () => {
    for (let kinds = rest.shift(); kinds !== undefined; kinds = rest.shift()) {
      await check(kinds).catch((error: unknown) => failures.push(`${kinds}: ${error}`));
    }
  };
  await Promise.all(Array.from({ length: STORIES_AT_ONCE }, work));
  return failures;
}

it('the controller, killed around any kind of write, ends where it would have ended', {
  timeout: 900_000,
}, async () => {
  const begin = machineNow();
  const recorded = await tellStory([], [], lookFor());
  const kinds = [...recorded.kinds.keys()].sort();
  console.log(
    `kinds of writes: ${kinds.map((kind) => `${kind} (${[...(recorded.kinds.get(kind) ?? [])]})`).join('; ')}`,
  );
  console.log(`without a kill: ${JSON.stringify(recorded.outcome, undefined, 1)}`);
  expect(recorded.refused).toEqual([]);
  expect(recorded.outcome.outcome).toMatchObject({ reverts: [['done', 1]], rollout: { phase: 'Healthy' } });
  const recordedSeconds = secondsSince(begin);
  let kills = 0;
  const killAround = async (some: readonly string[], moments: readonly Moment[]) => {
    const told = await tellStory(some, moments, lookFor(recorded.outcome.outcome));
    kills += told.kills;
    console.log(`${told.kills} kills around: ${some.join(' and ')} (${moments})`);
    expectSame(some, told, recorded);
    return told;
  };
  const failures = await tellAll(inPairs(kinds), async (pair) => {
    const told = await killAround(pair, MOMENTS);
    // Who died before it had no reason to write it after, as of an Event's count, which nobody else knows.
    const left = pair.filter((kind) => told.moments.get(kind)?.has('answered') !== true);
    if (left.length > 0) await killAround(left, ['answered']);
  });
  tellFigures('killed', { kinds: kinds.length, kills, recordedSeconds, seconds: secondsSince(begin) });
  expect(failures.join('\n\n')).toBe('');
});
