/** The rules of the steps setHeaderRoute and setMirrorRoute. */
import type { CanaryStep, StringMatch } from './canary-steps.ts';
import { type Fields, fieldsOf } from './fields.ts';
import { inside, listed, type Problem, problem, setFields, show } from './problems.ts';
import type { TrafficRouting } from './traffic-routing.ts';
import { hasRouter } from './validate-routing.ts';

type Mirror = NonNullable<CanaryStep['setMirrorRoute']>;
type HeaderRoute = NonNullable<CanaryStep['setHeaderRoute']>;

const ways = ['exact', 'regex', 'prefix'];

function waysOf(match: StringMatch | undefined): string[] {
  return setFields(fieldsOf(match), ways).filter((way) => (match as Fields)[way] !== '');
}

/** A header, method or path is compared in exactly one way. */
function matchProblems(path: string, match: StringMatch | undefined): Problem[] {
  const set = waysOf(match);
  if (set.length === 1) return [];
  const message =
    set.length === 0
      ? 'StringMatch value missed, match value must have one of the following: exact, regex, prefix'
      : `has ${listed(set)}: StringMatch match value must have exactly one of the following: exact, regex, prefix`;
  return [problem(path, `${message}; keep the one that is meant`)];
}

function exactProblems(path: string, match: StringMatch | undefined): Problem[] {
  const [way, ...others] = waysOf(match);
  if (way === 'exact' && others.length === 0) return [];
  return [
    problem(path, "SetHeaderRoute match value invalid. ALB supports 'exact' value only: set exact and nothing else"),
  ];
}

const MANAGED = 'spec.strategy.canary.trafficRouting.managedRoutes';

/** What a step adds must be among the routes that the rollout may take away again. */
function managedProblems(path: string, name: string, routing: TrafficRouting | undefined): Problem[] {
  if (routing === undefined) return [];
  if (routing.managedRoutes === undefined) {
    return [problem(MANAGED, `Rollout has missing field '${MANAGED}': list ${show(name)}, which ${path} names, there`)];
  }
  const managed = routing.managedRoutes.map((route) => route.name);
  if (managed.includes(name)) return [];
  const known = managed.length === 0 ? 'it lists none' : `it lists ${listed(managed)}`;
  return [
    problem(
      inside(path, 'name'),
      `${show(name)}: Steps define a route that does not exist in ${MANAGED} (${known}); add the route there`,
    ),
  ];
}

export function headerRouteProblems(path: string, route: HeaderRoute, routing: TrafficRouting | undefined): Problem[] {
  const problems = managedProblems(path, route.name ?? '', routing);
  if (!hasRouter(routing, ['istio', 'alb', 'apisix', 'plugins'])) {
    problems.push(
      problem(
        path,
        'SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix, and plugins too: set one of these or remove the step',
      ),
    );
  }
  const rule = routing?.alb === undefined ? matchProblems : exactProblems;
  const matches = route.match ?? [];
  return [
    ...problems,
    ...matches.flatMap(({ headerValue }, index) => rule(`${path}.match[${index}].headerValue`, headerValue)),
  ];
}

export function mirrorRouteProblems(path: string, mirror: Mirror, routing: TrafficRouting | undefined): Problem[] {
  const problems = managedProblems(path, mirror.name, routing);
  if (!hasRouter(routing, ['istio', 'plugins'])) {
    problems.push(
      problem(
        path,
        'SetMirrorRoute requires TrafficRouting, supports Istio and Plugins: set one of these or remove the step',
      ),
    );
  }
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
