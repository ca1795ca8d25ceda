/** One commit that concerns more than one app or Rollout. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  gitSource,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  raise,
  revertCommits,
  rolloutYaml,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import { canonicalRepository } from '../../git/url.ts';
import { gitReverts, gitSources } from '../../kube/resources.ts';
import { revertKey } from '../../revert/index.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const OTHER = 'apps/api';
const head = async () => (await loop.bare.log())[0]?.id ?? '';
const atHead = async (path: string) => (await loop.bare.read(await head(), path))?.toString();
const FROZEN = { freeze: [{ from: '2026-11-20T00:00:00Z', to: '2026-11-20T12:30:00Z', reason: 'sale' }] };

describe('a culprit that touches two apps', () => {
  const both = (tag: string, other: string) => ({
    [`${PATH}/rollout.yaml`]: rolloutYaml(`web:${tag}`),
    [`${OTHER}/x.yaml`]: other,
  });

  /** v1, and v2 that failed; a hook in between may push. */
  async function failBoth(beforeFailure: (bad: string, good: string) => Promise<unknown> = async () => {}) {
    allow(loop);
    const good = await loop.commit(both('v1', 'x: 1\n'), 'Release v1');
    loop.api.store.create(gitSources, gitSource(loop) as never);
    await loop.settle(1000);
    raise(loop, 'aaa');
    const bad = await loop.commit(both('v2', 'x: 2\n'), 'Release both');
    await loop.settle(MINUTE + 1000);
    raise(loop, 'bbb');
    await beforeFailure(bad, good);
    abort(loop, HASHES);
    await loop.settle(MINUTE);
  }
  const keyOfOther = (culprit: string) =>
    revertKey({
      repository: canonicalRepository(loop.bare.path),
      branch: 'main',
      culprits: [culprit],
      path: OTHER,
    });

  it('is taken out of each: two records, two commits', async () => {
    allow(loop);
    const files = (tag: string) => ({
      [`${PATH}/rollout.yaml`]: rolloutYaml(`web:${tag}`),
      [`${OTHER}/rollout.yaml`]: rolloutYaml(`api:${tag}`, '', 'api'),
    });
    await loop.commit(files('v1'), 'Release v1');
    for (const name of ['web', 'api']) loop.api.store.create(gitSources, gitSource(loop, name) as never);
    await loop.settle(1000);
    for (const name of ['web', 'api']) raise(loop, 'aaa', {}, name);
    const bad = await loop.commit(files('v2'), 'Release both');
    await loop.settle(MINUTE + 1000);
    for (const name of ['web', 'api']) raise(loop, 'bbb', {}, name);
    for (const name of ['web', 'api']) abort(loop, HASHES, {}, name);
    await loop.settle(MINUTE);
    expect(loop.reverts().map(({ spec, status }) => [spec.path, spec.culprits, status?.state])).toEqual(
      expect.arrayContaining([
        [PATH, [bad], 'landed'],
        [OTHER, [bad], 'landed'],
      ]),
    );
    expect(await revertCommits(loop)).toHaveLength(2);
    expect(await atHead(`${PATH}/rollout.yaml`)).toBe(rolloutYaml('web:v1'));
    expect(await atHead(`${OTHER}/rollout.yaml`)).toBe(rolloutYaml('api:v1', '', 'api'));
  });

  it('is taken out of the second app after it was taken out of the first, with a key of its own', async () => {
    await failBoth((bad) =>
      loop.commit(
        { [`${OTHER}/x.yaml`]: 'x: 1\n' },
        `Revert "Release both" (shop/api)\n\nThis reverts commit ${bad}.\n\nRevert-Key: ${keyOfOther(bad)}\n`,
      ),
    );
    expect(loop.reverts()[0]?.status?.state).toBe('landed');
    expect(await atHead(`${PATH}/rollout.yaml`)).toBe(rolloutYaml('web:v1'));
  });

  it('is taken out of the second app after a person reverted it in the first alone', async () => {
    await failBoth((bad) =>
      loop.commit({ [`${OTHER}/x.yaml`]: 'x: 1\n' }, `Only the api\n\nThis reverts commit ${bad}.`),
    );
    expect(loop.reverts()[0]?.status?.state).toBe('landed');
    expect(await atHead(`${PATH}/rollout.yaml`)).toBe(rolloutYaml('web:v1'));
  });

  it("counts as taken out by another key's commit only for that key, even where it touched this app", async () => {
    await failBoth((bad) =>
      loop.commit(
        { [`${OTHER}/x.yaml`]: 'x: 1\n', [`${PATH}/note.md`]: 'squashed' },
        `Revert\n\nThis reverts commit ${bad}.\n\nRevert-Key: ${keyOfOther(bad)}\n`,
      ),
    );
    expect(loop.reverts()[0]?.status?.state).toBe('landed');
    expect(await atHead(`${PATH}/rollout.yaml`)).toBe(rolloutYaml('web:v1'));
  });

  it('is not taken out of this app again once a person did that and put it back', async () => {
    await failBoth(async (bad) => {
      await loop.commit(both('v1', 'x: 2\n'), `Back\n\nThis reverts commit ${bad}.`);
      await loop.commit(both('v2', 'x: 2\n'), 'And forth');
    });
    expect(loop.reverts()[0]?.status).toMatchObject({ state: 'skipped', reason: 'RevertedBefore' });
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('is taken out of the second app when the first one lands between plan and write', async () => {
    await loop.close();
    let bad = '';
    let pushed = false;
    loop = await startLoop({
      wrap: (host) => ({
        ...host,
        async commit(...args) {
          const message = `Revert\n\nThis reverts commit ${bad}.\n\nRevert-Key: ${'0'.repeat(64)}\n`;
          if (!pushed) await loop.commit({ [`${OTHER}/x.yaml`]: 'x: 1\n' }, message);
          pushed = true;
          return host.commit(...args);
        },
      }),
    });
    await failBoth(async (culprit) => {
      bad = culprit;
    });
    expect(loop.reverts()[0]?.status).toMatchObject({ state: 'landed', plan: { attempt: 2 } });
    expect(await atHead(`${PATH}/rollout.yaml`)).toBe(rolloutYaml('web:v1'));
    expect(await atHead(`${OTHER}/x.yaml`)).toBe('x: 1\n');
  });
});

describe('one change that fails two Rollouts of one folder', () => {
  async function failTwo(policy: object) {
    allow(loop, policy);
    const files = (tag: string) => ({
      [`${PATH}/web.yaml`]: rolloutYaml(`web:${tag}`),
      [`${PATH}/api.yaml`]: rolloutYaml(`api:${tag}`, '', 'api'),
    });
    await loop.commit(files('v1'), 'Release v1');
    loop.api.store.create(gitSources, gitSource(loop) as never);
    await loop.settle(1000);
    for (const name of ['web', 'api']) raise(loop, 'aaa', {}, name);
    await loop.commit(files('v2'), 'Release v2');
    await loop.settle(MINUTE + 1000);
    for (const name of ['web', 'api']) raise(loop, 'bbb', {}, name);
    abort(loop, HASHES);
    await loop.settle(1000);
    abort(loop, HASHES, {}, 'api');
    await loop.settle(1000);
  }
  const writes = () => loop.audit.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));

  it('is taken out once', async () => {
    await failTwo({});
    await loop.settle(MINUTE);
    expect(loop.reverts()).toMatchObject([{ spec: { rollout: { name: 'web' } }, status: { state: 'landed' } }]);
    expect(await revertCommits(loop)).toHaveLength(1);
  });

  it('goes on for the second when the first is tried again', async () => {
    await failTwo(FROZEN);
    expect(loop.reverts()).toMatchObject([{ spec: { rollout: { name: 'web' } }, status: { reason: 'Frozen' } }]);
    setStatus(loop, { abort: false, phase: 'Progressing' });
    await loop.settle(1000);
    expect(loop.reverts()).toMatchObject([{ spec: { rollout: { name: 'api' } }, status: { reason: 'Frozen' } }]);
    await loop.settle(31 * MINUTE);
    expect(loop.reverts()).toMatchObject([{ spec: { rollout: { name: 'api' } }, status: { state: 'landed' } }]);
    expect(await revertCommits(loop)).toHaveLength(1);
  });

  it.each([
    ['a person is asked', { mode: 'PullRequest' }, 'needsHuman'],
    ['it is a dry run', { mode: 'DryRun' }, 'dryRun'],
  ])('has one record when %s, and they do not replace it for ever', async (_, policy, state) => {
    await failTwo(policy);
    await loop.settle(MINUTE);
    const before = loop.reverts();
    expect(before).toMatchObject([{ spec: { rollout: { name: 'web' } }, status: { state } }]);
    const told = loop.told.find(({ object, reason }) => object === 'Rollout/api' && reason !== 'GitSourceApplied');
    expect(told?.message).toContain(before[0]?.metadata.name);
    loop.audit.length = 0;
    for (const name of ['web', 'api', 'web', 'api']) {
      setStatus(loop, { message: `news ${name}` }, name);
      await loop.settle(1000);
    }
    expect(loop.reverts()[0]?.metadata.uid).toBe(before[0]?.metadata.uid);
    expect(writes()).toEqual([]);
  });

  it('that a later commit fixed is superseded once for each, not for ever', async () => {
    await failTwo(FROZEN);
    const fixed = {
      [`${PATH}/web.yaml`]: rolloutYaml('web:v3'),
      [`${PATH}/api.yaml`]: rolloutYaml('api:v3', '', 'api'),
    };
    await loop.commit(fixed, 'Fix forward');
    await loop.settle(35 * MINUTE);
    expect(loop.reverts()).toMatchObject([{ spec: { rollout: { name: 'api' } }, status: { state: 'superseded' } }]);
    loop.audit.length = 0;
    for (const name of ['web', 'api', 'web', 'api']) {
      setStatus(loop, { message: `news ${name}` }, name);
      await loop.settle(1000);
    }
    expect(writes()).toEqual([]);
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('has a record again when a person deletes it', async () => {
    await failTwo({ mode: 'DryRun' });
    await loop.settle(MINUTE);
    const [before] = loop.reverts();
    loop.api.store.delete(gitReverts, 'shop', before?.metadata.name ?? '');
    await loop.settle(MINUTE);
    expect(loop.reverts()).toMatchObject([{ status: { state: 'dryRun' } }]);
    expect(loop.reverts()[0]?.metadata.uid).not.toBe(before?.metadata.uid);
  });
});

it('a culprit that is a merge commit is taken out whole, and nothing else', async () => {
  allow(loop);
  await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop) as never);
  await loop.settle(1000);
  raise(loop, 'aaa');
  const git = async (...args: string[]) => (await loop.bare.git(args)).toString().trim();
  const base = await git('rev-parse', 'main');
  const side = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') }, 'On a branch');
  const tree = await git('rev-parse', `${side}^{tree}`);
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
  const merge = await git(...author, 'commit-tree', tree, '-p', base, '-p', side, '-m', 'Merge pull request');
  await git('update-ref', 'refs/heads/main', merge);
  await loop.settle(MINUTE + 1000);
  raise(loop, 'bbb');
  abort(loop, HASHES);
  await loop.settle(MINUTE);
  expect((await loop.bare.log())[0]?.message).toContain(`This reverts commit ${merge}`);
  expect(await atHead(`${PATH}/rollout.yaml`)).toBe(rolloutYaml('web:v1'));
});
