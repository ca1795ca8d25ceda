/** The rules that the definition of Rollouts gives in CEL. A value of a wrong type breaks the rules that look into it. */
import { equal, hasField, isFields, listAt, valueAt } from './objects.ts';
import type { Rule } from './validation-rules.ts';

const CANARY = 'spec.strategy.canary';
const STRATEGY_MISSING =
  "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen': set exactly one";
const OTHERS_REQUIRED = 'but two different services are required.';
const KINDS = ['setWeight', 'pause', 'experiment', 'analysis'];
const FURTHER_KINDS = ['setCanaryScale', 'setHeaderRoute', 'setMirrorRoute', 'plugin'];
const STEP = 'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause;';

function rule(path: string, message: string, holds: (value: Record<string, unknown>) => boolean): Rule {
  return { path, message, holds: (value) => isFields(value) && holds(value) };
}

function countOf(value: unknown, fields: readonly string[]): number {
  return fields.filter((field) => hasField(value, field)).length;
}

function secondsAt(value: unknown, field: string, otherwise: number): number {
  const seconds = valueAt(value, field) ?? otherwise;
  return typeof seconds === 'number' ? seconds : Number.NaN;
}

const specRules = [
  rule(
    'spec',
    "Rollout has missing field '.spec.selector': select the pods by labels of the template",
    (spec) => countOf(spec, ['workloadRef', 'selector']) > 0,
  ),
  rule(
    'spec',
    "Rollout has missing field '.spec.template': describe the pods, or set workloadRef",
    (spec) => countOf(spec, ['workloadRef', 'template']) > 0,
  ),
  rule('spec', STRATEGY_MISSING, (spec) => hasField(spec, 'strategy')),
  rule(
    'spec',
    'progressDeadlineSeconds, which is 600 when not given, must be greater than minReadySeconds',
    (spec) => secondsAt(spec, 'progressDeadlineSeconds', 600) > secondsAt(spec, 'minReadySeconds', 0),
  ),
  {
    path: 'spec.selector',
    holds: (value: unknown, before: unknown) => before === undefined || equal(value, before),
    message: '.spec.selector is immutable; make a new Rollout instead',
  },
  rule('spec.strategy', STRATEGY_MISSING, (strategy) => countOf(strategy, ['canary', 'blueGreen']) > 0),
  rule(
    'spec.strategy',
    'Multiple Strategies can not be listed: keep either canary or blueGreen',
    (strategy) => countOf(strategy, ['canary', 'blueGreen']) < 2,
  ),
];

function weightsFit(canary: unknown): boolean {
  const most = secondsAt(valueAt(canary, 'trafficRouting'), 'maxTrafficWeight', 100);
  return listAt(canary, 'steps').every((step) => {
    const weight = valueAt(step, 'setWeight') ?? 0;
    return typeof weight === 'number' && weight >= 0 && (weight <= most || !hasField(step, 'setWeight'));
  });
}

const needsRouter = (field: string) =>
  `Canary ${field} can only be used with traffic routing: add trafficRouting or remove ${field}`;

const canaryRules = [
  rule(
    CANARY,
    `This rollout uses the same service for the stable and canary services, ${OTHERS_REQUIRED} Name another one`,
    ({ canaryService = '', stableService }) => canaryService === '' || canaryService !== stableService,
  ),
  rule(
    CANARY,
    needsRouter('scaleDownDelaySeconds'),
    (canary) => hasField(canary, 'trafficRouting') || !hasField(canary, 'scaleDownDelaySeconds'),
  ),
  rule(
    CANARY,
    needsRouter('dynamicStableScale'),
    (canary) => hasField(canary, 'trafficRouting') || canary.dynamicStableScale !== true,
  ),
  rule(
    CANARY,
    'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds: remove one of them',
    (canary) => !hasField(canary, 'scaleDownDelaySeconds') || canary.dynamicStableScale !== true,
  ),
  rule(
    CANARY,
    'SetWeight needs to be between 0 and 100, or trafficRouting.maxTrafficWeight where that is given',
    weightsFit,
  ),
  rule(
    CANARY,
    'SetCanaryScale requires TrafficRouting to be set: add trafficRouting or remove the step',
    (canary) =>
      hasField(canary, 'trafficRouting') || !listAt(canary, 'steps').some((step) => hasField(step, 'setCanaryScale')),
  ),
  rule(
    `${CANARY}.steps.*`,
    `${STEP} analysis, setHeaderRoute and setMirrorRoute count too; choose exactly one`,
    (step) => countOf(step, [...KINDS, ...FURTHER_KINDS]) > 0,
  ),
  rule(
    `${CANARY}.steps.*`,
    `${STEP} exactly one of setWeight, pause, experiment and analysis may be in a step: make one step of each`,
    (step) => countOf(step, KINDS) < 2,
  ),
  rule(
    `${CANARY}.trafficRouting`,
    'Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins: remove it',
    (routing) => !hasField(routing, 'maxTrafficWeight') || countOf(routing, ['nginx', 'plugins']) > 0,
  ),
  rule(
    `${CANARY}.pingPong`,
    'Ping service and Pong service must to be set to use Ping-Pong feature: name a Service in each',
    ({ pingService, pongService }) => pingService !== '' && pongService !== '',
  ),
  rule(
    `${CANARY}.pingPong`,
    `This rollout uses the same service for the ping and pong services, ${OTHERS_REQUIRED} Name another one`,
    ({ pingService, pongService }) => pingService !== pongService,
  ),
];

const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

function antiAffinityRules(strategy: string): Rule[] {
  return [
    rule(
      `${strategy}.antiAffinity`,
      'AntiAffinity must have exactly one strategy listed: set either the preferred or the required one',
      (antiAffinity) => countOf(antiAffinity, [PREFERRED, REQUIRED]) === 1,
    ),
    rule(
      `${strategy}.antiAffinity.${PREFERRED}`,
      'AntiAffinity weight must be between 1-100',
      ({ weight }) => typeof weight === 'number' && weight >= 1 && weight <= 100,
    ),
  ];
}

export const rolloutRules: readonly Rule[] = [
  ...specRules,
  ...canaryRules,
  ...antiAffinityRules(CANARY),
  rule(
    'spec.strategy.blueGreen',
    `This rollout uses the same service for the active and preview services, ${OTHERS_REQUIRED} Name another one in previewService, or leave that out`,
    ({ activeService, previewService = '' }) => activeService !== previewService,
  ),
  ...antiAffinityRules('spec.strategy.blueGreen'),
];
