import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import { createLoop } from './loop.ts';

function begin(reconcile: (key: string, now: number) => void) {
  const clock = virtualClock(0);
  const loop = createLoop({ name: 'test', clock, log: silentLog(), reconcile: (key) => reconcile(key, clock.now()) });
  return { clock, loop };
}

describe('the loop', () => {
  it('looks once at a name that was added often', async () => {
    const seen: string[] = [];
    const { clock, loop } = begin((key) => seen.push(key));
    for (const key of ['a', 'b', 'a', 'a']) loop.add(key);
    await clock.run({ until: 1000 });
    expect(seen).toEqual(['a', 'b']);
  });

  it('keeps the earliest time that was asked for', async () => {
    const seen: number[] = [];
    const { clock, loop } = begin((_, now) => seen.push(now));
    loop.addAt('a', 500);
    loop.addAt('a', 900);
    loop.addAt('a', 200);
    await clock.run({ until: 1000 });
    expect(seen).toEqual([200]);
  });

  it('tries again with growing pauses, and others are not held up', async () => {
    const seen: string[] = [];
    const { clock, loop } = begin((key, now) => {
      seen.push(`${key} ${now}`);
      if (key === 'bad' && now < 700) throw new Error('not yet');
    });
    loop.add('bad');
    loop.add('good');
    await clock.run({ until: 60_000 });
    expect(seen).toEqual(['bad 0', 'good 0', 'bad 100', 'bad 300', 'bad 700']);
  });

  it('does nothing after it was stopped', async () => {
    const seen: string[] = [];
    const { clock, loop } = begin((key) => seen.push(key));
    loop.add('a');
    loop.addAt('b', 10);
    loop.stop();
    await clock.run({ until: 1000 });
    expect(seen).toEqual([]);
  });

  it('works side by side on several names, never on one twice at a time, and looks again at what was added meanwhile', async () => {
    const clock = virtualClock(0);
    const seen: string[] = [];
    const gates: (() => void)[] = [];
    const reconcile = async (key: string) => {
      seen.push(key);
      await new Promise<void>((resolve) => gates.push(resolve));
    };
    const loop = createLoop({ name: 'test', clock, log: silentLog(), reconcile, parallel: 2 });
    const openOne = async () => {
      gates.shift()?.();
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    for (const key of ['a', 'b', 'c']) loop.add(key);
    await new Promise((resolve) => setTimeout(resolve, 5));
    loop.add('a');
    expect(seen).toEqual(['a', 'b']);
    await openOne();
    expect(seen).toEqual(['a', 'b', 'c']);
    await openOne();
    expect(seen).toEqual(['a', 'b', 'c', 'a']);
    const stopping = loop.stop();
    for (let left = 2; left > 0; left--) await openOne();
    await stopping;
  });
});
