import type { IncomingMessage } from 'node:http';
import { errorOf, errorOfStatus } from './answers.ts';
import type { ApiError, Resource, WatchEvent, WatchOptions } from './client.ts';
import { createLineReader } from './lines.ts';
import { collectionPath, selectors, withQuery } from './paths.ts';
import { readWhole, type Transport } from './transport.ts';

/** Beyond the time that the server itself ends the watch at. */
const SLACK_MILLISECONDS = 15_000;
const ERROR_BODY_MILLISECONDS = 10_000;

/** One watch from one resourceVersion to its end; see `KubeConnection.watch`. */
export async function followWatch(
  transport: Transport,
  resource: Resource,
  options: WatchOptions,
  deliver: (event: WatchEvent) => void,
): Promise<void> {
  const path = withQuery(collectionPath(resource, options.namespace), {
    ...selectors(options),
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    timeoutSeconds: options.timeoutSeconds,
  });
  const message = await transport.open({ method: 'GET', path, signal: options.signal });
  if (message.statusCode !== 200) throw errorOf(await readWhole(message, ERROR_BODY_MILLISECONDS));
  options.onOpen?.();
  await readEvents(message, options, deliver);
}

function readEvents(message: IncomingMessage, options: WatchOptions, deliver: (event: WatchEvent) => void) {
  return new Promise<void>((resolve, reject) => {
    const end = (error: Error) => message.destroy(error);
    const idle = setTimeout(() => end(broken('was silent for too long')), options.idleMilliseconds);
    const whole = setTimeout(
      () => end(broken('outlived its time')),
      options.timeoutSeconds * 1000 + SLACK_MILLISECONDS,
    );
    const read = createLineReader((line) => {
      if (message.destroyed) return;
      const event = parse(line);
      if (event.type === 'ERROR') end(event.error);
      else deliverTo(deliver, event, end);
    });
    message.on('data', (chunk: Buffer) => {
      idle.refresh();
      read(chunk);
    });
    message.on('error', reject);
    message.on('end', resolve);
    message.on('close', () => {
      clearTimeout(idle);
      clearTimeout(whole);
      resolve();
    });
  });
}

function deliverTo(deliver: (event: WatchEvent) => void, event: WatchEvent, end: (error: Error) => void): void {
  try {
    deliver(event);
  } catch (error) {
    end(error instanceof Error ? error : new Error(String(error)));
  }
}

type Line = WatchEvent | { type: 'ERROR'; error: ApiError };

function parse(line: string | undefined): Line {
  const value = line === undefined ? undefined : json(line);
  switch (value?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type: value.type, object: value.object };
    case 'ERROR':
      return { type: 'ERROR', error: errorOfStatus(value.object, 500) };
    default:
      return { type: 'UNREADABLE' };
  }
}

function json(line: string): { type?: unknown; object?: unknown } | undefined {
  try {
    return JSON.parse(line) ?? undefined;
  } catch {
    return undefined;
  }
}

function broken(how: string): Error {
  return Object.assign(new Error(`the watch ${how}`), { code: 'ETIMEDOUT' });
}
