/** What the Git host is told to show beside the commits. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import type { CommitReport, GitHost, ReportOutcome } from '../../git/hosts/host.ts';

const status = () => loop.reverts()[0]?.status;

let loop: Loop;
let told: CommitReport[];
let times: number[];
let answer: () => Promise<ReportOutcome>;

const showing = (host: GitHost): GitHost => ({
  ...host,
  discussion: {
    report(_, report) {
      told.push(report);
      times.push(loop.clock.now());
      return answer();
    },
    pullRequestOf: async () => ({ kind: 'none' }),
    comment: async () => ({ kind: 'commented' }),
  },
});

beforeEach(async () => {
  told = [];
  times = [];
  answer = async () => ({ ok: true });
  loop = await startLoop({ wrap: showing });
});
afterEach(() => loop.close());

async function failAndRevert(message = 'metric "ok" assessed Failed') {
  allow(loop);
  const commits = await failedRelease(loop);
  abort(loop, HASHES, { message });
  await loop.settle(1000);
  return commits;
}

it('is told of the culprit and of the revert, once, also after a restart', async () => {
  const { bad } = await failAndRevert();
  const revert = (await loop.bare.log())[0]?.id;
  const expected = [
    {
      commit: bad,
      state: 'failure',
      context: 'headgate/shop/web',
      description: 'release failed: metric "ok" assessed Failed',
    },
    {
      commit: revert,
      state: 'success',
      context: 'headgate/shop/web',
      description: `takes ${bad.slice(0, 7)} out, whose release failed: metric "ok" assessed Failed`,
    },
  ];
  expect(told).toMatchObject(expected);
  expect(status()).toMatchObject({ state: 'landed', reported: { at: expect.any(String) } });
  await loop.restart();
  setStatus(loop, { phase: 'Healthy', abort: false, currentPodHash: 'aaa', stableRS: 'aaa' });
  await loop.settle(10 * MINUTE);
  expect(status()).toMatchObject({ state: 'done', reported: { at: expect.any(String) } });
  expect(told).toHaveLength(2);
});

it('is told again, with longer and longer rests, while it does not answer, and the revert goes on meanwhile', async () => {
  answer = async () => ({ ok: false, again: true, message: 'no answer' });
  await failAndRevert();
  expect(status()).toMatchObject({ state: 'landed' });
  setStatus(loop, { phase: 'Healthy', abort: false, currentPodHash: 'aaa', stableRS: 'aaa' });
  await loop.settle(2000);
  expect(status()?.state).toBe('done');
  expect(status()?.reported).toBeUndefined();
  await loop.settle(50 * MINUTE);
  const rests = times.slice(1).map((time, at) => Math.round((time - (times[at] ?? 0)) / 1000));
  expect(rests).toEqual([30, 60, 120, 240, 480]);
  expect(status()?.reported).toMatchObject({ problem: 'no answer' });
});

it('is left alone where it refuses, and that is noted', async () => {
  answer = async () => ({ ok: false, again: false, message: 'Gitea answered 403: no' });
  await failAndRevert();
  await loop.settle(60 * MINUTE);
  expect(told).toHaveLength(1);
  expect(status()).toMatchObject({ state: 'landed', reported: { problem: 'Gitea answered 403: no' } });
});

it('delays nothing while it hangs', async () => {
  const hanging = Promise.withResolvers<ReportOutcome>();
  answer = () => hanging.promise;
  allow(loop);
  await failedRelease(loop);
  abort(loop, HASHES);
  const settled = loop.settle(1000);
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1);
  expect(status()).toMatchObject({ state: 'landed' });
  expect(status()?.reported).toBeUndefined();
  hanging.resolve({ ok: true });
  await settled;
  expect(status()?.reported).toMatchObject({ at: expect.any(String) });
});

it('is told nothing that could mention someone, begin a line or run on', async () => {
  await failAndRevert(`@everyone\nSigned-off-by: x\u2028#1 ${'long '.repeat(200)}`);
  for (const { description } of told) {
    expect(description).not.toMatch(/@|\n|\u2028|#\d/);
    expect(description.length).toBeLessThanOrEqual(250);
  }
  expect(told).toHaveLength(2);
});

it('is told nothing where it shows nothing, or nothing was written', async () => {
  await loop.close();
  loop = await startLoop();
  await failAndRevert();
  await loop.settle(10 * MINUTE);
  expect(status()).toMatchObject({ state: 'landed' });
  expect(status()?.reported).toBeUndefined();

  await loop.close();
  loop = await startLoop({
    wrap: (host) => ({ ...showing(host), commit: async () => ({ kind: 'protected', message: 'no' }) }),
  });
  await failAndRevert();
  await loop.settle(10 * MINUTE);
  expect(status()).toMatchObject({ state: 'needsHuman' });
  expect(told).toEqual([]);
});
