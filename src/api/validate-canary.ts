/** The rules of spec.strategy.canary that go beyond the types of its fields. */
import type { Static } from 'typebox';
import type { AntiAffinity, CanaryStrategy } from './canary.ts';
import { maxTrafficWeight } from './defaults.ts';
import { inside, listed, type Problem, problem, setFields, show } from './problems.ts';
import type { Rollout } from './rollout.ts';
import { routers } from './traffic-routing.ts';
import { argumentProblems } from './validate-arguments.ts';
import { stepProblems } from './validate-steps.ts';
import { amountProblems, isZero, negatives } from './validate-values.ts';

function capacityProblems(path: string, canary: CanaryStrategy): Problem[] {
  if (!isZero(canary.maxSurge) || !isZero(canary.maxUnavailable)) return [];
  return [
    problem(
      `${path}.maxSurge`,
      'MaxSurge and MaxUnavailable both can not be zero: no pod could ever be replaced; raise one of them',
    ),
  ];
}

function serviceProblems(path: string, canary: CanaryStrategy): Problem[] {
  const { canaryService = '', stableService = '' } = canary;
  if (canaryService !== '' && canaryService === stableService) {
    return [
      problem(
        `${path}.stableService`,
        `${show(stableService)}: this rollout uses the same service for the stable and canary services, but two different services are required`,
      ),
    ];
  }
  if (!needsServices(canary)) return [];
  return ['stableService', 'canaryService'].flatMap((field) =>
    ((canary as Record<string, unknown>)[field] ?? '') === ''
      ? [
          problem(
            `${path}.${field}`,
            `Canary service and Stable service must be set to use Traffic Routing: name a Service in ${field}`,
          ),
        ]
      : [],
  );
}

/** Istio can go by subsets, and ping-pong brings Services of its own; everything else routes by the two Services. */
function needsServices({ trafficRouting, pingPong }: CanaryStrategy): boolean {
  if (trafficRouting === undefined) return false;
  return trafficRouting.istio?.destinationRule === undefined && pingPong === undefined;
}

function pingPongProblems(path: string, canary: CanaryStrategy): Problem[] {
  const { pingPong, trafficRouting } = canary;
  if (pingPong === undefined) return [];
  const problems = (['pingService', 'pongService'] as const)
    .filter((field) => pingPong[field] === '')
    .map((field) =>
      problem(`${path}.pingPong.${field}`, 'Ping service and Pong service must be set to use Ping-Pong feature'),
    );
  if (pingPong.pingService !== '' && pingPong.pingService === pingPong.pongService) {
    problems.push(
      problem(
        `${path}.pingPong.pongService`,
        `${show(pingPong.pongService)}: this rollout uses the same service for the ping and pong services, but two different services are required`,
      ),
    );
  }
  if (trafficRouting?.alb !== undefined && (trafficRouting.alb.rootService ?? '') === '') {
    problems.push(
      problem(
        `${path}.trafficRouting.alb.rootService`,
        'Root service field is required for ALB with the ping-pong feature enabled',
      ),
    );
  }
  return problems;
}

function withoutRouting(path: string, canary: CanaryStrategy): Problem[] {
  const only = setFields(canary, ['scaleDownDelaySeconds', 'minPodsPerReplicaSet']);
  if (canary.dynamicStableScale === true) only.push('dynamicStableScale');
  return only.map((field) =>
    problem(
      inside(path, field),
      `Canary ${field} can only be used with traffic routing: add trafficRouting or remove ${field}`,
    ),
  );
}

function routingProblems(path: string, canary: CanaryStrategy): Problem[] {
  const { trafficRouting } = canary;
  if (trafficRouting === undefined) return withoutRouting(path, canary);
  const problems: Problem[] = [];
  if (canary.dynamicStableScale === true && canary.scaleDownDelaySeconds !== undefined) {
    problems.push(
      problem(
        `${path}.dynamicStableScale`,
        'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds: remove one of them',
      ),
    );
  }
  const { maxTrafficWeight: most, nginx, plugins = {} } = trafficRouting;
  const at = `${path}.trafficRouting`;
  if (most !== undefined && most < 1) {
    problems.push(problem(`${at}.maxTrafficWeight`, `${most} cannot mean all traffic: must be at least 1`));
  }
  if (most !== undefined && nginx === undefined && Object.keys(plugins).length === 0) {
    problems.push(
      problem(
        `${at}.maxTrafficWeight`,
        'Canary maxTrafficWeight in traffic routing is only supported in Nginx and Plugins: remove it',
      ),
    );
  }
  return [...problems, ...routerProblems(at, trafficRouting)];
}

function routerProblems(path: string, trafficRouting: object): Problem[] {
  const known = [...Object.keys(routers), 'plugins'];
  const settings = [...known, 'managedRoutes', 'maxTrafficWeight'];
  const strange = Object.keys(trafficRouting).filter((key) => !settings.includes(key));
  if (strange.length === 0 && setFields(trafficRouting, known).length > 0) return [];
  const names = `known routers are ${listed(known)}`;
  if (strange.length === 0) return [problem(path, `names no router: ${names}; set one or remove trafficRouting`)];
  return strange.map((key) =>
    problem(inside(path, key), `${show(key)} is no known router: ${names}; correct or remove it`),
  );
}

export function antiAffinityProblems(path: string, antiAffinity: Static<typeof AntiAffinity> | undefined): Problem[] {
  if (antiAffinity === undefined) return [];
  const {
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
    requiredDuringSchedulingIgnoredDuringExecution: required,
  } = antiAffinity;
  const problems: Problem[] = [];
  if ((preferred === undefined) === (required === undefined)) {
    problems.push(
      problem(path, 'AntiAffinity must have exactly one strategy listed: set either the preferred or the required one'),
    );
  }
  if (preferred !== undefined && (preferred.weight < 1 || preferred.weight > 100)) {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution.weight`;
    problems.push(problem(at, `${show(preferred.weight)}: AntiAffinity weight must be between 1-100`));
  }
  return problems;
}

function backgroundProblems(path: string, { analysis }: CanaryStrategy): Problem[] {
  if (analysis === undefined) return [];
  const { startingStep = 0, templates = [] } = analysis;
  const problems = argumentProblems(`${path}.analysis.args`, analysis.args ?? []);
  if (templates.length === 0) {
    problems.push(
      problem(
        `${path}.analysis.templates`,
        'templates is required: name at least one analysis template, or remove analysis',
      ),
    );
  }
  if (startingStep < 0) {
    problems.push(problem(`${path}.analysis.startingStep`, `${startingStep} is not the index of a step: count from 0`));
  }
  return problems;
}

const counts = [
  'scaleDownDelaySeconds',
  'scaleDownDelayRevisionLimit',
  'abortScaleDownDelaySeconds',
  'minPodsPerReplicaSet',
];

export function canaryProblems(path: string, canary: CanaryStrategy, rollout: Rollout): Problem[] {
  const most = maxTrafficWeight(rollout);
  return [
    ...amountProblems(path, canary, ['maxSurge', 'maxUnavailable']),
    ...negatives(path, canary, counts),
    ...capacityProblems(path, canary),
    ...serviceProblems(path, canary),
    ...pingPongProblems(path, canary),
    ...routingProblems(path, canary),
    ...(canary.steps ?? []).flatMap((step, index) => stepProblems(`${path}.steps[${index}]`, step, canary, most)),
    ...backgroundProblems(path, canary),
    ...antiAffinityProblems(`${path}.antiAffinity`, canary.antiAffinity),
  ];
}
