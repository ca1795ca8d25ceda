/** Whether an object does what it is there for, as far as it says so itself. */
import { type Fields, fieldsOf, textOf } from '../../api/fields.ts';
import type { KubeObject } from '../../api/index.ts';
import { conditionOf } from './definitions.ts';
import { groupKindOf } from './kinds.ts';

/** `failed` will not get better by waiting. */
export type Health = { state: 'healthy' } | { state: 'progressing' | 'failed'; message: string };

const healthy: Health = { state: 'healthy' };
const progressing = (message: string): Health => ({ state: 'progressing', message });
const failed = (message: string): Health => ({ state: 'failed', message });

interface Parts {
  object: KubeObject;
  spec: Fields;
  status: Fields;
}

function numberOf(value: unknown, fallback = 0): number {
  return typeof value === 'number' ? value : fallback;
}

/** A condition's own words. */
function said(condition: Fields, fallback: string): string {
  return textOf(condition.message) || textOf(condition.reason) || fallback;
}

/** The first of these counts that is not reached. */
function lacking(wanted: number, counts: Record<string, unknown>): Health | undefined {
  for (const [what, count] of Object.entries(counts)) {
    if (numberOf(count) < wanted) return progressing(`${numberOf(count)} of ${wanted} pods are ${what}`);
  }
  return undefined;
}

/** A controller that has never looked has nothing to say. */
const unseen = ({ status }: Parts) =>
  status.observedGeneration === undefined ? progressing('no controller has looked at it yet') : undefined;

function deployment(parts: Parts): Health {
  const { object, spec, status } = parts;
  const stuck = conditionOf(object, 'Progressing');
  if (stuck?.reason === 'ProgressDeadlineExceeded') return failed(said(stuck, 'its progress deadline has passed'));
  const wanted = numberOf(spec.replicas, 1);
  const { updatedReplicas, availableReplicas, replicas } = status;
  const missing = lacking(wanted, { updated: updatedReplicas, available: availableReplicas });
  if (unseen(parts) ?? missing) return unseen(parts) ?? missing ?? healthy;
  const old = numberOf(replicas) - numberOf(updatedReplicas);
  return old > 0 ? progressing(`${old} former pods are still there`) : healthy;
}

function statefulSet(parts: Parts): Health {
  const { spec, status } = parts;
  const strategy = fieldsOf(spec.updateStrategy);
  const wanted = numberOf(spec.replicas, 1);
  const ready = unseen(parts) ?? lacking(wanted, { ready: status.readyReplicas });
  if (ready !== undefined) return ready;
  if (strategy.type === 'OnDelete') return healthy;
  const partition = numberOf(fieldsOf(strategy.rollingUpdate).partition);
  const updated = lacking(Math.max(0, wanted - partition), { updated: status.updatedReplicas });
  if (updated !== undefined || partition > 0) return updated ?? healthy;
  // Both are there only while they matter.
  const isOld = status.updateRevision !== undefined && status.currentRevision !== status.updateRevision;
  return isOld ? progressing('the update is not over') : healthy;
}

function daemonSet(parts: Parts): Health {
  const { spec, status } = parts;
  const { updatedNumberScheduled, numberAvailable } = status;
  const wanted = numberOf(status.desiredNumberScheduled);
  const isOnDelete = fieldsOf(spec.updateStrategy).type === 'OnDelete';
  const counts = { ...(!isOnDelete && { updated: updatedNumberScheduled }), available: numberAvailable };
  return unseen(parts) ?? lacking(wanted, counts) ?? healthy;
}

function replicaSet(parts: Parts): Health {
  const failure = conditionOf(parts.object, 'ReplicaFailure');
  if (failure?.status === 'True') return failed(said(failure, 'its pods cannot be made'));
  const wanted = numberOf(parts.spec.replicas, 1);
  return unseen(parts) ?? lacking(wanted, { available: parts.status.availableReplicas }) ?? healthy;
}

function job({ object, spec }: Parts): Health {
  if (conditionOf(object, 'Complete')?.status === 'True') return healthy;
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') return failed(said(failure, 'it has failed'));
  return spec.suspend === true ? healthy : progressing('it is not complete');
}

function pod({ object, status }: Parts): Health {
  if (status.phase === 'Succeeded') return healthy;
  if (status.phase === 'Failed') return failed(textOf(status.message) ?? 'it has failed');
  return conditionOf(object, 'Ready')?.status === 'True' ? healthy : progressing('it is not ready');
}

function claim({ status }: Parts): Health {
  if (status.phase === 'Bound') return healthy;
  return status.phase === 'Lost' ? failed('its volume is lost') : progressing('it is not bound');
}

function definition({ object }: Parts): Health {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(said(names, 'its names are taken'));
  return conditionOf(object, 'Established')?.status === 'True' ? healthy : progressing('it is not established');
}

function apiService({ object }: Parts): Health {
  const available = conditionOf(object, 'Available');
  return available?.status === 'True' ? healthy : progressing(said(available ?? {}, 'it is not available'));
}

function rollout({ object, status }: Parts): Health {
  const { phase, message, observedGeneration } = status;
  if (phase === undefined || String(observedGeneration) !== String(object.metadata.generation)) {
    return progressing('its controller has not looked at it yet');
  }
  if (phase === 'Healthy') return healthy;
  const words = [textOf(phase), textOf(message)].filter(Boolean).join(': ');
  return phase === 'Degraded' ? failed(words) : progressing(words);
}

/** What says `Ready` of itself, as most custom resources do; everything else is what it is once it is there. */
function anything({ object }: Parts): Health {
  const stalled = conditionOf(object, 'Stalled');
  if (stalled?.status === 'True') return failed(said(stalled, 'it is stalled'));
  const reconciling = conditionOf(object, 'Reconciling');
  if (reconciling?.status === 'True') return progressing(said(reconciling, 'it is not there yet'));
  const ready = conditionOf(object, 'Ready');
  return ready === undefined || ready.status === 'True' ? healthy : progressing(said(ready, 'it is not ready'));
}

const rules: Record<string, (parts: Parts) => Health> = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  'batch/Job': job,
  '/Pod': pod,
  '/PersistentVolumeClaim': claim,
  'apiextensions.k8s.io/CustomResourceDefinition': definition,
  'apiregistration.k8s.io/APIService': apiService,
  'argoproj.io/Rollout': rollout,
};

/** Of the object as the API server holds it. */
export function healthOf(object: KubeObject): Health {
  const { spec, status } = object as KubeObject & { spec?: unknown; status?: unknown };
  const parts = { object, spec: fieldsOf(spec), status: fieldsOf(status) };
  if (object.metadata.deletionTimestamp !== undefined) return progressing('it is being deleted');
  const { observedGeneration } = parts.status;
  const { generation } = object.metadata;
  // A Rollout's is text, and compared above.
  if (typeof observedGeneration === 'number' && generation !== undefined && observedGeneration !== generation) {
    return progressing('its controller has not seen the last change yet');
  }
  return (rules[groupKindOf(object)] ?? anything)(parts);
}

const WORKLOADS: readonly string[] = ['argoproj.io/Rollout', 'apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet'];

/** Those whose former pods may still be needed, and with them all that these refer to. */
export function unsettled(objects: readonly KubeObject[]): KubeObject[] {
  return objects.filter((each) => WORKLOADS.includes(groupKindOf(each)) && healthOf(each).state !== 'healthy');
}
