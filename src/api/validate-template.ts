/** Pod templates: what can be said without asking the API server, which checks the rest when a ReplicaSet is made. */
import { fieldsOf, isFields, listOf } from './fields.ts';
import type { Container, LabelSelector, PodTemplateSpec } from './kubernetes.ts';
import { duplicates, inside, listed, type Problem, problem, show } from './problems.ts';
import { containerProblems, podNameProblems, wordProblems } from './validate-containers.ts';
import { keyProblems, labelProblems, selects } from './validate-selector.ts';

function volumeProblems(path: string, volumes: unknown[]): Problem[] {
  return volumes.flatMap((volume, index) => {
    const { name, ...sources } = fieldsOf(volume);
    const at = `${path}[${index}]`;
    const set = Object.keys(sources).filter((source) => isFields(sources[source]));
    const names = podNameProblems(`${at}.name`, name);
    if (set.length < 2) return names;
    return [...names, problem(at, `has ${listed(set)}: may not specify more than 1 volume type; keep one of them`)];
  });
}

function podProblems(path: string, spec: NonNullable<PodTemplateSpec['spec']>): Problem[] {
  const { containers = [], restartPolicy, activeDeadlineSeconds } = spec;
  const volumes = listOf(spec.volumes);
  const volumeNames = volumes.map((volume) => fieldsOf(volume).name);
  // Both kinds of containers draw their names from one pool.
  const placed = ['containers', 'initContainers'].flatMap((list) =>
    (listOf(spec[list]) as Container[]).map((container, index) => ({ at: `${path}.${list}[${index}]`, container })),
  );
  const problems = placed.flatMap(({ at, container }) => containerProblems(at, container, volumeNames));
  if (containers.length === 0)
    problems.push(problem(`${path}.containers`, 'containers is required: list at least one container'));
  if (typeof activeDeadlineSeconds === 'number') {
    problems.push(
      problem(
        `${path}.activeDeadlineSeconds`,
        'activeDeadlineSeconds in ReplicaSet is not Supported: remove it; pods of a Rollout run until they are replaced',
      ),
    );
  }
  return [
    ...problems,
    ...wordProblems(`${path}.restartPolicy`, restartPolicy, ['Always']),
    ...duplicates(
      placed.map(({ container }) => container.name),
      (index) => `${placed[index]?.at}.name`,
      'container name',
    ),
    ...volumeProblems(`${path}.volumes`, volumes),
  ];
}

/** The template of a ReplicaSet, and whether `selector` selects its pods. */
export function templateProblems(
  path: string,
  template: PodTemplateSpec,
  selector: LabelSelector | undefined,
): Problem[] {
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const metadata = `${path}.metadata`;
  const problems = template.spec
    ? podProblems(`${path}.spec`, template.spec)
    : [problem(`${path}.spec`, 'spec is required: describe the pod and its containers')];
  if (selector !== undefined && !selects(selector, labels)) {
    problems.push(
      problem(
        `${metadata}.labels`,
        `${show(labels)}: \`selector\` does not match template \`labels\`; give the template every label that the selector asks for`,
      ),
    );
  }
  return [
    ...problems,
    ...labelProblems(`${metadata}.labels`, labels),
    ...Object.keys(annotations).flatMap((key) =>
      keyProblems(inside(`${metadata}.annotations`, key), key.toLowerCase()),
    ),
  ];
}
