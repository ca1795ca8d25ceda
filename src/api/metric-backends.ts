/** The shapes of the metric providers that are services of their own. */
import { Type } from 'typebox';
import { duration, flag, intOrString, list, longInteger, optional, stringMap, text, word } from './schema.ts';

const scopeDetail = Type.Object(
  {
    scope: text('The scope.'),
    region: text('The region.'),
    step: longInteger('The distance of the points, in seconds.'),
    start: optional(text('The start; with lookback, not needed.')),
    end: optional(text('The end; with lookback, not needed.')),
  },
  { description: 'What is looked at.' },
);

export const kayenta = Type.Object(
  {
    address: text('The address of Kayenta.'),
    application: text('The application.'),
    canaryConfigName: text('The canary configuration.'),
    metricsAccountName: text('The account for metrics.'),
    configurationAccountName: text('The account for configurations.'),
    storageAccountName: text('The account for results.'),
    lookback: optional(flag('true: the time before now is looked at.')),
    threshold: Type.Object(
      {
        pass: longInteger('The least score that passes.'),
        marginal: longInteger('The least score that does not fail.'),
      },
      { description: 'How the score is judged.' },
    ),
    scopes: list(
      Type.Object(
        { name: text('The name.'), controlScope: scopeDetail, experimentScope: scopeDetail },
        { description: 'One pair of scopes.' },
      ),
      { description: 'What is compared.' },
    ),
  },
  { description: 'A judgement by Kayenta.' },
);

export const datadog = Type.Object(
  {
    interval: optional(duration('The span of time that is looked at; 5m when not given.')),
    query: optional(text('The query.')),
    queries: optional(stringMap('Several queries by name; with apiVersion v2.')),
    formula: optional(text('How the queries are put together.')),
    apiVersion: optional(word(['v1', 'v2'], 'The version of the API; v1 when not given.')),
    aggregator: optional(
      word(
        ['avg', 'min', 'max', 'sum', 'last', 'percentile', 'mean', 'l2norm', 'area'],
        'How the points become one number; last when not given.',
      ),
    ),
    secretRef: optional(
      Type.Object(
        {
          name: optional(text('The Secret.')),
          namespaced: optional(flag("true: in the run's namespace; otherwise in the controller's.")),
        },
        { description: 'The Secret with the keys.' },
      ),
    ),
  },
  { description: 'A query to Datadog.' },
);

export const wavefront = Type.Object(
  { address: optional(text('The address of Wavefront.')), query: optional(text('The query.')) },
  { description: 'A query to Wavefront.' },
);

export const newRelic = Type.Object(
  {
    profile: optional(text('The Secret with the account.')),
    query: text('The query in NRQL.'),
    timeout: optional(longInteger('How long to wait for the answer, in seconds.')),
  },
  { description: 'A query to New Relic.' },
);

const metricStat = Type.Object(
  {
    metric: optional(
      Type.Object(
        {
          dimensions: optional(
            list(
              Type.Object(
                { name: optional(text('The name.')), value: optional(text('The value.')) },
                { description: 'One dimension.' },
              ),
              { description: 'The dimensions.' },
            ),
          ),
          metricName: optional(text('The name of the metric.')),
          namespace: optional(text('The namespace at CloudWatch.')),
        },
        { description: 'The metric.' },
      ),
    ),
    period: optional(intOrString('The distance of the points, in seconds.')),
    stat: optional(text('The statistic.')),
    unit: optional(text('The unit.')),
  },
  { description: 'A metric and a statistic of it.' },
);

export const cloudWatch = Type.Object(
  {
    interval: optional(duration('The span of time that is looked at; 5m when not given.')),
    metricDataQueries: list(
      Type.Object(
        {
          id: optional(text('The name of the query.')),
          expression: optional(text('An expression over other queries.')),
          label: optional(text('A label.')),
          metricStat: optional(metricStat),
          period: optional(intOrString('The distance of the points, in seconds.')),
          returnData: optional(flag('Whether the query is part of the result.')),
        },
        { description: 'One query.' },
      ),
      { description: 'The queries.' },
    ),
  },
  { description: 'A query to CloudWatch.' },
);

export const graphite = Type.Object(
  { address: optional(text('The address of Graphite.')), query: optional(text('The query.')) },
  { description: 'A query to Graphite.' },
);

export const influxdb = Type.Object(
  { profile: optional(text('The Secret with the account.')), query: optional(text('The query in Flux.')) },
  { description: 'A query to InfluxDB.' },
);

export const skywalking = Type.Object(
  {
    address: optional(text('The address of SkyWalking.')),
    query: optional(text('The query in GraphQL.')),
    interval: optional(duration('The span of time that is looked at; 5m when not given.')),
  },
  { description: 'A query to SkyWalking.' },
);
