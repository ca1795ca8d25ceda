/** A host that asks one credential to be left alone. */
import { afterEach, expect, it } from 'vitest';
import {
  abort,
  allow,
  gitSource,
  HASHES,
  type Loop,
  MINUTE,
  raise,
  rolloutYaml,
  startLoop,
} from '../../../test/git/loop.ts';
import type { SendRequest } from '../../git/hosts/http.ts';
import { gitSources } from '../../kube/resources.ts';

let loop: Loop;
afterEach(() => loop.close());

const NAMES = ['web', 'api', 'pay'];
const RETRY_SECONDS = 300;

it('is asked nothing by any revert of that credential until then, and each is written afterwards', async () => {
  const asked: number[] = [];
  let isLimited = true;
  const refusing =
    (send: SendRequest): SendRequest =>
    async (request) => {
      const isWrite = request.method !== 'GET' && request.isRead !== true;
      asked.push(loop.clock.now());
      if (!isWrite || !isLimited) return send(request);
      isLimited = false;
      return { status: 429, headers: { 'retry-after': String(RETRY_SECONDS) }, body: '{}' };
    };
  const between = { client: <T>(client: T) => client, git: <T>(git: T) => git, send: refusing };
  loop = await startLoop({ github: { pulls: [] }, between });
  allow(loop, { mode: 'PullRequest' });
  const files = (tag: string) =>
    Object.fromEntries(NAMES.map((name) => [`apps/${name}/rollout.yaml`, rolloutYaml(`${name}:${tag}`, '', name)]));
  await loop.commit(files('v1'), 'Release v1');
  for (const name of NAMES) loop.api.store.create(gitSources, gitSource(loop, name) as never);
  await loop.settle(1000);
  for (const name of NAMES) raise(loop, HASHES.stable, {}, name);
  await loop.commit(files('v2'), 'Release all');
  await loop.settle(MINUTE + 1000);
  for (const name of NAMES) raise(loop, HASHES.canary, {}, name);
  for (const name of NAMES) abort(loop, HASHES, {}, name);
  await loop.settle(MINUTE);
  const limited = Math.max(...asked);
  expect(isLimited).toBe(false);
  expect(loop.reverts().map(({ status }) => status?.reason)).toEqual(Array(3).fill('RateLimited'));
  await loop.settle((RETRY_SECONDS - 70) * 1000);
  expect(Math.max(...asked)).toBe(limited);
  await loop.settle(3 * MINUTE);
  expect(asked.filter((at) => limited < at && at < limited + RETRY_SECONDS * 1000)).toEqual([]);
  expect(loop.reverts().map(({ status }) => status?.state)).toEqual(Array(3).fill('proposed'));
  expect(loop.hosted?.pulls).toHaveLength(3);
});
