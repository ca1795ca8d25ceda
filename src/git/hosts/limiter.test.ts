import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from '../../clock.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import { Ended } from './http.ts';
import { createLimiter } from './limiter.ts';

const START = Date.parse('2026-11-20T12:00:00Z');
const OK: HttpResponse = { status: 200, headers: {}, body: '{}' };

const SECONDARY = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

interface Sent {
  at: number;
  until: number;
  name: string;
}

/** A host on a virtual clock; each request takes so long. */
function play(answerTo: (name: string, count: number) => HttpResponse | Error = () => OK, takes = 200) {
  const clock: VirtualClock = virtualClock(START);
  const sent: Sent[] = [];
  const send = createLimiter({
    clock,
    async send({ url }) {
      const name = url.split('/').at(-1) ?? '';
      const entry = { at: clock.now() - START, until: 0, name };
      sent.push(entry);
      const answer = answerTo(name, sent.length);
      await new Promise<void>((wake) => clock.at(clock.now() + takes, wake));
      entry.until = clock.now() - START;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const ask = (method: HttpRequest['method'], name: string, part: Partial<HttpRequest> = {}) => {
    const request = { method, url: `https://host.example/${name}`, headers: { authorization: 'Bearer a' } };
    return send({ ...request, timeoutMilliseconds: 1000, ...part }).then(
      ({ status }) => status,
      (error: unknown) => (error instanceof Ended ? error.failure : String(error)),
    );
  };
  const run = (milliseconds: number) => clock.run({ until: clock.now() + milliseconds });
  return { clock, sent, ask, run, names: () => sent.map(({ name }) => name) };
}

const other = { headers: { authorization: 'Bearer b' } };
const limit = (headers: Record<string, string>, status = 429, body = ''): HttpResponse => ({ status, headers, body });

describe('writes with one credential', () => {
  it('are one at a time, a second apart, in the order in which they were asked for', async () => {
    const { ask, run, sent } = play();
    const all = Promise.all([ask('POST', 'one'), ask('PUT', 'two'), ask('DELETE', 'three'), ask('PATCH', 'four')]);
    await run(10_000);
    expect(await all).toEqual([200, 200, 200, 200]);
    expect(sent.map(({ at, name }) => [name, at])).toEqual([
      ['one', 0],
      ['two', 1_200],
      ['three', 2_400],
      ['four', 3_600],
    ]);
  });

  it('do not hold up what reads, nor other credentials, nor the same token elsewhere', async () => {
    const { ask, run, sent } = play();
    void ask('POST', 'one');
    void ask('POST', 'two');
    void ask('GET', 'read');
    void ask('POST', 'query', { isRead: true });
    void ask('POST', 'theirs', other);
    void ask('POST', 'elsewhere', { url: 'https://other.example/elsewhere' });
    await run(10_000);
    const late = sent.filter(({ at }) => at > 0).map(({ name }) => name);
    expect(late).toEqual(['two']);
  });

  it('go on after one that failed, which is not sent again', async () => {
    const { ask, run, names } = play((name) => (name === 'one' ? new Error('socket hang up') : OK));
    const all = Promise.all([ask('POST', 'one'), ask('POST', 'two')]);
    await run(10_000);
    expect(await all).toEqual(['Error: socket hang up', 200]);
    expect(names()).toEqual(['one', 'two']);
  });

  it('that wait for longer than a minute are not sent: what they were planned on is out of date', async () => {
    const { ask, run, names } = play(() => OK, 70_000);
    const all = Promise.all([ask('POST', 'one'), ask('POST', 'two')]);
    await run(200_000);
    expect(await all).toEqual([200, expect.objectContaining({ kind: 'rateLimited', retryAfterSeconds: 10 })]);
    expect(names()).toEqual(['one']);
  });

  it('are refused where a hundred are waiting', async () => {
    const { ask, run } = play();
    for (let count = 0; count < 100; count++) void ask('POST', 'one');
    await Promise.resolve();
    expect(await ask('POST', 'more')).toMatchObject({ kind: 'rateLimited' });
    await run(200_000);
    const last = ask('POST', 'later');
    await run(10_000);
    expect(await last).toBe(200);
  });

  it('of an App are counted by the App, whatever its token is', async () => {
    const { ask, run, sent } = play();
    void ask('POST', 'one', { account: 'app 1' });
    void ask('POST', 'two', { account: 'app 1', ...other });
    await run(10_000);
    expect(sent.map(({ at }) => at)).toEqual([0, 1_200]);
  });
});

describe('a host that asks to be left alone', () => {
  const date = new Date(START).toUTCString();
  const reset = String(START / 1000 + 90);

  it.each<[string, HttpResponse, number]>([
    ['429 with Retry-After', limit({ 'retry-after': '30' }), 30],
    ['Retry-After as a date', limit({ 'retry-after': new Date(START + 40_000).toUTCString(), date }), 40],
    ['403 with Retry-After', limit({ 'retry-after': '20' }, 403), 20],
    ['503 with Retry-After', limit({ 'retry-after': '10' }, 503), 10],
    ['a limit that begins anew', limit({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date }, 403), 90],
    ["GitLab's limit", limit({ 'ratelimit-reset': reset, date }), 90],
    ['no time at all', limit({}), 60],
    ["GitHub's secondary limit in words", limit({}, 403, JSON.stringify({ message: SECONDARY })), 60],
    [
      'the same, with the reset of a limit of which something is left',
      limit(
        { 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': reset, date },
        429,
        JSON.stringify({ message: SECONDARY }),
      ),
      60,
    ],
    ['the same of GraphQL', limit({}, 200, JSON.stringify({ errors: [{ message: SECONDARY }] })), 60],
    ['a time of years', limit({ 'retry-after': '999999999' }), 3_600],
    [
      'GraphQL',
      limit({ 'x-ratelimit-reset': reset, date }, 200, '{"data":null,"errors":[{"type": "RATE_LIMITED"}]}'),
      90,
    ],
  ])('%s: nothing is asked with that credential until then', async (_, answer, seconds) => {
    const { ask, run, names } = play((name) => (name === 'one' ? answer : OK));
    const one = ask('POST', 'one');
    const two = ask('POST', 'two');
    await run(500);
    expect(await one).toBe(answer.status);
    const told = { kind: 'rateLimited', message: expect.stringContaining('left alone') };
    expect(await two).toMatchObject(told);
    expect(await ask('GET', 'read')).toMatchObject(told);
    await run(seconds * 1000 - 600);
    expect(await ask('GET', 'read')).toMatchObject({ ...told, retryAfterSeconds: 1 });
    const theirs = ask('GET', 'theirs', other);
    await run(500);
    expect(await theirs).toBe(200);
    const last = ask('POST', 'three');
    await run(2_000);
    expect(await last).toBe(200);
    expect(names()).toEqual(['one', 'theirs', 'three']);
  });

  it('rests longer and longer where the host says nothing, until it answers again', async () => {
    let isLimited = true;
    const { ask, run } = play(() => (isLimited ? limit({}) : OK), 0);
    const rests: unknown[] = [];
    for (let count = 0; count < 6; count++) {
      if (count === 5) isLimited = false;
      const first = ask('GET', 'x');
      await run(0);
      await first;
      const told = await Promise.race([ask('GET', 'x'), run(0).then(() => 'sent')]);
      rests.push(typeof told === 'object' ? told.kind === 'rateLimited' && told.retryAfterSeconds : told);
      await run(900_000);
    }
    expect(rests.slice(0, 5)).toEqual([60, 120, 240, 480, 900]);
    expect([200, 'sent']).toContain(rests[5]);
  });

  it.each([
    ['a right that is missing', limit({ 'x-ratelimit-remaining': '4999' }, 403)],
    ['a message that speaks of limits', limit({}, 200, JSON.stringify({ data: { message: SECONDARY } }))],
    [
      'such a message beside an error',
      limit({}, 200, JSON.stringify({ data: { message: SECONDARY }, errors: [{ message: 'no' }] })),
    ],
    ['a text that speaks of limits', limit({}, 200, '{"body":"\\"type\\": \\"RATE_LIMITED\\""}')],
    ['an outage', limit({}, 502)],
  ])('is not meant by %s', async (_, answer) => {
    const { ask, run } = play(() => answer);
    for (const name of ['one', 'two']) {
      const asked = ask('GET', name);
      await run(1_000);
      expect(await asked).toBe(answer.status);
    }
  });
});

it('remembers a thousand credentials, and none that rests is forgotten before others', async () => {
  const { ask, run, names } = play((name) => (name === 'limited' ? limit({ 'retry-after': '3000' }) : OK), 0);
  const first = ask('GET', 'limited');
  await run(0);
  await first;
  for (let count = 0; count < 1_500; count++) void ask('GET', 'x', { account: `app ${count}` });
  await run(10);
  expect(await ask('GET', 'again')).toMatchObject({ kind: 'rateLimited' });
  expect(names()).not.toContain('again');
});

it('never has two writes of one credential within a second of each other, nor sends one twice', async () => {
  const asked = fc.record({ who: fc.nat(2), at: fc.nat(5_000), takes: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(asked, { maxLength: 12 }), async (requests) => {
      const clock = virtualClock(START);
      const sent: { who: string; at: number; until: number }[] = [];
      const send = createLimiter({
        clock,
        async send({ headers, url }) {
          const entry = { who: String(headers.authorization), at: clock.now(), until: Number.POSITIVE_INFINITY };
          sent.push(entry);
          await new Promise<void>((wake) => clock.at(clock.now() + Number(url.split('/').at(-1)) * 700, wake));
          entry.until = clock.now();
          return OK;
        },
      });
      for (const { who, at, takes } of requests) {
        const request = { method: 'POST' as const, url: `https://host.example/${takes}`, timeoutMilliseconds: 1 };
        clock.at(START + at, () => void send({ ...request, headers: { authorization: String(who) } }));
      }
      await clock.run({ until: START + 100_000 });
      expect(sent).toHaveLength(requests.length);
      for (const who of ['0', '1', '2']) {
        const own = sent.filter((each) => each.who === who);
        for (const [index, { at }] of own.entries()) {
          const before = own[index - 1];
          if (before) expect(at - before.until).toBeGreaterThanOrEqual(1_000);
        }
      }
    }),
    { numRuns: 30 },
  );
});
