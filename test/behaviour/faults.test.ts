import { expect, vi } from 'vitest';
import type { Fault, RequestInfo } from '../../src/sandbox/api/types.ts';
import { sandboxOnly } from '../worlds/index.ts';
import type { SandboxWorld } from '../worlds/sandbox.ts';
import { BAD, GOOD, installed } from './fixtures.ts';
import { expectAborted, expectPromoted, judgedYaml } from './judged.ts';

const { it } = sandboxOnly;
const WRITES = new Set(['create', 'update', 'patch', 'delete']);

/** Lets the release come to its end; `then` is called every five seconds for as long as a release takes. */
async function toTheEnd(world: SandboxWorld, image: string, then?: (seconds: number) => void): Promise<void> {
  await world.setImage('shop', image);
  for (let seconds = 0; seconds < 100; seconds += 5) {
    await world.pass(5);
    then?.(seconds);
  }
  // Failed requests are tried again after delays of machine time, which virtual time does not wait for.
  await vi.waitFor(
    async () => {
      await world.pass(5);
      const { phase, abort } = (await world.rollout('shop')).status ?? {};
      expect(phase === 'Healthy' || abort).toBe(true);
    },
    { timeout: 20_000 },
  );
  world.setFaults();
  await world.pass(90);
}

type Faults = (request: RequestInfo) => Fault | undefined;

/** Each write the first time that it is tried. */
function firstWrites(fault: Fault): Faults {
  const tried = new Set<string>();
  return ({ verb, path }) => {
    const write = `${verb} ${path}`;
    if (!WRITES.has(verb) || tried.has(write)) return undefined;
    tried.add(write);
    return fault;
  };
}

function everyThird(fault: Fault): Faults {
  let count = 0;
  return (request) => (WRITES.has(request.verb) && count++ % 3 === 0 ? fault : undefined);
}

const FAULTS: [string, Fault][] = [
  ['409', { answer: 409 }],
  ['429 with Retry-After', { answer: 429, retryAfter: 0 }],
  ['500', { answer: 500 }],
  ['503', { answer: 503 }],
  ['the connection dropped before the write', { drop: 'before' }],
  ['the connection dropped after the write', { drop: 'after' }],
];

/** Only the sandbox's API server fails on demand. */
sandboxOnly.describe('the API server fails', { timeout: 60_000 }, () => {
  it.for(FAULTS)('every write at first: %s', async ([, fault], { world }) => {
    await installed(world, judgedYaml(world));
    world.setFaults(firstWrites(fault));
    await toTheEnd(world, GOOD);
    await expectPromoted(world);
  });

  it.for(FAULTS)('every third write of a bad release: %s', async ([, fault], { world }) => {
    await installed(world, judgedYaml(world));
    world.setFaults(everyThird(fault));
    await toTheEnd(world, BAD);
    await expectAborted(world);
  });

  it('all reads and writes for a while, in mid-canary', async ({ world }) => {
    await installed(world, judgedYaml(world));
    await toTheEnd(world, GOOD, (seconds) => {
      world.setFaults(seconds === 10 ? () => ({ answer: 500 }) : undefined);
    });
    await expectPromoted(world);
  });

  it('closes every watch again and again', async ({ world }) => {
    await installed(world, judgedYaml(world));
    await toTheEnd(world, GOOD, () => world.api.closeWatches());
    await expectPromoted(world);
  });

  it('forgets its history, so that watches that resume get 410', async ({ world }) => {
    await installed(world, judgedYaml(world));
    await toTheEnd(world, BAD, () => {
      world.api.closeWatches();
      world.api.compact();
    });
    await expectAborted(world);
  });
});
