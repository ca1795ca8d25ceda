/** The rules of the steps of a canary. */
import type { CanaryStrategy } from './canary.ts';
import { CanaryStep } from './canary-steps.ts';
import { DURATION_HELP, pauseSeconds } from './durations.ts';
import { type Fields, isFields } from './fields.ts';
import { listed, type Problem, problem, setFields, show } from './problems.ts';
import { analysisUseProblems } from './validate-arguments.ts';
import { experimentStepProblems } from './validate-experiment-step.ts';
import { headerRouteProblems, mirrorRouteProblems } from './validate-route-steps.ts';
import { negatives } from './validate-values.ts';

const stepKinds = Object.keys(CanaryStep.properties);

/** Each of these says when its step is done, so there can be only one; the others may stand beside it. */
const alternatives = ['setWeight', 'pause', 'experiment', 'analysis'];

const ONE_OF = 'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause';
const FURTHER = 'analysis, setHeaderRoute and setMirrorRoute count too';

function kindProblems(path: string, step: CanaryStep): Problem[] {
  const set = setFields(step, alternatives);
  if (set.length > 1) {
    const one = `exactly one of ${listed(alternatives)} may be in a step: make one step of each`;
    return [problem(path, `has ${listed(set)}: ${ONE_OF}; ${one}`)];
  }
  if (setFields(step, stepKinds).length > 0) return [];
  const strange = Object.keys(step as Fields);
  const found = strange.length > 0 ? `has only ${listed(strange)}` : 'is empty';
  return [problem(path, `${found}: ${ONE_OF}; ${FURTHER}; choose exactly one`)];
}

const LONGEST_PAUSE = 2_147_483_647;

function pauseProblems(path: string, { duration }: NonNullable<CanaryStep['pause']>): Problem[] {
  if (duration === undefined) return [];
  const seconds = pauseSeconds(duration);
  if (seconds !== undefined && seconds >= 0 && seconds <= LONGEST_PAUSE) return [];
  const wrong =
    seconds === undefined ? 'is no duration' : seconds < 0 ? 'is negative' : `is longer than ${LONGEST_PAUSE} seconds`;
  return [
    problem(
      `${path}.duration`,
      `${show(duration)} ${wrong}: Duration needs to be greater than 0: use seconds such as 300, or ${DURATION_HELP}`,
    ),
  ];
}

function weightProblems(path: string, weight: number, most: number): Problem[] {
  if (weight >= 0 && weight <= most) return [];
  return [problem(path, `${weight} is no share of the traffic: SetWeight needs to be between 0 and ${most}`)];
}

function scaleProblems(path: string, scale: NonNullable<CanaryStep['setCanaryScale']>, routing: boolean): Problem[] {
  const problems = negatives(path, scale, ['weight', 'replicas']);
  if (!routing) {
    problems.push(
      problem(path, 'SetCanaryScale requires TrafficRouting to be set: add trafficRouting or remove the step'),
    );
  }
  if (setFields(scale, ['weight', 'replicas', 'matchTrafficWeight']).length === 0) {
    problems.push(problem(path, 'has nothing to do: set weight, replicas or matchTrafficWeight'));
  }
  return problems;
}

function pluginProblems(path: string, { name }: NonNullable<CanaryStep['plugin']>): Problem[] {
  return name === '' ? [problem(`${path}.name`, 'name is required: name the step plugin')] : [];
}

export function stepProblems(path: string, step: CanaryStep, canary: CanaryStrategy, most: number): Problem[] {
  if (!isFields(step)) return [problem(path, `is empty: set one of ${listed(stepKinds, 'or')}`)];
  const routing = canary.trafficRouting;
  const problems = kindProblems(path, step);
  const check = <V>(field: string, value: V | undefined, rules: (at: string, value: V) => Problem[]) => {
    if (value !== undefined && value !== null) problems.push(...rules(`${path}.${field}`, value));
  };
  check('setWeight', step.setWeight, (at, weight) => weightProblems(at, weight, most));
  check('pause', step.pause, pauseProblems);
  check('analysis', step.analysis, analysisUseProblems);
  check('setCanaryScale', step.setCanaryScale, (at, scale) => scaleProblems(at, scale, routing !== undefined));
  check('setHeaderRoute', step.setHeaderRoute, (at, route) => headerRouteProblems(at, route, routing));
  check('setMirrorRoute', step.setMirrorRoute, (at, mirror) => mirrorRouteProblems(at, mirror, routing));
  check('experiment', step.experiment, (at, experiment) => experimentStepProblems(at, experiment, routing));
  check('plugin', step.plugin, pluginProblems);
  return problems;
}
