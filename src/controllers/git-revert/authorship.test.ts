/** Whom the commits of reverts are by, and who answers for them. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { abort, allow, failedRelease, HASHES, type Loop, MINUTE, startLoop } from '../../../test/git/loop.ts';

const AUTHOR = 'Shop Bot <bot@shop.example>';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

async function fail(commits?: object) {
  allow(loop, { mode: 'Direct', ...(commits && { commits }) });
  await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(MINUTE);
  const [last] = await loop.bare.log();
  return { by: last?.author, lastLine: last?.message.split('\n').at(-1) };
}

it('is Headgate, and nobody, where the policy says nothing', async () => {
  const { by, lastLine } = await fail();
  expect([by, lastLine]).toEqual(['Headgate <noreply@headgate.dev>', expect.stringMatching(/^Rollout-Controller: /)]);
});

it('is whom the policy names, who signs off where it says so', async () => {
  const { by, lastLine } = await fail({ author: AUTHOR, signOff: true });
  expect([by, lastLine]).toEqual([AUTHOR, `Signed-off-by: ${AUTHOR}`]);
});

it('signs off as Headgate where the policy names nobody', async () => {
  expect((await fail({ signOff: true })).lastLine).toBe('Signed-off-by: Headgate <noreply@headgate.dev>');
});

it.each(['Shop Bot', 'bot@shop.example', 'Shop Bot <bot>', 'A\nRevert-Key: x <a@b.example>', '<a@b.example>'])(
  'refuses %j with what to write, and writes nothing',
  async (author) => {
    const before = await loop.bare.head();
    expect(() => allow(loop, { commits: { author } })).toThrow(/spec\.commits\.author/);
    expect(await loop.bare.head()).toBe(before);
  },
);
