import { fieldsOf, isFields } from '../api/fields.ts';
import type { KubeObject, PodTemplateSpec, Rollout } from '../api/index.ts';
import { ApiError, type Resource } from '../kube/client.ts';
import { deployments, podTemplates, replicaSets, rollouts } from '../kube/resources.ts';
import { templateDifference } from '../rollout/index.ts';
import type { Cluster } from './cluster.ts';
import { patchObject } from './patching.ts';

/** The object that holds a Rollout's pod template: the Rollout itself, or the workload that it refers to. */
export interface Workload {
  resource: Resource;
  name: string;
  /** Where in the object the template is, as a JSON pointer. */
  pointer: string;
  template: PodTemplateSpec;
  /** Counts the changes of the object's spec. */
  generation: number | undefined;
}

/** One step of a JSON patch. */
export interface Operation {
  /** `add` replaces what is there. */
  op: 'add' | 'replace';
  path: string;
  value: unknown;
}

interface Holder {
  resource: Resource;
  field: string[];
}

const MOST_ATTEMPTS = 5;

/** Those that a Rollout may refer to, by kind. */
const holders: Readonly<Record<string, Holder>> = {
  Deployment: { resource: deployments, field: ['spec', 'template'] },
  ReplicaSet: { resource: replicaSets, field: ['spec', 'template'] },
  PodTemplate: { resource: podTemplates, field: ['template'] },
};

/** Throws where there is no such workload, or none that holds a template. */
export async function readWorkload({ client, namespace }: Cluster, rollout: Rollout): Promise<Workload> {
  const { workloadRef } = rollout.spec;
  if (workloadRef === undefined) {
    return workloadOf({ resource: rollouts, field: ['spec', 'template'] }, rollout);
  }
  const { kind = '', name = '' } = workloadRef;
  const holder = Object.entries(holders).find(([known]) => known === kind)?.[1];
  if (holder === undefined) {
    const known = Object.keys(holders).join(', ');
    throw new Error(`workload of type ${kind} is not supported: spec.workloadRef.kind may be ${known}`);
  }
  const found = await client.get(holder.resource, { namespace, name });
  const group = holder.resource.group === '' ? '' : `.${holder.resource.group}`;
  if (found === undefined) {
    const by = `spec.workloadRef of rollout "${rollout.metadata.name}" names it`;
    throw new Error(`${kind.toLowerCase()}${group} "${name}" not found in namespace "${namespace}": ${by}`);
  }
  return workloadOf(holder, found);
}

function workloadOf({ resource, field }: Holder, { metadata, ...object }: KubeObject): Workload {
  const { name, generation } = metadata;
  const template = field.reduce<unknown>((value, key) => fieldsOf(value)[key], object);
  if (isFields(template)) return { resource, name, pointer: `/${field.join('/')}`, template, generation };
  throw new Error(`${resource.kind.toLowerCase()} "${name}" has no ${field.join('.')}: there is nothing to change`);
}

/**
 * Patches the workload as long as its template is the one that was read: answers false where somebody else has changed it
 * meanwhile, and nothing was written. Other changes of the object, such as scaling, do not matter.
 */
export async function patchWorkload(cluster: Cluster, read: Workload, operations: Operation[]): Promise<boolean> {
  const { resource, name, pointer, template } = read;
  let { generation } = read;
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    // The generation stands for the template: API servers compare texts as they are escaped, and templates hold texts.
    const unchanged = { op: 'test', path: '/metadata/generation', value: generation };
    try {
      await patchObject(cluster, resource, name, [unchanged, ...operations], { type: 'json' });
      return true;
    } catch (error) {
      // A test that fails and an object that is not valid are refused with the same code.
      if (!(error instanceof ApiError && error.code === 422)) throw error;
      const object = await cluster.client.get(resource, { namespace: cluster.namespace, name });
      const now = object && workloadOf({ resource, field: pointer.slice(1).split('/') }, object);
      if (now === undefined || now.generation === generation) throw error;
      if (templateDifference(now.template, template) !== undefined) return false;
      ({ generation } = now);
    }
  }
  throw new Error(`others keep changing ${resource.kind.toLowerCase()} "${name}", so nothing was written; try again`);
}
