import { type Static, Type } from 'typebox';
import { Metric, metricFields } from './analysis-template.ts';
import type { KubeObject } from './kubernetes.ts';
import { phases } from './rollout-status.ts';
import { flag, instant, integer, list, optional, stringMap, text, word } from './schema.ts';

const TtlStrategy = Type.Object(
  {
    secondsAfterCompletion: optional(integer('How long the run is kept after its end.')),
    secondsAfterFailure: optional(integer('How long it is kept after it failed; goes before secondsAfterCompletion.')),
    secondsAfterSuccess: optional(
      integer('How long it is kept after it succeeded; goes before secondsAfterCompletion.'),
    ),
  },
  { description: 'When a finished run is deleted.' },
);

export const AnalysisRunSpec = Type.Object(
  {
    ...metricFields,
    metrics: list(Metric, { description: 'What is measured.' }),
    terminate: optional(flag('true: the run ends now.')),
    ttlStrategy: optional(TtlStrategy),
  },
  { description: 'What is measured and how it is judged.' },
);
export type AnalysisRunSpec = Static<typeof AnalysisRunSpec>;

export const Measurement = Type.Object(
  {
    phase: word(phases, 'How it was judged.'),
    message: optional(text('Why.')),
    startedAt: optional(instant('When it was begun.')),
    finishedAt: optional(instant('When the value was there.')),
    value: optional(text('The value, as JSON.')),
    metadata: optional(stringMap("The provider's notes.")),
    resumeAt: optional(instant('When to look again at a measurement under way.')),
  },
  { description: 'One measurement.' },
);
export type Measurement = Static<typeof Measurement>;

const counters = {
  count: optional(integer('How many measurements there were, errors not counted.')),
  successful: optional(integer('How many of them were good.')),
  failed: optional(integer('How many of them were bad.')),
  inconclusive: optional(integer('How many of them were neither.')),
  error: optional(integer('How many measurements could not be made or judged.')),
};

export const MetricResult = Type.Object(
  {
    name: text('The name of the metric.'),
    phase: word(phases, 'How the metric was judged.'),
    measurements: optional(list(Measurement, { description: 'The latest measurements.' })),
    message: optional(text('Why.')),
    ...counters,
    consecutiveError: optional(integer('How many measurements in a row, up to the last, were errors.')),
    consecutiveSuccess: optional(integer('How many measurements in a row, up to the last, were good.')),
    dryRun: optional(flag('true: the metric does not decide.')),
    metadata: optional(stringMap("The provider's notes, such as the query as it was sent.")),
  },
  { description: 'The result of one metric.' },
);
export type MetricResult = Static<typeof MetricResult>;

export const RunSummary = Type.Object(counters, { description: 'How many metrics ended how.' });
export type RunSummary = Static<typeof RunSummary>;

export const AnalysisRunStatus = Type.Object(
  {
    phase: word(phases, 'How the run was judged.'),
    message: optional(text('Why.')),
    metricResults: optional(list(MetricResult, { description: 'The results by metric.' })),
    startedAt: optional(instant('When the run began.')),
    completedAt: optional(instant('When the run ended.')),
    runSummary: optional(RunSummary),
    dryRunSummary: optional(RunSummary),
  },
  { description: 'What was measured.' },
);
export type AnalysisRunStatus = Static<typeof AnalysisRunStatus>;

export interface AnalysisRun extends KubeObject {
  spec: AnalysisRunSpec;
  status?: AnalysisRunStatus;
}
