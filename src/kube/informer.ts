import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../api/kubernetes.ts';
import { machineNow } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import type { Cache } from './cache.ts';
import { ApiError, isNotFound, type ListOptions, type WatchEvent } from './client.ts';
import { type InformerOptions, type InformerTiming, TIMING } from './informer-options.ts';
import { createIntake } from './intake.ts';
import { parseLabelSelector } from './selector.ts';
import { createStore } from './store.ts';
import { compareVersions } from './versions.ts';

/** A watch that ends sooner than this, without an event, is a failure: asked again at once it would spin. */
const LONG_LIFE_MILLISECONDS = 5_000;
const LONGEST_ASKED_MILLISECONDS = 60_000;
/** So many failures in a row are everyday life; from the next on a person should know. */
const QUIET_FAILURES = 3;
const MOST_HELD_FAILURES = 5;
/** Gone; a version that the server does not understand; a version from its future, after its history was set back. */
const RELIST_AFTER = new Set([410, 400, 504]);

/** A cache that keeps itself up to date: lists once, then watches, and starts again wherever that breaks. */
export interface Informer<T extends KubeObject> extends Cache<T> {
  start(): void;
  /** Ends the watch; the objects stay readable. Before the first list `synced` then never resolves. */
  stop(): Promise<void>;
  /** Objects and lines that could not be read and were left out. */
  readonly skipped: number;
}

export function createInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  const { resource, namespace, name, labelSelector } = options;
  const log = options.log.child({ kind: resource.kind });
  const store = createStore<T>((error) => log.error({ error: messageOf(error) }, 'a listener of a cache failed'));
  const intake = createIntake({ resource, log, transform: options.transform ?? withoutManagedFields });
  const matches = labelSelector === undefined ? () => true : parseLabelSelector(labelSelector);
  const isMeant = ({ metadata }: T) =>
    (namespace === undefined || metadata.namespace === namespace) && (name === undefined || metadata.name === name);
  const synced = Promise.withResolvers<void>();
  const end = new AbortController();
  let loop = Promise.resolve();

  return {
    get: store.get,
    list: store.list,
    ownedBy: store.ownedBy,
    onChange: store.onChange,
    observe(object) {
      const accepted = intake.accept(object);
      if (accepted === undefined || !isMeant(accepted)) return;
      if (matches(accepted.metadata.labels)) store.take(accepted, 'write');
    },
    synced: synced.promise,
    start() {
      const timing = { ...TIMING, ...options.timing };
      loop = follow({ ...options, log, timing, store, intake, signal: end.signal, synced: synced.resolve });
    },
    async stop() {
      end.abort();
      await loop;
    },
    get skipped() {
      return intake.skipped;
    },
  };
}

type Following<T extends KubeObject> = Omit<InformerOptions<T>, 'timing'> & {
  timing: InformerTiming;
  store: ReturnType<typeof createStore<T>>;
  intake: ReturnType<typeof createIntake<T>>;
  signal: AbortSignal;
  synced: () => void;
};

/** How far the server was heard. */
interface Position {
  /** Where the next watch begins; undefined: with a list. */
  next: string | undefined;
  /** The latest version ever heard from the server: an earlier one in a list means that its history was set back. */
  furthest: string | undefined;
  /** Whether the current attempt got somewhere: an event came, or the watch lived for a while. */
  heard: boolean;
}

/** Lists and watches until the signal. Every failure ends in another attempt; only what it begins with and when differs. */
async function follow<T extends KubeObject>(following: Following<T>): Promise<void> {
  const { timing, signal, clock } = following;
  const backoff = createBackoff({ first: timing.firstRetryMilliseconds, longest: timing.longestRetryMilliseconds });
  const position: Position = { next: undefined, furthest: undefined, heard: false };
  let release: (() => void) | undefined;
  while (!signal.aborted) {
    release ??= clock?.busy();
    const watching = () => {
      release?.();
      release = undefined;
    };
    const failure = await attempt(following, position, watching);
    if (signal.aborted) break;
    if (position.heard) backoff.reset();
    if (failure === undefined && position.heard) continue;
    const wait = afterFailure(following, position, failure, backoff);
    // What is missing for long may need time to pass: virtual time is not held for it.
    if (wait >= timing.absentMilliseconds || backoff.failures > MOST_HELD_FAILURES) watching();
    else release ??= clock?.busy();
    await pause(wait, signal);
  }
  release?.();
}

/** One list where needed and one watch to its end; answers with what went wrong, if anything. */
async function attempt<T extends KubeObject>(following: Following<T>, position: Position, watching: () => void) {
  const { connection, resource, namespace, name, labelSelector, timing, signal } = following;
  const scope = {
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && { labelSelector }),
    ...(name !== undefined && { fieldSelector: `metadata.name=${name}` }),
  };
  let opened = Number.POSITIVE_INFINITY;
  position.heard = false;
  try {
    position.next ??= await relist(following, scope, position);
    const watch = {
      ...scope,
      resourceVersion: position.next,
      timeoutSeconds: timing.watchSeconds,
      idleMilliseconds: timing.idleMilliseconds,
      signal,
      onOpen: () => {
        opened = machineNow();
        watching();
      },
    };
    await connection.watch(resource, watch, (event) => takeIn(following, position, event));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    if (machineNow() - opened >= LONG_LIFE_MILLISECONDS) position.heard = true;
  }
}

async function relist<T extends KubeObject>(
  { connection, resource, store, intake, synced, signal }: Following<T>,
  scope: ListOptions,
  position: Position,
): Promise<string> {
  const { items, resourceVersion } = await connection.snapshot(resource, { ...scope, signal });
  const rewound = (compareVersions(resourceVersion, position.furthest) ?? 0) < 0;
  store.replace(
    items.map(intake.accept).filter((object) => object !== undefined),
    resourceVersion,
    rewound,
  );
  position.furthest = resourceVersion;
  synced();
  return resourceVersion;
}

function takeIn<T extends KubeObject>({ store, intake }: Following<T>, position: Position, event: WatchEvent): void {
  if (event.type === 'UNREADABLE') {
    intake.unreadable();
    return;
  }
  const version = versionIn(event.object);
  const earlier = (compareVersions(version, position.next) ?? 0) < 0;
  if (event.type === 'BOOKMARK' && earlier) throw new ApiError(410, 'Expired', 'the server went back in history');
  if (version !== undefined && !earlier) {
    position.next = version;
    position.furthest = version;
    position.heard = true;
  }
  if (event.type === 'BOOKMARK') return;
  const object = intake.accept(event.object);
  if (object === undefined) return;
  if (event.type === 'DELETED') store.remove(object);
  else store.take(object, 'watch');
}

/** What follows from a failure: whether to list anew, and how many milliseconds to wait. */
function afterFailure<T extends KubeObject>(
  { log, optional, synced, timing }: Following<T>,
  position: Position,
  failure: Error | undefined,
  backoff: Backoff,
): number {
  if (optional === true && isNotFound(failure)) {
    position.next = undefined;
    synced();
    return timing.absentMilliseconds;
  }
  if (failure instanceof ApiError && RELIST_AFTER.has(failure.code)) position.next = undefined;
  const asked = failure instanceof ApiError ? (failure.retryAfter ?? 0) * 1000 : 0;
  const wait = Math.max(backoff.next(), Math.min(asked, LONGEST_ASKED_MILLISECONDS));
  const fields = { error: failure?.message ?? 'ended at once', milliseconds: Math.round(wait) };
  log[backoff.failures > QUIET_FAILURES ? 'warn' : 'debug'](fields, 'a watch broke and will be resumed');
  return wait;
}

function versionIn(object: unknown): string | undefined {
  const version = (object as KubeObject | undefined)?.metadata?.resourceVersion;
  return typeof version === 'string' && version !== '' ? version : undefined;
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}

/** managedFields are most of a small object's size, and nothing here reads them. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
