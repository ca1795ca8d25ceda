import { type Static, Type } from 'typebox';
import { dryRunList, RolloutAnalysis, RunArgument, runMetadata } from './analysis-use.ts';
import { extraMetadata, labelSelector } from './pod-template.ts';
import {
  duration,
  flag,
  freeValue,
  integer,
  intOrString,
  list,
  mapOf,
  optional,
  serverChecks,
  text,
  word,
} from './schema.ts';

export const StringMatch = Type.Object(
  {
    exact: optional(text('The whole text.')),
    prefix: optional(text('How the text begins.')),
    regex: optional(text('A regular expression for the text.')),
  },
  { description: 'How a text is compared: exactly one of exact, prefix and regex.' },
);
export type StringMatch = Static<typeof StringMatch>;

const Pause = Type.Object(
  {
    duration: optional(
      intOrString('How long: seconds, or a duration such as `1h`. Without it, until someone promotes.'),
    ),
  },
  { description: 'Waits.' },
);

const SetCanaryScale = Type.Object(
  {
    weight: optional(integer('The share of spec.replicas, in percent.')),
    replicas: optional(integer('The number of pods.')),
    matchTrafficWeight: optional(flag('true: the number follows the traffic again.')),
  },
  { description: 'Sets the number of canary pods apart from the traffic; needs trafficRouting.' },
);

const HeaderMatch = Type.Object(
  {
    headerName: text('The name of the header.'),
    headerValue: StringMatch,
  },
  { description: 'One header that must match.' },
);
export type HeaderMatch = Static<typeof HeaderMatch>;

const SetHeaderRoute = Type.Object(
  {
    name: optional(text('The name of the route; one of trafficRouting.managedRoutes.')),
    match: optional(
      list(HeaderMatch, { description: 'Requests that match go to the canary. Empty removes the route.' }),
    ),
  },
  { description: 'Sends the requests with certain headers to the canary.' },
);

const RouteMatch = Type.Object(
  {
    method: optional(StringMatch),
    path: optional(StringMatch),
    headers: optional(mapOf(StringMatch, 'Headers by name.')),
  },
  { description: 'Which requests are mirrored.' },
);
export type RouteMatch = Static<typeof RouteMatch>;

const SetMirrorRoute = Type.Object(
  {
    name: text('The name of the route; one of trafficRouting.managedRoutes.'),
    match: optional(list(RouteMatch, { description: 'Requests that match any of these. Empty removes the route.' })),
    percentage: optional(integer('The share of the matching requests that is mirrored, in percent.')),
  },
  { description: 'Copies requests to the canary; its answers are thrown away.' },
);

export const PluginStep = Type.Object(
  {
    name: text('The name of the step plugin.'),
    config: optional(freeValue('What the plugin is told.')),
  },
  { description: 'Hands the step to a plugin.' },
);

export const TemplateService = Type.Object(
  { name: optional(text('The name of the Service; that of the ReplicaSet when not given.')) },
  { description: 'The Service that is made for the pods.' },
);

const ExperimentTemplate = Type.Object(
  {
    name: text('The name of the template in the experiment.'),
    specRef: word(['canary', 'stable'], 'Which ReplicaSet the pod template is taken from.'),
    replicas: optional(integer('The number of pods; 1 when not given.')),
    metadata: optional(extraMetadata('Labels and annotations to add to the pods.')),
    selector: optional(labelSelector("The selector, where not the Rollout's.")),
    weight: optional(integer('The share of traffic, in percent; needs trafficRouting.')),
    service: optional(TemplateService),
  },
  { description: 'One ReplicaSet of the experiment.' },
);

const ExperimentStepAnalysis = Type.Object(
  {
    name: text('The name of the analysis in the experiment.'),
    templateName: text('The name of the template.'),
    clusterScope: optional(flag('true: a ClusterAnalysisTemplate.')),
    args: optional(list(RunArgument, { description: 'Arguments for the template.' })),
    requiredForCompletion: optional(flag('true: the experiment goes on until this analysis is complete.')),
  },
  { description: 'One analysis of the experiment.' },
);

export const ExperimentStep = Type.Object(
  {
    templates: list(ExperimentTemplate, { description: 'The ReplicaSets that are compared.' }),
    duration: optional(duration('How long the experiment runs.')),
    analyses: optional(list(ExperimentStepAnalysis, { description: 'The analyses that judge it.' })),
    dryRun: optional(dryRunList),
    analysisRunMetadata: optional(runMetadata),
    scaleDownDelaySeconds: optional(integer('How long the ReplicaSets stay after the end; 30 when not given.')),
  },
  { description: 'Runs an Experiment and waits for its verdict.' },
);
export type ExperimentStep = Static<typeof ExperimentStep>;

export const CanaryStep = Type.Object(
  {
    setWeight: optional(integer('The share of traffic for the canary, 0 to maxTrafficWeight.')),
    pause: optional(Pause),
    experiment: optional(ExperimentStep),
    analysis: optional(RolloutAnalysis),
    setCanaryScale: optional(SetCanaryScale),
    setHeaderRoute: optional(SetHeaderRoute),
    setMirrorRoute: optional(SetMirrorRoute),
    plugin: optional(PluginStep),
  },
  {
    description:
      'One step: one of setWeight, pause, experiment and analysis, or one of the others, which may stand beside it too.',
    ...serverChecks(
      {
        rule: 'has(self.setWeight) || has(self.pause) || has(self.experiment) || has(self.analysis) || has(self.setCanaryScale) || has(self.setHeaderRoute) || has(self.setMirrorRoute) || has(self.plugin)',
        message:
          'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause; analysis, setHeaderRoute and setMirrorRoute count too; choose exactly one',
      },
      {
        rule: '[has(self.setWeight), has(self.pause), has(self.experiment), has(self.analysis)].filter(set, set).size() <= 1',
        message:
          'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause; exactly one of setWeight, pause, experiment and analysis may be in a step: make one step of each',
      },
    ),
  },
);
export type CanaryStep = Static<typeof CanaryStep>;
