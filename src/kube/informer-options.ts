import type { KubeObject } from '../api/kubernetes.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { KubeConnection, Resource } from './client.ts';

export interface InformerOptions<T extends KubeObject> {
  connection: KubeConnection;
  resource: Resource<T>;
  log: Log;
  namespace?: string | undefined;
  /** Only the object of this name. */
  name?: string | undefined;
  /** Equality and existence terms only. */
  labelSelector?: string | undefined;
  /** The kind may be missing on the server (an optional CRD): then the cache is empty, and asks again every half minute. */
  optional?: boolean | undefined;
  /** What is kept of an object; default: all but metadata.managedFields. Must not change its argument. */
  transform?: ((object: T) => T) | undefined;
  /** Held busy while the cache is not following the server, so that virtual time waits for it. */
  clock?: Pick<Clock, 'busy'> | undefined;
  timing?: Partial<InformerTiming> | undefined;
}

/** Machine time. */
export interface InformerTiming {
  /** A watch is ended by the server after this many seconds. */
  watchSeconds: number;
  /** A watch that is silent for longer counts as broken: API servers send a bookmark about every minute. */
  idleMilliseconds: number;
  firstRetryMilliseconds: number;
  /** So late at most is it noticed that the server is back: until then no bad release is seen, and none is aborted. */
  longestRetryMilliseconds: number;
  /** How often a missing optional kind is looked for. */
  absentMilliseconds: number;
}

export const TIMING: InformerTiming = {
  watchSeconds: 540,
  idleMilliseconds: 150_000,
  firstRetryMilliseconds: 50,
  longestRetryMilliseconds: 5_000,
  absentMilliseconds: 30_000,
};
