import { afterEach, describe, expect, it } from 'vitest';
import type { AuditEntry, Fault } from '../../src/sandbox/api/types.ts';
import {
  byName,
  LATEST,
  ROUTING,
  replicaSets,
  rolloutYaml,
  routeWeights,
  routeYaml,
  runs,
  successRateYaml,
  wanted,
} from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
let writes: AuditEntry[] = [];
afterEach(() => world.stop());

const WRITES = new Set(['create', 'update', 'patch', 'delete']);
const STEPS = `[{ setWeight: 25 }, { pause: { duration: 20 } }, { analysis: { templates: [{ templateName: success-rate }], ${LATEST} } }, { setWeight: 50 }]`;
const STORY = [successRateYaml(), routeYaml(), rolloutYaml({ steps: STEPS, canary: ROUTING })].join('---');

async function installed(): Promise<void> {
  writes = [];
  world = await testWorld({
    behaviour: byName,
    auditLog: (entry) => {
      if (WRITES.has(entry.verb) && entry.resource !== 'events') writes.push(entry);
    },
  });
  world.create(STORY);
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
}

/** What must be so at the end of a good release, whatever happened on the way. */
function expectPromoted(): void {
  const { stableRS = '', currentPodHash, abort } = world.rollout('shop').status ?? {};
  expect(stableRS).toBe(currentPodHash);
  expect(abort).toBeFalsy();
  expect(replicaSets(world)).toHaveLength(2);
  expect(wanted(world)[stableRS]).toBe(4);
  expect(runs(world).map(({ status }) => status?.phase)).toEqual(['Successful']);
  expect(routeWeights(world)).toEqual({ 'shop-stable': 100, 'shop-canary': 0 });
}

function expectAborted(): void {
  const { stableRS = '', currentPodHash = '', abort } = world.rollout('shop').status ?? {};
  expect(abort).toBe(true);
  expect(replicaSets(world)).toHaveLength(2);
  expect(wanted(world)).toEqual({ [stableRS]: 4, [currentPodHash]: 0 });
  expect(runs(world).map(({ status }) => status?.phase)).toEqual(['Failed']);
  expect(routeWeights(world)).toEqual({ 'shop-stable': 100, 'shop-canary': 0 });
}

/** Lets the release come to its end; faults are waited out in machine time, so the end may need a few looks. */
async function toTheEnd(image: string, then?: (seconds: number) => Promise<void> | void): Promise<void> {
  world.setImage('shop', image);
  for (let seconds = 0; seconds < 400; seconds += 5) {
    await world.pass(5);
    await then?.(seconds);
    const { phase, abort } = world.rollout('shop').status ?? {};
    if (seconds > 60 && (phase === 'Healthy' || abort)) break;
  }
  await world.pass(90);
}

const good = 'registry.example/shop:1.1.0';
const bad = 'registry.example/shop:bad';

/** Each write for the first `times` times that it is tried. */
function firstWrites(fault: Fault, times = 1): TestWorld['api']['faults'] {
  const tried = new Map<string, number>();
  return (request) => {
    if (!WRITES.has(request.verb)) return undefined;
    const key = `${request.verb} ${request.path}`;
    const count = (tried.get(key) ?? 0) + 1;
    tried.set(key, count);
    return count <= times ? fault : undefined;
  };
}

function everyThird(fault: Fault): TestWorld['api']['faults'] {
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

describe('the API server fails', { timeout: 60_000 }, () => {
  it.each(FAULTS)('every write at first: %s', async (_, fault) => {
    await installed();
    world.api.faults = firstWrites(fault);
    await toTheEnd(good);
    world.api.faults = undefined;
    expectPromoted();
  });

  it.each(FAULTS)('every third write of a bad release: %s', async (_, fault) => {
    await installed();
    world.api.faults = everyThird(fault);
    await toTheEnd(bad);
    world.api.faults = undefined;
    expectAborted();
  });

  it('all reads and writes for a while, in mid-canary', async () => {
    await installed();
    await toTheEnd(good, (seconds) => {
      world.api.faults = seconds === 10 ? () => ({ answer: 500 }) : undefined;
    });
    expectPromoted();
  });

  it('closes every watch again and again', async () => {
    await installed();
    await toTheEnd(good, () => world.api.closeWatches());
    expectPromoted();
  });

  it('forgets its history, so that watches that resume get 410', async () => {
    await installed();
    await toTheEnd(bad, () => {
      world.api.closeWatches();
      world.api.compact();
    });
    expectAborted();
  });
});

describe('the controller is restarted', { timeout: 120_000 }, () => {
  const seconds = [0, 1, 2, 3, 4, 5, 10, 20, 25, 30, 35, 40, 45, 50, 60];

  it.each(seconds)('once, %i s into a good release', async (at) => {
    await installed();
    world.setImage('shop', good);
    await world.pass(at);
    await world.restart();
    await world.pass(150);
    expectPromoted();
  });

  it.each([1, 3])('every %i s of a bad release', async (every) => {
    await installed();
    world.setImage('shop', bad);
    for (let at = 0; at < 60; at += every) {
      await world.pass(every);
      await world.restart();
    }
    await world.pass(90);
    expectAborted();
  });
});

it('writes nothing once all is settled', async () => {
  await installed();
  await toTheEnd(good);
  expectPromoted();
  await world.pass(300);
  writes = [];
  await world.pass(30 * 60);
  expect(writes).toEqual([]);
});

it('writes nothing while a release is aborted', async () => {
  await installed();
  await toTheEnd(bad);
  expectAborted();
  await world.pass(300);
  writes = [];
  await world.pass(30 * 60);
  expect(writes).toEqual([]);
});
