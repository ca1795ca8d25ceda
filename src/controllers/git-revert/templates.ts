import { fieldsOf, isFields } from '../../api/fields.ts';
import type { KubeObject, PodTemplateSpec, ReplicaSet, Rollout } from '../../api/index.ts';
import { type HelmOptions, type Reading, readApp } from '../../git/app.ts';
import type { Clone } from '../../git/clone.ts';
import { findManifest, identity, identityOf, type ManifestSet } from '../../git/manifests.ts';
import type { Objects, TemplateInGit } from '../../revert/index.ts';
import { givenTemplate, type IgnoredMetadata, readTemplate } from '../../rollout/index.ts';

export const ROLLOUT = { group: 'argoproj.io', kind: 'Rollout' };

export interface RolloutInGit {
  path: string;
  namespace: string;
  name: string;
  /** How a chart in the folder is rendered, where that is known. */
  helm: HelmOptions | undefined;
}

/** What a commit or tree says about a Rollout, and what a change must touch to change that. */
export interface RolloutThere {
  template: TemplateInGit;
  /** As of `readApp`. */
  inputs: readonly string[];
  /** As of `otherRollouts`. */
  others: Objects;
}

/** The workload that a Rollout as Git holds it takes its pods from; undefined where it has a template of its own. */
export function workloadRefOf(rollout: KubeObject): { group: string; kind: string; name: string } | undefined {
  const { workloadRef } = fieldsOf((rollout as Partial<Rollout>).spec);
  if (!isFields(workloadRef)) return undefined;
  const kind = String(workloadRef.kind);
  return { group: kind === 'PodTemplate' ? '' : 'apps', kind, name: String(workloadRef.name) };
}

/** The template that a Rollout's pods are made from: its own, or that of the workload that it names. */
function templateIn(set: ManifestSet, rollout: KubeObject, namespace: string): unknown {
  const reference = workloadRefOf(rollout);
  if (reference === undefined) return fieldsOf((rollout as Partial<Rollout>).spec).template;
  const { spec: own, template } = fieldsOf(findManifest(set, { ...reference, namespace }, namespace)?.object);
  return isFields(own) ? own.template : template;
}

/** What has a verdict of its own: all Rollouts but one, each with the workload that it refers to. */
export function otherRollouts(
  set: ManifestSet,
  { namespace, name }: Pick<RolloutInGit, 'namespace' | 'name'>,
): Objects {
  const own = identity({ ...ROLLOUT, namespace, name });
  const others = new Map<string, string>();
  for (const { object } of set.manifests) {
    const known = identityOf(object, namespace);
    if (!known.startsWith(`${ROLLOUT.group}/${ROLLOUT.kind} `) || known === own) continue;
    const reference = workloadRefOf(object);
    const place = { namespace: object.metadata.namespace ?? namespace };
    const workload = reference && findManifest(set, { ...reference, ...place }, namespace)?.object;
    others.set(known, JSON.stringify([object, workload]));
  }
  return others;
}

function templateOfSet(set: ManifestSet, { namespace, name }: RolloutInGit): TemplateInGit {
  const [problem] = set.problems;
  if (problem) return { kind: 'unreadable', message: `${problem.path}: ${problem.message}` };
  const found = findManifest(set, { ...ROLLOUT, namespace, name }, namespace);
  const template = found && templateIn(set, found.object, namespace);
  return template
    ? { kind: 'template', template: readTemplate(template as PodTemplateSpec).template }
    : { kind: 'absent' };
}

/** What a commit or tree says about a Rollout's pod template, as far as pods are made of it. */
export async function rolloutAt(
  clone: Clone,
  tree: string,
  rollout: RolloutInGit,
  reading: Reading,
): Promise<RolloutThere> {
  const { path, namespace, helm } = rollout;
  const files = await clone.files(tree, path);
  if (files.length === 0) return { template: { kind: 'absent' }, inputs: [path], others: new Map() };
  const { set, inputs } = await readApp(clone, { tree, path, namespace, helm }, reading);
  return { template: templateOfSet(set, rollout), inputs, others: otherRollouts(set, rollout) };
}

/** Labels and annotations that the Rollout itself puts on one side's pods, so that Git does not hold them. */
export function ignoredMetadata({ spec }: Rollout): IgnoredMetadata {
  const { canary, blueGreen } = spec?.strategy ?? {};
  const sides = [canary?.canaryMetadata, canary?.stableMetadata, blueGreen?.previewMetadata, blueGreen?.activeMetadata];
  return {
    labels: sides.flatMap((side) => Object.keys(side?.labels ?? {})),
    annotations: sides.flatMap((side) => Object.keys(side?.annotations ?? {})),
  };
}

/** What the ReplicaSet was made from, which Git can hold. */
export function templateOf(replicaSet: ReplicaSet): PodTemplateSpec {
  return givenTemplate(replicaSet);
}
