import { type Static, Type } from 'typebox';
import {
  cloudWatch,
  datadog,
  graphite,
  influxdb,
  kayenta,
  newRelic,
  skywalking,
  wavefront,
} from './metric-backends.ts';
import { flag, free, freeValue, list, longInteger, optional, secretText, text, word } from './schema.ts';

const Authentication = Type.Object(
  {
    sigv4: optional(
      Type.Object(
        {
          region: optional(text('The AWS region.')),
          profile: optional(text('The credential profile.')),
          roleArn: optional(text('The role to take on.')),
        },
        { description: 'AWS Signature Version 4.' },
      ),
    ),
    oauth2: optional(
      Type.Object(
        {
          tokenUrl: optional(text('Where the token is fetched.')),
          clientId: optional(text('The client.')),
          clientSecret: optional(secretText('Its secret.')),
          scopes: optional(list(Type.String(), { description: 'The scopes to ask for.' })),
        },
        { description: 'OAuth 2.0 client credentials.' },
      ),
    ),
    basicAuth: optional(
      Type.Object(
        { username: optional(text('The user.')), password: optional(secretText('The password.')) },
        { description: 'HTTP basic authentication.' },
      ),
    ),
  },
  { description: 'How to prove who asks.' },
);

const Header = Type.Object(
  { key: text('The name of the header.'), value: secretText('Its value.') },
  { description: 'One header.' },
);
const headers = list(Header, { description: 'Headers of the request.' });

export const PrometheusMetric = Type.Object(
  {
    address: optional(text('The address of the Prometheus server, such as `http://prometheus.monitoring:9090`.')),
    query: optional(text('The query in PromQL.')),
    authentication: optional(Authentication),
    timeout: optional(longInteger('How long to wait for the answer, in seconds; 30 when not given.')),
    insecure: optional(flag('true: the certificate of the server is not checked.')),
    headers: optional(headers),
    rangeQuery: optional(
      Type.Object(
        {
          start: optional(text('An expression for the start, such as `now() - duration("1h")`.')),
          end: optional(text('An expression for the end.')),
          step: optional(text('The distance of the points, such as `1m`.')),
        },
        { description: 'Asks for a range of time instead of one instant.' },
      ),
    ),
  },
  { description: 'A query to Prometheus.' },
);
export type PrometheusMetric = Static<typeof PrometheusMetric>;

export const WebMetric = Type.Object(
  {
    method: optional(word(['GET', 'POST', 'PUT'], 'The method; GET when not given.')),
    url: text('The address.'),
    headers: optional(headers),
    body: optional(text('The body, with POST or PUT.')),
    jsonBody: optional(freeValue('The body as JSON, with POST or PUT.')),
    timeoutSeconds: optional(longInteger('How long to wait for the answer, in seconds; 10 when not given.')),
    jsonPath: optional(text('Which part of the answer is the result, as in `{$.data.ok}`; all of it when not given.')),
    insecure: optional(flag('true: the certificate of the server is not checked.')),
    authentication: optional(Authentication),
  },
  { description: 'A request over HTTP.' },
);
export type WebMetric = Static<typeof WebMetric>;

export const JobMetric = Type.Object(
  {
    metadata: optional(free('Labels and annotations of the Job.')),
    spec: free('The Job, with every field that Kubernetes knows.'),
  },
  { description: 'A Job: it succeeds or it fails.' },
);
export type JobMetric = Static<typeof JobMetric>;

export const providers = {
  prometheus: optional(PrometheusMetric),
  kayenta: optional(kayenta),
  web: optional(WebMetric),
  datadog: optional(datadog),
  wavefront: optional(wavefront),
  newRelic: optional(newRelic),
  job: optional(JobMetric),
  cloudWatch: optional(cloudWatch),
  graphite: optional(graphite),
  influxdb: optional(influxdb),
  skywalking: optional(skywalking),
  plugin: optional(free('Metric plugins by name, each with its own configuration.')),
};

export const MetricProvider = Type.Object(providers, { description: 'Who is asked: exactly one of these fields.' });
export type MetricProvider = Static<typeof MetricProvider>;
