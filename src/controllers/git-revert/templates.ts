import type { PodTemplateSpec, ReplicaSet, Rollout } from '../../api/index.ts';
import type { Clone } from '../../git/clone.ts';
import { findManifest, type ParsedFiles, readManifests } from '../../git/manifests.ts';
import type { TemplateInGit } from '../../revert/index.ts';
import { givenTemplate, type IgnoredMetadata } from '../../rollout/index.ts';

export interface RolloutInGit {
  path: string;
  namespace: string;
  name: string;
}

/** What a commit or tree says about a Rollout's pod template. */
export async function templateAt(
  clone: Clone,
  tree: string,
  rollout: RolloutInGit,
  parsed?: ParsedFiles,
): Promise<TemplateInGit> {
  const { path, namespace, name } = rollout;
  const files = await clone.files(tree, path);
  if (files.length === 0) return { kind: 'absent' };
  const set = await readManifests(clone, { tree, path, namespace }, parsed);
  const [problem] = set.problems;
  if (problem) return { kind: 'unreadable', message: `${problem.path}: ${problem.message}` };
  const found = findManifest(set, { group: 'argoproj.io', kind: 'Rollout', namespace, name }, namespace);
  const template = (found?.object as Rollout | undefined)?.spec?.template as PodTemplateSpec | undefined;
  return template ? { kind: 'template', template } : { kind: 'absent' };
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
