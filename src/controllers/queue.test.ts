import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { machineClock, virtualClock } from '../clock.ts';
import { Stalled, Waiting } from '../errors.ts';
import { silentLog } from '../log.ts';
import { createQueue, type PassResult, type QueueOptions } from './queue.ts';

const START = 1_000_000;

function queueOf(
  reconcile: (key: string) => Promise<PassResult | undefined>,
  more: Partial<QueueOptions> = {},
): ReturnType<typeof createQueue> {
  return createQueue({ name: 'test', clock: machineClock(), log: silentLog(), concurrency: 4, reconcile, ...more });
}

/** Passes that begin when they are called for and end when they are told to. */
function gated() {
  const begun: string[] = [];
  const gates: (() => void)[] = [];
  return {
    begun,
    finish: () => gates.shift()?.(),
    async reconcile(key: string) {
      begun.push(key);
      await new Promise<void>((resolve) => gates.push(resolve));
      return undefined;
    },
  };
}

const turn = () => sleep(5);

describe('passes', () => {
  it('takes a key that is added often once', async () => {
    const { begun, reconcile, finish } = gated();
    const queue = queueOf(reconcile);
    for (let i = 0; i < 5; i++) queue.add('a');
    await turn();
    expect(begun).toEqual(['a']);
    finish();
    await turn();
    expect(begun).toEqual(['a']);
    await queue.stop();
  });

  it('gives a key one pass at a time, and one more when it was added meanwhile', async () => {
    const { begun, reconcile, finish } = gated();
    const queue = queueOf(reconcile);
    queue.add('a');
    await turn();
    queue.add('a');
    queue.add('a');
    await turn();
    expect(begun).toEqual(['a']);
    finish();
    await turn();
    expect(begun).toEqual(['a', 'a']);
    finish();
    await turn();
    expect(begun).toEqual(['a', 'a']);
    await queue.stop();
  });

  it('has no more passes under way than it may, and a slow key holds up no other', async () => {
    const { begun, reconcile, finish } = gated();
    const queue = queueOf(reconcile, { concurrency: 2 });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await turn();
    expect(begun).toEqual(['a', 'b']);
    finish();
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
    finish();
    finish();
    await queue.stop();
  });

  it('brings to an end what has begun before it begins more, and what may not wait goes first', async () => {
    const begun: string[] = [];
    const left = new Map(['a', 'b', 'c'].map((key) => [key, 3]));
    const queue = queueOf(
      async (key) => {
        begun.push(key);
        const passes = (left.get(key) ?? 0) - 1;
        left.set(key, passes);
        if (passes > 0) queue.add(key);
        if (begun.length === 2) queue.addFirst('c');
        return { work: passes > 0 ? 'own' : 'over' };
      },
      { concurrency: 1 },
    );
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await expect.poll(() => begun.length, { interval: 1 }).toBe(9);
    expect(begun.join('')).toBe('aacaccbbb');
    await queue.stop();
  });

  it('waits for those under way when it stops, and begins no other', async () => {
    const { begun, reconcile, finish } = gated();
    const queue = queueOf(reconcile, { concurrency: 1 });
    queue.add('a');
    queue.add('b');
    await turn();
    let stopped = false;
    const stop = queue.stop().then(() => {
      stopped = true;
    });
    queue.add('c');
    await turn();
    expect(stopped).toBe(false);
    finish();
    await stop;
    await turn();
    expect(begun).toEqual(['a']);
  });
});

describe('failures', () => {
  it('comes back ever later, and starts over after a success', async () => {
    const times: number[] = [];
    let failing = true;
    const queue = queueOf(async () => {
      times.push(performance.now());
      if (failing) throw new Error('no');
      return undefined;
    });
    queue.add('a');
    await sleep(250);
    // 2.5 + 5 + 10 + ... ms at the least: the eighth pass may begin after 157 ms, the ninth after 317.
    expect(times.length).toBeGreaterThanOrEqual(3);
    expect(times.length).toBeLessThanOrEqual(8);
    await expect.poll(() => times.length, { interval: 1 }).toBeGreaterThanOrEqual(8);
    failing = false;
    queue.add('a');
    await sleep(20);
    const passes = times.length;
    await sleep(20);
    expect(times.length).toBe(passes);
    failing = true;
    queue.add('a');
    await expect.poll(() => times.length, { interval: 1 }).toBeGreaterThanOrEqual(passes + 2);
    expect((times[passes + 1] ?? 0) - (times[passes] ?? 0)).toBeLessThan(150);
    await queue.stop();
  });

  it('does not retry what is stalled until it is added again', async () => {
    let passes = 0;
    const outcomes: string[] = [];
    const added: string[] = [];
    const queue = queueOf(
      async () => {
        passes++;
        throw new Stalled('Invalid', 'spec.x is wrong');
      },
      {
        metrics: {
          depth: () => {},
          added: (_, key) => added.push(key),
          pass: () => () => {},
          passed: (_, outcome) => outcomes.push(outcome),
        },
      },
    );
    queue.add('a');
    await sleep(60);
    expect(passes).toBe(1);
    queue.add('a');
    await turn();
    expect(outcomes).toEqual(['stalled', 'stalled']);
    expect(added).toEqual(['a', 'a']);
    await queue.stop();
  });

  it('comes back when waiting says so, or when it is added before', async () => {
    const times: number[] = [];
    const queue = queueOf(async () => {
      times.push(performance.now());
      if (times.length <= 2) throw new Waiting('NotYet', 'not yet', times.length === 1 ? 0.1 : 60);
      return undefined;
    });
    queue.add('a');
    await expect.poll(() => times.length, { interval: 1 }).toBe(2);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(95);
    queue.add('a');
    await turn();
    expect(times).toHaveLength(3);
    await queue.stop();
  });
});

describe('appointments in virtual time', () => {
  it('are kept to the millisecond, and the latest pass decides', async () => {
    const clock = virtualClock(START);
    const passes: number[] = [];
    const looks = [60_000, 3_600_000, undefined];
    const queue = queueOf(
      async () => {
        const look = looks[passes.length];
        passes.push(clock.now() - START);
        return { lookAgainAt: look === undefined ? undefined : START + look };
      },
      { clock },
    );
    queue.add('a');
    await clock.run({});
    expect(passes).toEqual([0, 60_000, 3_600_000]);
    await queue.stop();
  });

  it('are replaced by a pass in between', async () => {
    const clock = virtualClock(START);
    const passes: number[] = [];
    const queue = queueOf(
      async () => {
        passes.push(clock.now() - START);
        return passes.length === 1 ? { lookAgainAt: START + 60_000 } : undefined;
      },
      { clock },
    );
    queue.add('a');
    clock.at(START + 30_000, () => queue.add('a'));
    await clock.run({});
    expect(passes).toEqual([0, 30_000]);
    await queue.stop();
  });

  it('keeps the sooner of two that are asked for from outside', async () => {
    const clock = virtualClock(START);
    const passes: number[] = [];
    const queue = queueOf(
      async () => {
        passes.push(clock.now() - START);
        return undefined;
      },
      { clock },
    );
    queue.addAt('a', START + 20);
    queue.addAt('a', START + 10);
    queue.addAt('a', START + 30);
    await clock.run({});
    expect(passes).toEqual([10]);
    await queue.stop();
  });

  it('do not pass while a pass is under way or is about to be retried', async () => {
    const clock = virtualClock(START);
    const passes: number[] = [];
    const queue = queueOf(
      async () => {
        await sleep(10);
        passes.push(clock.now() - START);
        if (passes.length < 3) throw new Error('conflict');
        return undefined;
      },
      { clock },
    );
    queue.add('a');
    clock.at(START + 1_000, () => {});
    await clock.run({});
    expect(passes).toEqual([0, 0, 0]);
    expect(clock.now()).toBe(START + 1_000);
    await queue.stop();
  });

  it('do pass when retrying goes on for long: what is missing may need time', async () => {
    const clock = virtualClock(START);
    let ready = false;
    let passed = false;
    const queue = queueOf(
      async () => {
        if (!ready) throw new Error('not yet');
        passed = true;
        return undefined;
      },
      { clock },
    );
    queue.add('a');
    clock.at(START + 1_000, () => {
      ready = true;
    });
    await clock.run({ until: START + 2_000 });
    expect(ready).toBe(true);
    await expect.poll(() => passed).toBe(true);
    await queue.stop();
  });

  it('lets go of virtual time when it stops', async () => {
    const clock = virtualClock(START);
    const { reconcile, finish } = gated();
    const queue = queueOf(reconcile, { clock, concurrency: 1 });
    queue.add('a');
    queue.add('b');
    await turn();
    const stop = queue.stop();
    finish();
    await stop;
    await clock.run({ until: START + 5 });
    expect(clock.now()).toBe(START + 5);
  });
});
