import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event, KubeObject } from '../api/kubernetes.ts';
import { timestamp } from '../api/times.ts';
import { steadyNow } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { createBackoff } from './backoff.ts';
import { ApiError, isNotFound, type KubeClient } from './client.ts';
import { events } from './resources.ts';

/** Something that happened to an object, for people: `kubectl describe` shows it. */
export interface EventRecord {
  object: KubeObject;
  type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  reason: string;
  message: string;
  /** World time, milliseconds since the epoch. */
  at: number;
}

export interface EventRecorderOptions {
  client: KubeClient;
  log: Log;
  /** Who reports, as in `source.component`. */
  component: string;
  /** Which of its processes; default: the component. */
  instance?: string;
  /** While it answers true, events give way to what they tell of. */
  isCrowded?: () => boolean;
  limits?: Partial<EventLimits>;
}

export interface EventLimits {
  /** Identical events within this world time raise the first one's count. */
  sameMilliseconds: number;
  /** So many different ones are remembered for that. */
  remembered: number;
  /** Events that wait to be sent; more are dropped with a log line. */
  queued: number;
  /** One object may have so many events at once, and one more each `refillMilliseconds` of world time. */
  burst: number;
  refillMilliseconds: number;
  /** Machine time for which an event gives way at most. */
  patienceMilliseconds: number;
  /** Machine time that `stop` gives what is still waiting. */
  flushMilliseconds: number;
}

const LIMITS: EventLimits = {
  sameMilliseconds: 600_000,
  remembered: 2_000,
  queued: 50_000,
  burst: 50,
  refillMilliseconds: 10_000,
  patienceMilliseconds: 60_000,
  flushMilliseconds: 3_000,
};
const MOST_ATTEMPTS = 4;
/** So many events are on their way at once: few, so that they never crowd out the writes that they tell of. */
const LANES = 2;
const LOOK_AGAIN_MILLISECONDS = 100;
const LONGEST_MESSAGE = 1_024;
/** What the API server allows for a name, less the suffix. */
const LONGEST_NAME = 220;

/** Sends events in the background. Never throws, never makes a pass wait; what the limits exceed is dropped. */
export interface EventRecorder {
  record(event: EventRecord): void;
  /** Takes nothing more in and gives what waits a moment to be sent. */
  stop(): Promise<void>;
}

/** Makes one Event in the object's namespace; `default` for an object without one. */
export function recordEvent(
  client: KubeClient,
  event: EventRecord & { component: string; instance?: string },
): Promise<Event> {
  return client.create(events, eventOf(event));
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, log, component, instance = component, isCrowded = () => false } = options;
  const limits = { ...LIMITS, ...options.limits };
  const made = createMemory<Series>(limits.remembered);
  const allowance = createAllowance(limits);
  let stopped = false;

  const send = async (event: EventRecord) => {
    const key = identityOf(event);
    const series = made.get(key);
    const again = series !== undefined && event.at - series.since <= limits.sameMilliseconds;
    if (again && (await raised(client, series, event.at))) return;
    const { metadata } = await recordEvent(client, { ...event, component, instance });
    made.set(key, { name: metadata.name, namespace: metadata.namespace ?? 'default', since: event.at, count: 1 });
  };
  /** Writing an event costs the API server as much as a Rollout's own write does. */
  const giveWay = async (since: number) => {
    while (!stopped && isCrowded() && steadyNow() - since < limits.patienceMilliseconds)
      await sleep(LOOK_AGAIN_MILLISECONDS);
  };
  const lanes = Array.from({ length: LANES }, () =>
    createLane(async (event, since) => {
      await giveWay(since);
      try {
        await persistently(() => send(event));
      } catch (error) {
        log.warn({ error: messageOf(error), reason: event.reason }, 'an event could not be recorded');
      }
    }),
  );
  const waiting = () => lanes.reduce((sum, lane) => sum + lane.size(), 0);
  return {
    record(event) {
      const full = waiting() >= limits.queued;
      if (stopped || full || !allowance.take(event)) {
        log.warn({ reason: event.reason, object: event.object.metadata.name }, 'dropped an event: too many at once');
        return;
      }
      // What concerns one object stays in order.
      lanes[laneOf(objectOf(event), lanes.length)]?.add({ ...event, object: referenceTo(event.object) });
    },
    async stop() {
      stopped = true;
      const sent = Promise.all(lanes.map((lane) => lane.empty()));
      await Promise.race([sent, sleep(limits.flushMilliseconds, undefined, { ref: false })]);
      if (waiting() > 0) log.warn({ events: waiting() }, 'some events were not recorded before the end');
      for (const lane of lanes) lane.clear();
    },
  };
}

/** Sends one event after the other. */
function createLane(send: (event: EventRecord, since: number) => Promise<void>) {
  /** Since when each waits, by the steady clock, milliseconds. */
  const waiting: { event: EventRecord; since: number }[] = [];
  let worker: Promise<void> | undefined;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await send(next.event, next.since);
    worker = undefined;
  };
  return {
    size: () => waiting.length,
    add(event: EventRecord) {
      waiting.push({ event, since: steadyNow() });
      worker ??= work();
    },
    empty: () => worker ?? Promise.resolve(),
    clear() {
      waiting.length = 0;
    },
  };
}

/** Always the same for the same object. */
function laneOf(object: string, lanes: number): number {
  let sum = 0;
  for (let index = 0; index < object.length; index++) sum += object.charCodeAt(index);
  return sum % lanes;
}

/** All that an Event says of its object: what waits must not keep whole objects alive. */
function referenceTo({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    ...(apiVersion && { apiVersion }),
    ...(kind && { kind }),
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
    },
  };
}

/** An Event that may be counted up. */
interface Series {
  name: string;
  namespace: string;
  /** World time of the first. */
  since: number;
  count: number;
}

/** Counts the event up; false where it is gone: the server forgets events after an hour. */
async function raised(client: KubeClient, series: Series, at: number): Promise<boolean> {
  const body = { count: series.count + 1, lastTimestamp: timestamp(at) };
  try {
    await client.patch(events, { namespace: series.namespace, name: series.name }, { type: 'merge', body });
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
  series.count++;
  return true;
}

/** An outage of the API server is waited out for a moment; a refusal is final. */
async function persistently(send: () => Promise<void>): Promise<void> {
  const backoff = createBackoff({ first: 100, longest: 2_000 });
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const refused = error instanceof ApiError && error.code < 500 && error.code !== 429;
      if (refused || attempt === MOST_ATTEMPTS) throw error;
      await sleep(backoff.next());
    }
  }
}

function eventOf(event: EventRecord & { component: string; instance?: string }): Event {
  const { type, reason, at, component, instance = component } = event;
  const object = referenceTo(event.object);
  const { name, namespace } = object.metadata;
  return {
    metadata: {
      name: `${name.slice(0, LONGEST_NAME)}.${randomUUID().replaceAll('-', '').slice(0, 16)}`,
      namespace: namespace ?? 'default',
    },
    involvedObject: {
      ...(object.apiVersion && { apiVersion: object.apiVersion }),
      ...(object.kind && { kind: object.kind }),
      ...object.metadata,
    },
    type,
    reason,
    message: event.message.slice(0, LONGEST_MESSAGE),
    source: { component },
    reportingComponent: component,
    reportingInstance: instance,
    firstTimestamp: timestamp(at),
    lastTimestamp: timestamp(at),
    count: 1,
  };
}

function objectOf({ object: { kind, metadata } }: EventRecord): string {
  return metadata.uid ?? `${kind}/${metadata.namespace}/${metadata.name}`;
}

function identityOf(event: EventRecord): string {
  return JSON.stringify([objectOf(event), event.type, event.reason, event.message]);
}

/** The latest entries of a map, so many and no more. */
function createMemory<V>(most: number) {
  const entries = new Map<string, V>();
  return {
    get: (key: string) => entries.get(key),
    set(key: string, value: V) {
      entries.delete(key);
      entries.set(key, value);
      const oldest = entries.keys().next();
      if (entries.size > most && !oldest.done) entries.delete(oldest.value);
    },
  };
}

/** A bucket of tokens per object, filled by world time. */
function createAllowance({ burst, refillMilliseconds, remembered }: EventLimits) {
  const buckets = createMemory<{ tokens: number; at: number }>(remembered);
  return {
    take(event: EventRecord): boolean {
      const key = objectOf(event);
      const bucket = buckets.get(key) ?? { tokens: burst, at: event.at };
      const refilled = Math.max(0, event.at - bucket.at) / refillMilliseconds;
      const tokens = Math.min(burst, bucket.tokens + refilled);
      buckets.set(key, { tokens: Math.max(0, tokens - 1), at: event.at });
      return tokens >= 1;
    },
  };
}
