/** The rules of metadata that pods carry for their part in an update. */
import { POD_TEMPLATE_HASH } from './annotations.ts';
import { inside, type Problem, problem, show } from './problems.ts';
import type { Rollout } from './rollout.ts';
import { keyProblems, labelProblems, selects } from './validate-selector.ts';

interface PodMetadata {
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
}

/** Pods that the selector does not select would belong to nobody: the API server refuses their ReplicaSet. */
function selectionProblems(path: string, labels: Record<string, string>, { spec }: Rollout): Problem[] {
  if (POD_TEMPLATE_HASH in labels) {
    return [problem(inside(path, POD_TEMPLATE_HASH), "is the controller's own: choose another key")];
  }
  const own = spec.template?.metadata?.labels ?? {};
  if (!spec.selector || !selects(spec.selector, own) || selects(spec.selector, { ...own, ...labels })) return [];
  return [
    problem(
      path,
      `${show(labels)}: \`selector\` would not select these pods any more; choose keys it does not look at`,
    ),
  ];
}

export function podMetadataProblems(path: string, metadata: PodMetadata | undefined, rollout: Rollout): Problem[] {
  const { labels = {}, annotations = {} } = metadata ?? {};
  return [
    ...labelProblems(`${path}.labels`, labels),
    ...selectionProblems(`${path}.labels`, labels, rollout),
    ...Object.keys(annotations).flatMap((key) => keyProblems(inside(`${path}.annotations`, key), key.toLowerCase())),
  ];
}
