import { type Static, Type } from 'typebox';
import { BackgroundAnalysis } from './analysis-use.ts';
import { CanaryStep } from './canary-steps.ts';
import { extraMetadata } from './pod-template.ts';
import { flag, integer, intOrString, list, optional, text, word } from './schema.ts';
import { TrafficRouting } from './traffic-routing.ts';

export const AntiAffinity = Type.Object(
  {
    preferredDuringSchedulingIgnoredDuringExecution: optional(
      Type.Object(
        { weight: integer('How strongly the scheduler should prefer it, 1 to 100.') },
        { description: 'Pods of two revisions are kept on different nodes where possible.' },
      ),
    ),
    requiredDuringSchedulingIgnoredDuringExecution: optional(
      Type.Object({}, { description: 'Pods of two revisions are never put on one node.' }),
    ),
  },
  { description: 'Keeps the pods of two revisions apart: exactly one of preferred and required.' },
);

const PingPong = Type.Object(
  {
    pingService: text('The name of the one Service.'),
    pongService: text('The name of the other Service.'),
  },
  { description: 'Two Services that take turns at being stable, so that no selector is switched under traffic.' },
);

const ReplicaProgressThreshold = Type.Object(
  {
    type: word(['Percent', 'Pods'], 'What the value counts.'),
    value: integer('How much of the canary must be available before a step counts as reached.'),
  },
  { description: 'Lets a step complete before every pod is available.' },
);

export const CanaryStrategy = Type.Object(
  {
    canaryService: optional(text('A Service whose selector is kept on the new pods.')),
    stableService: optional(text('A Service whose selector is kept on the stable pods.')),
    steps: optional(list(CanaryStep, { description: 'The steps of an update, in order.' })),
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
  { description: 'Moves the traffic to the new pods step by step.' },
);
export type CanaryStrategy = Static<typeof CanaryStrategy>;
