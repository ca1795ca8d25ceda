/** What is proposed stays mergeable while a person takes their time, as long as the branch holds nothing but Headgate's own commit. */
import { afterEach, describe, expect, it } from 'vitest';
import { handsOn } from '../../../test/conformance/github-proposals.ts';
import {
  abort,
  allow,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  revertCommits,
  rolloutYaml,
  startLoop,
} from '../../../test/git/loop.ts';
import { configMaps } from '../../kube/resources.ts';

let loop: Loop;
afterEach(() => loop.close());

const FILE = 'apps/web/rollout.yaml';
const BY = { author: 'Eve <eve@example.com>', time: 0, message: 'mine' };
/** Another team's line right below the one that goes back: git cannot merge both. */
const beside = (image: string) => rolloutYaml(image, '        # as agreed with the platform team\n');

const status = () => loop.reverts()[0]?.status;
const pulls = () => loop.hosted?.pulls ?? [];
const branch = () => pulls()[0]?.from ?? '';
const head = () => loop.bare.head(branch());
const content = async (commit = '') => (await loop.bare.read(commit, FILE))?.toString();
const merge = () => handsOn(loop.url)('PUT', 'pulls/1/merge', {});

async function proposed(policy: object = {}) {
  loop = await startLoop({ github: { pulls: [] } });
  allow(loop, { mode: 'PullRequest', ...policy });
  await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(5000);
  expect(status()).toMatchObject({ state: 'proposed' });
  return head();
}

describe('a proposal that others came into conflict with', () => {
  it('is made anew on its branch, keeps their change, and can be merged', async () => {
    const before = await proposed();
    const theirs = await loop.commit({ [FILE]: beside('web:v2') }, 'Another team');
    await loop.settle(2 * MINUTE);
    const after = await head();
    expect(after).not.toBe(before);
    expect(status()).toMatchObject({ state: 'proposed', proposal: { number: 1, head: after } });
    expect(pulls()).toHaveLength(1);
    expect(await content(after)).toBe(beside('web:v1'));
    expect((await loop.bare.log(branch()))[1]?.id).toBe(theirs);
    await merge();
    await loop.settle(MINUTE);
    expect(status()?.state).toMatch(/merged|observed|done/);
    expect(await content(await loop.bare.head('main'))).toBe(beside('web:v1'));
  });

  it('is made anew once, by whichever process sees it', async () => {
    await proposed();
    await loop.commit({ [FILE]: beside('web:v2') }, 'Another team');
    await loop.restart();
    await loop.settle(2 * MINUTE);
    const after = await head();
    await loop.restart();
    await loop.settle(10 * MINUTE);
    expect(await head()).toBe(after);
    expect(status()?.proposal).not.toHaveProperty('message');
  });

  it('is known by the process after one that died before it noted what it had pushed', async () => {
    const before = await proposed();
    await loop.commit({ [FILE]: beside('web:v2') }, 'Another team');
    await loop.settle(2 * MINUTE);
    const after = await head();
    const { namespace = '', name } = loop.reverts()[0]?.metadata ?? { name: '' };
    const proposal = { ...status()?.proposal, head: before };
    loop.api.store.patchStatus('GitRevert' as never, { namespace, name }, { proposal } as never);
    await loop.restart();
    await loop.settle(5 * MINUTE);
    expect(await head()).toBe(after);
    expect(status()).toMatchObject({ proposal: { head: after } });
  });
});

describe('is left as it is', () => {
  it('where what others changed can be merged', async () => {
    const before = await proposed();
    await loop.commit({ 'apps/other/x.yaml': 'x: 1\n' }, 'Another team');
    await loop.commit({ [FILE]: `# ours\n${rolloutYaml('web:v2')}` }, 'And another');
    await loop.settle(5 * MINUTE);
    expect(await head()).toBe(before);
  });

  it('where somebody has pushed to its branch', async () => {
    await proposed();
    const pushed = await loop.bare.commit({ ...BY, branch: branch(), files: { 'apps/web/extra.txt': 'x' } });
    await loop.commit({ [FILE]: beside('web:v2') }, 'Another team');
    await loop.settle(5 * MINUTE);
    expect(await head()).toBe(pushed);
    expect(status()?.proposal?.head).not.toBe(pushed);
  });

  it('while reverts are paused, and not after', async () => {
    const before = await proposed();
    const metadata = { name: 'headgate', namespace: 'headgate' };
    loop.api.store.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { reverts: 'paused' },
    } as never);
    await loop.commit({ [FILE]: beside('web:v2') }, 'Another team');
    await loop.settle(5 * MINUTE);
    expect(await head()).toBe(before);
    loop.api.store.delete(configMaps.kind, 'headgate', 'headgate');
    await loop.settle(10 * MINUTE);
    expect(await head()).not.toBe(before);
  });

  it('where the change was made anew by a person: there is nothing that can be taken back', async () => {
    const before = await proposed();
    await loop.commit({ [FILE]: rolloutYaml('web:v3') }, 'Another release');
    await loop.settle(20_000);
    expect(await head()).toBe(before);
    expect(await revertCommits(loop)).toEqual([]);
  });
});
