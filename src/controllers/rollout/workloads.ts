import { fieldsOf } from '../../api/fields.ts';
import {
  type KubeObject,
  type LabelSelector,
  type PodTemplateSpec,
  PROVENANCE,
  type Rollout,
  SCALED_DOWN,
} from '../../api/index.ts';
import { isSyncMark } from '../../git/provenance/index.ts';
import type { Caches } from '../../kube/caches.ts';
import type { Informer } from '../../kube/informer.ts';
import { deployments, podTemplates, replicaSets } from '../../kube/resources.ts';
import { scaledDownOf } from '../../rollout/index.ts';
import { placeOf } from '../keys.ts';
import { indexBy } from './index-by.ts';

export type WorkloadKind = 'Deployment' | 'ReplicaSet' | 'PodTemplate';

/**
 * What is kept of a workload: little, because every one of a kind is kept as soon as any Rollout names one of the kind.
 * In its metadata, only what somebody here reads.
 */
export interface WorkloadRecord extends KubeObject {
  /** Undefined for one without pods of its own. */
  replicas: number | undefined;
  isSteady: boolean;
  /** A PodTemplate has none. */
  selector: LabelSelector | undefined;
  template: PodTemplateSpec;
}

/**
 * The workloads that Rollouts take their pods from. A kind is watched from the moment on at which the first Rollout names a
 * workload of the kind: where none does, nothing is.
 */
export interface Workloads {
  /** The workload that the Rollout names; undefined where there is none, `unknown` as long as the kind is yet to be listed. */
  find(rollout: Rollout): WorkloadRecord | 'unknown' | undefined;
  /** The workloads that were scaled for the Rollout of this name, as far as their kinds are watched. */
  scaledFor(namespace: string, rollout: string): { kind: WorkloadKind; record: WorkloadRecord }[];
  /** Takes in the server's answer to a write. */
  observe(kind: WorkloadKind, object: KubeObject): void;
  /** Called for each workload that came, changed or went; once for all of a kind when these have been listed. */
  onChange(listener: (kind: WorkloadKind, record?: WorkloadRecord) => void): () => void;
}

function countOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function compact({ apiVersion, kind, metadata, ...object }: KubeObject): WorkloadRecord {
  const { name, namespace, uid, resourceVersion, generation, deletionTimestamp, ownerReferences } = metadata;
  const read = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => key === SCALED_DOWN || PROVENANCE.includes(key) || isSyncMark(key),
  );
  const marks = Object.entries(metadata.labels ?? {}).filter(([key]) => isSyncMark(key));
  const kept = { name, namespace, uid, resourceVersion, generation, deletionTimestamp, ownerReferences };
  const present = Object.entries(kept).filter(([, value]) => value !== undefined);
  const { spec, status, template } = object as { spec?: unknown; status?: unknown; template?: unknown };
  const { replicas = 1, selector, template: own } = fieldsOf(spec);
  const { observedGeneration, replicas: all, updatedReplicas } = fieldsOf(status);
  const hasPods = spec !== undefined;
  const newest = kind === 'Deployment' ? updatedReplicas : all;
  return {
    ...(apiVersion && { apiVersion }),
    ...(kind && { kind }),
    metadata: {
      ...Object.fromEntries(present),
      name,
      annotations: Object.fromEntries(read),
      ...(marks.length > 0 && { labels: Object.fromEntries(marks) }),
    },
    replicas: hasPods ? countOf(replicas) : undefined,
    isSteady: !hasPods || (countOf(observedGeneration) >= (generation ?? 0) && countOf(newest) >= countOf(all)),
    selector: selector as LabelSelector | undefined,
    template: fieldsOf(hasPods ? own : template),
  };
}

type RecordCache = Informer<WorkloadRecord>;

interface Watch {
  cache: RecordCache;
  state: 'idle' | 'listing' | 'listed';
  scaledFor: (place: string) => WorkloadRecord[];
}

function watchOf(cache: unknown): Watch {
  const records = cache as RecordCache;
  const scaledFor = indexBy(records, ({ metadata }) => {
    const mark = scaledDownOf(metadata);
    return mark ? [placeOf(metadata.namespace, mark.rollout)] : [];
  });
  return { cache: records, state: 'idle', scaledFor };
}

/** Nothing is watched before it is asked for. */
export function createWorkloads(caches: Pick<Caches, 'cache'>): Workloads {
  const transform = <T extends KubeObject>(object: T) => compact(object) as unknown as T;
  const options = { onDemand: true, transform };
  const watches = new Map<string, Watch>([
    ['Deployment', watchOf(caches.cache(deployments, options))],
    ['ReplicaSet', watchOf(caches.cache(replicaSets, options))],
    ['PodTemplate', watchOf(caches.cache(podTemplates, options))],
  ]);
  const all = () => [...watches] as [WorkloadKind, Watch][];
  const listeners = new Set<Parameters<Workloads['onChange']>[0]>();
  const tell: Parameters<Workloads['onChange']>[0] = (kind, record) => {
    for (const listener of listeners) listener(kind, record);
  };
  for (const [kind, { cache }] of all()) cache.onChange((record) => tell(kind, record));
  const begin = (kind: WorkloadKind, watch: Watch) => {
    watch.state = 'listing';
    watch.cache.start();
    void watch.cache.synced.then(() => {
      watch.state = 'listed';
      tell(kind);
    });
  };
  return {
    find({ metadata, spec: { workloadRef: { kind = '', name = '' } = {} } }) {
      const watch = watches.get(kind);
      if (watch?.state === 'idle') begin(kind as WorkloadKind, watch);
      return watch === undefined || watch.state === 'listed' ? watch?.cache.get(metadata.namespace, name) : 'unknown';
    },
    scaledFor: (namespace, rollout) =>
      all().flatMap(([kind, watch]) =>
        watch.scaledFor(placeOf(namespace, rollout)).map((record) => ({ kind, record })),
      ),
    observe: (kind, object) => watches.get(kind)?.cache.observe(object as WorkloadRecord),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
