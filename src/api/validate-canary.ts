/** The rules of spec.strategy.canary that go beyond the types of its fields. */
import type { CanaryStrategy } from './canary.ts';
import { maxTrafficWeight } from './defaults.ts';
import { inside, type Problem, problem, setFields, show } from './problems.ts';
import type { Rollout } from './rollout.ts';
import { antiAffinityProblems } from './validate-anti-affinity.ts';
import { analysisUseProblems } from './validate-arguments.ts';
import { experimentWeightProblems } from './validate-experiment-step.ts';
import { podMetadataProblems } from './validate-pod-metadata.ts';
import { hasRouter, routingProblems } from './validate-routing.ts';
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

/** Routers that split the traffic between two Services, whatever else is configured. */
const byServices = ['smi', 'apisix', 'ambassador', 'nginx', 'appMesh', 'traefik'];

/** Istio can go by subsets, and ping-pong brings Services of its own; everything else routes by the two Services. */
function needsServices({ trafficRouting, pingPong }: CanaryStrategy): boolean {
  if (trafficRouting === undefined) return false;
  if (hasRouter(trafficRouting, byServices)) return true;
  if (pingPong !== undefined) return false;
  const istio = trafficRouting.istio !== undefined && trafficRouting.istio.destinationRule === undefined;
  return istio || hasRouter(trafficRouting, ['alb', 'plugins']);
}

function serviceProblems(path: string, canary: CanaryStrategy): Problem[] {
  const { canaryService = '', stableService = '' } = canary;
  if (canaryService !== '' && canaryService === stableService) {
    return [
      problem(
        `${path}.stableService`,
        `${show(stableService)}: This rollout uses the same service for the stable and canary services, but two different services are required. Name another one here`,
      ),
    ];
  }
  if (!needsServices(canary)) return [];
  const missing = Object.entries({ stableService, canaryService }).filter(([, name]) => name === '');
  return missing.map(([field]) =>
    problem(
      `${path}.${field}`,
      `Canary service and Stable service must to be set to use Traffic Routing: name a Service in ${field}`,
    ),
  );
}

function pingPongProblems(path: string, { pingPong, trafficRouting }: CanaryStrategy): Problem[] {
  if (pingPong === undefined) return [];
  const { pingService, pongService } = pingPong;
  const problems = Object.entries({ pingService, pongService })
    .filter(([, name]) => name === '')
    .map(([field]) =>
      problem(
        `${path}.pingPong.${field}`,
        `Ping service and Pong service must to be set to use Ping-Pong feature: name a Service in ${field}`,
      ),
    );
  if (pingService === pongService) {
    problems.push(
      problem(
        `${path}.pingPong.pongService`,
        `${show(pongService)}: This rollout uses the same service for the ping and pong services, but two different services are required. Name another one here`,
      ),
    );
  }
  if (trafficRouting === undefined) return problems;
  if (!hasRouter(trafficRouting, ['alb', 'istio', 'plugins'])) {
    problems.push(
      problem(
        `${path}.pingPong`,
        'Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only: use canaryService and stableService',
      ),
    );
  }
  if (trafficRouting.alb !== undefined && (trafficRouting.alb.rootService ?? '') === '') {
    problems.push(
      problem(
        `${path}.trafficRouting.alb.rootService`,
        'Root service field is required for the configuration with ALB and ping-pong feature enabled: name the Service of the Ingress that carries the action',
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

function withRouting(path: string, canary: CanaryStrategy): Problem[] {
  if (canary.trafficRouting === undefined) return withoutRouting(path, canary);
  const problems = routingProblems(`${path}.trafficRouting`, canary.trafficRouting);
  if (canary.dynamicStableScale === true && canary.scaleDownDelaySeconds !== undefined) {
    problems.push(
      problem(
        `${path}.dynamicStableScale`,
        'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds: remove one of them',
      ),
    );
  }
  return problems;
}

function backgroundProblems(path: string, { analysis }: CanaryStrategy): Problem[] {
  const at = `${path}.analysis`;
  const problems = analysisUseProblems(at, analysis);
  const { startingStep = 0 } = analysis ?? {};
  if (startingStep >= 0) return problems;
  return [...problems, problem(`${at}.startingStep`, `${startingStep} is not the index of a step: count from 0`)];
}

/** What can never be reached would hold the first step for good. */
function thresholdProblems(path: string, { replicaProgressThreshold: threshold }: CanaryStrategy): Problem[] {
  if (threshold?.type !== 'Percent' || threshold.value <= 100) return [];
  const at = `${path}.replicaProgressThreshold.value`;
  return [problem(at, `${threshold.value} percent of the pods can never be available: choose 1 to 100`)];
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
    ...withRouting(path, canary),
    ...(canary.steps ?? []).flatMap((step, index) => stepProblems(`${path}.steps[${index}]`, step, canary, most)),
    ...experimentWeightProblems(`${path}.steps`, canary, most),
    ...thresholdProblems(path, canary),
    ...backgroundProblems(path, canary),
    ...antiAffinityProblems(`${path}.antiAffinity`, canary.antiAffinity),
    ...podMetadataProblems(`${path}.canaryMetadata`, canary.canaryMetadata, rollout),
    ...podMetadataProblems(`${path}.stableMetadata`, canary.stableMetadata, rollout),
  ];
}
