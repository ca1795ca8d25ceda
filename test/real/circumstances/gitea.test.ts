import { expect, it, onTestFinished } from 'vitest';
import type { GitRevert } from '../../../src/api/index.ts';
import { machineNow } from '../../../src/clock.ts';
import { events, gitReverts } from '../../../src/kube/resources.ts';
import {
  AT_HOME,
  BAD,
  FIRST,
  isAborted,
  isHealthy,
  isPausedAt,
  routeWeights,
  servedDuring,
} from '../../behaviour/fixtures.ts';
import { actOn } from '../../worlds/real/state.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { startAsDeployed } from '../loop/controller.ts';
import { followYaml, rightsYaml, shopFiles } from '../loop/manifests.ts';
import { foundTeam, type Team } from '../loop/team.ts';
import { type FrontOptions, startGiteaFront } from './front.ts';
import { openWorld, secondsSince, tellFigures, theServers } from './shop.ts';

/** Longer than it takes to see the next head of the branch. */
const QUIET_SECONDS = 5;

interface Shop {
  world: TestWorld;
  team: Team;
}

/** A shop whose first release came from Git; the controller meets Gitea behind a front. */
async function openShop(options: FrontOptions): Promise<Shop> {
  const { gitea } = theServers();
  const [team, front] = await Promise.all([foundTeam(gitea), startGiteaFront(gitea.url, options)]);
  onTestFinished(async () => {
    await front.close();
    await team.close();
  });
  const world = await openWorld(startAsDeployed);
  const seen = { ...team, url: front.url + new URL(team.url).pathname };
  await team.commit('Begin', shopFiles(world, FIRST));
  await world.create([rightsYaml(world, team), followYaml(world, seen)].join('---'));
  await world.until('shop', isHealthy, 60);
  return { world, team };
}

async function revertOf({ world }: Shop): Promise<GitRevert | undefined> {
  return (await world.list(gitReverts))[0];
}

async function isDone(shop: Shop): Promise<boolean> {
  return (await revertOf(shop))?.status?.state === 'done';
}

async function expectOneRevert(shop: Shop, culprit: string): Promise<void> {
  const log = await shop.team.log();
  const reverts = log.filter(({ message }) => message.includes(`Reverts-Commit: ${culprit}`));
  expect(reverts.map(({ id }) => id)).toEqual([(await revertOf(shop))?.status?.commit]);
  // What the repository began with, both releases and the revert.
  expect(log).toHaveLength(4);
  expect(await routeWeights(shop.world)).toEqual(AT_HOME);
}

/** The traffic has left, and nobody asks in vain. */
async function expectTrafficAtHome({ world }: Shop): Promise<void> {
  expect(await routeWeights(world)).toEqual(AT_HOME);
  await world.pass(1);
  expect(await servedDuring(world, 3)).toEqual(['1.0.0']);
}

it('Gitea is killed when it has made a revert and when one is due: both wait, and land exactly once', async () => {
  const answered = Promise.withResolvers<void>();
  let isArmed = false;
  const onWrite: FrontOptions['onWrite'] = (kind, moment) => {
    if (!isArmed || kind !== 'create contents in Gitea' || moment !== 'answered') return false;
    isArmed = false;
    void actOn(theServers(), 'gitea', 'kill').then(answered.resolve, answered.reject);
    return true;
  };
  const [made, due] = await Promise.all([openShop({ onWrite }), openShop({})]);
  const shops = [made, due];
  // Without it, no verdict: it shall fall when Gitea is away.
  await due.world.setPrometheus('down');
  isArmed = true;
  const culprits = await Promise.all(shops.map(({ team, world }) => team.commit('Release bad', shopFiles(world, BAD))));
  await Promise.all(shops.map(({ world }) => world.until('shop', isPausedAt(1), 60)));
  await answered.promise;

  await due.world.setPrometheus('up');
  await due.world.until('shop', isAborted, 60);
  await Promise.all(shops.map(expectTrafficAtHome));
  const said = async () => (await due.world.list(events)).filter(({ reason }) => reason === 'GitUnavailable');
  await due.world.untilTrue(async () => (await said()).length > 0, 20);
  expect((await said()).map(({ message }) => message)).toEqual([expect.stringContaining('it is tried again')]);
  // The second is what it finds when it looks whether the write has landed.
  const reason = expect.stringMatching(/^(OutcomeUnknown|RepositoryUnreachable)$/);
  expect((await revertOf(made))?.status).toMatchObject({ state: 'writing', reason });

  await actOn(theServers(), 'gitea', 'start');
  const begin = machineNow();
  const landed = await Promise.all(
    shops.map(async (shop) => {
      await shop.world.untilTrue(() => isDone(shop), 90);
      return secondsSince(begin);
    }),
  );
  await Promise.all(shops.map(({ world }) => world.until('shop', isHealthy, 60)));
  tellFigures('away: Gitea', { madeKnownAfterSeconds: landed[0], dueLandedAfterSeconds: landed[1] });
  await made.world.pass(QUIET_SECONDS);
  for (const [index, shop] of shops.entries()) await expectOneRevert(shop, culprits[index] ?? '');
});
