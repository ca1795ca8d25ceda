import { type Static, Type } from 'typebox';
import { dryRunList, FieldRef, retentionList, TemplateRef } from './analysis-use.ts';
import type { KubeObject } from './kubernetes.ts';
import { MetricProvider } from './metric-providers.ts';
import { duration, intOrString, list, optional, text } from './schema.ts';

export const Metric = Type.Object(
  {
    name: text('The name, unique in the run.'),
    interval: optional(duration('How long between two measurements. Without it, there is one measurement.')),
    initialDelay: optional(duration('How long to wait before the first measurement.')),
    count: optional(intOrString('How many measurements; 1 without an interval, without end otherwise.')),
    successCondition: optional(text('When a measurement is good, as in `result[0] >= 0.95`.')),
    failureCondition: optional(text('When a measurement is bad; goes before successCondition.')),
    failureLimit: optional(
      intOrString('How many measurements may fail before the metric fails; 0 when not given, negative: any number.'),
    ),
    inconclusiveLimit: optional(
      intOrString('How many measurements may be neither before the metric is inconclusive; 0 when not given.'),
    ),
    consecutiveErrorLimit: optional(intOrString('How many measurements in a row may be errors.')),
    consecutiveSuccessLimit: optional(intOrString('How many good measurements in a row end the metric as successful.')),
    provider: MetricProvider,
  },
  { description: 'Something that is measured and judged.' },
);
export type Metric = Static<typeof Metric>;

export const Argument = Type.Object(
  {
    name: text('The name; metrics use it as `{{args.name}}`.'),
    value: optional(text('The value, where the run brings none.')),
    valueFrom: optional(
      Type.Object(
        {
          secretKeyRef: optional(
            Type.Object(
              { name: text('The Secret, in the namespace of the run.'), key: text('The key in it.') },
              { description: 'A value in a Secret; never shown.' },
            ),
          ),
          fieldRef: optional(FieldRef),
        },
        { description: 'Where the value is taken from.' },
      ),
    ),
  },
  { description: 'One argument.' },
);
export type Argument = Static<typeof Argument>;

/** What a template and a run have in common. */
export const metricFields = {
  metrics: optional(list(Metric, { description: 'What is measured.' })),
  args: optional(list(Argument, { description: 'The arguments that metrics may use.' })),
  dryRun: optional(dryRunList),
  measurementRetention: optional(retentionList),
};

export const AnalysisTemplateSpec = Type.Object(
  {
    ...metricFields,
    templates: optional(
      list(TemplateRef, { description: 'Other templates whose metrics and arguments are taken in.' }),
    ),
  },
  { description: 'What is measured and how it is judged.' },
);
export type AnalysisTemplateSpec = Static<typeof AnalysisTemplateSpec>;

export interface AnalysisTemplate extends KubeObject {
  spec: AnalysisTemplateSpec;
}

export interface ClusterAnalysisTemplate extends KubeObject {
  spec: AnalysisTemplateSpec;
}
