import { describe, expect, it } from 'vitest';
import type { Rollout } from '../api/index.ts';
import { type Effect, type ObservedContest, type Transition, UNTOUCHED } from '../rollout/index.ts';
import {
  addedToInformer,
  contestBegan,
  contestEnded,
  deleted,
  ofFailure,
  ofTransition,
  weightVerifyError,
} from './events.ts';

const rollout = { metadata: { namespace: 'shop', name: 'web' }, spec: {} } as Rollout;

describe('Events on a Rollout have the texts that alerts match', () => {
  it.each([
    [addedToInformer(rollout), 'Normal RolloutAddedToInformer: Rollout resource added to informer: shop/web'],
    [deleted(rollout), 'Normal RolloutDeleted: Rollout web/shop is deleted.'],
    [weightVerifyError('no answer'), 'Warning WeightVerifyError: Failed to verify weight: no answer'],
  ])('%#', ({ type, reason, message }, text) => {
    expect(`${type} ${reason}: ${message}`).toBe(text);
  });

  it.each([
    [{ kind: 'setTraffic', weight: 5, from: 0 }, 'TrafficRoutingError', 'no'],
    [{ kind: 'setReplicas', replicas: 1 }, 'ReconciliationError', 'no'],
    [
      { kind: 'createReplicaSet', object: { metadata: { name: 'web-1' } }, revision: 1 },
      'ReplicaSetCreateError',
      'Failed to create new replica set "web-1": no',
    ],
  ] as [Effect, string, string][])('where something fails: %j', (effect, reason, message) => {
    expect(ofFailure(effect, 'no')).toEqual({ type: 'Warning', reason, message });
  });

  it.each([
    ['Running', 'Normal'],
    ['Successful', 'Normal'],
    ['Inconclusive', 'Normal'],
    ['Failed', 'Warning'],
    ['Error', 'Warning'],
  ])('calls an analysis that is %s %s', (phase, type) => {
    const transition: Transition = { kind: 'runChanged', type: 'Step', name: 'web-1', phase, before: 'Running' };
    const message = `Step Analysis Run 'web-1' Status New: '${phase}' Previous: 'Running'`;
    expect(ofTransition(transition)).toEqual([{ type, reason: `AnalysisRun${phase}`, message }]);
  });

  it.each([
    ['route', 'HTTPRoute', 'Route'],
    ['service', 'Service', 'Service'],
  ] as const)('tells of a contested %s', (of, kind, prefix) => {
    const since = '2026-11-21T09:00:00Z';
    const contest: ObservedContest = { of, kind, name: 'web', manager: 'helm', times: 3, since, resets: UNTOUCHED };
    expect(contestBegan(contest, rollout)).toMatchObject({ type: 'Warning', reason: `${prefix}Contested` });
    expect(contestEnded(contest, rollout)).toMatchObject({ type: 'Normal', reason: `${prefix}ContestEnded` });
  });
});
