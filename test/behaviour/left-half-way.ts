/** Half-way states that Argo Rollouts left behind when it was stopped: testdata/takeover. */
import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { INSTANCE_ID, notDriven, type ReplicaSet, type Rollout, WORKLOAD_GENERATION } from '../../src/api/index.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { timestamp } from '../../src/api/times.ts';
import type { Resource } from '../../src/kube/client.ts';
import { replicaSets } from '../../src/kube/resources.ts';
import { KINDS } from '../../src/sandbox/api/kinds.ts';
import type { TestWorld } from '../worlds/world.ts';

type Left = KubeObject & { kind: string; status?: object };

export interface HalfWay {
  /** The file's, without its ending. */
  name: string;
  objects: Left[];
  rollout: Rollout;
  /** The fields that this version does not drive. */
  undriven: string[];
}

const FOLDER = new URL('testdata/takeover/', import.meta.url);
/** When the other controller ended. */
const ENDED = '2026-11-21T01:48:43Z';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** Owners before what they own, managers before what they manage; ReplicaSets one after the other, the oldest first. */
const ORDER = ['Rollout', 'Service', 'Experiment', 'ReplicaSet', 'AnalysisRun'];
/** No controller looks at what is labelled for an instance that is not there. */
const NOBODY = 'nobody';
const DRIVEN_KINDS = ['Rollout', 'Experiment', 'AnalysisRun'];

function readHalfWay(file: string): HalfWay {
  const documents = parseAllDocuments(readFileSync(new URL(file, FOLDER), 'utf8'));
  const objects = documents.map((document) => document.toJS() as Left);
  const rollout = objects.find(({ kind }) => kind === 'Rollout') as Rollout;
  const undriven = objects.flatMap((object) => notDriven(object)).map(({ path }) => path);
  return { name: file.replace('.yaml', ''), objects, rollout, undriven };
}

export const halfWays: readonly HalfWay[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map(readHalfWay);

function resourceOf({ kind, apiVersion = '' }: Left): Resource | undefined {
  return KINDS.find((one) => one.kind === kind && `${one.group}/${one.version}`.replace(/^\//, '') === apiVersion);
}

/** Every time in it, moved by so many milliseconds. */
function moved<T>(value: T, by: number): T {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' && TIME.test(inner) ? timestamp(Date.parse(inner) + by) : inner,
  );
  return JSON.parse(text) as T;
}

function inOrder(objects: Left[]): Left[] {
  const born = ({ metadata }: Left) => Date.parse(metadata.creationTimestamp ?? '');
  return objects.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || born(a) - born(b));
}

export interface Loaded {
  /** The moment in the world that was this moment for the other controller. */
  at(time: string): number;
  /** From now on the running controller looks at them. */
  takeOver(): Promise<void>;
}

/** As the other controller would have left it, had the workload that it refers to always been the one made here. */
function following(rollout: Left, generation: string | undefined): Left {
  if (generation === undefined) return rollout;
  const annotations = { ...rollout.metadata.annotations, [WORKLOAD_GENERATION]: generation };
  const status = { ...rollout.status, workloadObservedGeneration: generation };
  return { ...rollout, metadata: { ...rollout.metadata, annotations }, status };
}

/** A Deployment makes its ReplicaSets itself. */
function isMadeByAnother({ metadata: { ownerReferences = [] } }: Left): boolean {
  return ownerReferences.some(({ kind }) => kind === 'Deployment');
}

/**
 * Makes the objects anew and waits for their pods. They are as old as they were when the other controller ended, or as
 * if it had ended later, `ended`, for a story that cannot wait as long as their timers would still run.
 */
export async function load(world: TestWorld, { objects }: HalfWay, ended = ENDED): Promise<Loaded> {
  const { client, namespace } = world;
  const by = world.now() - Date.parse(ended);
  const uids = new Map<string, string>();
  const created: { resource: Resource; name: string; kind: string }[] = [];
  let workloadGeneration: string | undefined;
  for (const left of inOrder(moved(objects, by))) {
    const { status, ...object } = left.kind === 'Rollout' ? following(left, workloadGeneration) : left;
    const resource = resourceOf(object);
    const { name, uid = '', labels, annotations, ownerReferences } = object.metadata;
    const owners = ownerReferences?.map((owner) => ({ ...owner, uid: uids.get(owner.uid) ?? '' }));
    // What the sandbox does not serve, and what belongs to that.
    if (!resource || isMadeByAnother(left) || owners?.some((owner) => owner.uid === '')) continue;
    const metadata = {
      ...{ name, namespace },
      labels: { ...labels, ...(DRIVEN_KINDS.includes(object.kind) && { [INSTANCE_ID]: NOBODY }) },
      ...(annotations && { annotations }),
      ...(owners && { ownerReferences: owners }),
    };
    // The age of ReplicaSets counts, in whole seconds.
    if (object.kind === 'ReplicaSet') await world.pass(1);
    const made = await client.create(resource, {
      ...object,
      metadata,
      ...(object.kind === 'AnalysisRun' && { status }),
    } as KubeObject);
    uids.set(uid, made.metadata.uid ?? '');
    created.push({ resource, name, kind: object.kind });
    if (object.kind === 'Deployment') workloadGeneration = String(made.metadata.generation);
    if (object.kind === 'Rollout')
      await world.patchStatus(name, { ...status, observedGeneration: String(made.metadata.generation) });
  }
  await world.untilTrue(() => hasPodsOf(world, objects), 60);
  const driven = created.filter(({ kind }) => DRIVEN_KINDS.includes(kind));
  const free = async (isMeant: (kind: string) => boolean) => {
    for (const { resource, name, kind } of driven)
      if (isMeant(kind)) await world.patch(resource, name, { metadata: { labels: { [INSTANCE_ID]: null } } });
  };
  return {
    at: (time) => Date.parse(time) + by,
    async takeOver() {
      await free((kind) => kind !== 'Rollout');
      await world.pass(1);
      await free((kind) => kind === 'Rollout');
    },
  };
}

async function hasPodsOf(world: TestWorld, objects: Left[]): Promise<boolean> {
  const there = new Map((await world.list(replicaSets)).map(({ metadata, status }) => [metadata.name, status]));
  const sets = objects.filter((object) => object.kind === 'ReplicaSet' && !isMadeByAnother(object)) as ReplicaSet[];
  return sets.every(({ metadata, status }) => {
    const now = there.get(metadata.name);
    const fields = ['replicas', 'availableReplicas'] as const;
    return fields.every((field) => (now?.[field] ?? 0) === (status?.[field] ?? 0));
  });
}
