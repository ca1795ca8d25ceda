import { expect, it } from 'vitest';
import { machineNow } from '../../../src/clock.ts';
import { events } from '../../../src/kube/resources.ts';
import {
  AT_HOME,
  BAD,
  isAborted,
  isHealthy,
  isPausedAt,
  routeWeights,
  servedDuring,
} from '../../behaviour/fixtures.ts';
import { actOn } from '../../worlds/real/state.ts';
import { secondsSince, tellFigures } from '../figures.ts';
import { shopFiles } from '../loop/manifests.ts';
import type { FrontOptions } from './front.ts';
import { expectOneRevert, type GitShop, isReverted, openGitShop, revertOf } from './git-shop.ts';
import { theServers } from './shop.ts';

/** Longer than it takes to see the next head of the branch. */
const QUIET_SECONDS = 5;

/** The traffic has left, and nobody asks in vain. */
async function expectTrafficAtHome({ world }: GitShop): Promise<void> {
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
  const [made, due] = await Promise.all([openGitShop({ onWrite }), openGitShop({})]);
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
      await shop.world.untilTrue(() => isReverted(shop), 90);
      return secondsSince(begin);
    }),
  );
  await Promise.all(shops.map(({ world }) => world.until('shop', isHealthy, 60)));
  tellFigures('away: Gitea', { madeKnownAfterSeconds: landed[0], dueLandedAfterSeconds: landed[1] });
  await made.world.pass(QUIET_SECONDS);
  for (const [index, shop] of shops.entries()) await expectOneRevert(shop, culprits[index] ?? '');
});
