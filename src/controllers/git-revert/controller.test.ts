import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
  gitSource,
  HASHES,
  type Loop,
  PATH,
  raise,
  revertCommits,
  rolloutYaml,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import { gitReverts, gitSources, revertPolicies } from '../../kube/resources.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const reasons = () => loop.told.filter(({ object }) => object === 'Rollout/web').map(({ reason }) => reason);
const head = async () => (await loop.bare.log())[0];

describe('a failed release', () => {
  it('is taken out of Git, once, and the record ends when the cluster runs the stable template again', async () => {
    allow(loop);
    const { good, bad } = await failedRelease(loop);
    const other = await loop.commit({ 'apps/other/x.yaml': 'x: 1\n' }, 'Another team');
    abort(loop, HASHES);
    await loop.settle(10_000);
    const [last, before] = await loop.bare.log();
    expect(before?.id).toBe(other);
    expect(last?.message).toContain(`This reverts commit ${bad}.`);
    expect(last?.message).toContain(`Good-Revision: ${good}`);
    const content = await loop.bare.read(last?.id ?? '', `${PATH}/rollout.yaml`);
    expect(content?.toString()).toBe(rolloutYaml('web:v1'));
    expect((await loop.bare.read(last?.id ?? '', 'docs/x.md'))?.toString()).toBe('x');
    const [record] = loop.reverts();
    expect(record).toMatchObject({
      spec: { culprits: [bad], goodRevision: good },
      status: { state: 'landed', commit: last?.id },
    });
    expect(record?.metadata.ownerReferences).toBeUndefined();
    await loop.settle(61_000);
    setStatus(loop, { abort: null, currentPodHash: 'aaa', phase: 'Healthy' });
    await loop.settle(1000);
    expect(loop.reverts()[0]?.status?.state).toBe('done');
    expect(loop.reverts()[0]?.status?.conditions).toMatchObject([
      { type: 'Ready', status: 'True' },
      { type: 'Stalled', status: 'False' },
    ]);
    expect(reasons()).toEqual(expect.arrayContaining(['GitReverted', 'GitRevertDone']));
    expect(await loop.bare.log()).toHaveLength(4);
  });

  it('writes nothing while nothing changes', async () => {
    allow(loop);
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(70_000);
    loop.audit.length = 0;
    await loop.settle(600_000);
    expect(
      loop.audit
        .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
        .map(({ verb, resource }) => `${verb} ${resource}`),
    ).toEqual([]);
  });

  it('is found again by a process that was not there when it failed', async () => {
    allow(loop);
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.restart();
    await loop.settle(10_000);
    expect((await head())?.message).toContain('Revert-Key:');
  });
});

describe('nothing is written, and an Event says why,', () => {
  const expectNothing = async (reason: string, message = '') => {
    await loop.settle(10_000);
    expect((await head())?.message).not.toContain('Revert-Key');
    const [told] = loop.told.filter((each) => each.object === 'Rollout/web');
    expect(told).toMatchObject({ reason, message: expect.stringContaining(message) });
    await loop.restart();
    await loop.settle(10_000);
  };

  it('without a policy', async () => {
    await failedRelease(loop);
    abort(loop, HASHES);
    await expectNothing('NoRevertPolicy', 'namespace shop');
  });

  it('with two policies', async () => {
    allow(loop);
    allow(loop, {}, 'second');
    await failedRelease(loop);
    abort(loop, HASHES);
    await expectNothing('SeveralPoliciesMatch', 'second, shop');
  });

  it('with a policy that is off', async () => {
    allow(loop, { mode: 'Off' });
    await failedRelease(loop);
    abort(loop, HASHES);
    await expectNothing('RevertPolicyOff');
  });

  it('after an analysis that ended as Error', async () => {
    allow(loop);
    await failedRelease(loop);
    abort(loop, HASHES, { phase: 'Error' });
    await expectNothing('NotTriggered', 'only Failed is a verdict');
  });

  it('when where it came from is not known', async () => {
    allow(loop);
    await failedRelease(loop);
    loop.api.store.patch(
      'ReplicaSet',
      { namespace: 'shop', name: 'web-bbb' },
      { metadata: { annotations: { 'headgate.dev/git-commit': null } } },
    );
    abort(loop, HASHES);
    await expectNothing('ProvenanceUnknown', 'headgate.dev/git-commit');
  });

  it('when no commit changed the template', async () => {
    allow(loop);
    await failedRelease(loop);
    const bad = loop.rollout().metadata.annotations?.['headgate.dev/git-commit'];
    loop.api.store.patch(
      'ReplicaSet',
      { namespace: 'shop', name: 'web-aaa' },
      { metadata: { annotations: { 'headgate.dev/git-commit': bad } } },
    );
    abort(loop, HASHES);
    await expectNothing('NotFromGit');
  });
});

describe('a person is asked', () => {
  const stateOf = async () => {
    await loop.settle(20_000);
    expect((await head())?.message).not.toContain('Revert-Key');
    return loop.reverts()[0]?.status;
  };

  it('when several commits changed the template', async () => {
    allow(loop);
    await failedRelease(loop);
    await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v3') });
    await loop.settle(61_000);
    raise(loop, 'ccc');
    abort(loop, { stable: 'aaa', canary: 'ccc' });
    expect(await stateOf()).toMatchObject({ state: 'needsHuman', reason: 'SeveralCulprits' });
  });

  it('when provenance was written down by hand', async () => {
    allow(loop);
    await failedRelease(loop);
    loop.api.store.patch(
      'ReplicaSet',
      { namespace: 'shop', name: 'web-bbb' },
      { metadata: { annotations: { 'headgate.dev/git-source': null } } },
    );
    abort(loop, HASHES);
    expect(await stateOf()).toMatchObject({ state: 'needsHuman', reason: 'ProvenanceByHand' });
  });

  it('when the revert would not restore what runs as stable', async () => {
    allow(loop);
    await failedRelease(loop);
    const template = { spec: { containers: [{ name: 'web', image: 'web:v0' }] } };
    loop.api.store.patch('ReplicaSet', { namespace: 'shop', name: 'web-aaa' }, { spec: { template } });
    abort(loop, HASHES);
    expect(await stateOf()).toMatchObject({
      state: 'needsHuman',
      reason: 'NotStable',
      message: expect.stringContaining('containers[0].image'),
    });
  });

  it('when the culprit is itself a revert', async () => {
    allow(loop);
    await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') });
    loop.api.store.create(gitSources, gitSource(loop) as never);
    await loop.settle(1000);
    raise(loop, 'aaa');
    await loop.commit(
      { [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') },
      'Revert "x"\n\nThis reverts commit 0123456789.',
    );
    await loop.settle(61_000);
    raise(loop, 'bbb');
    abort(loop, HASHES);
    expect(await stateOf()).toMatchObject({ state: 'needsHuman', reason: 'CulpritIsRevert' });
  });
});

describe('what happens in between', () => {
  it('a retry before the write supersedes it; a second failure begins anew', async () => {
    allow(loop, { freeze: [{ from: '2026-11-20T00:00:00Z', to: '2026-11-20T12:30:00Z', reason: 'sale' }] });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(loop.reverts()[0]?.status).toMatchObject({ reason: 'Frozen' });
    setStatus(loop, { abort: false, phase: 'Progressing' });
    await loop.settle(1000);
    expect(loop.reverts()[0]?.status?.state).toBe('superseded');
    const state = JSON.stringify({
      attempt: 2,
      abort: { kind: 'analysis', phase: 'Failed', at: '', message: 'again' },
    });
    loop.api.store.patch(
      'ReplicaSet',
      { namespace: 'shop', name: 'web-bbb' },
      { metadata: { annotations: { 'headgate.dev/state': state } } },
    );
    setStatus(loop, { abort: true });
    await loop.settle(1000);
    expect(loop.reverts()).toHaveLength(1);
    await loop.settle(1_800_000);
    expect(loop.reverts()[0]?.status?.state).toBe('landed');
  });

  it('somebody else takes it out first: their commit is adopted', async () => {
    allow(loop, { freeze: [{ from: '2026-11-20T00:00:00Z', to: '2026-11-20T12:30:00Z', reason: 'sale' }] });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(10_000);
    const theirs = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, 'Back to v1');
    await loop.settle(1_800_000);
    expect(loop.reverts()[0]?.status).toMatchObject({ commit: theirs, reason: 'AlreadyReverted' });
    expect((await head())?.id).toBe(theirs);
  });

  it('a later commit fixes it forward: nothing is reverted', async () => {
    allow(loop, { freeze: [{ from: '2026-11-20T00:00:00Z', to: '2026-11-20T12:30:00Z', reason: 'sale' }] });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(1000);
    const fix = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v3') }, 'Fix forward');
    await loop.settle(1_800_000);
    expect(loop.reverts()[0]?.status?.state).toBe('superseded');
    expect((await head())?.id).toBe(fix);
  });

  it('lines beside the value change: the value alone is taken back', async () => {
    allow(loop, { freeze: [{ from: '2026-11-20T00:00:00Z', to: '2026-11-20T12:30:00Z', reason: 'sale' }] });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(1000);
    const commented = (image: string) => rolloutYaml(image).replace('- name: web', '- name: web # of the shop team');
    await loop.commit({ [`${PATH}/rollout.yaml`]: commented('web:v2') }, 'Say whose it is');
    await loop.settle(1_800_000);
    expect(loop.reverts()[0]?.status?.state).toBe('landed');
    const last = await head();
    expect((await loop.bare.read(last?.id ?? '', `${PATH}/rollout.yaml`))?.toString()).toBe(commented('web:v1'));
    expect(last?.message).toContain('Revert-Scope: fields');
  });

  it('a dry run says what it would write', async () => {
    allow(loop, { mode: 'DryRun' });
    const { bad } = await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(loop.reverts()[0]?.status).toMatchObject({
      state: 'dryRun',
      plan: { files: [`${PATH}/rollout.yaml`], expectedHead: bad },
    });
  });
});

describe('whenever the process dies', () => {
  it.each(['pending', 'planned', 'verified', 'writing', 'landed'])(
    'after %s was written down, there is exactly one commit',
    async (state) => {
      allow(loop);
      await failedRelease(loop);
      const end = loop.api.store.watch(gitReverts, (_, { status }) => {
        // From here on the process gets nothing more through, except to Git.
        if (status?.state === state) loop.api.faults = ({ verb }) => (verb === 'patch' ? { answer: 503 } : undefined);
      });
      abort(loop, HASHES);
      await loop.settle(2000);
      expect(loop.reverts()[0]?.status?.state).toBe(state);
      end();
      loop.api.faults = undefined;
      await loop.restart();
      await loop.settle(60_000);
      const log = await loop.bare.log();
      expect(await revertCommits(loop)).toHaveLength(1);
      expect(loop.reverts()[0]?.status).toMatchObject({ state: 'landed', commit: log[0]?.id });
    },
  );

  it.each(['with', 'without'])(
    'or the answer to the write is lost, there is exactly one commit, %s a marker',
    async (marker) => {
      await loop.close();
      let lost = 0;
      loop = await startLoop({
        wrap: (host) => ({
          ...host,
          async commit(...args) {
            const outcome = await host.commit(...args);
            const refs = ['for-each-ref', '--format=delete %(refname)', 'refs/headgate'];
            if (marker === 'without')
              await loop.bare.git(['update-ref', '--stdin'], { input: await loop.bare.git(refs) });
            return lost++ === 0 ? { kind: 'unknown', message: 'the connection was cut' } : outcome;
          },
        }),
      });
      allow(loop);
      await failedRelease(loop);
      abort(loop, HASHES);
      await loop.settle(60_000);
      expect(lost).toBe(1);
      expect(await revertCommits(loop)).toHaveLength(1);
      expect(loop.reverts()[0]?.status?.state).toBe('landed');
    },
  );

  it('or somebody pushes between plan and write, their commit survives', async () => {
    await loop.close();
    let pushed = false;
    loop = await startLoop({
      wrap: (host) => ({
        ...host,
        async commit(...args) {
          if (!pushed) await loop.commit({ 'apps/other/y.yaml': 'y: 1\n' }, 'In between');
          pushed = true;
          return host.commit(...args);
        },
      }),
    });
    allow(loop);
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(60_000);
    const [last, before] = await loop.bare.log();
    expect(last?.message).toContain('Revert-Key:');
    expect(before?.message).toBe('In between');
    expect(loop.reverts()[0]?.status).toMatchObject({ state: 'landed', plan: { attempt: 2 } });
  });
});

describe('a policy', () => {
  const readyOf = async (part: object) => {
    await loop.commit({ 'a.yaml': 'a: 1\n' });
    allow(loop, part);
    await loop.settle(1000);
    return loop.api.store.get(revertPolicies, undefined, 'shop')?.status?.conditions?.[0];
  };

  it('is ready when repository, branch and rights are there', async () => {
    expect(await readyOf({})).toMatchObject({ type: 'Ready', status: 'True' });
  });

  it.each([
    ['a branch that is not there', { branch: 'release' }, 'RepositoryGone', 'release'],
    ['a secret that is not there', { secretRef: { name: 'git' } }, 'SecretMissing', 'namespace headgate'],
    [
      'a secret of another namespace',
      { secretRef: { name: 'other/git' } },
      'InvalidSecretRef',
      "Headgate's own namespace",
    ],
    ['an option instead of an address', { url: '--upload-pack=x' }, 'InvalidRepository', 'begins with "-"'],
    ['a transport helper', { url: 'ext::sh -c x' }, 'InvalidRepository', 'Allowed are https://'],
    ['a repository outside of the allowed folders', { url: '/etc' }, 'InvalidRepository', 'does not lie below'],
  ])('is not ready with %s, and says why', async (_, part, reason, words) => {
    const repository = { host: 'git', url: loop.bare.path, branch: 'main', ...part };
    expect(await readyOf({ repository })).toMatchObject({
      status: 'False',
      reason,
      message: expect.stringContaining(words),
    });
  });
});
