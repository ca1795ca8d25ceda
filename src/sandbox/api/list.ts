/** Lists: filtered, in pages, with the version they were read at. */
import { badRequest, expired, Failure } from './failure.ts';
import { apiVersionOf, type KindInfo } from './kinds.ts';
import { predicate } from './selectors.ts';
import type { Storage } from './storage.ts';
import type { ApiObject, ListFilter } from './types.ts';

export interface List {
  apiVersion: string;
  kind: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: ApiObject[];
}

interface Continuation {
  /** The version of the first page. */
  version: number;
  /** The last key that was handed out. */
  after: string;
}

export function filterOf(query: URLSearchParams, namespace: string | undefined, name = ''): ListFilter {
  const fields = [query.get('fieldSelector') ?? '', name === '' ? '' : `metadata.name=${name}`];
  return {
    ...(namespace === undefined ? {} : { namespace }),
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: fields.filter((each) => each !== '').join(','),
  };
}

function keyOf(object: ApiObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Throws Timeout for a version that is not there yet, as the real server does after waiting for it. */
export function checkVersion(
  storage: Storage,
  query: URLSearchParams,
  match = query.get('resourceVersionMatch'),
): number {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') {
    if (match && !query.has('sendInitialEvents'))
      throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided');
    return 0;
  }
  const version = Number(text);
  if (!/^\d+$/.test(text))
    throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  if (version > storage.version()) {
    throw new Failure(
      504,
      'Timeout',
      `Timeout: Too large resource version: ${version}, current: ${storage.version()}`,
      {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    );
  }
  if (match === 'Exact' && version !== storage.version()) {
    throw expired(
      `The provided resource version is too old: only the current version ${storage.version()} can be listed exactly`,
    );
  }
  return version;
}

function readContinuation(token: string): Continuation {
  try {
    const { version, after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Continuation;
    if (typeof version === 'number' && typeof after === 'string') return { version, after };
  } catch {
    // Falls through to the refusal: whatever it was, it is not one of our tokens.
  }
  throw badRequest('continue key is not valid');
}

export function listObjects(storage: Storage, kind: KindInfo, filter: ListFilter, query: URLSearchParams): List {
  const token = query.get('continue');
  const limit = Number(query.get('limit') ?? 0);
  const continued = token ? readContinuation(token) : undefined;
  if (!continued) checkVersion(storage, query);
  const matching = storage.all(kind).filter(predicate(kind, filter));
  const rest = continued ? matching.filter((object) => keyOf(object) > continued.after) : matching;
  const items = limit > 0 ? rest.slice(0, limit) : rest;
  const version = continued?.version ?? storage.version();
  const last = items.at(-1);
  const isPartial = last !== undefined && items.length < rest.length;
  return {
    apiVersion: apiVersionOf(kind),
    kind: `${kind.kind}List`,
    metadata: {
      resourceVersion: String(version),
      ...(isPartial
        ? { continue: Buffer.from(JSON.stringify({ version, after: keyOf(last) })).toString('base64url') }
        : {}),
      ...(isPartial && !filter.labelSelector && !filter.fieldSelector
        ? { remainingItemCount: rest.length - items.length }
        : {}),
    },
    items,
  };
}
