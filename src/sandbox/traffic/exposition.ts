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
  /** Those of them that are copies, whose answers nobody gets. */
  mirrored: Timeline;
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

export function failures({ errorRate }: Behaviour, requests: number): number {
  return Math.floor(requests * errorRate + 1e-6);
}

/** What one metric counts of the requests to a pod. */
export interface RequestCount {
  labels: Labels;
  /** After so many requests. */
  value(requests: number): number;
}

export function requestCounts(metric: string, behaviour: Behaviour): RequestCount[] {
  const seconds = behaviour.latencyMilliseconds / 1000;
  switch (metric) {
    case 'http_requests_total':
      return [
        { labels: { status: '200', code: '200' }, value: (requests) => requests - failures(behaviour, requests) },
        { labels: { status: '500', code: '500' }, value: (requests) => failures(behaviour, requests) },
      ];
    case 'http_request_duration_seconds_bucket':
      return BUCKETS.map((le) => ({
        labels: { le },
        value: (requests) => Math.floor(requests * shareBelow(le, seconds) + 1e-6),
      }));
    case 'http_request_duration_seconds_sum':
      return [{ labels: {}, value: (requests) => requests * seconds * MEAN_PER_MEDIAN }];
    case 'http_request_duration_seconds_count':
      return [{ labels: {}, value: (requests) => requests }];
    default:
      return [];
  }
}

/** The series of one metric that a stream gives rise to. All exist from the start, at 0. */
export function streamSeries(stream: Stream, metric: string): ExposedSeries[] {
  return requestCounts(metric, stream.behaviour).map(({ labels, value }) => ({
    labels: { __name__: metric, ...stream.labels, ...labels },
    from: stream.from,
    until: () => stream.until,
    value: (time) => value(stream.requests.count(time)),
  }));
}

/** The latency below which this share of requests is, milliseconds. */
export function latencyAt(share: number, { latencyMilliseconds }: Behaviour): number {
  return latencyMilliseconds * (share / (1 - share)) ** (1 / SHAPE);
}

function shareBelow(le: string, median: number): number {
  return le === '+Inf' ? 1 : 1 / (1 + (median / Number(le)) ** SHAPE);
}
