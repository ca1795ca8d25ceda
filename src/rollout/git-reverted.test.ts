import { describe, expect, it } from 'vitest';
import type { GitRevert, GitRevertStatus, Rollout } from '../api/index.ts';
import { decide } from './decide.ts';
import { factsOf } from './facts.ts';
import { gitReverted } from './git-reverted.ts';
import type { Observation } from './observation.ts';

const SINCE = '2026-11-20T12:00:00Z';

function record(
  canary: string,
  status: GitRevertStatus | undefined,
  name = 'r-1',
  creationTimestamp = SINCE,
): GitRevert {
  const spec = { templates: { stable: 'aaa', canary } } as GitRevert['spec'];
  const metadata = { name, namespace: 'shop', creationTimestamp };
  return { apiVersion: 'headgate.dev/v1alpha1', kind: 'GitRevert', metadata, spec, ...(status && { status }) };
}

function seenWith(reverts: (hash: string) => GitRevert[], status: Rollout['status'] = {}): Observation {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:v2' }] } };
  const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, strategy: { canary: {} }, template };
  const metadata = { name: 'web', namespace: 'shop', uid: 'u-1', generation: 2 };
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec, status } as unknown as Rollout;
  const nothing = {
    takenReplicaSetNames: [],
    takenRunNames: [],
    stableEndpoints: [],
    templates: {},
    clusterTemplates: {},
  };
  const base = {
    ...nothing,
    now: Date.parse(SINCE),
    rollout,
    leftOut: [],
    replicaSets: [],
    runs: [],
    services: {},
    problems: [],
  };
  return { ...base, reverts: reverts(factsOf(base).hash) };
}

const told = (status: GitRevertStatus | undefined) =>
  gitReverted(factsOf(seenWith((hash) => [record(hash, status)])))[0];

describe('what Git holds of a change that failed', () => {
  it.each([
    ['pending', undefined, 'Pending', 'it is being taken out'],
    ['writing', { state: 'writing', startedAt: SINCE }, 'Pending', 'it is being taken out'],
    [
      'proposed',
      { state: 'proposed', startedAt: SINCE },
      'Proposed',
      'a pull request that takes the change out is open',
    ],
    ['needsHuman', { state: 'needsHuman', startedAt: SINCE }, 'NeedsHuman', 'a person must decide'],
    ['skipped', { state: 'skipped', startedAt: SINCE }, 'Skipped', 'the change is left in Git'],
  ] as [string, GitRevertStatus | undefined, string, string][])(
    'is bad as long as its revert is %s',
    (_, status, reason, text) => {
      const message = `cluster: stable, Git: bad, pending since ${SINCE}: ${text} (GitRevert r-1)`;
      expect(told(status)).toEqual({ type: 'GitReverted', status: 'False', reason, message });
    },
  );

  it('is reverted once it is out of Git', () => {
    expect(told({ state: 'landed', commit: 'c0ffee0'.repeat(5) })).toMatchObject({
      status: 'True',
      message: 'cluster: stable, Git: reverted by c0ffee0 (GitRevert r-1)',
    });
  });

  it('is not told of a revert that was superseded, of another template, or where there is none', () => {
    expect(told({ state: 'superseded' })).toBeUndefined();
    expect(gitReverted(factsOf(seenWith(() => [record('other', undefined)])))).toEqual([]);
    expect(gitReverted(factsOf(seenWith(() => [])))).toEqual([]);
  });

  it('is told of the newest record', () => {
    const seen = seenWith((hash) => [
      record(hash, { state: 'landed' }, 'old', '2026-11-19T12:00:00Z'),
      record(hash, undefined, 'new'),
    ]);
    expect(gitReverted(factsOf(seen))[0]).toMatchObject({ message: expect.stringContaining('GitRevert new') });
  });

  it('stays told when the stable template is back, and goes with the next update', () => {
    const { hash } = factsOf(seenWith(() => []));
    const before = { type: 'GitReverted', status: 'False', reason: 'Pending', message: 'm' };
    const back = (state: GitRevertStatus['state'], stable = hash, conditions = [before as never]) => {
      const last = { ...record('failed', { state, commit: 'c0ffee0' } as GitRevertStatus) };
      last.spec.templates.stable = stable;
      const seen = seenWith(() => [last], { stableRS: stable, currentPodHash: stable, conditions });
      return decide(seen).status?.conditions?.find(({ type }) => type === 'GitReverted');
    };
    expect(back('done')).toMatchObject({ status: 'True', reason: 'Reverted' });
    // The sync was faster than the record, which says how it ended in a moment.
    expect(back('writing')).toMatchObject({ status: 'False', reason: 'Pending' });
    expect(back('proposed')).toMatchObject({ status: 'False', reason: 'Proposed' });
    // A person has put Git right, and the failure does not count any more.
    expect(back('superseded')).toBeUndefined();
    expect(back('needsHuman')).toBeUndefined();
    expect(back('done', 'aaa')).toBeUndefined();
    // An old record says nothing new of a Rollout that was never told of it.
    expect(back('done', hash, [])).toBeUndefined();
  });
});
