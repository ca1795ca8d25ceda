import { type Static, Type } from 'typebox';
import { Argument } from './analysis-template.ts';
import { dryRunList, retentionList, runMetadata } from './analysis-use.ts';
import { TemplateService } from './canary-steps.ts';
import { stockConditions } from './conditions.ts';
import type { KubeObject } from './kubernetes.ts';
import { labelSelector, podTemplate } from './pod-template.ts';
import { phases } from './rollout-status.ts';
import { duration, flag, instant, integer, list, optional, text, word } from './schema.ts';

export const TemplateSpec = Type.Object(
  {
    name: text('The name, unique in the experiment.'),
    replicas: optional(integer('The number of pods; 1 when not given.')),
    minReadySeconds: optional(integer('How long a pod must be ready before it counts as available; 0 when not given.')),
    selector: labelSelector("Which pods belong to it; must match the template's labels."),
    template: podTemplate('The pods.'),
    service: optional(TemplateService),
  },
  { description: 'One ReplicaSet of the experiment.' },
);

export const ExperimentAnalysis = Type.Object(
  {
    name: text('The name, unique in the experiment.'),
    templateName: text('The name of the analysis template.'),
    clusterScope: optional(flag('true: a ClusterAnalysisTemplate.')),
    args: optional(list(Argument, { description: 'Arguments for the template.' })),
    requiredForCompletion: optional(flag('true: the experiment goes on until this analysis is complete.')),
  },
  { description: 'One analysis of the experiment.' },
);

export const ExperimentSpec = Type.Object(
  {
    templates: list(TemplateSpec, { description: 'The ReplicaSets that are compared.' }),
    duration: optional(
      duration('How long the experiment runs, once all pods are available; without end when not given.'),
    ),
    progressDeadlineSeconds: optional(integer('How long the pods may take to become available; 600 when not given.')),
    terminate: optional(flag('true: the experiment ends now.')),
    analyses: optional(list(ExperimentAnalysis, { description: 'The analyses that judge it.' })),
    scaleDownDelaySeconds: optional(integer('How long the pods stay after the end; 30 when not given.')),
    dryRun: optional(dryRunList),
    measurementRetention: optional(retentionList),
    analysisRunMetadata: optional(runMetadata),
  },
  { description: 'What is compared.' },
);
export type ExperimentSpec = Static<typeof ExperimentSpec>;

const TemplateStatus = Type.Object(
  {
    name: text('The name of the template.'),
    replicas: integer('The number of pods.'),
    updatedReplicas: integer('How many pods have the template.'),
    readyReplicas: integer('How many pods are ready.'),
    availableReplicas: integer('How many pods are available.'),
    collisionCount: optional(integer('How many names were taken already.')),
    status: optional(word(['Progressing', 'Running', 'Successful', 'Failed', 'Error'], 'How it is.')),
    message: optional(text('Why.')),
    lastTransitionTime: optional(instant('When it last made progress.')),
    serviceName: optional(text('The Service that was made for it.')),
    podTemplateHash: optional(text('The hash of its pods.')),
  },
  { description: 'State of one ReplicaSet of the experiment.' },
);

const ExperimentRunStatus = Type.Object(
  {
    name: text('The name of the analysis.'),
    analysisRun: text('The name of the AnalysisRun.'),
    phase: word(phases, 'Its phase.'),
    message: optional(text('Its message.')),
  },
  { description: 'An AnalysisRun of the experiment.' },
);

export const ExperimentStatus = Type.Object(
  {
    phase: optional(word(phases, 'How the experiment was judged.')),
    message: optional(text('Why.')),
    templateStatuses: optional(list(TemplateStatus, { description: 'State of the ReplicaSets.' })),
    availableAt: optional(instant('When all pods were available.')),
    conditions: optional(stockConditions),
    analysisRuns: optional(list(ExperimentRunStatus, { description: 'The AnalysisRuns.' })),
  },
  { description: 'What was observed.' },
);
export type ExperimentStatus = Static<typeof ExperimentStatus>;

export interface Experiment extends KubeObject {
  spec: ExperimentSpec;
  status?: ExperimentStatus;
}
