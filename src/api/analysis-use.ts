/** How a Rollout uses analysis templates. */
import { type Static, Type } from 'typebox';
import { extraMetadata } from './pod-template.ts';
import { flag, integer, list, optional, text, word } from './schema.ts';

export const DryRun = Type.Object(
  {
    metricName: text('A regular expression; every metric whose name it matches is measured without effect on the run.'),
  },
  { description: 'Which metrics run without consequence.' },
);
export type DryRun = Static<typeof DryRun>;

export const MeasurementRetention = Type.Object(
  {
    metricName: text('A regular expression for the names of the metrics.'),
    limit: integer('How many measurements to keep for each of them.'),
  },
  { description: 'How many measurements are kept.' },
);
export type MeasurementRetention = Static<typeof MeasurementRetention>;

export const FieldRef = Type.Object(
  { fieldPath: text("The path of the field, such as `metadata.labels['team']` or `status.stableRS`.") },
  { description: 'A field of the Rollout.' },
);

/** An argument that a Rollout hands to its runs. */
export const RunArgument = Type.Object(
  {
    name: text('The name of the argument.'),
    value: optional(text('Its value. Either this or valueFrom.')),
    valueFrom: optional(
      Type.Object(
        {
          podTemplateHashValue: optional(
            word(['Stable', 'Latest'], 'The pod template hash of the stable or of the newest ReplicaSet.'),
          ),
          fieldRef: optional(FieldRef),
        },
        { description: 'Where the value is taken from when the run is made.' },
      ),
    ),
  },
  { description: 'One argument.' },
);
export type RunArgument = Static<typeof RunArgument>;

export const TemplateRef = Type.Object(
  {
    templateName: optional(text('The name of the template.')),
    clusterScope: optional(
      flag('true: a ClusterAnalysisTemplate; otherwise an AnalysisTemplate of the same namespace.'),
    ),
  },
  { description: 'A reference to an analysis template.' },
);
export type TemplateRef = Static<typeof TemplateRef>;

export const dryRunList = list(DryRun, { description: 'Metrics that are measured but never decide.' });
export const retentionList = list(MeasurementRetention, {
  description: 'How many measurements to keep, where not the usual 10.',
});
export const runMetadata = extraMetadata('Labels and annotations for the AnalysisRuns.');

/** The fields of one use of analysis. */
export const analysisFields = {
  templates: optional(list(TemplateRef, { description: 'The templates whose metrics make up the run.' })),
  args: optional(list(RunArgument, { description: 'Arguments for the templates.' })),
  dryRun: optional(dryRunList),
  measurementRetention: optional(retentionList),
  analysisRunMetadata: optional(runMetadata),
};

export const RolloutAnalysis = Type.Object(analysisFields, {
  description: 'An analysis; the rollout waits for its verdict.',
});
export type RolloutAnalysis = Static<typeof RolloutAnalysis>;

export const BackgroundAnalysis = Type.Object(
  {
    ...analysisFields,
    startingStep: optional(integer('The index of the step at which the analysis starts; 0 when not given.')),
  },
  { description: 'An analysis that runs beside the steps until the rollout is promoted or aborted.' },
);
export type BackgroundAnalysis = Static<typeof BackgroundAnalysis>;
