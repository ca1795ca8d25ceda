import { type Static, Type } from 'typebox';
import { stockConditions } from './conditions.ts';
import { duration, flag, freeValue, instant, integer, list, longInteger, optional, text, word } from './schema.ts';

export const phases = ['Pending', 'Running', 'Successful', 'Failed', 'Error', 'Inconclusive'] as const;
export type AnalysisPhase = (typeof phases)[number];

export const PauseCondition = Type.Object(
  {
    reason: text('CanaryPauseStep, BlueGreenPause, InconclusiveAnalysisRun or InconclusiveExperiment.'),
    startTime: instant('When the pause began.'),
  },
  { description: 'One reason for the pause.' },
);
export type PauseCondition = Static<typeof PauseCondition>;

const RunStatus = Type.Object(
  {
    name: text('The name of the AnalysisRun.'),
    status: word(phases, 'Its phase.'),
    message: optional(text('Its message.')),
  },
  { description: 'An AnalysisRun of this update.' },
);
export type RolloutAnalysisRunStatus = Static<typeof RunStatus>;

export const WeightDestination = Type.Object(
  {
    weight: integer('Its share of the traffic.'),
    serviceName: optional(text('The Service that receives it.')),
    podTemplateHash: optional(text('The hash of the pods behind the Service.')),
  },
  { description: 'Where a share of the traffic goes.' },
);
export type WeightDestination = Static<typeof WeightDestination>;

export const TrafficWeights = Type.Object(
  {
    canary: WeightDestination,
    stable: WeightDestination,
    additional: optional(list(WeightDestination, { description: 'Shares of experiments.' })),
    verified: optional(flag('Whether the router has been seen to follow.')),
  },
  { description: 'How the traffic is split.' },
);
export type TrafficWeights = Static<typeof TrafficWeights>;

const StepPluginStatus = Type.Object(
  {
    index: integer('The index of the step.'),
    name: text('The name of the plugin.'),
    phase: optional(text('How far the plugin is.')),
    message: optional(text('What the plugin says.')),
    operation: text('What the plugin was asked to do: Run, Terminate or Abort.'),
    executions: optional(integer('How often it was called.')),
    disabled: optional(flag('true: the step was passed over.')),
    backoff: optional(duration('How long to wait before the next call.')),
    startedAt: optional(instant('When it was first called.')),
    updatedAt: optional(instant('When it was last called.')),
    finishedAt: optional(instant('When it was done.')),
    status: optional(freeValue("The plugin's own memory.")),
  },
  { description: 'State of one plugin step.' },
);

const CanaryStatus = Type.Object(
  {
    currentStepAnalysisRunStatus: optional(RunStatus),
    currentBackgroundAnalysisRunStatus: optional(RunStatus),
    currentExperiment: optional(text('The name of the Experiment that runs.')),
    weights: optional(TrafficWeights),
    stablePingPong: optional(word(['ping', 'pong'], 'Which of the two Services is stable.')),
    stepPluginStatuses: optional(list(StepPluginStatus, { description: 'State of the plugin steps.' })),
  },
  { description: 'State of a canary update.' },
);
export type CanaryStatus = Static<typeof CanaryStatus>;

const BlueGreenStatus = Type.Object(
  {
    previewSelector: optional(text('The hash that the preview Service selects.')),
    activeSelector: optional(text('The hash that the active Service selects.')),
    scaleUpPreviewCheckPoint: optional(flag('Whether the preview was let through to its full number of pods.')),
    prePromotionAnalysisRunStatus: optional(RunStatus),
    postPromotionAnalysisRunStatus: optional(RunStatus),
  },
  { description: 'State of a blue-green update.' },
);
export type BlueGreenStatus = Static<typeof BlueGreenStatus>;

const AwsResource = Type.Object(
  {
    name: text('Its name.'),
    arn: text('Its ARN.'),
    fullName: optional(text('Its full name.')),
  },
  { description: 'A resource at AWS.' },
);

const AlbStatus = Type.Object(
  {
    loadBalancer: optional(AwsResource),
    canaryTargetGroup: optional(AwsResource),
    stableTargetGroup: optional(AwsResource),
    ingress: optional(text('The Ingress that it belongs to.')),
  },
  { description: 'A load balancer and its target groups.' },
);

const DurationStatus = Type.Object(
  {
    rolloutStartedAt: optional(instant('When the update began.')),
    manualPauseStartedAt: optional(instant('When the present indefinite pause began.')),
    totalManualPauseDurationSeconds: optional(longInteger('How long all indefinite pauses took, in seconds.')),
    finishedAt: optional(instant('When the update ended.')),
    completionStatus: optional(
      word(
        ['Promoted', 'FastPromoted', 'Aborted', 'Superseded', 'RolledBack', 'FastRolledBack'],
        'How the update ended.',
      ),
    ),
  },
  { description: 'How long the update takes.' },
);

export const RolloutStatus = Type.Object(
  {
    abort: optional(flag('true: the update is given up. Set by the controller or by a user.')),
    pauseConditions: optional(
      list(PauseCondition, { description: 'Why the update waits; emptied by a user to go on.' }),
    ),
    controllerPause: optional(flag('true: the controller has paused the update.')),
    abortedAt: optional(instant('When the abort was taken up.')),
    currentPodHash: optional(text('The hash of the newest pod template.')),
    currentStepHash: optional(text('The hash of the steps that are followed.')),
    replicas: optional(integer('The number of pods.')),
    updatedReplicas: optional(integer('How many pods have the newest template.')),
    readyReplicas: optional(integer('How many pods are ready.')),
    availableReplicas: optional(integer('How many pods are available.')),
    currentStepIndex: optional(
      integer('The index of the step that is under way; the number of steps when all are done.'),
    ),
    collisionCount: optional(integer('How many hashes were taken already.')),
    observedGeneration: optional(text('The generation of the spec that this status speaks of.')),
    conditions: optional(stockConditions),
    canary: optional(CanaryStatus),
    blueGreen: optional(BlueGreenStatus),
    HPAReplicas: optional(integer('The number of pods that an autoscaler should count.')),
    selector: optional(text('The selector of the pods that an autoscaler should count.')),
    stableRS: optional(text('The hash of the stable ReplicaSet.')),
    restartedAt: optional(instant('When the pods were last restarted.')),
    promoteFull: optional(flag('true: the remaining steps, pauses and analyses are skipped. Set by a user.')),
    phase: optional(word(['Healthy', 'Degraded', 'Progressing', 'Paused'], 'How the Rollout is, in one word.')),
    message: optional(text('Why it is in that phase.')),
    workloadObservedGeneration: optional(text('The generation of the referenced workload that this status speaks of.')),
    alb: optional(AlbStatus),
    albs: optional(list(AlbStatus, { description: 'Several load balancers.' })),
    duration: optional(DurationStatus),
  },
  { description: 'What was observed.' },
);
export type RolloutStatus = Static<typeof RolloutStatus>;
export type RolloutPhase = NonNullable<RolloutStatus['phase']>;
