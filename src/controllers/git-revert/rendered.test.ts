import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  startLoop,
} from '../../../test/git/loop.ts';
import { realPrograms } from '../../../test/git/tree.ts';
import type { GitSource } from '../../api/index.ts';
import { gitSources } from '../../kube/resources.ts';

/** Does of Kustomize what the app below needs: the base, with the overlay's tag. */
const STAND_IN = `#!/bin/sh
[ "$1" = version ] && echo v0 && exit 0
tag=$(/bin/sed -n 's/.*newTag: *\\([a-z0-9]*\\).*/\\1/p' "$3/kustomization.yaml")
[ -n "$tag" ] || exit 1
/bin/sed "s/web:base/web:$tag/" "$3/../../base/web/rollout.yaml"
`;

let folder: string;
let loop: Loop;
const programs = await realPrograms();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-rendered-'));
  await writeFile(join(folder, 'kustomize'), STAND_IN);
  await chmod(join(folder, 'kustomize'), 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => loop.close());

const overlay = (tag: string, base = '../../base/web') => ({
  [`${PATH}/kustomization.yaml`]: `resources: [${base}]\nimages:\n- name: web\n  newTag: ${tag}\n`,
});
const base = (more = '') => ({
  'base/web/kustomization.yaml': 'resources: [rollout.yaml]\n',
  'base/web/rollout.yaml': rolloutYaml('web:base', more),
});
const env = (value: string) => `        env: [{name: MODE, value: "${value}"}]\n`;
const commitOf = () => loop.rollout().metadata.annotations?.['headgate.dev/git-commit'];
const image = () => loop.rollout().spec.template?.spec?.containers[0]?.image;
const follow = (part: object = {}) => {
  const source = gitSource(loop) as GitSource;
  loop.api.store.create(gitSources, { ...source, spec: { ...source.spec, ...part } });
  return loop.settle(1000);
};

describe.each([
  ['a stand-in', () => join(folder, 'kustomize')],
  ['Kustomize itself', () => programs.kustomize],
])('an app that is rendered by %s', (name, program) => {
  const isThere = name === 'a stand-in' || programs.kustomize !== undefined;
  const start = async () => {
    loop = await startLoop({ programs: { kustomize: program() ?? '' } });
  };

  it.skipIf(!isThere)('is applied, each object with the commit that changed it, wherever it did', async () => {
    await start();
    await loop.commit({ ...base(), ...overlay('v1') });
    const changed = await loop.commit(base(env('a')));
    await loop.commit({ 'base/web/README.md': 'x', [`${PATH}/README.md`]: 'x', 'base/other/x.yaml': 'x: 1\n' });
    await follow();
    expect(image()).toBe('web:v1');
    expect(commitOf()).toBe(changed);
    const bumped = await loop.commit(overlay('v2'));
    await loop.settle(MINUTE);
    expect([image(), commitOf()]).toEqual(['web:v2', bumped]);
  });

  /** Two releases; the second one failed. */
  const release = async (good: Record<string, string>, bad: Record<string, string>) => {
    await start();
    allow(loop);
    const commits = [await loop.commit({ ...base(), ...good }, 'Release v1')];
    await follow();
    raise(loop, HASHES.stable);
    commits.push(await loop.commit({ ...bad, 'docs/x.md': 'x' }, 'Release v2'));
    await loop.settle(MINUTE + 1000);
    raise(loop, HASHES.canary);
    await loop.commit({ 'base/other/x.yaml': 'x: 1\n' }, 'Another team');
    abort(loop, HASHES);
    await loop.settle(20_000);
    return commits;
  };

  it.skipIf(!isThere)('loses the tag that failed', async () => {
    const [good, bad] = await release(overlay('v1'), overlay('v2'));
    const [revert] = await revertCommits(loop);
    expect(revert?.message).toContain(`This reverts commit ${bad}.`);
    expect(revert?.message).toContain(`Good-Revision: ${good}`);
    const content = await loop.bare.read(revert?.id ?? '', `${PATH}/kustomization.yaml`);
    expect(content?.toString()).toBe(overlay('v1')[`${PATH}/kustomization.yaml`]);
    expect((await loop.bare.read(revert?.id ?? '', 'docs/x.md'))?.toString()).toBe('x');
  });

  it.skipIf(!isThere)('is left to a person where its base is what failed: other apps may have the same', async () => {
    const [, bad = ''] = await release(overlay('v1'), base(env('bad')));
    expect(await revertCommits(loop)).toEqual([]);
    expect(loop.reverts()[0]).toMatchObject({
      spec: { culprits: [bad] },
      status: { state: 'needsHuman', reason: 'OutsideOfPath', message: expect.stringContaining(`outside of ${PATH}`) },
    });
  });
});

it.skipIf(!programs.kustomize)('a change is found where the base was before it moved', async () => {
  loop = await startLoop({ programs });
  await loop.commit({ ...base(), ...overlay('v1') });
  const changed = await loop.commit(base(env('a')));
  await loop.commit({ [`${PATH}/README.md`]: 'x' });
  const moved = Object.fromEntries(Object.entries(base(env('a'))).map(([path, text]) => [`new/${path}`, text]));
  const gone = Object.fromEntries(Object.keys(base()).map((path) => [path, null]));
  await loop.commit({ ...overlay('v1', '../../new/base/web'), ...moved, ...gone });
  await follow();
  expect(loop.rollout().spec.template?.spec?.containers[0]).toMatchObject({ env: [{ value: 'a' }] });
  expect(commitOf()).toBe(changed);
});

it.skipIf(!programs.helm)('a chart is rendered as its GitSource says, and loses the tag that failed', async () => {
  loop = await startLoop({ programs });
  allow(loop);
  const chart = {
    [`${PATH}/Chart.yaml`]: 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    [`${PATH}/values.yaml`]: 'tag: none\n',
    [`${PATH}/templates/rollout.yaml`]: rolloutYaml('web:{{ .Values.tag }}', '', '{{ .Release.Name }}'),
  };
  const values = (tag: string) => ({ [`${PATH}/prod.yaml`]: `tag: ${tag}\n` });
  await loop.commit({ ...chart, ...values('v1') });
  await follow({ helm: { valueFiles: ['prod.yaml'] } });
  expect(image()).toBe('web:v1');
  raise(loop, HASHES.stable);
  await loop.commit(values('v2'));
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  abort(loop, HASHES);
  await loop.settle(20_000);
  const [revert] = await revertCommits(loop);
  expect((await loop.bare.read(revert?.id ?? '', `${PATH}/prod.yaml`))?.toString()).toBe('tag: v1\n');
});

it('a release name that is none is told', async () => {
  loop = await startLoop();
  await follow({ helm: { releaseName: '--post-renderer' } });
  expect(loop.api.store.get(gitSources, 'shop', 'web')?.status?.conditions?.[0]).toMatchObject({
    reason: 'InvalidSpec',
    message: expect.stringContaining('spec.helm.releaseName "--post-renderer" is no name of a release'),
  });
});
