/** Whatever a tenant writes, no credential goes beyond what an administrator's policy, or the tenant's own account, allows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GitSource, KubeObject } from '../../src/api/index.ts';
import { locateRepository } from '../../src/git/url.ts';
import { attack } from './arbitraries.ts';
import { GIVEN, holds } from './fixtures.ts';
import { beyondPolicy } from './rules.ts';
import { type Recorded, startTenancyWorld } from './world.ts';

/** `TENANCY_RUNS=20000 npx vitest run test/tenancy` takes some minutes. */
const RUNS = Number(process.env.TENANCY_RUNS ?? 400);
const SEED = Number(process.env.TENANCY_SEED ?? 7);
const LONG_MILLISECONDS = 90_000;

async function ownAddresses(written: readonly KubeObject[]): Promise<string[]> {
  const sources = written.filter((object): object is GitSource => object.kind === 'GitSource');
  const located = sources.map(({ spec }) => locateRepository(spec.repository.url, { localRoots: [] }));
  return (await Promise.allSettled(located)).flatMap((each) => (each.status === 'fulfilled' ? each.value.url : []));
}

/** All that comes of what a tenant writes. */
async function outcomeOf(written: readonly KubeObject[]): Promise<Recorded> {
  const world = await startTenancyWorld(GIVEN);
  try {
    // Policies are probed, and the other team's failure is looked into.
    await world.settle(1000);
    world.forget();
    for (const object of written) world.put(object);
    await world.settle(61_000);
    return world.recorded;
  } finally {
    await world.close();
  }
}

describe('what a tenant writes', () => {
  const reached = { policy: 0, host: 0, own: 0, record: 0 };

  it(`aims no credential beyond a policy: ${RUNS} combinations`, {
    timeout: LONG_MILLISECONDS + RUNS * 200,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(attack, async (written) => {
        const recorded = await outcomeOf(written);
        const uses = (place: Parameters<typeof holds>[1]) => recorded.git.some(({ carried }) => holds(carried, place));
        reached.policy += uses('headgate/shop-host') ? 1 : 0;
        reached.own += uses('shop/own') ? 1 : 0;
        reached.host += recorded.sent.length > 0 ? 1 : 0;
        reached.record += recorded.written.some(({ text }) => text.includes('"state"')) ? 1 : 0;
        expect(beyondPolicy(recorded, await ownAddresses(written))).toEqual([]);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('gets far enough in many of them to show it', () => {
    const fewest = Math.min(...Object.values(reached));
    expect(fewest, JSON.stringify(reached)).toBeGreaterThan(RUNS / 50);
  });
});
