import type { ExposedSeries } from '../prometheus/scrapes.ts';
import type { Labels } from '../prometheus/values.ts';
import type { Timeline } from './timeline.ts';

/** What requests to a pod come to. */
export interface Behaviour {
  /** The share of requests that fail, 0..1. */
  errorRate: number;
  /** The median. */
  latencyMilliseconds: number;
}

/** The requests that one pod got through one Service. */
export interface Stream {
  labels: Labels;
  behaviour: Behaviour;
  requests: Timeline;
  from: number;
  until: number | undefined;
}

const BUCKETS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];

/** How steeply latencies gather around their median (log-logistic); 99 % are below 3.2 times of it. */
const SHAPE = 4;
const MEAN_PER_MEDIAN = Math.PI / SHAPE / Math.sin(Math.PI / SHAPE);

export const REQUEST_METRICS = [
  'http_requests_total',
  'http_request_duration_seconds_bucket',
  'http_request_duration_seconds_sum',
  'http_request_duration_seconds_count',
];

export function failures({ behaviour }: Stream, requests: number): number {
  return Math.floor(requests * behaviour.errorRate + 1e-6);
}

/** The series of one metric that a stream gives rise to. All exist from the start, at 0. */
export function streamSeries(stream: Stream, metric: string): ExposedSeries[] {
  const expose = (labels: Labels, value: (requests: number) => number): ExposedSeries => ({
    labels: { __name__: metric, ...stream.labels, ...labels },
    from: stream.from,
    until: () => stream.until,
    value: (time) => value(stream.requests.count(time)),
  });
  const seconds = stream.behaviour.latencyMilliseconds / 1000;
  switch (metric) {
    case 'http_requests_total':
      return [
        expose({ status: '200', code: '200' }, (requests) => requests - failures(stream, requests)),
        expose({ status: '500', code: '500' }, (requests) => failures(stream, requests)),
      ];
    case 'http_request_duration_seconds_bucket':
      return BUCKETS.map((le) => expose({ le }, (requests) => Math.floor(requests * shareBelow(le, seconds) + 1e-6)));
    case 'http_request_duration_seconds_sum':
      return [expose({}, (requests) => requests * seconds * MEAN_PER_MEDIAN)];
    case 'http_request_duration_seconds_count':
      return [expose({}, (requests) => requests)];
    default:
      return [];
  }
}

function shareBelow(le: string, median: number): number {
  return le === '+Inf' ? 1 : 1 / (1 + (median / Number(le)) ** SHAPE);
}
