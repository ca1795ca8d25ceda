/** A data plane that says of a route that it has accepted it, and goes on for a while as before. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineNow } from '../../src/clock.ts';
import { analysisRuns } from '../../src/kube/resources.ts';
import { AT_HOME, FIRST, GOOD, isAborted, isHealthy, routeWeights } from '../behaviour/fixtures.ts';
import type { Load } from '../worlds/real/load.ts';
import { secondsSince, tellFigures } from './figures.ts';
import { expectWaitedFor, type Measured, measuredAt } from './loop/measured-share.ts';
import { splitOf, TOLERANCE, unserved } from './loop/traffic.ts';
import { type Move, servedFrom } from './traefik/moves.ts';
import { REQUESTS_PER_SECOND, staged, startTraefik, type Traefik, traefik, WEIGHTS } from './traefik/stage.ts';

const REQUESTS_PER_STEP = 1000;
/** It leaves things as they are for up to two seconds; the rest is for a busy machine. */
const HOME_MILLISECONDS = 5000;

const figures: Record<string, unknown> = {};
let server: Traefik;

describe.runIf(traefik)('behind a data plane whose status runs ahead of its traffic', { concurrent: false }, () => {
  beforeAll(async () => {
    server = await startTraefik();
  }, 120_000);

  afterAll(async () => {
    tellFigures('traefik', { startSeconds: server?.server.startSeconds, ...figures });
    await server?.server.stop();
  });

  it('no step is left before its share of the requests is served', () =>
    staged(server, async ({ world, load, moves }) => {
      const begin = machineNow();
      await world.setImage('shop', GOOD);
      await world.until('shop', isHealthy, 180);
      figures.goodSeconds = secondsSince(begin);
      await world.untilTrue(async () => moves.at(-1)?.weight === 0, 30);
      // Until the pods of the release before are gone, to which the data plane may still have sent requests.
      await world.pass(8);
      figures.unservedOfGoodRelease = unserved(load);
      expect(moves.map(({ weight }) => weight)).toEqual([0, ...WEIGHTS, 100, 0]);
      const runs = await world.list(analysisRuns);
      figures.steps = moves
        .slice(1, 1 + WEIGHTS.length)
        .map((move, index) => expectServed(load, move, moves[index + 2], measuredAt(runs, move.weight)));
    }));

  it('after an abort all requests are at home within seconds', () =>
    staged(server, async ({ world, load, moves }) => {
      await world.setImage('shop', GOOD);
      await world.untilTrue(async () => (load.byImage()[GOOD] ?? 0) >= REQUESTS_PER_SECOND, 60);
      await world.patchStatus('shop', { abort: true });
      await world.until('shop', isAborted, 30);
      await world.untilTrue(async () => moves.at(-1)?.weight === 0, 30);
      const { writtenAt = 0 } = moves.at(-1) ?? {};
      await world.pass(HOME_MILLISECONDS / 1000 + 5);
      expect(moves.map(({ weight }) => weight)).toEqual([0, WEIGHTS[0], 0]);
      expect(await routeWeights(world)).toEqual(AT_HOME);
      const ofCanary = load.answers.filter(({ image }) => image === GOOD).map(({ answeredAt }) => answeredAt);
      figures.secondsUntilHome = secondsSince(writtenAt, Math.max(...ofCanary));
      figures.unservedOfAbortedRelease = unserved(load);
      const later = load.byImage(writtenAt + HOME_MILLISECONDS);
      expect(Object.keys(later)).toEqual([FIRST]);
      expect(later[FIRST]).toBeGreaterThan(REQUESTS_PER_STEP / 2);
    }));
});

/** A step that was left for the next one, as its users, its route and its analysis saw it; answers its figures. */
function expectServed(load: Load, move: Move, next: Move | undefined, measured: Measured[] = []) {
  const { weight, writtenAt, acceptedAt = Number.NaN } = move;
  const leftAt = next?.writtenAt ?? Number.NaN;
  const servedAt = servedFrom(load, GOOD, weight, writtenAt) ?? Number.NaN;
  const split = splitOf(load, GOOD, servedAt, leftAt);
  expectWaitedFor(weight, measured);
  expect(split.requests).toBeGreaterThanOrEqual(REQUESTS_PER_STEP);
  expect(Math.abs(split.percent - weight), `${split.percent} % at ${weight}`).toBeLessThanOrEqual(TOLERANCE);
  // What the analysis was told in time is no more than what users already got; it knows whole seconds only.
  const enoughAt = measured.find(({ isEnough }) => isEnough)?.at ?? Number.NaN;
  expect(enoughAt + 1000).toBeGreaterThan(servedAt);
  expect(leftAt).toBeGreaterThanOrEqual(measured.at(-1)?.at ?? Number.NaN);
  return {
    weight,
    ...split,
    secondsUntilAccepted: secondsSince(writtenAt, acceptedAt),
    secondsFromAcceptedToServed: secondsSince(acceptedAt, servedAt),
    secondsFromAcceptedToLeft: secondsSince(acceptedAt, leftAt),
    measured: measured.map(({ percent }) => percent),
  };
}
