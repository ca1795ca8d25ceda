/** Watches over HTTP: one JSON event per line, until the client goes, the time is up or a test breaks it. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { badRequest, Failure, statusOf } from './failure.ts';
import { apiVersionOf, type KindInfo } from './kinds.ts';
import { filterOf } from './list.ts';
import { isTrue, type ResourceRequest } from './requests.ts';
import { predicate } from './selectors.ts';
import type { Committed, Storage } from './storage.ts';
import { readTyped } from './typed.ts';
import type { ApiObject } from './types.ts';

const BOOKMARK_INTERVAL = 60_000;
const LONGEST_WATCH = 60 * 60;

/** How an object looks to this client; the first event of a table also carries its columns. */
export type Shape = (object: ApiObject, isFirst: boolean) => object;

export interface OpenWatch {
  resource: string;
  close(): void;
}

interface WatchContext {
  storage: Storage;
  clock: Clock;
  open: Set<OpenWatch>;
}

export function serveWatch(
  context: WatchContext,
  request: ResourceRequest,
  response: ServerResponse,
  shape: Shape,
): void {
  const { storage } = context;
  const { kind, query } = request;
  const matches = predicate(kind, filterOf(query, request.namespace, request.name));
  const start = watchStart(query);
  const stream = openStream(context, kind, response, shape);
  let sent = 0;
  const deliver = (change: Committed) => {
    if (change.version <= sent) return;
    sent = change.version;
    const event = seenBy(matches, change);
    if (event) stream.event(event.type, event.object, change.version);
  };
  try {
    if (start === undefined) {
      const version = storage.version();
      for (const object of storage.all(kind)) if (matches(object)) stream.event('ADDED', object);
      sent = version;
    } else for (const change of storage.since(kind, start)) deliver(change);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    stream.fail(error);
    return;
  }
  sent = Math.max(sent, start ?? 0);
  if (isTrue(query.get('sendInitialEvents'))) stream.bookmark({ 'k8s.io/initial-events-end': 'true' });
  stream.keep(storage.listen(kind, deliver), query);
}

/** The version to go on from; undefined for "begin with what there is". */
function watchStart(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(text))
    throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  if (query.has('sendInitialEvents')) {
    if (query.get('resourceVersionMatch') !== 'NotOlderThan') {
      throw badRequest(
        'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      );
    }
    if (isTrue(query.get('sendInitialEvents'))) return undefined;
  }
  return text === '' || text === '0' ? undefined : Number(text);
}

/** How a change looks through a selector: what leaves the selection is deleted, what enters it is added. */
function seenBy(matches: (object: ApiObject) => boolean, { type, object, previous, version }: Committed) {
  const is = type !== 'DELETED' && matches(object);
  const was = previous !== undefined && matches(previous);
  if (type === 'DELETED') return was || matches(object) ? { type, object } : undefined;
  if (is) return { type: was ? ('MODIFIED' as const) : ('ADDED' as const), object };
  if (!was) return undefined;
  // The last state that matched, under the version at which it stopped matching.
  const left = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(version) } };
  return { type: 'DELETED' as const, object: left };
}

function openStream({ storage, clock, open }: WatchContext, kind: KindInfo, response: ServerResponse, shape: Shape) {
  let isFirst = true;
  const undelivered = new Set<() => void>();
  response.once('close', () => {
    for (const release of undelivered) release();
  });
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const write = (event: object) => {
    if (response.destroyed || response.writableEnded) return;
    const release = clock.busy();
    undelivered.add(release);
    response.write(`${JSON.stringify(event)}\n`, () => {
      undelivered.delete(release);
      release();
    });
  };
  const bookmark = (annotations?: Record<string, string>) => {
    const metadata = {
      resourceVersion: String(storage.version()),
      ...(annotations ? { annotations } : {}),
    };
    const empty = kind.custom ? {} : (readTyped({}, kind.schema, '', { unknown: [], mismatch: [] }) as object);
    const object = { ...empty, kind: kind.kind, apiVersion: apiVersionOf(kind), metadata } as unknown as ApiObject;
    write({ type: 'BOOKMARK', object: shape(object, false) });
  };
  return {
    event(type: string, object: ApiObject, _version?: number) {
      write({ type, object: shape(object, isFirst) });
      isFirst = false;
    },
    bookmark,
    fail(failure: Failure) {
      write({ type: 'ERROR', object: statusOf(failure) });
      response.end();
    },
    /** Keeps the stream open until something ends it. */
    keep(unlisten: () => void, query: URLSearchParams) {
      const seconds = Math.min(Number(query.get('timeoutSeconds') ?? 0) || LONGEST_WATCH, LONGEST_WATCH);
      const deadline = setTimeout(() => response.end(), seconds * 1000).unref();
      const wantsBookmarks = isTrue(query.get('allowWatchBookmarks'));
      const bookmarks = wantsBookmarks ? setInterval(() => bookmark(), BOOKMARK_INTERVAL).unref() : undefined;
      const watch = { resource: kind.plural, close: () => response.destroy() };
      open.add(watch);
      response.once('close', () => {
        clearTimeout(deadline);
        clearInterval(bookmarks);
        unlisten();
        open.delete(watch);
      });
    },
  };
}
