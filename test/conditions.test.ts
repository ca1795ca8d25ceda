import { describe, expect, it } from 'vitest';
import {
  type AnalysisRun,
  type Condition,
  type ReplicaSet,
  type Rollout,
  type Service,
  STATE,
} from '../src/api/index.ts';
import {
  decide,
  givenTemplate,
  hashOf,
  NOTHING_SEEN,
  type Observation,
  withCreationError,
} from '../src/rollout/index.ts';
import { type HalfWay, halfWays } from './behaviour/left-half-way.ts';
import { later, pass, settle } from './transcripts/passes.ts';
import { createWorld, observe, user, type World, writeStatus } from './transcripts/world.ts';

/** When the other controller ended. */
const ENDED = Date.parse('2026-11-21T01:48:43Z');

/** With the word that the new ReplicaSet's pods are no news. */
function remembered(replicaSet: ReplicaSet): ReplicaSet {
  const progressHighWater = replicaSet.status?.availableReplicas ?? 0;
  const annotations = { ...replicaSet.metadata.annotations, [STATE]: JSON.stringify({ progressHighWater }) };
  return { ...replicaSet, metadata: { ...replicaSet.metadata, annotations } };
}

/** With what it takes from its workload, where it has one. */
function resolved(rollout: Rollout, replicaSets: ReplicaSet[]): Rollout {
  const newest = replicaSets.find((replicaSet) => hashOf(replicaSet) === rollout.status?.currentPodHash);
  const { template = newest && givenTemplate(newest), selector = { matchLabels: { app: rollout.metadata.name } } } =
    rollout.spec;
  return { ...rollout, spec: { ...rollout.spec, selector, ...(template && { template }) } };
}

function seenIn({ objects, rollout }: HalfWay): Observation {
  const all = <T>(kind: string) => objects.filter((object) => object.kind === kind) as unknown[] as T[];
  const replicaSets = all<ReplicaSet>('ReplicaSet').map(remembered);
  const { weights } = rollout.status?.canary ?? {};
  const services = Object.fromEntries(all<Service>('Service').map((service) => [service.metadata.name, service]));
  return {
    ...NOTHING_SEEN,
    now: ENDED,
    rollout: resolved(rollout, replicaSets),
    replicaSets,
    runs: all<AnalysisRun>('AnalysisRun'),
    services,
    ...(weights && { traffic: { canaryWeight: weights.canary.weight, managedRoutes: [], verified: true } }),
  };
}

describe('conditions that Argo Rollouts left', () => {
  // A step that is an experiment is no step here.
  const driven = halfWays.filter(({ name }) => !name.startsWith('13'));

  it.each(driven.map((halfWay) => [halfWay.name, halfWay] as const))('%s stay as they are', (_, halfWay) => {
    const { status } = halfWay.rollout;
    expect(decide(seenIn(halfWay)).status.conditions).toEqual(status?.conditions);
  });
});

/** Each condition as `Type=Status/Reason`, in its place. */
function told(world: World): string[] {
  return (world.rollout.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`);
}

function said(world: World, type: string): Condition | undefined {
  return world.rollout.status?.conditions?.find((condition) => condition.type === type);
}

/** The newest ReplicaSet counts so many pods, and stays with that. */
function count(world: World, replicas: number, ready: number): void {
  world.podsFollow = false;
  const newest = world.replicaSets.at(-1);
  if (newest) newest.status = { ...newest.status, replicas, readyReplicas: ready, availableReplicas: ready };
  settle(world);
}

describe('conditions of a canary', () => {
  const steps = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }];
  const installed = (spec: Partial<Rollout['spec']> = {}) => {
    const world = createWorld({ canary: { steps }, spec });
    settle(world);
    return world;
  };
  const updated = (spec: Partial<Rollout['spec']> = {}) => {
    const world = installed(spec);
    world.now += 60_000;
    user.template(world, 'v2');
    settle(world);
    return world;
  };

  it('say nothing of health before it was there once', () => {
    const world = createWorld({ canary: { steps } });
    world.podsFollow = false;
    settle(world);
    expect(told(world)).toEqual([
      'Available=False/AvailableReason',
      'Completed=True/RolloutCompleted',
      'Progressing=True/ReplicaSetUpdated',
    ]);
    world.podsFollow = true;
    settle(world);
    expect(told(world)).toEqual([
      'Completed=True/RolloutCompleted',
      'Healthy=True/RolloutHealthy',
      'Progressing=True/NewReplicaSetAvailable',
      'Available=True/AvailableReason',
    ]);
  });

  it('follow an update through its pause to its end', () => {
    const world = updated();
    const paused = ['Progressing=Unknown/RolloutPaused', 'Paused=True/RolloutPaused'];
    const inFlight = ['Available=True/AvailableReason', 'Healthy=False/RolloutHealthy'];
    expect(told(world)).toEqual([...inFlight, 'Completed=False/RolloutCompleted', ...paused]);
    world.now += 60_000;
    user.promote(world);
    settle(world);
    expect(told(world)).toEqual([
      'Available=True/AvailableReason',
      'Paused=False/RolloutPaused',
      'Healthy=True/RolloutHealthy',
      'Progressing=True/NewReplicaSetAvailable',
      'Completed=True/RolloutCompleted',
    ]);
  });

  it('say that the pods of an update are on their way though none of them is available', () => {
    const world = installed();
    world.podsFollow = false;
    user.template(world, 'v2');
    for (let passes = 0; passes < 2; passes++) pass(world);
    expect(said(world, 'Progressing')).toMatchObject({ reason: 'NewReplicaSetCreated' });
    settle(world);
    expect(said(world, 'Progressing')).toMatchObject({ reason: 'ReplicaSetUpdated', status: 'True' });
  });

  it('find the ReplicaSet of a revision that came back', () => {
    const world = updated();
    user.template(world, 'v3');
    settle(world);
    user.template(world, 'v2');
    pass(world);
    expect(said(world, 'Progressing')).toMatchObject({ reason: 'ReplicaSetUpdated' });
  });

  it('say that a Rollout with spec.paused is not healthy, and yet complete', () => {
    const world = installed();
    user.pause(world);
    settle(world);
    expect(told(world)).toEqual([
      'Completed=True/RolloutCompleted',
      'Progressing=True/NewReplicaSetAvailable',
      'Available=True/AvailableReason',
      'Healthy=False/RolloutHealthy',
      'Paused=True/RolloutPaused',
    ]);
    user.resume(world);
    settle(world);
    expect(said(world, 'Healthy')).toMatchObject({ status: 'True', message: 'Rollout is healthy' });
    expect(said(world, 'Paused')).toMatchObject({ status: 'False', message: 'Rollout is paused' });
  });

  it('leave the pause as it was while an update is given up', () => {
    const world = updated();
    user.abort(world);
    settle(world);
    expect(said(world, 'Progressing')).toMatchObject({ status: 'False', reason: 'RolloutAborted' });
    expect(said(world, 'Paused')).toMatchObject({ status: 'True' });
    user.template(world, 'v1');
    settle(world);
    expect(said(world, 'Paused')).toMatchObject({ status: 'False' });
  });

  it('count the time anew for pods that are lost at rest, and then call it stuck', () => {
    const world = installed({ progressDeadlineSeconds: 60 });
    later(world, 3600);
    count(world, 4, 3);
    expect(told(world)).toEqual([
      'Completed=True/RolloutCompleted',
      'Healthy=False/RolloutHealthy',
      'Progressing=True/ReplicaSetNotAvailable',
      'Available=False/AvailableReason',
    ]);
    expect(said(world, 'Progressing')?.message).toBe('Rollout does not have minimum availability');
    later(world, 59);
    expect(world.rollout.status?.phase).toBe('Progressing');
    expect(pass(world).lookAgainAt).toBe(world.now + 1000);
    later(world, 1);
    expect(world.rollout.status).toMatchObject({
      phase: 'Degraded',
      message: expect.stringMatching(/^ProgressDeadlineExceeded: ReplicaSet "web-\w+" has timed out progressing.$/),
    });
    expect(world.rollout.status?.abort).toBeUndefined();
    count(world, 4, 4);
    expect(world.rollout.status?.phase).toBe('Healthy');
  });

  it('never abort what is only missing pods at rest', () => {
    const world = installed({ progressDeadlineSeconds: 60, progressDeadlineAbort: true });
    count(world, 4, 3);
    later(world, 3600);
    expect(world.rollout.status).toMatchObject({ phase: 'Degraded', stableRS: world.rollout.status?.currentPodHash });
    expect(world.rollout.status?.abort).toBeUndefined();
  });

  it('wait for pods of a former revision that are to stay a while, for as long as that takes', () => {
    const trafficRouting = { plugins: { 'argoproj-labs/gatewayAPI': {} } };
    const services = { stableService: 'web-stable', canaryService: 'web-canary' };
    const canary = { ...services, trafficRouting, scaleDownDelaySeconds: 3600, steps: [{ setWeight: 50 }] };
    const world = createWorld({ canary, spec: { progressDeadlineSeconds: 60 } });
    settle(world);
    user.template(world, 'v2');
    settle(world);
    later(world, 1800);
    expect(world.rollout.status?.phase).toBe('Healthy');
    expect(said(world, 'Healthy')).toMatchObject({ status: 'False' });
    expect(said(world, 'Progressing')).toMatchObject({ reason: 'ReplicaSetUpdated' });
    later(world, 1800);
    expect(said(world, 'Healthy')).toMatchObject({ status: 'True' });
    expect(said(world, 'Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' });
  });

  it('pass on what keeps a ReplicaSet from making pods, until it is over', () => {
    const world = installed();
    const since = '2026-11-21T08:00:00Z';
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', lastTransitionTime: since };
    const failing = (message: string | undefined) => {
      const seen = observe(world);
      const conditions = message === undefined ? [] : [{ ...failure, message }];
      const replicaSets = seen.replicaSets.map((one) => ({ ...one, status: { ...one.status, conditions } }));
      writeStatus(world, decide({ ...seen, replicaSets }).status);
      return said(world, 'ReplicaFailure');
    };
    const told = { ...failure, message: 'exceeded quota', lastUpdateTime: since };
    expect(failing('exceeded quota')).toEqual(told);
    expect(failing('exceeded quota again')).toEqual(told);
    expect(failing(undefined)).toBeUndefined();
  });
});

describe('conditions of blue-green', () => {
  const installed = (fields: object = {}) => {
    const world = createWorld({ blueGreen: { activeService: 'web-active', maxUnavailable: 2, ...fields } });
    settle(world);
    return world;
  };

  it('say that it is available only while all active pods are, whatever may be missing in a restart', () => {
    const world = installed();
    expect(said(world, 'Available')).toMatchObject({ status: 'True' });
    count(world, 4, 3);
    expect(said(world, 'Available')).toMatchObject({ status: 'False' });
  });

  it('say that it is healthy once users have the new pods, also while these are verified', () => {
    const templates = [{ templateName: 'success-rate' }];
    const world = installed({ postPromotionAnalysis: { templates } });
    user.template(world, 'v2');
    settle(world);
    expect(world.rollout.status).toMatchObject({ phase: 'Progressing', message: 'waiting for analysis to complete' });
    expect(said(world, 'Healthy')).toMatchObject({ status: 'True' });
    expect(said(world, 'Completed')).toMatchObject({ status: 'False' });
  });
});

it('say that a ReplicaSet could not be made, once', () => {
  const now = Date.parse('2026-11-21T09:00:00Z');
  const status = withCreationError({ conditions: [] }, 'web-v1', 'exceeded quota', now);
  expect(status.conditions).toEqual([
    {
      type: 'Progressing',
      status: 'False',
      reason: 'ReplicaSetCreateError',
      message: 'Failed to create new replica set "web-v1": exceeded quota',
      lastTransitionTime: '2026-11-21T09:00:00Z',
      lastUpdateTime: '2026-11-21T09:00:00Z',
    },
  ]);
  expect(withCreationError(status, 'web-v1', 'exceeded quota by more', now + 1000)).toBe(status);
});
