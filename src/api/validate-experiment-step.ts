/** The rules of experiment steps, by themselves and beside the weights that the steps before them have set. */
import type { CanaryStrategy } from './canary.ts';
import type { ExperimentStep } from './canary-steps.ts';
import { DURATION_HELP, durationSeconds } from './durations.ts';
import { isFields } from './fields.ts';
import { duplicates, type Problem, problem, show } from './problems.ts';
import type { TrafficRouting } from './traffic-routing.ts';
import { argumentProblems } from './validate-arguments.ts';
import { hasRouter } from './validate-routing.ts';
import { labelProblems } from './validate-selector.ts';
import { negatives } from './validate-values.ts';

function weightRefusal(routing: TrafficRouting | undefined): string | undefined {
  if (routing === undefined) {
    return 'Experiment template weight cannot be set unless TrafficRouting is enabled: add trafficRouting or remove weight';
  }
  if (hasRouter(routing, ['alb', 'smi', 'istio', 'plugins'])) return undefined;
  return 'Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time: remove weight';
}

function templatesProblems(path: string, { templates }: ExperimentStep, routing: TrafficRouting | undefined) {
  const refusal = weightRefusal(routing);
  return templates.flatMap((template, index) => {
    const at = `${path}[${index}]`;
    const problems = negatives(at, template, ['replicas', 'weight']);
    if (template.name === '') problems.push(problem(`${at}.name`, 'name is required: give it one'));
    if (template.weight !== undefined && refusal !== undefined) problems.push(problem(`${at}.weight`, refusal));
    return [...problems, ...labelProblems(`${at}.metadata.labels`, template.metadata?.labels ?? {})];
  });
}

export function experimentStepProblems(
  path: string,
  experiment: ExperimentStep,
  routing: TrafficRouting | undefined,
): Problem[] {
  const { templates, analyses = [], duration } = experiment;
  const problems = negatives(path, experiment, ['scaleDownDelaySeconds']);
  if (duration !== undefined && durationSeconds(duration) === undefined) {
    problems.push(problem(`${path}.duration`, `${show(duration)} is no duration: ${DURATION_HELP}`));
  }
  if (templates.length === 0) {
    problems.push(problem(`${path}.templates`, 'templates is required: list at least one template'));
  }
  const placeOf = (list: string) => (index: number) => `${path}.${list}[${index}].name`;
  return [
    ...problems,
    ...templatesProblems(`${path}.templates`, experiment, routing),
    ...duplicates(
      templates.map(({ name }) => name),
      placeOf('templates'),
      'template name',
    ),
    ...duplicates(
      analyses.map(({ name }) => name),
      placeOf('analyses'),
      'analysis name',
    ),
    ...analyses.flatMap(({ args = [] }, index) => argumentProblems(`${path}.analyses[${index}].args`, args)),
  ];
}

/** Canary and templates together may take no more than all traffic: stable would get less than nothing. */
export function experimentWeightProblems(path: string, { steps = [], trafficRouting }: CanaryStrategy, most: number) {
  if (trafficRouting === undefined) return [];
  let canary = 0;
  return steps.flatMap((step, index): Problem[] => {
    if (!isFields(step)) return [];
    canary = step.setWeight ?? canary;
    const taken = (step.experiment?.templates ?? []).reduce((sum, { weight = 0 }) => sum + weight, 0);
    if (taken === 0 || canary + taken <= most) return [];
    const message = `the templates' weights are ${taken} and the canary's is ${canary}: together they may be at most ${most}; lower one of them`;
    return [problem(`${path}[${index}].experiment.templates`, message)];
  });
}
