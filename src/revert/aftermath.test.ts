import { describe, expect, it } from 'vitest';
import type { Condition, GitRevertStatus } from '../api/index.ts';
import { type Cluster, syncDueAt } from './aftermath.ts';
import { decide } from './decide.ts';

const OUT = Date.parse('2026-11-20T12:00:00Z');
const MINUTE = 60_000;
const SERVES: Cluster = { asksForFailed: undefined, stableProblem: undefined };
const LATE: Cluster = { ...SERVES, asksForFailed: { applier: 'Application argocd/web synced abc1234 of main' } };
const landed = (part: GitRevertStatus = {}): GitRevertStatus => ({
  ...{ state: 'landed', commit: 'b'.repeat(40), takenOutAt: '2026-11-20T12:00:00Z' },
  ...part,
});
const pass = (minutes: number, cluster: Cluster, part: { status?: GitRevertStatus; observed?: boolean } = {}) =>
  decide({
    ...{ now: OUT + minutes * MINUTE, status: landed(), gate: { kind: 'open', mode: 'Direct' }, observed: false },
    ...{ busy: false, cluster, ...part },
  });
const conditionOf = ({ status }: { status: GitRevertStatus }, type: string): Condition | undefined =>
  status.conditions?.find((each) => each.type === type);

describe('a change that is out of Git', () => {
  it('has a quarter of an hour until the cluster is late, and is looked at then', () => {
    const early = pass(14.9, LATE);
    expect(conditionOf(early, 'RevertNotSynced')).toBeUndefined();
    expect(early.lookAgainAt).toBe(OUT + 15 * MINUTE);
    const late = pass(15, LATE);
    expect(late).toMatchObject({ state: 'landed', lookAgainAt: undefined });
    const { status, message } = conditionOf(late, 'RevertNotSynced') ?? {};
    expect([status, message]).toEqual([
      'True',
      expect.stringContaining('Application argocd/web synced abc1234 of main'),
    ]);
  });

  it('that the cluster has followed is not late, though it is not healthy yet', () => {
    expect(conditionOf(pass(60, SERVES), 'RevertNotSynced')).toBeUndefined();
  });

  it('of which it is not known since when it is out is not late', () => {
    const { takenOutAt: _, ...status } = landed();
    expect(syncDueAt(status)).toBeUndefined();
    expect(conditionOf(pass(60, LATE, { status }), 'RevertNotSynced')).toBeUndefined();
  });

  it('says what it said last until the tool has answered, and that it is over when it is', () => {
    const before = pass(15, LATE).status;
    const asked = pass(30, { ...SERVES, asksForFailed: { applier: undefined } }, { status: before });
    expect(asked.status).toEqual(before);
    expect(pass(15, { ...SERVES, asksForFailed: { applier: undefined } }).status.conditions).toHaveLength(2);
    const over = pass(31, SERVES, { status: before, observed: true });
    expect(conditionOf(over, 'RevertNotSynced')).toMatchObject({ status: 'False', reason: 'Synced' });
  });

  it('and what it went back to does not serve: that is told, and nothing is done', () => {
    const stableProblem = 'ReplicaSet web-aaa, which is stable, has no available pod of 3';
    const bad = pass(1, { ...SERVES, stableProblem });
    expect(bad).toMatchObject({ state: 'landed', effect: undefined });
    expect(conditionOf(bad, 'StableNotServing')).toMatchObject({
      ...{ status: 'True', message: expect.stringMatching(/no available pod of 3. Nothing is reverted again/) },
    });
  });
});
