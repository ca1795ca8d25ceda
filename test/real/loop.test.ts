import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GitRevert } from '../../src/api/index.ts';
import { machineNow } from '../../src/clock.ts';
import { analysisRuns, gitReverts } from '../../src/kube/resources.ts';
import {
  AT_HOME,
  BAD,
  canaryWeight,
  FIRST,
  GOOD,
  hashes,
  isHealthy,
  isPausedAt,
  routeWeights,
} from '../behaviour/fixtures.ts';
import type { Load } from '../worlds/real/load.ts';
import { readRealWorld } from '../worlds/real/state.ts';
import { realWorld } from '../worlds/real/test-world.ts';
import type { TestWorld } from '../worlds/world.ts';
import { sourceStatus } from './deploying.ts';
import { secondsSince, tellFigures } from './figures.ts';
import { startAsDeployed } from './loop/controller.ts';
import { followYaml, rightsYaml, SEEN_WEIGHT, shopFiles, WEIGHTS } from './loop/manifests.ts';
import { expectWaitedFor, measuredAt } from './loop/measured-share.ts';
import { lastMove } from './loop/route-writes.ts';
import { foundTeam, type Team } from './loop/team.ts';
import { type Split, splitOf, TOLERANCE, unserved, withLoad } from './loop/traffic.ts';

const REQUESTS_PER_SECOND = 600;
const REQUESTS_PER_STEP = 4500;

const state = readRealWorld();
const users = { address: state?.gateway.address ?? '', requestsPerSecond: REQUESTS_PER_SECOND };

let world: TestWorld;
let team: Team;
const figures: Record<string, unknown> = {};

/** The canary's share of the requests that are sent from now on. */
async function measure(load: Load, image: string): Promise<Split> {
  const begin = machineNow();
  const split = () => splitOf(load, image, begin);
  await world.untilTrue(async () => split().requests >= REQUESTS_PER_STEP, 60);
  return split();
}

async function reverts(): Promise<GitRevert[]> {
  return world.list(gitReverts);
}

describe.runIf(state?.gitea)('everything real together', { concurrent: false }, () => {
  beforeAll(async () => {
    if (!state?.gitea) return;
    [world, team] = await Promise.all([realWorld(startAsDeployed), foundTeam(state.gitea)]);
    await world.create(rightsYaml(world, team));
    await team.commit('Begin', { ...shopFiles(world, FIRST), 'apps/search/settings.txt': 'ranking: v1\n' });
    await world.create(followYaml(world, team));
    await world.untilTrue(async () => (await sourceStatus(world)).lastAppliedCommit !== undefined, 30);
    await world.until('shop', isHealthy, 60);
  }, 180_000);

  afterAll(async () => {
    tellFigures('loop', figures);
    const refused = (await world?.refused()) ?? [];
    await world?.stop();
    await team?.close();
    // Whatever the story: the rights of deploy/ are enough.
    expect(refused).toEqual([]);
  });

  it('rolls a good commit out, and requests are split as each step says', async () => {
    const begin = machineNow();
    const steps: (Split & { weight: number })[] = [];
    await withLoad(world, users, async (load) => {
      await team.commit('Release 1.1.0', shopFiles(world, GOOD));
      for (const [index, weight] of WEIGHTS.entries()) {
        await world.until('shop', isPausedAt(2 * index + 1), 60);
        expect(await canaryWeight(world)).toBe(weight);
        steps.push({ weight, ...(await measure(load, GOOD)) });
        await world.patchStatus('shop', { pauseConditions: null });
      }
      await world.until('shop', isHealthy, 60);
      const { requests, percent } = await measure(load, GOOD);
      steps.push({ weight: 100, requests, percent });
      figures.unservedOfGoodRelease = unserved(load);
    });
    Object.assign(figures, { steps, goodSeconds: secondsSince(begin) });
    for (const { weight, percent, requests } of steps) {
      expect(requests).toBeGreaterThanOrEqual(4000);
      expect(Math.abs(percent - weight), `${percent} % at ${weight}`).toBeLessThanOrEqual(TOLERANCE);
    }
    const measured = measuredAt(await world.list(analysisRuns), SEEN_WEIGHT);
    figures.measuredShares = measured?.map(({ percent }) => percent);
    expectWaitedFor(SEEN_WEIGHT, measured);
    const { stable, latest } = await hashes(world);
    expect(latest).toBe(stable);
    expect(await reverts()).toEqual([]);
  });

  it('takes a bad commit out of the traffic within a second, and out of Git', async () => {
    const begin = machineNow();
    const { stable } = await hashes(world);
    const stableImage = (await world.rollout('shop')).spec.template?.spec?.containers?.[0]?.image ?? '';
    const before = (await team.log())[0]?.id ?? '';
    await withLoad(world, users, async (load) => {
      const culprit = await team.commit('Release bad', shopFiles(world, BAD));
      await world.until('shop', isPausedAt(1), 60);
      const bystander = await team.commit('Search: rank by freshness', { 'apps/search/settings.txt': 'ranking: v2\n' });
      await world.untilTrue(async () => (await reverts())[0]?.status?.state === 'done', 120);
      figures.badSeconds = secondsSince(begin);
      await world.until('shop', isHealthy, 60);
      expect(await hashes(world)).toEqual({ stable, latest: stable });
      expect(await routeWeights(world)).toEqual(AT_HOME);
      await expectTrafficLeft(load, stableImage);
      await expectReverted(before, culprit, bystander);
    });
  });
});

/** A second after the route's patch the canary's last answer is there; all later requests are the stable pods'. */
async function expectTrafficLeft(load: Load, stableImage: string): Promise<void> {
  await world.pass(3);
  const { verdictAt, routedAt } = await lastMove(world.namespace);
  const ofCanary = load.answers.filter(({ image }) => image === BAD);
  expect(ofCanary.length).toBeGreaterThan(100);
  const lastAnswer = ofCanary.reduce((latest, { answeredAt }) => Math.max(latest, answeredAt), 0);
  const lastSent = ofCanary.reduce((latest, { sentAt }) => Math.max(latest, sentAt), 0);
  Object.assign(figures, {
    verdictToRouteMilliseconds: routedAt - verdictAt,
    routeToLastCanarySentMilliseconds: lastSent - routedAt,
    routeToLastCanaryAnswerMilliseconds: lastAnswer - routedAt,
    unservedOfBadRelease: unserved(load),
  });
  expect(lastAnswer - routedAt).toBeLessThanOrEqual(1000);
  const later = load.byImage(routedAt + 1000);
  expect(Object.keys(later)).toEqual([stableImage]);
  expect(later[stableImage]).toBeGreaterThan(1000);
}

async function expectReverted(before: string, culprit: string, bystander: string): Promise<void> {
  const [revert, ...others] = await reverts();
  expect(others).toEqual([]);
  expect(revert?.spec.culprits).toEqual([culprit]);
  const log = await team.log();
  const [head] = log;
  expect(log.map(({ id }) => id).slice(1, 4)).toEqual([bystander, culprit, before]);
  expect(head?.id).toBe(revert?.status?.commit);
  expect(head?.parents).toEqual([bystander]);
  const { namespace } = world;
  const [run] = (await world.list(analysisRuns)).filter(({ status }) => status?.phase === 'Failed');
  const trailers = [
    `This reverts commit ${culprit}.`,
    `Rollout: ${namespace}/shop`,
    `Revert-Key: ${revert?.spec.key}`,
    `Reverts-Commit: ${culprit}`,
    `Good-Revision: ${before}`,
    'Revert-Scope: fields',
    `Analysis-Run: ${namespace}/${run?.metadata.name}/${run?.metadata.uid}`,
  ];
  expect(head?.message.split('\n')).toEqual(expect.arrayContaining(trailers));
  // The tree is that before the culprit, but for what another team did in between.
  const [good, between, after] = await Promise.all([before, bystander, head?.id ?? ''].map(team.tree));
  expect(after).toEqual({ ...good, 'apps/search/settings.txt': between?.['apps/search/settings.txt'] });
  expect(after).not.toEqual(good);
  await world.untilTrue(async () => (await reverts())[0]?.status?.reported?.at !== undefined, 30);
  const context = `headgate/${namespace}/shop`;
  expect(await team.statuses(culprit)).toMatchObject([{ state: 'failure', context }]);
  expect(await team.statuses(head?.id ?? '')).toMatchObject([{ state: 'success', context }]);
  expect((await sourceStatus(world)).lastAppliedCommit).toBe(head?.id);
  // One look at the branch later, there is still one.
  await world.pass(5);
  expect((await team.log())[0]?.id).toBe(head?.id);
}
