import { REVISION, type Rollout } from '../api/index.ts';
import { type Problem, told } from '../api/problems.ts';
import { contestOver, contestTold, type Effect, type ObservedContest, type Transition } from '../rollout/index.ts';

/** The catalogue of Kubernetes Events on a Rollout: reasons and texts are those that teams' alerts already match. */
export interface Happening {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

function normal(reason: string, message: string): Happening {
  return { type: 'Normal', reason, message };
}

function warning(reason: string, message: string): Happening {
  return { type: 'Warning', reason, message };
}

export function addedToInformer({ metadata: { namespace, name } }: Rollout): Happening {
  return normal('RolloutAddedToInformer', `Rollout resource added to informer: ${namespace}/${name}`);
}

/** The name comes before the namespace: that is what alerts match. */
export function deleted({ metadata: { namespace, name } }: Rollout): Happening {
  return normal('RolloutDeleted', `Rollout ${name}/${namespace} is deleted.`);
}

export function weightVerifyError(message: string): Happening {
  return warning('WeightVerifyError', `Failed to verify weight: ${message}`);
}

const CONTESTED = { route: 'Route', service: 'Service' } as const;

/** Once for each contest, and once for its end. */
export function contestBegan(contest: ObservedContest, rollout: Rollout): Happening {
  return warning(`${CONTESTED[contest.of]}Contested`, contestTold(contest, rollout));
}

export function contestEnded(contest: ObservedContest, rollout: Rollout): Happening {
  return normal(`${CONTESTED[contest.of]}ContestEnded`, contestOver(contest, rollout));
}

/** What a pass could not do. */
export function ofFailure(effect: Effect, message: string): Happening {
  if (effect.kind === 'setTraffic') return warning('TrafficRoutingError', message);
  if (effect.kind !== 'createReplicaSet') return warning('ReconciliationError', message);
  const name = JSON.stringify(effect.object.metadata.name);
  return warning('ReplicaSetCreateError', `Failed to create new replica set ${name}: ${message}`);
}

export function unreadableTemplate(leftOut: readonly Problem[]): Happening {
  return warning('UnreadableTemplate', told(leftOut));
}

function started(revision: number, hash: string): Happening {
  return normal('RolloutNotCompleted', `Rollout not completed, started update to revision ${revision} (${hash})`);
}

function scaled(name: string, revision: number, from: number, to: number): Happening[] {
  if (from === to) return [];
  const way = to > from ? 'up' : 'down';
  return [normal('ScalingReplicaSet', `Scaled ${way} ReplicaSet ${name} (revision ${revision}) from ${from} to ${to}`)];
}

/** What a pass did, told after it was done. */
export function ofEffect(effect: Effect): Happening[] {
  switch (effect.kind) {
    case 'scaleReplicaSet':
      return scaled(effect.name, effect.revision, effect.from, effect.to);
    case 'createReplicaSet': {
      const { object, revision, begins } = effect;
      const { name } = object.metadata;
      const created = normal('NewReplicaSetCreated', `Created ReplicaSet ${name} (revision ${revision})`);
      const begun = begins === undefined ? [] : [started(revision, begins)];
      return [created, ...begun, ...scaled(name, revision, 0, object.spec.replicas ?? 1)];
    }
    case 'setTraffic': {
      const { from, weight } = effect;
      const updated = normal('TrafficWeightUpdated', `Traffic weight updated from ${from} to ${weight}`);
      return [
        ...(weight === from ? [] : [updated]),
        ...(effect.overload ? [warning('StableOverloaded', effect.overload)] : []),
      ];
    }
    case 'switchService':
      return [
        normal(
          'SwitchService',
          `Switched selector for service '${effect.name}' from '${effect.from}' to '${effect.hash}'`,
        ),
      ];
    case 'annotateRollout': {
      const revision = effect.annotations[REVISION];
      return revision ? [normal('RolloutUpdated', `Rollout updated to revision ${revision}`)] : [];
    }
    case 'scaleWorkload': {
      const { workload, name, from, mark } = effect;
      const way = mark.to > from ? 'up' : 'down';
      return [normal('ScalingWorkload', `Scaled ${way} ${workload} ${name} from ${from} to ${mark.to}`)];
    }
    default:
      return [];
  }
}

function ofRun(transition: Extract<Transition, { kind: 'runChanged' }>): Happening {
  const { type, name, phase, before } = transition;
  const message = `${type} Analysis Run '${name}' Status New: '${phase}' Previous: '${before}'`;
  const bad = phase === 'Failed' || phase === 'Error';
  return bad ? warning(`AnalysisRun${phase}`, message) : normal(`AnalysisRun${phase}`, message);
}

/** What a pass decided, told after the status that holds it was written. */
export function ofTransition(transition: Transition): Happening[] {
  switch (transition.kind) {
    case 'started':
      return transition.isNew ? [] : [started(transition.revision, transition.hash)];
    case 'retried':
      return [];
    case 'stepCompleted': {
      const { index, total, step } = transition;
      return [normal('RolloutStepCompleted', `Rollout step ${index}/${total} completed (${step})`)];
    }
    case 'paused':
      return [normal('RolloutPaused', `Rollout is paused (${transition.reason})`)];
    case 'resumed':
      return [normal('RolloutResumed', 'Rollout is resumed')];
    case 'aborted': {
      const cause = transition.cause ? `: ${transition.cause}` : '';
      return [warning('RolloutAborted', `Rollout aborted update to revision ${transition.revision}${cause}`)];
    }
    case 'skippedSteps':
      return [normal('SkipSteps', transition.reason)];
    case 'promoted': {
      const { revision, hash, reason } = transition;
      return [normal('RolloutCompleted', `Rollout completed update to revision ${revision} (${hash}): ${reason}`)];
    }
    case 'runChanged':
      return [ofRun(transition)];
    case 'invalid':
      return [warning('InvalidSpec', transition.message)];
  }
}
