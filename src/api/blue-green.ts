import { type Static, Type } from 'typebox';
import { RolloutAnalysis } from './analysis-use.ts';
import { AntiAffinity } from './canary.ts';
import { extraMetadata } from './pod-template.ts';
import { flag, integer, intOrString, optional, serverChecks, text } from './schema.ts';

export const BlueGreenStrategy = Type.Object(
  {
    activeService: text('The Service that users reach.'),
    previewService: optional(text('A Service on the new pods before they become active.')),
    previewReplicaCount: optional(integer('How many new pods to run before the switch; all when not given.')),
    autoPromotionEnabled: optional(flag('false: the switch waits for someone to promote; true when not given.')),
    autoPromotionSeconds: optional(integer('How long to wait before switching without anyone; 0 when not given.')),
    maxUnavailable: optional(intOrString('How many pods may be missing during a restart; 25% when not given.')),
    scaleDownDelaySeconds: optional(integer('How long the former pods stay after the switch; 30 when not given.')),
    scaleDownDelayRevisionLimit: optional(integer('How many former revisions may wait like this at once.')),
    prePromotionAnalysis: optional(RolloutAnalysis),
    antiAffinity: optional(AntiAffinity),
    postPromotionAnalysis: optional(RolloutAnalysis),
    previewMetadata: optional(extraMetadata('Labels and annotations that pods carry while they are the preview.')),
    activeMetadata: optional(extraMetadata('Labels and annotations that pods carry while they are active.')),
    abortScaleDownDelaySeconds: optional(
      integer('How long the preview stays after an abort; 30 when not given, 0: for good.'),
    ),
  },
  {
    description: 'Runs the new pods beside the old ones and switches all traffic at once.',
    ...serverChecks({
      rule: "self.activeService != (has(self.previewService) ? self.previewService : '')",
      message:
        'This rollout uses the same service for the active and preview services, but two different services are required. Name another one in previewService, or leave that out',
    }),
  },
);
export type BlueGreenStrategy = Static<typeof BlueGreenStrategy>;
