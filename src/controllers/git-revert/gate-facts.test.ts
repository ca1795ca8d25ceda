import { expect, it } from 'vitest';
import { type GitRevert, type ReplicaSet, type Rollout, STATE } from '../../api/index.ts';
import { gateFacts } from './gate-facts.ts';
import type { GitRevertOptions } from './options.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const MINUTE = 60_000;
const instant = (minutes: number) => new Date(NOW + minutes * MINUTE).toISOString();
const URL = 'https://git.example/team/shop';
const commit = (letter: string) => letter.repeat(40);

const rollout = (uid: string, status: object = { abort: true, currentPodHash: 'bbb' }) =>
  ({ metadata: { name: uid, namespace: 'shop', uid }, spec: {}, status }) as unknown as Rollout;

function canaryOf(uid: string, abort: object, annotations: object = {}) {
  const labels = { 'rollouts-pod-template-hash': 'bbb' };
  const state = { [STATE]: JSON.stringify({ abort }) };
  return {
    metadata: { name: `${uid}-bbb`, namespace: 'shop', labels, annotations: { ...annotations, ...state } },
  } as unknown as ReplicaSet;
}

function record(name: string, uid: string, culprit: string, part: { spec?: object; status?: object } = {}) {
  const own = { uid, name: uid, namespace: 'shop' };
  return {
    metadata: { name, namespace: 'shop', uid: name },
    spec: {
      ...{ repository: URL, culprits: [culprit], rollout: own, templates: { stable: 'aaa', canary: 'bbb' } },
      ...{ run: { name: 'run', uid: 'u' }, ...part.spec },
    },
    status: { state: 'done', startedAt: instant(-5), ...part.status },
  } as unknown as GitRevert;
}

function facts(rollouts: Rollout[], sets: Record<string, ReplicaSet>, records: GitRevert[], revert?: GitRevert) {
  const options = {
    clock: { now: () => NOW },
    rollouts: { list: () => rollouts },
    replicaSets: { ownedBy: (uid: string) => (sets[uid] ? [sets[uid]] : []) },
    reverts: { list: () => records },
    sources: { get: () => undefined },
    killSwitch: { paused: () => undefined },
  } as unknown as GitRevertOptions;
  const provenance = {
    repository: URL,
    branch: 'main',
    path: 'web',
    commit: commit('a'),
    learnt: 'GitSource' as const,
  };
  return gateFacts(options, { rollout: rollouts[0], cause: undefined, provenance: provenance as never, revert });
}

const git = (letter: string) => ({
  'headgate.dev/git-repository': URL,
  'headgate.dev/git-branch': 'main',
  'headgate.dev/git-path': 'web',
  'headgate.dev/git-commit': commit(letter),
});
const failed = { kind: 'analysis', phase: 'Failed', at: instant(-2), message: '' };

it('counts each failure that stands, by the culprit on record, else by the commit that it came from', () => {
  const rollouts = ['a', 'b', 'c', 'd', 'e', 'f'].map((uid) => rollout(uid));
  const sets = {
    a: canaryOf('a', failed, git('1')),
    b: canaryOf('b', failed, git('2')),
    c: canaryOf('c', failed),
    d: canaryOf('d', { ...failed, phase: 'Error' }),
    e: canaryOf('e', { kind: 'user', at: instant(-1), message: '' }),
    f: canaryOf('f', { kind: 'progressDeadline', at: instant(-3), message: '' }, git('2')),
  };
  const found = facts(rollouts, sets, [record('r', 'a', commit('9'))]).failures;
  expect(found).toEqual([
    { rollout: 'a', culprit: `https://git.example/team/shop ${commit('9')}`, at: NOW - 2 * MINUTE },
    { rollout: 'b', culprit: `https://git.example/team/shop ${commit('2')}`, at: NOW - 2 * MINUTE },
    { rollout: 'c', culprit: 'unknown c', at: NOW - 2 * MINUTE },
    { rollout: 'f', culprit: `https://git.example/team/shop ${commit('2')}`, at: NOW - 3 * MINUTE },
  ]);
});

it('counts what is on record after it was taken out, unless a person aborted it', () => {
  const back = rollout('a', { currentPodHash: 'aaa' });
  const byPerson = record('p', 'b', commit('2'), { spec: { run: undefined } });
  expect(facts([back], {}, [record('r', 'a', commit('1')), byPerson]).failures).toEqual([
    { rollout: 'a', culprit: `https://git.example/team/shop ${commit('1')}`, at: NOW - 5 * MINUTE },
  ]);
});

it('knows of the same template that was taken out within a day, once there is a plan', () => {
  const plan = { expectedHead: '', tree: '', patchDigest: '', files: [], attempt: 1, plannedAt: instant(0) };
  const mine = record('mine', 'a', commit('2'), { status: { state: 'planned', plan } });
  const before = (part: Parameters<typeof record>[3] = {}) =>
    record('before', 'a', commit('1'), {
      ...part,
      status: { commit: commit('d'), finishedAt: instant(-60), ...part.status },
    });
  const asked = (earlier: GitRevert, revert = mine) =>
    facts([rollout('a')], {}, [earlier, revert], revert).revertedBefore;
  expect(asked(before())).toEqual({ name: 'before', culprit: commit('1') });
  expect(asked(before({ status: { finishedAt: undefined, state: 'landed' } }))).toMatchObject({ name: 'before' });
  expect(asked(before({ status: { finishedAt: instant(-24 * 60) } }))).toBeUndefined();
  expect(asked(before({ status: { commit: undefined } }))).toBeUndefined();
  expect(asked(before({ spec: { templates: { stable: 'aaa', canary: 'ccc' } } }))).toBeUndefined();
  expect(asked(before({ spec: { rollout: { uid: 'z' } } }))).toBeUndefined();
  expect(asked(before(), record('mine', 'a', commit('2'), { status: { state: 'pending' } }))).toBeUndefined();
});
