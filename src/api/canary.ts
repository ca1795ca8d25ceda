import { type Static, Type } from 'typebox';
import { BackgroundAnalysis } from './analysis-use.ts';
import { CanaryStep } from './canary-steps.ts';
import { extraMetadata } from './pod-template.ts';
import { flag, integer, intOrString, list, optional, serverChecks, text, word } from './schema.ts';
import { TrafficRouting } from './traffic-routing.ts';

export const AntiAffinity = Type.Object(
  {
    preferredDuringSchedulingIgnoredDuringExecution: optional(
      Type.Object(
        { weight: integer('How strongly the scheduler should prefer it, 1 to 100.') },
        {
          description: 'Pods of two revisions are kept on different nodes where possible.',
          ...serverChecks({
            rule: 'self.weight >= 1 && self.weight <= 100',
            message: 'AntiAffinity weight must be between 1-100',
          }),
        },
      ),
    ),
    requiredDuringSchedulingIgnoredDuringExecution: optional(
      Type.Object({}, { description: 'Pods of two revisions are never put on one node.' }),
    ),
  },
  {
    description: 'Keeps the pods of two revisions apart: exactly one of preferred and required.',
    ...serverChecks({
      rule: 'has(self.preferredDuringSchedulingIgnoredDuringExecution) != has(self.requiredDuringSchedulingIgnoredDuringExecution)',
      message: 'AntiAffinity must have exactly one strategy listed: set either the preferred or the required one',
    }),
  },
);

const PingPong = Type.Object(
  {
    pingService: text('The name of the one Service.'),
    pongService: text('The name of the other Service.'),
  },
  {
    description: 'Two Services that take turns at being stable, so that no selector is switched under traffic.',
    ...serverChecks(
      {
        rule: "self.pingService != '' && self.pongService != ''",
        message: 'Ping service and Pong service must to be set to use Ping-Pong feature: name a Service in each',
      },
      {
        rule: 'self.pingService != self.pongService',
        message:
          'This rollout uses the same service for the ping and pong services, but two different services are required. Name another one',
      },
    ),
  },
);

/** Far beyond any use; the server must know a bound to know what checking the steps can cost. */
const MOST_STEPS = 10_000;

const canaryChecks = serverChecks(
  {
    rule: "!has(self.canaryService) || !has(self.stableService) || self.canaryService == '' || self.canaryService != self.stableService",
    message:
      'This rollout uses the same service for the stable and canary services, but two different services are required. Name another one',
  },
  {
    rule: 'has(self.trafficRouting) || !has(self.scaleDownDelaySeconds)',
    message:
      'Canary scaleDownDelaySeconds can only be used with traffic routing: add trafficRouting or remove scaleDownDelaySeconds',
  },
  {
    rule: 'has(self.trafficRouting) || !has(self.dynamicStableScale) || !self.dynamicStableScale',
    message:
      'Canary dynamicStableScale can only be used with traffic routing: add trafficRouting or remove dynamicStableScale',
  },
  {
    rule: '!has(self.scaleDownDelaySeconds) || !has(self.dynamicStableScale) || !self.dynamicStableScale',
    message: 'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds: remove one of them',
  },
  {
    rule: '!has(self.steps) || self.steps.all(step, !has(step.setWeight) || step.setWeight >= 0 && step.setWeight <= (has(self.trafficRouting) && has(self.trafficRouting.maxTrafficWeight) ? self.trafficRouting.maxTrafficWeight : 100))',
    message: 'SetWeight needs to be between 0 and 100, or trafficRouting.maxTrafficWeight where that is given',
  },
  {
    rule: 'has(self.trafficRouting) || !has(self.steps) || !self.steps.exists(step, has(step.setCanaryScale))',
    message: 'SetCanaryScale requires TrafficRouting to be set: add trafficRouting or remove the step',
  },
);

const ReplicaProgressThreshold = Type.Object(
  {
    type: word(['Percent', 'Pods'], 'What the value counts.'),
    value: integer('How much of the canary must be available before a step counts as reached.'),
  },
  { description: 'Lets a step complete before every pod is available.' },
);

export type ReplicaProgressThreshold = Static<typeof ReplicaProgressThreshold>;

export const CanaryStrategy = Type.Object(
  {
    canaryService: optional(text('A Service whose selector is kept on the new pods.')),
    stableService: optional(text('A Service whose selector is kept on the stable pods.')),
    steps: optional(list(CanaryStep, { description: 'The steps of an update, in order.', maxItems: MOST_STEPS })),
    trafficRouting: optional(TrafficRouting),
    maxUnavailable: optional(
      intOrString(
        'How many pods may be missing during an update: a number or a percentage, rounded down; 25% when not given.',
      ),
    ),
    maxSurge: optional(
      intOrString(
        'How many pods may be added during an update: a number or a percentage, rounded up; 25% when not given.',
      ),
    ),
    analysis: optional(BackgroundAnalysis),
    antiAffinity: optional(AntiAffinity),
    canaryMetadata: optional(extraMetadata('Labels and annotations that pods carry while they are the canary.')),
    stableMetadata: optional(extraMetadata('Labels and annotations that pods carry while they are stable.')),
    scaleDownDelaySeconds: optional(
      integer('How long the former pods stay after promotion; with traffic routing only; 30 when not given.'),
    ),
    scaleDownDelayRevisionLimit: optional(integer('How many former revisions may wait like this at once.')),
    abortScaleDownDelaySeconds: optional(
      integer('How long the canary stays after an abort; with traffic routing only; 30 when not given, 0: for good.'),
    ),
    dynamicStableScale: optional(flag('true: the stable pods shrink as the traffic moves; with traffic routing only.')),
    pingPong: optional(PingPong),
    minPodsPerReplicaSet: optional(
      integer('The least number of pods of a revision that has any; with traffic routing only.'),
    ),
    replicaProgressThreshold: optional(ReplicaProgressThreshold),
  },
  { description: 'Moves the traffic to the new pods step by step.', ...canaryChecks },
);
export type CanaryStrategy = Static<typeof CanaryStrategy>;
