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
import { realPrograms } from '../../../test/git/tree.ts';
import type { GitRevert, Rollout } from '../../api/index.ts';
import { canonicalRepository } from '../../git/url.ts';
import { gitReverts, gitSources, rollouts } from '../../kube/resources.ts';
import { revertKey, revertName } from '../../revert/index.ts';

let loop: Loop;
const programs = await realPrograms();
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

/** Two Rollouts of which one and the same scalar makes both. */
const twins = (tag: string) =>
  [
    'apiVersion: v1\nkind: List\nitems:',
    indented(rolloutYaml(`&image shop:${tag}`)),
    indented(rolloutYaml('*image', '', 'api')),
  ].join('\n');
const indented = (text: string) => text.trimEnd().replace(/^/gm, '  ').replace('  ', '- ');

describe('one commit that changes two Rollouts of one folder', () => {
  const [web, api] = [
    (tag: string) => rolloutYaml(`web:${tag}`),
    (tag: string) => rolloutYaml(`api:${tag}`, '', 'api'),
  ];
  const config = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: "${value}"}\n`;

  const NAMES = ['web', 'api', 'eu-web', 'eu-api'];
  /** v1, and v2, of which `failing` fail, one after the other. */
  async function release(files: (tag: string) => Record<string, string>, failing = ['web'], policy: object = {}) {
    allow(loop, policy);
    await loop.commit(files('v1'), 'Release v1');
    loop.api.store.create(gitSources, gitSource(loop) as never);
    await loop.settle(1000);
    const isThere = (name: string) =>
      (loop.api.store.get(rollouts, 'shop', name) as Rollout | undefined)?.spec.template !== undefined;
    for (const name of NAMES.filter(isThere)) raise(loop, 'aaa', {}, name);
    const culprit = await loop.commit(files('v2'), 'Release v2');
    await loop.settle(MINUTE + 1000);
    for (const name of NAMES.filter(isThere)) raise(loop, 'bbb', {}, name);
    for (const name of failing) {
      abort(loop, HASHES, {}, name);
      await loop.settle(MINUTE);
    }
    return culprit;
  }
  const files = (tag: string) => ({
    [`${PATH}/web.yaml`]: web(tag),
    [`${PATH}/api.yaml`]: `${api(tag)}---\n${config(tag)}`,
  });

  it('takes the one back that failed, and what is part of the release', async () => {
    await release(files);
    expect(loop.reverts()).toMatchObject([
      { spec: { apart: true, rollout: { name: 'web' } }, status: { state: 'landed', commit: await head() } },
    ]);
    expect(await atHead(`${PATH}/web.yaml`)).toBe(web('v1'));
    expect(await atHead(`${PATH}/api.yaml`)).toBe(`${api('v2')}---\n${config('v1')}`);
  });

  it.each([
    ['the first', 'web'],
    ['the second', 'api'],
  ])('leaves documents of one file: %s fails', async (_, failed) => {
    const all = (one: string, two: string) => ({ [`${PATH}/all.yaml`]: `# all\n${web(one)}---\n${api(two)}` });
    await release((tag) => all(tag, tag), [failed]);
    expect(loop.reverts()).toMatchObject([{ status: { state: 'landed' } }]);
    const expected = failed === 'web' ? all('v1', 'v2') : all('v2', 'v1');
    expect(await atHead(`${PATH}/all.yaml`)).toBe(expected[`${PATH}/all.yaml`]);
  });

  it('leaves documents of a file that is merged', async () => {
    const sidecar = (yaml: string) =>
      yaml.replace('containers:', 'initContainers: [{name: i, image: i}]\n      containers:');
    const all = (tag: string) => ({
      [`${PATH}/all.yaml`]:
        tag === 'v1' ? `${web(tag)}---\n${api(tag)}` : `${sidecar(web(tag))}---\n${sidecar(api(tag))}`,
    });
    await release(all);
    expect(sidecar(web('v2'))).not.toBe(web('v2'));
    expect(loop.reverts()).toMatchObject([{ status: { state: 'landed' } }]);
    expect(await atHead(`${PATH}/all.yaml`)).toBe(`${web('v1')}---\n${sidecar(api('v2'))}`);
  });

  it('leaves one that it added', async () => {
    await release((tag) => ({
      [`${PATH}/web.yaml`]: web(tag),
      ...(tag === 'v2' && { [`${PATH}/api.yaml`]: api(tag) }),
    }));
    expect(loop.reverts()).toMatchObject([{ status: { state: 'landed', plan: { files: [`${PATH}/web.yaml`] } } }]);
    expect(await atHead(`${PATH}/api.yaml`)).toBe(api('v2'));
  });

  it('is taken out for each by itself where both fail, also after a restart', async () => {
    await release(files, ['web', 'api']);
    await loop.restart();
    await loop.settle(2 * MINUTE);
    expect(loop.reverts().map(({ spec, status }) => [spec.rollout.name, status?.state])).toEqual(
      expect.arrayContaining([
        ['web', 'landed'],
        ['api', 'landed'],
      ]),
    );
    expect(await revertCommits(loop)).toHaveLength(2);
    expect(await atHead(`${PATH}/web.yaml`)).toBe(web('v1'));
    expect(await atHead(`${PATH}/api.yaml`)).toBe(`${api('v1')}---\n${config('v1')}`);
  });

  it('is taken out of the one that a person did not revert', async () => {
    const culprit = await release(files, []);
    await loop.commit({ [`${PATH}/web.yaml`]: web('v1') }, `Only web\n\nThis reverts commit ${culprit}.`);
    abort(loop, HASHES, {}, 'api');
    await loop.settle(MINUTE);
    expect(loop.reverts()).toMatchObject([{ spec: { rollout: { name: 'api' } }, status: { state: 'landed' } }]);
    expect(await atHead(`${PATH}/api.yaml`)).toBe(`${api('v1')}---\n${config('v1')}`);
  });

  it('lies on what is left of it, and is planned anew where that moves', async () => {
    const frozen = await release(files, ['web'], FROZEN);
    await loop.commit({ [`${PATH}/api.yaml`]: `${api('v3')}---\n${config('v2')}` }, 'The api goes on');
    await loop.settle(31 * MINUTE);
    expect(loop.reverts()).toMatchObject([{ spec: { culprits: [frozen] }, status: { state: 'landed' } }]);
    expect(await atHead(`${PATH}/api.yaml`)).toBe(`${api('v3')}---\n${config('v1')}`);
  });

  it('leaves the Deployment that another one refers to', async () => {
    const referring = api('x').replace(
      / {2}template:.*$/s,
      '  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: api}\n',
    );
    const deployment = (tag: string) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: api}}\n  template:\n    metadata: {labels: {app: api}}\n    spec: {containers: [{name: api, image: "api:${tag}"}]}\n`;
    const all = (one: string, two: string) => ({
      [`${PATH}/api.yaml`]: `${referring}---\n${deployment(two)}`,
      [`${PATH}/web.yaml`]: web(one),
    });
    await release((tag) => all(tag, tag));
    expect(loop.reverts()).toMatchObject([{ spec: { apart: true }, status: { state: 'landed' } }]);
    expect(await atHead(`${PATH}/web.yaml`)).toBe(web('v1'));
    expect(await atHead(`${PATH}/api.yaml`)).toBe(`${referring}---\n${deployment('v2')}`);
  });

  describe.skipIf(!programs.kustomize)('of a kustomization', () => {
    const kustomization = (more: string) => ({
      [`${PATH}/kustomization.yaml`]: `resources: [web.yaml, api.yaml]\n${more}`,
    });
    const images = (...entries: [name: string, tag: string][]) =>
      `images:\n${entries.map(([name, tag]) => `- name: ${name}\n  newTag: ${tag}\n`).join('')}`;
    const both = (tag: string) => ({ [`${PATH}/web.yaml`]: web(tag), [`${PATH}/api.yaml`]: api(tag) });
    beforeEach(async () => {
      await loop.close();
      loop = await startLoop({ programs });
    });

    it('leaves the image of the other one', async () => {
      await release((tag) => ({ ...both('base'), ...kustomization(images(['web', tag], ['api', tag])) }));
      expect(loop.reverts()).toMatchObject([{ spec: { apart: true }, status: { state: 'landed' } }]);
      expect(await atHead(`${PATH}/kustomization.yaml`)).toContain(images(['web', 'v1'], ['api', 'v2']));
    });

    it('leaves it where that lies outside of the path, too', async () => {
      const own = { [`${PATH}/kustomization.yaml`]: 'resources: [../base]\n' };
      const base = (tag: string) =>
        Object.fromEntries(
          Object.entries({ ...both('base'), ...kustomization(images(['web', tag], ['api', tag])) }).map(
            ([path, content]) => [path.replace(PATH, 'apps/base'), content],
          ),
        );
      await release((tag) => ({ ...base(tag), ...own }));
      expect(loop.reverts()).toMatchObject([{ spec: { apart: true }, status: { state: 'landed' } }]);
      expect(await atHead('apps/base/kustomization.yaml')).toContain(images(['web', 'v1'], ['api', 'v2']));
    });

    it('knows its own file where it is given another name', async () => {
      await release((tag) => ({ ...both(tag), ...kustomization('namePrefix: eu-\n') }), ['eu-web']);
      expect(loop.reverts()).toMatchObject([{ status: { state: 'landed', plan: { files: [`${PATH}/web.yaml`] } } }]);
    });

    it('is for a person where one image makes both', async () => {
      const one = { [`${PATH}/web.yaml`]: web('base'), [`${PATH}/api.yaml`]: rolloutYaml('web:base', '', 'api') };
      await release((tag) => ({ ...one, ...kustomization(images(['web', tag])) }));
      expect(loop.reverts()).toMatchObject([{ status: { state: 'needsHuman', reason: 'OtherRollout' } }]);
    });
  });

  it('is for a person where one scalar makes both', async () => {
    await release((tag) => ({ [`${PATH}/all.yaml`]: twins(tag) }));
    expect(loop.reverts()).toMatchObject([
      {
        status: {
          state: 'needsHuman',
          reason: 'OtherRollout',
          message: expect.stringContaining('argoproj.io/Rollout shop/api in apps/web'),
          plan: { diff: expect.stringContaining('shop:v1') },
        },
      },
    ]);
    expect(loop.reverts()[0]?.spec.apart).toBeUndefined();
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('that says to be apart where nothing is, is not acted upon', async () => {
    await release((tag) => ({ [`${PATH}/all.yaml`]: twins(tag) }));
    const [found] = loop.reverts();
    const spec = { ...found?.spec, apart: true } as GitRevert['spec'];
    const key = revertKey({ ...spec, repository: canonicalRepository(spec.repository) });
    const forged = {
      ...found,
      metadata: { name: revertName(key), namespace: 'shop' },
      spec: { ...spec, key },
      status: undefined,
    };
    loop.api.store.create(gitReverts, forged as never);
    await loop.settle(MINUTE);
    const status = loop.reverts().find(({ metadata }) => metadata.name === revertName(key))?.status;
    expect(status).toMatchObject({ state: 'needsHuman', reason: 'SpecDiffers' });
  });
});

describe('one change that fails two Rollouts of one folder', () => {
  async function failTwo(policy: object) {
    allow(loop, policy);
    const files = (tag: string) => ({ [`${PATH}/all.yaml`]: twins(tag) });
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

  it('is proposed once', async () => {
    await loop.close();
    loop = await startLoop({ github: { pulls: [] } });
    await failTwo({});
    await loop.settle(MINUTE);
    expect(loop.reverts()).toMatchObject([
      { spec: { rollout: { name: 'web' } }, status: { state: 'proposed', reason: 'OtherRollout' } },
    ]);
    expect(loop.hosted?.pulls).toMatchObject([{ title: expect.stringMatching(/^Needs a person: /) }]);
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('goes on for the second when the first is tried again', async () => {
    await failTwo(FROZEN);
    expect(loop.reverts()).toMatchObject([{ spec: { rollout: { name: 'web' } }, status: { reason: 'Frozen' } }]);
    setStatus(loop, { abort: false, phase: 'Progressing' });
    await loop.settle(1000);
    expect(loop.reverts()).toMatchObject([{ spec: { rollout: { name: 'api' } }, status: { reason: 'Frozen' } }]);
    await loop.settle(31 * MINUTE);
    expect(loop.reverts()).toMatchObject([
      { spec: { rollout: { name: 'api' } }, status: { state: 'needsHuman', reason: 'OtherRollout' } },
    ]);
  });

  it.each([
    ['a person is asked', { mode: 'PullRequest' }, 'needsHuman'],
    ['it would be a dry run', { mode: 'DryRun' }, 'needsHuman'],
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
    const fixed = { [`${PATH}/all.yaml`]: twins('v3') };
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
    expect(loop.reverts()).toMatchObject([{ status: { state: 'needsHuman' } }]);
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
