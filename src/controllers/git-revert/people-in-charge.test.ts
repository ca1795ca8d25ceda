/** How people have less written than a policy allows, or let pass what waits for their word. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
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
import { APPROVE, AUTO_REVERT } from '../../api/index.ts';
import { gitReverts, gitSources, replicaSets, rollouts } from '../../kube/resources.ts';
import type { NewContent } from '../../sandbox/git/index.ts';

let loop: Loop;
afterEach(() => loop.close());

const status = () => loop.reverts()[0]?.status;
const pulls = () => loop.hosted?.pulls ?? [];
const told = (reason: string) => loop.told.find((each) => each.object === 'Rollout/web' && each.reason === reason);

const annotate = (value: string | null, name = 'web') =>
  loop.api.store.patch(rollouts, { namespace: 'shop', name }, { metadata: { annotations: { [AUTO_REVERT]: value } } });

function approve(index = 0) {
  const name = loop.reverts()[index]?.metadata.name ?? '';
  const body = { metadata: { annotations: { [APPROVE]: 'true' } } };
  loop.api.store.patch(gitReverts, { namespace: 'shop', name }, body);
}

/** v1 is stable, and v2 fails; `files` come with v2. */
async function failWith(
  files: Record<string, NewContent>,
  policy: object = {},
  { tag = (version: string) => version, message = 'Release v2' } = {},
) {
  allow(loop, policy);
  await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml(`web:${tag('v1')}`) }, 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop) as never);
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  const bad = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml(`web:${tag('v2')}`), ...files }, message);
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  abort(loop, HASHES);
  await loop.settle(10_000);
  return bad;
}

describe("a Rollout's annotation", () => {
  it.each(['disable', 'never'])('%s: nothing is written until it is taken away', async (word) => {
    loop = await startLoop();
    allow(loop);
    await failedRelease(loop);
    annotate(word);
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    expect(loop.reverts()).toEqual([]);
    expect(told('OptedOut')?.message).toContain(`the Rollout's annotation ${AUTO_REVERT} says`);
    annotate(null);
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('dry-run: what would be written is on record', async () => {
    loop = await startLoop();
    allow(loop);
    await failedRelease(loop);
    annotate('dry-run');
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    const plan = { files: [`${PATH}/rollout.yaml`] };
    expect(status()).toMatchObject({ state: 'dryRun', reason: 'OptedOut', plan });
    expect(await revertCommits(loop)).toEqual([]);
  });
});

describe('a file in the repository', () => {
  it.each<[string, Record<string, string>, object]>([
    [
      'at the root keeps everything in Git',
      { '.headgate.yaml': 'autoRevert: disable\nreason: a move of hosts\n' },
      {
        state: 'skipped',
        reason: 'OptedOut',
        message: expect.stringContaining('.headgate.yaml says "disable" (a move of hosts): revert by hand'),
      },
    ],
    [
      'between the root and the app is looked at too, and the strictest counts',
      { 'apps/.headgate.yml': 'autoRevert: dry-run', [`${PATH}/.headgate.yaml`]: 'autoRevert: pull-request' },
      { state: 'dryRun', reason: 'OptedOut', message: expect.stringContaining('apps/.headgate.yml') },
    ],
    ['of another app is none of ours', { 'apps/other/.headgate.yaml': 'autoRevert: disable' }, { state: 'landed' }],
    [
      'that cannot be followed is for a person, with its line',
      { [`${PATH}/.headgate.yaml`]: '# ours\nautoRevert: off\n' },
      {
        state: 'needsHuman',
        reason: 'OptOutUnreadable',
        message: expect.stringContaining(`${PATH}/.headgate.yaml:2 cannot be followed`),
      },
    ],
    [
      'that is too long is for a person',
      { '.headgate.yaml': `autoRevert: disable\n${'# x\n'.repeat(5000)}` },
      { state: 'needsHuman', reason: 'OptOutUnreadable', message: expect.stringContaining('longer than 16384') },
    ],
    [
      'that asks for a pull request is for a person where there are none',
      { '.headgate.yaml': 'autoRevert: pull-request' },
      { state: 'needsHuman', reason: 'OptedOut', message: expect.stringContaining('host git knows none') },
    ],
  ])('%s', async (_, files, expected) => {
    loop = await startLoop();
    await failWith(files);
    expect(status()).toMatchObject(expected);
    expect(await revertCommits(loop)).toHaveLength(status()?.state === 'landed' ? 1 : 0);
  });

  it('that comes in right before the write counts', async () => {
    let isThere = false;
    loop = await startLoop({
      wrap: (host) => ({
        ...host,
        async commit(...args) {
          if (!isThere) await loop.commit({ '.headgate.yaml': 'autoRevert: disable' }, 'Hold');
          isThere = true;
          return host.commit(...args);
        },
      }),
    });
    await failWith({});
    await loop.settle(MINUTE);
    expect(isThere).toBe(true);
    expect(status()).toMatchObject({ state: 'skipped', reason: 'OptedOut' });
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('that comes in later keeps an open pull request from being merged by itself', async () => {
    loop = await startLoop({ github: { pulls: [] } });
    await failWith({}, { mode: 'PullRequest' });
    await loop.commit({ '.headgate.yaml': 'autoRevert: disable' }, 'Hold');
    loop.api.store.patch('RevertPolicy', { name: 'shop' }, { spec: { pullRequests: { autoMerge: true } } });
    await loop.settle(2 * MINUTE);
    expect(status()).toMatchObject({
      state: 'proposed',
      proposal: { message: expect.stringContaining('not merged by itself: .headgate.yaml says') },
    });
    expect(pulls()).toMatchObject([{ state: 'open' }]);
  });
});

describe('what else a culprit touches', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: token}\n';

  it('makes a pull request of a commit, which is merged by itself only with a word', async () => {
    loop = await startLoop({ github: { pulls: [] } });
    await failWith(
      { 'db/migrations/2.sql': 'drop', 'apps/other/secret.yaml': secret },
      { pullRequests: { autoMerge: true } },
    );
    await loop.settle(MINUTE);
    const expected = /touches db\/migrations\/2.sql, Secret token in apps\/other\/secret.yaml:/;
    expect(status()).toMatchObject({
      state: 'proposed',
      reason: 'Sensitive',
      message: expect.stringMatching(expected),
      plan: { cautions: [{ reason: 'Sensitive' }] },
    });
    expect(pulls()).toMatchObject([{ state: 'open', body: expect.stringMatching(expected), labels: ['needs-human'] }]);
    approve();
    await loop.settle(MINUTE);
    expect(pulls()).toMatchObject([{ state: 'merged' }]);
  });

  it('asks a person where the host has none, and goes on with their word', async () => {
    loop = await startLoop();
    await failWith({ [`${PATH}/all.yaml`]: `${secret}---\n${secret.replace('token', 'other')}` });
    expect(status()).toMatchObject({
      state: 'needsHuman',
      reason: 'Sensitive',
      message: expect.stringContaining(`Secret other in ${PATH}/all.yaml`),
    });
    approve();
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('is a hole that it closes by its own word: to fail its analysis opens none', async () => {
    loop = await startLoop();
    await failWith({}, {}, { message: 'Release v2\n\nFixes CVE-2026-31337.' });
    expect(status()).toMatchObject({
      state: 'needsHuman',
      reason: 'Sensitive',
      message: expect.stringContaining('says that it is about security'),
    });
  });

  it('counts only where the object itself is changed', async () => {
    loop = await startLoop();
    const role = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\n';
    const settings = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: ${data}}\n`;
    const helm = { 'infra/templates/x.yaml': 'kind: Secret\nx: {{ 1 }}\n' };
    await loop.commit({ 'infra/all.yaml': `${role}---\n${settings('x')}`, ...helm });
    await failWith({ 'infra/all.yaml': `# moved\n${settings('y')}---\n${role}` });
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it.each([
    ['secretGenerator: [{name: db, envs: [db/main.env]}]', 'infra/db/main.env', true],
    ['SecretGenerator: [{name: db, files: [url=db/url.txt]}]', 'infra/db/url.txt', true],
    ['configMapGenerator: [{name: db, envs: [db/main.env]}]', 'infra/db/main.env', false],
    ['secretGenerator: [{name: db, envs: [other.env]}]', 'infra/db/main.env', false],
  ])('is a file that %s makes a Secret of: %s, %s', async (generator, file, isSecret) => {
    loop = await startLoop();
    await loop.commit({ 'infra/kustomization.yaml': `${generator}\n`, [file]: 'a=1\n' });
    await failWith({ [file]: 'a=2\n' });
    if (!isSecret) expect(status()).toMatchObject({ state: 'landed' });
    else expect(status()).toMatchObject({ reason: 'Sensitive', message: expect.stringContaining(`touches ${file}:`) });
  });

  it('is guessed by its text where it is no YAML', async () => {
    loop = await startLoop();
    await failWith({ 'infra/templates/x.yaml': '{{ if .Values.x }}\nkind: ClusterRole\n{{ end }}\n' });
    expect(status()).toMatchObject({ reason: 'Sensitive', message: expect.stringContaining('ClusterRole ? in infra') });
  });

  it('names the line that a bot sets, and what to change there', async () => {
    loop = await startLoop({ github: { pulls: [] } });
    await failWith({}, {}, { tag: (version) => `${version} # {"$imagepolicy": "flux-system:web"}` });
    expect(status()).toMatchObject({
      state: 'proposed',
      reason: 'ImageAutomation',
      message: expect.stringContaining(`${PATH}/rollout.yaml:19 (ImagePolicy flux-system:web)`),
    });
    expect(pulls()[0]?.body).toContain('will write the image again');
  });
});

describe("a person's word", () => {
  it('lets a spent budget pass, once', async () => {
    loop = await startLoop();
    await failWith({}, { budget: { directPerDay: 0 } });
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'BudgetExhausted' });
    approve();
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
    expect(await revertCommits(loop)).toHaveLength(1);
  });

  it('makes a pull request of what was written down by hand', async () => {
    loop = await startLoop({ github: { pulls: [] } });
    allow(loop);
    await failedRelease(loop);
    const annotations = { 'headgate.dev/git-source': null };
    loop.api.store.patch('ReplicaSet', { namespace: 'shop', name: 'web-bbb' }, { metadata: { annotations } });
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'ProvenanceByHand' });
    approve();
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'proposed', way: 'PullRequest' });
  });

  it('changes nothing of what is forbidden, also after a restart', async () => {
    loop = await startLoop();
    await failWith({ '.headgate.yaml': 'autoRevert: disable' });
    approve();
    await loop.restart();
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'skipped', reason: 'OptedOut' });
    expect(await revertCommits(loop)).toEqual([]);
  });
});

it('asks a person where the same template comes back by another commit within a day', async () => {
  loop = await startLoop();
  await failWith({});
  const first = loop.reverts()[0]?.metadata.name ?? '';
  await loop.settle(MINUTE);
  setStatus(loop, { abort: null, currentPodHash: 'aaa', phase: 'Healthy' });
  await loop.settle(MINUTE);
  expect(status()?.state).toBe('done');
  const follow = (hash: string) => {
    const { annotations = {} } = loop.rollout().metadata;
    const own = Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith('headgate.dev/git-')));
    loop.api.store.patch(replicaSets, { namespace: 'shop', name: `web-${hash}` }, { metadata: { annotations: own } });
  };
  follow('aaa');
  await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') }, 'Bump, by a bot');
  await loop.settle(MINUTE + 1000);
  follow('bbb');
  abort(loop, HASHES);
  await loop.settle(10_000);
  const index = loop.reverts().findIndex(({ metadata }) => metadata.name !== first);
  const second = () => loop.reverts()[index]?.status;
  expect(second()).toMatchObject({
    state: 'needsHuman',
    reason: 'FailedAgain',
    message: expect.stringContaining(`GitRevert ${first} took the same pod template out`),
  });
  approve(index);
  await loop.settle(10_000);
  expect(second()).toMatchObject({ state: 'landed' });
});

describe('many failures at once', () => {
  /** Another Rollout, of which nobody knows where it came from. */
  function failElsewhere(name: string) {
    const { spec } = loop.rollout();
    const metadata = { name, namespace: 'shop' };
    loop.api.store.create(rollouts, { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec } as never);
    for (const hash of ['aaa', 'bbb']) raise(loop, hash, {}, name);
    abort(loop, HASHES, {}, name);
  }

  it('have a revert wait, across a restart, and ask a person afterwards', async () => {
    loop = await startLoop();
    allow(loop);
    await failedRelease(loop);
    for (const name of ['r1', 'r2', 'r3', 'r4']) failElsewhere(name);
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ reason: 'BreakerOpen', message: expect.stringContaining('5 Rollouts failed') });
    await loop.restart();
    await loop.settle(20 * MINUTE);
    expect(status()).toMatchObject({ reason: 'BreakerOpen' });
    expect(await revertCommits(loop)).toEqual([]);
    await loop.settle(11 * MINUTE);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'BreakerOpen' });
    approve();
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
  });
});
