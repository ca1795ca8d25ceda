/** Lists: filtered, in pages, with the version they were read at. */
import { badRequest, type Cause, cause, Failure, invalidOptions } from './failure.ts';
import { apiVersionOf, type KindInfo } from './kinds.ts';
import { type Predicate, parseLabelSelector, predicate, requireFieldSyntax } from './selectors.ts';
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

const MATCHES = ['', 'Exact', 'NotOlderThan'];

function optionCauses(query: URLSearchParams): Cause[] {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const at = 'resourceVersionMatch';
  if (match === '' || query.has('sendInitialEvents')) return [];
  const found: Cause[] = [];
  if (query.has('continue')) found.push(cause.forbidden(at, `${at} is forbidden when continue is provided`));
  if (version === '') found.push(cause.forbidden(at, `${at} is forbidden unless resourceVersion is provided`));
  if (!MATCHES.includes(match)) found.push(cause.unsupported(at, match, MATCHES));
  if (match === 'Exact' && version === '0')
    found.push(cause.forbidden(at, `${at} "Exact" is forbidden for resourceVersion "0"`));
  return found;
}

/** The version that is asked for, 0 for any; throws Timeout for one that is not there yet, as the real server does after waiting for it. */
function askedVersion(storage: Storage, query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return 0;
  const version = Number(text);
  if (!/^\d+$/.test(text))
    throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  if (version <= storage.version()) return version;
  throw new Failure(504, 'Timeout', `Timeout: Too large resource version: ${version}, current: ${storage.version()}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** A page asked for at a version is of exactly that version, unless it may be newer. */
function isExact(query: URLSearchParams, version: number, limit: number): boolean {
  const match = query.get('resourceVersionMatch') ?? '';
  return version > 0 && (match === 'Exact' || (match === '' && limit > 0));
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

function limitOf(text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Number(text);
}

/** What is gone through page by page: a namespace, or the one object that is named. */
function scope({ namespace, fieldSelector = '' }: ListFilter): Predicate {
  const name = /(?:^|,)metadata\.name==?([^,]*)/.exec(fieldSelector)?.[1];
  return ({ metadata }) =>
    (namespace === undefined || metadata.namespace === namespace) && (name === undefined || metadata.name === name);
}

export function listObjects(storage: Storage, kind: KindInfo, filter: ListFilter, query: URLSearchParams): List {
  const limit = limitOf(query.get('limit'));
  parseLabelSelector(filter.labelSelector ?? '');
  requireFieldSyntax(filter.fieldSelector ?? '');
  const causes = optionCauses(query);
  if (causes.length > 0) throw invalidOptions('ListOptions', causes);
  const token = query.get('continue');
  const matches = predicate(kind, filter);
  const continued = token ? readContinuation(token) : undefined;
  const asked = continued ? 0 : askedVersion(storage, query);
  const exact = continued?.version ?? (isExact(query, asked, limit) ? asked : undefined);
  const there = (exact === undefined ? storage.all(kind) : storage.allAt(kind, exact)).filter(scope(filter));
  const rest = continued ? there.filter((object) => keyOf(object) > continued.after) : there;
  const matching = rest.filter(matches);
  const items = limit > 0 ? matching.slice(0, limit) : matching;
  const version = exact ?? storage.version();
  const last = items.at(-1);
  // Whether the next page will have anything in it is not looked at.
  const isPartial = last !== undefined && items.length === limit && last !== rest.at(-1);
  return {
    apiVersion: apiVersionOf(kind),
    kind: `${kind.kind}List`,
    metadata: {
      resourceVersion: String(version),
      ...(kind.custom && !isPartial ? { continue: '' } : {}),
      ...(isPartial
        ? { continue: Buffer.from(JSON.stringify({ version, after: keyOf(last) })).toString('base64url') }
        : {}),
      ...(isPartial && !filter.labelSelector && !filter.fieldSelector
        ? { remainingItemCount: rest.length - items.length }
        : {}),
    },
    // What a list of built-in kinds holds is said once, by the list.
    items: kind.custom ? items : items.map(({ apiVersion: _, kind: __, ...rest }) => rest as ApiObject),
  };
}
