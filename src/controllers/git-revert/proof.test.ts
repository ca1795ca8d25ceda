/** What a revert does to everything but the workload that failed. */
import { afterEach, describe, expect, it } from 'vitest';
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
import { gitSources } from '../../kube/resources.ts';

let loop: Loop;
const programs = await realPrograms();
afterEach(() => loop.close());

type Files = Record<string, string | null>;

const configMap = (name: string, value: string, more = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {a: "${value}"${more}}\n`;
const kustomization = (...resources: string[]) => `resources: [${resources.join(', ')}]\n`;
const rolloutFile = `${PATH}/rollout.yaml`;
const status = () => loop.reverts()[0]?.status;
const atHead = async (path: string) => (await loop.bare.read((await loop.bare.log())[0]?.id ?? '', path))?.toString();

interface Story {
  good: Files;
  bad: Files;
  later?: Files;
  policy?: object;
  /** The only folder that may be written to. */
  allowed?: string;
  github?: boolean;
}

/** Two releases, the second of which fails. */
async function fail({ good, bad, later, policy = {}, allowed, github = false }: Story): Promise<string> {
  loop = await startLoop({ programs, ...(github && { github: { pulls: [] } }) });
  const repository = { branch: 'main', path: allowed, host: 'git', url: loop.bare.path };
  allow(loop, { ...policy, ...(allowed && { repository }) });
  await loop.commit(good, 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop) as never);
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  const culprit = await loop.commit(bad, 'Release v2');
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  if (later) await loop.commit(later, 'Later');
  abort(loop, HASHES);
  await loop.settle(20_000);
  return culprit;
}

describe('the rest of the app', () => {
  const release = (tag: string, value: string, more = '') => ({
    [rolloutFile]: rolloutYaml(`web:${tag}`),
    [`${PATH}/config.yaml`]: configMap('web', value, more),
  });

  it('goes back with the release that it was changed with', async () => {
    await fail({ good: release('v1', 'x'), bad: release('v2', 'y') });
    expect(status()).toMatchObject({ state: 'landed' });
    expect(await atHead(`${PATH}/config.yaml`)).toBe(configMap('web', 'x'));
  });

  it('is for a person where it would be neither as it is nor as it was', async () => {
    const later = { [`${PATH}/config.yaml`]: configMap('web', 'y', ', b: "1"') };
    await fail({ good: release('v1', 'x', ', b: "0"'), bad: release('v2', 'y', ', b: "0"'), later });
    expect(status()).toMatchObject({
      state: 'needsHuman',
      reason: 'NotProved',
      message: expect.stringContaining('ConfigMap shop/web in apps/web, which would be neither as it is nor as it was'),
      plan: { diff: expect.stringContaining('-data: {a: "y", b: "1"}\n+data: {a: "x", b: "1"}\n') },
    });
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('that is changed by others is theirs', async () => {
    const later = { [`${PATH}/config.yaml`]: configMap('web', 'z') };
    await fail({ good: release('v1', 'x'), bad: { [rolloutFile]: rolloutYaml('web:v2') }, later });
    expect(status()).toMatchObject({ state: 'landed' });
    expect(await atHead(`${PATH}/config.yaml`)).toBe(configMap('web', 'z'));
  });
});

describe('other apps', () => {
  const web = (tag: string) => ({ [rolloutFile]: rolloutYaml(`web:${tag}`) });

  it.skipIf(!programs.kustomize).each([
    ['gathers it as it is', '', { state: 'landed' }],
    [
      'makes something else of it',
      'namePrefix: eu-\n',
      { state: 'needsHuman', reason: 'NotProved', message: expect.stringContaining('Rollout shop/eu-web in all') },
    ],
  ])('a kustomization that %s', async (_, more, expected) => {
    const own = { [`${PATH}/kustomization.yaml`]: kustomization('rollout.yaml') };
    const all = { 'all/kustomization.yaml': `${kustomization('../apps/web')}${more}` };
    await fail({ good: { ...own, ...all, ...web('v1') }, bad: web('v2') });
    expect(status()).toMatchObject(expected);
  });

  it.skipIf(!programs.kustomize)('that cannot be rendered cannot be told of', async () => {
    const own = { [`${PATH}/kustomization.yaml`]: kustomization('rollout.yaml') };
    const all = { 'all/kustomization.yaml': kustomization('../apps/web', 'https://example.com/x.yaml') };
    await fail({ good: { ...own, ...all, ...web('v1') }, bad: web('v2') });
    expect(status()).toMatchObject({
      state: 'needsHuman',
      reason: 'NotProved',
      message: expect.stringContaining('what becomes of all cannot be told'),
    });
  });
});

describe.skipIf(!programs.kustomize)('a base outside of the path', () => {
  const app = (name: string) => ({ [`apps/${name}/kustomization.yaml`]: kustomization('../base') });
  const base = (tag: string) => ({
    'apps/base/kustomization.yaml': kustomization('rollout.yaml', 'config.yaml'),
    'apps/base/config.yaml': configMap('web', 'x'),
    'apps/base/rollout.yaml': rolloutYaml(`web:${tag}`),
  });

  it('that nothing else is made of is taken back directly', async () => {
    await fail({ good: { ...app('web'), ...base('v1') }, bad: { ...base('v2'), 'apps/notes.md': 'x' } });
    expect(status()).toMatchObject({ state: 'landed', plan: { files: ['apps/base/rollout.yaml'] } });
    expect(await atHead('apps/base/rollout.yaml')).toBe(rolloutYaml('web:v1'));
    expect(await atHead('apps/notes.md')).toBe('x');
    await loop.restart();
    await loop.settle(2 * MINUTE);
    expect(await revertCommits(loop)).toHaveLength(1);
  });

  it('is taken back together with what the same commit changed inside', async () => {
    const inside = { [`${PATH}/config.yaml`]: configMap('own', 'x') };
    const own = { [`${PATH}/kustomization.yaml`]: kustomization('../base', 'config.yaml') };
    const bad = { ...base('v2'), [`${PATH}/config.yaml`]: configMap('own', 'y') };
    await fail({ good: { ...own, ...inside, ...base('v1') }, bad });
    expect(status()).toMatchObject({
      state: 'landed',
      plan: { files: ['apps/base/rollout.yaml', `${PATH}/config.yaml`] },
    });
  });

  it('that another app is made of is for a person, who sees which one', async () => {
    await fail({ good: { ...app('web'), ...app('api'), ...base('v1') }, bad: base('v2') });
    expect(status()).toMatchObject({
      state: 'needsHuman',
      reason: 'OutsideOfPath',
      message: expect.stringContaining('argoproj.io/Rollout shop/web in apps/api'),
    });
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('that another app only reads another part of may be taken back', async () => {
    const api = { 'apps/api/kustomization.yaml': `${kustomization('../base/cfg')}` };
    const shared = {
      'apps/base/cfg/kustomization.yaml': kustomization('c.yaml'),
      'apps/base/cfg/c.yaml': configMap('c', 'x'),
    };
    await fail({ good: { ...app('web'), ...api, ...shared, ...base('v1') }, bad: base('v2') });
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('that the policy does not let be written is for a person', async () => {
    const good = { ...app('web'), ...app('api'), ...base('v1') };
    await fail({ good, bad: base('v2'), allowed: 'apps/web' });
    expect(status()).toMatchObject({
      state: 'needsHuman',
      reason: 'OutsideOfPath',
      message: expect.stringMatching(
        /outside of apps\/web, in apps\/base\/rollout.yaml, of which apps\/api are made too; .* outside of apps\/web;/,
      ),
    });
    expect(await revertCommits(loop)).toEqual([]);
  });
});

describe('a plan that is not proved, on a host that knows pull requests', () => {
  const release = (tag: string, value: string, more = '') => ({
    [rolloutFile]: rolloutYaml(`web:${tag}`),
    [`${PATH}/config.yaml`]: configMap('web', value, more),
  });
  const story: Story = {
    good: release('v1', 'x', ', b: "0"'),
    bad: release('v2', 'y', ', b: "0"'),
    later: { [`${PATH}/config.yaml`]: configMap('web', 'y', ', b: "1"') },
    github: true,
  };

  it('is proposed to a person, and not merged by itself', async () => {
    await fail({ ...story, policy: { mode: 'PullRequest', pullRequests: { autoMerge: true } } });
    await loop.settle(2 * MINUTE);
    expect(loop.hosted?.pulls).toMatchObject([
      {
        state: 'open',
        title: expect.stringMatching(/^Needs a person: Revert "Release v2"/),
        body: expect.stringContaining('which would be neither as it is nor as it was before'),
        labels: ['needs-human'],
      },
    ]);
    expect(status()).toMatchObject({ state: 'proposed', way: 'PullRequest', reason: 'NotProved' });
  });

  it('is proposed where the policy allows commits, too', async () => {
    await fail(story);
    expect(loop.hosted?.pulls).toHaveLength(1);
    expect(status()).toMatchObject({ state: 'proposed', way: 'PullRequest' });
  });

  it('is only told in a dry run', async () => {
    await fail({ ...story, policy: { mode: 'DryRun' } });
    expect(loop.hosted?.pulls).toEqual([]);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'NotProved', plan: { diff: expect.any(String) } });
  });
});

describe('a dry run', () => {
  it('keeps what it would write', async () => {
    const good = { [rolloutFile]: rolloutYaml('web:v1') };
    await fail({ good, bad: { [rolloutFile]: rolloutYaml('web:v2') }, policy: { mode: 'DryRun' } });
    expect(status()).toMatchObject({ state: 'dryRun' });
    expect(status()?.plan?.diff).toMatch(
      /^diff --git a\/apps\/web\/rollout.yaml .*-( +)image: web:v2\n\+\1image: web:v1\n/s,
    );
  });

  it('that a file in Git asks for does so too, and keeps no Secret', async () => {
    const secret = (value: string) => ({
      [`${PATH}/secret.yaml`]: `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: ${value}}\n`,
    });
    const opt = { 'apps/.headgate.yaml': 'autoRevert: dry-run\n' };
    const good = { ...opt, ...secret('one-password'), [rolloutFile]: rolloutYaml('web:v1') };
    await fail({ good, bad: { ...secret('another-password'), [rolloutFile]: rolloutYaml('web:v2') } });
    expect(status()).toMatchObject({ state: 'dryRun', plan: { diff: expect.stringContaining('image: web:v1') } });
    expect(status()?.plan?.diff).toContain('It may hold secrets, so it is not shown here');
    expect(status()?.plan?.diff).not.toContain('password');
  });
});
