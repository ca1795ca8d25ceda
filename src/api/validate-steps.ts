import type { CanaryStrategy } from './canary.ts';
import { CanaryStep, type ExperimentStep, type StringMatch } from './canary-steps.ts';
import { DURATION_HELP, durationSeconds, pauseSeconds } from './durations.ts';
import { type Fields, isFields } from './fields.ts';
import { inside, listed, type Problem, problem, setFields, show } from './problems.ts';
import { argumentProblems } from './validate-arguments.ts';
import { negatives } from './validate-values.ts';

export const stepKinds = Object.keys(CanaryStep.properties);

type Mirror = NonNullable<CanaryStep['setMirrorRoute']>;
type HeaderRoute = NonNullable<CanaryStep['setHeaderRoute']>;
type TrafficRouting = NonNullable<CanaryStrategy['trafficRouting']>;

function kindProblems(path: string, step: CanaryStep): Problem[] {
  const set = setFields(step, stepKinds);
  if (set.length === 1) return [];
  const one = `Step must have exactly one of the following set: ${listed(stepKinds, 'or')}`;
  if (set.length > 1) return [problem(path, `has ${listed(set)}: ${one}; make one step of each`)];
  const strange = Object.keys(step as Fields);
  return [problem(path, strange.length > 0 ? `has only ${listed(strange)}: ${one}` : `is empty: ${one}`)];
}

function pauseProblems(path: string, pause: NonNullable<CanaryStep['pause']>): Problem[] {
  if (pause.duration === undefined) return [];
  const seconds = pauseSeconds(pause.duration);
  if (seconds === undefined) {
    return [
      problem(
        `${path}.duration`,
        `${show(pause.duration)} is no duration: use seconds such as 300, or ${DURATION_HELP}`,
      ),
    ];
  }
  if (seconds >= 0) return [];
  return [problem(`${path}.duration`, `${show(pause.duration)} is negative: Duration needs to be greater than 0`)];
}

function weightProblems(path: string, weight: number, most: number): Problem[] {
  if (weight >= 0 && weight <= most) return [];
  return [problem(path, `${weight} is no share of the traffic: SetWeight needs to be between 0 and ${most}`)];
}

function analysisProblems(path: string, analysis: NonNullable<CanaryStep['analysis']>): Problem[] {
  const problems = argumentProblems(`${path}.args`, analysis.args ?? []);
  if ((analysis.templates ?? []).length > 0) return problems;
  return [...problems, problem(`${path}.templates`, 'templates is required: name at least one analysis template')];
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

/** A header, method or path is compared in exactly one way. */
function matchProblems(path: string, match: StringMatch | undefined): Problem[] {
  const ways = ['exact', 'regex', 'prefix'];
  const set = match === undefined ? [] : setFields(match, ways).filter((way) => (match as Fields)[way] !== '');
  if (set.length === 1) return [];
  const rule = 'match value must have exactly one of the following: exact, regex, prefix';
  return [
    problem(path, set.length === 0 ? `StringMatch value missed, ${rule}` : `has ${listed(set)}: StringMatch ${rule}`),
  ];
}

function managedProblems(path: string, name: string, routing: TrafficRouting | undefined): Problem[] {
  if (routing === undefined) return [];
  const managed = (routing.managedRoutes ?? []).map((route) => route.name);
  if (managed.includes(name)) return [];
  const known = managed.length === 0 ? 'it lists none' : `it lists ${listed(managed)}`;
  return [
    problem(
      inside(path, 'name'),
      `${show(name)}: Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes (${known}); add the route there`,
    ),
  ];
}

function headerRouteProblems(path: string, route: HeaderRoute, routing: TrafficRouting | undefined): Problem[] {
  const problems = managedProblems(path, route.name ?? '', routing);
  const able = routing !== undefined && setFields(routing, ['istio', 'alb', 'apisix', 'plugins']).length > 0;
  if (!able)
    problems.push(
      problem(path, 'SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix and plugins'),
    );
  const byHeader = (route.match ?? []).flatMap(({ headerValue }, index) => {
    const at = `${path}.match[${index}].headerValue`;
    if (
      routing?.alb !== undefined &&
      headerValue !== undefined &&
      setFields(headerValue, ['regex', 'prefix']).length > 0
    ) {
      return [problem(at, "SetHeaderRoute match value invalid. ALB supports 'exact' value only")];
    }
    return matchProblems(at, headerValue);
  });
  return [...problems, ...byHeader];
}

function mirrorProblems(path: string, mirror: Mirror, routing: TrafficRouting | undefined): Problem[] {
  const problems = managedProblems(path, mirror.name, routing);
  const able = routing !== undefined && setFields(routing, ['istio', 'plugins']).length > 0;
  if (!able) problems.push(problem(path, 'SetMirrorRoute requires TrafficRouting, supports Istio and plugins only'));
  const { percentage } = mirror;
  if (percentage !== undefined && (percentage < 0 || percentage > 100)) {
    problems.push(problem(`${path}.percentage`, `${percentage} is no percentage: choose 0 to 100`));
  }
  const byRule = (mirror.match ?? []).flatMap((match, index) => {
    const at = `${path}.match[${index}]`;
    const named = setFields(match, ['method', 'path']) as ('method' | 'path')[];
    const headers = Object.entries(match.headers ?? {});
    return [
      ...named.flatMap((field) => matchProblems(`${at}.${field}`, match[field])),
      ...headers.flatMap(([header, value]) => matchProblems(inside(`${at}.headers`, header), value)),
    ];
  });
  return [...problems, ...byRule];
}

function experimentProblems(path: string, experiment: ExperimentStep, routing: TrafficRouting | undefined): Problem[] {
  const problems = (experiment.analyses ?? []).flatMap((analysis, index) =>
    argumentProblems(`${path}.analyses[${index}].args`, analysis.args ?? []),
  );
  const { duration } = experiment;
  if (duration !== undefined && durationSeconds(duration) === undefined) {
    problems.push(problem(`${path}.duration`, `${show(duration)} is no duration: ${DURATION_HELP}`));
  }
  if (experiment.templates.length === 0) {
    problems.push(problem(`${path}.templates`, 'templates is required: list at least one template'));
  }
  const weighted = routing === undefined ? experiment.templates : [];
  const weights = weighted.flatMap((template, index) =>
    template.weight === undefined
      ? []
      : [
          problem(
            `${path}.templates[${index}].weight`,
            'Experiment template weight cannot be set unless TrafficRouting is enabled: add trafficRouting or remove weight',
          ),
        ],
  );
  return [...problems, ...weights];
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
  check('analysis', step.analysis, analysisProblems);
  check('setCanaryScale', step.setCanaryScale, (at, scale) => scaleProblems(at, scale, routing !== undefined));
  check('setHeaderRoute', step.setHeaderRoute, (at, route) => headerRouteProblems(at, route, routing));
  check('setMirrorRoute', step.setMirrorRoute, (at, mirror) => mirrorProblems(at, mirror, routing));
  check('experiment', step.experiment, (at, experiment) => experimentProblems(at, experiment, routing));
  return problems;
}
