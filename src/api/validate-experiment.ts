/** The rules of an Experiment that go beyond the types of its fields. */
import { DURATION_HELP, durationSeconds } from './durations.ts';
import type { Experiment } from './experiment.ts';
import { duplicates, type Problem, problem, show } from './problems.ts';
import { analysisArgumentProblems } from './validate-arguments.ts';
import { selectorProblems } from './validate-selector.ts';
import { templateProblems } from './validate-template.ts';
import { negatives } from './validate-values.ts';

type Template = Experiment['spec']['templates'][number];

function oneTemplate(path: string, template: Template, deadline: number): Problem[] {
  const { selector, template: pods, minReadySeconds = 0 } = template;
  const problems = negatives(path, template, ['replicas', 'minReadySeconds']);
  if (minReadySeconds >= deadline) {
    problems.push(
      problem(
        `${path}.minReadySeconds`,
        `${minReadySeconds} cannot be as big as spec.progressDeadlineSeconds, which is ${deadline}: lower it`,
      ),
    );
  }
  return [
    ...problems,
    ...selectorProblems(`${path}.selector`, selector),
    ...templateProblems(`${path}.template`, pods, selector),
  ];
}

export function experimentSpecProblems({ spec }: Experiment): Problem[] {
  const { templates, analyses = [], duration, progressDeadlineSeconds = 600 } = spec;
  const problems = negatives('spec', spec, ['progressDeadlineSeconds', 'scaleDownDelaySeconds']);
  if (templates.length === 0)
    problems.push(problem('spec.templates', 'templates is required: list at least one template'));
  if (duration !== undefined && durationSeconds(duration) === undefined) {
    problems.push(problem('spec.duration', `${show(duration)} is no duration: ${DURATION_HELP}`));
  }
  return [
    ...problems,
    ...duplicates(
      templates.map(({ name }) => name),
      (index) => `spec.templates[${index}].name`,
      'template name',
    ),
    ...templates.flatMap((template, index) =>
      oneTemplate(`spec.templates[${index}]`, template, progressDeadlineSeconds),
    ),
    ...duplicates(
      analyses.map(({ name }) => name),
      (index) => `spec.analyses[${index}].name`,
      'analysis name',
    ),
    ...analyses.flatMap(({ args = [] }, index) => analysisArgumentProblems(`spec.analyses[${index}].args`, args)),
  ];
}
