/**
 * A real kustomize-controller of Flux brings the team's folder to the cluster, in place of a GitSource. In the world of
 * the parts that are built on demand: Flux's kinds belong to the whole cluster.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldsOf, listOf } from '../../src/api/fields.ts';
import { machineNow } from '../../src/clock.ts';
import { REQUESTED_AT } from '../../src/git/provenance/index.ts';
import { type AnyObject, gitRepositories, kustomizations } from '../../src/kube/resources.ts';
import {
  AT_HOME,
  FIRST,
  GOOD,
  hashes,
  isHealthy,
  isPausedAt,
  routeWeights,
  servedDuring,
} from '../behaviour/fixtures.ts';
import type { Server } from '../worlds/real/server.ts';
import type { TestWorld } from '../worlds/world.ts';
import { secondsSince, tellFigures } from './figures.ts';
import { contests, expectLeftAlone, expectNoFight, linesOf } from './flux/contests.ts';
import { openIdleFlux } from './flux/idle.ts';
import { shopFiles } from './flux/manifests.ts';
import { asked, expectFluxProvenance, flux, staged, startFlux } from './flux/shop.ts';
import { expectTakenOut, LEFT_ALONE, pushBad, refusing, untilTakenOut } from './flux/taken-out.ts';

const figures: Record<string, unknown> = {};
let server: Server | undefined;

describe.runIf(flux)('under a real Flux', () => {
  beforeAll(async () => {
    server = await startFlux();
  }, 120_000);

  afterAll(async () => {
    tellFigures('flux', { startSeconds: server?.startSeconds, ...figures });
    await server?.stop();
  });

  const files = (world: TestWorld) => shopFiles(world, FIRST, { additions: LEFT_ALONE });

  it('a release that fails is taken out of Git, and Flux is asked to fetch that at once', () =>
    staged({ files }, async (shop) => {
      const { world, team } = shop;
      const { stable } = await hashes(world);
      await expectFluxProvenance(world, stable, (await team.log())[0]?.id ?? '');
      const culprit = await pushBad(shop);
      figures.secondsAfterAbort = await untilTakenOut(shop, culprit, async () => {});
      await expectTakenOut(shop, culprit, stable);
      // It had no need to be asked.
      expect(await asked(world, kustomizations, 'shop')).toEqual({ requestedAt: undefined, heard: undefined });
      expect(await servedDuring(world, 3)).toEqual(['1.0.0']);
    }));

  it('Flux is asked to apply it where it has given up until its next interval', () =>
    staged({ files }, async (shop) => {
      const { world } = shop;
      const { stable } = await hashes(world);
      const culprit = await pushBad(shop);
      const relent = await refusing(shop, FIRST);
      figures.secondsAfterAbortWhenRefused = await untilTakenOut(shop, culprit, async () => {
        const hasFailed = async () => {
          const { status } = await world.get<AnyObject>(kustomizations, 'shop');
          const ready = listOf(fieldsOf(status).conditions)
            .map(fieldsOf)
            .find(({ type }) => type === 'Ready');
          return ready?.reason === 'ReconciliationFailed';
        };
        await world.untilTrue(hasFailed, 30).finally(relent);
      });
      await expectTakenOut(shop, culprit, stable);
      const { requestedAt, heard } = await asked(world, kustomizations, 'shop');
      expect(requestedAt).toBeDefined();
      expect(heard).toBe(requestedAt);
    }));

  it('who sets weights back is told, not fought, and leaves them alone once Git has the lines that were told', () =>
    staged({ files: (world) => shopFiles(world, FIRST, { weights: [25] }), interval: '5s' }, async (shop) => {
      const { world, push } = shop;
      await push('Release 1.1.0', shopFiles(world, GOOD, { weights: [25] }));
      await world.until('shop', isPausedAt(1), 60);
      const begin = machineNow();
      const isTold = async () => Object.keys(await contests(world)).length === 3;
      await world.untilTrue(isTold, 60);
      figures.secondsUntilContestsAreTold = secondsSince(begin);
      const told = await contests(world);
      const additions = linesOf(world, told);
      await expectNoFight(world);
      const left = machineNow();
      await push('Leave to Headgate what is its own', shopFiles(world, GOOD, { weights: [25], additions }));
      await expectLeftAlone(world, 25);
      figures.secondsUntilLeftAlone = secondsSince(left);
      // The release goes on to its end, with Flux at work all the time.
      await world.patchStatus('shop', { pauseConditions: null });
      await world.until('shop', isHealthy, 90);
      expect((await world.rollout('shop')).spec.template?.spec?.containers?.[0]?.image).toBe(GOOD);
      await expectLeftAlone(world, 0);
      expect(await routeWeights(world)).toEqual(AT_HOME);
      expect(await contests(world)).toEqual(told);
    }));

  it.each([
    ['spec', { spec: { interval: '1m' } }, /may change no spec of Flux/],
    ['label', { metadata: { labels: { team: 'ours' } } }, /requestedAt and nothing else/],
    ['finalizer', { metadata: { finalizers: ['example.com/stay'] } }, /requestedAt and nothing else/],
    ['other annotation', { metadata: { annotations: { team: 'ours' } } }, /requestedAt and no other/],
    ['annotation of others', { metadata: { annotations: { owner: null } } }, /requestedAt and no other/],
  ])('of Flux, Headgate may change no %s', async (_, body, message) => {
    const { controller, patch, end } = await openIdleFlux();
    for (const resource of [gitRepositories, kustomizations]) {
      await expect(patch(controller, resource, body)).rejects.toThrow(message);
      const annotations = { [REQUESTED_AT]: new Date(machineNow()).toISOString() };
      expect((await patch(controller, resource, { metadata: { annotations } })).metadata.annotations).toEqual({
        owner: 'a person',
        ...annotations,
      });
    }
    await end();
  });
});
