import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { KubeObject } from '../api/kubernetes.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { errorOf, errorOfStatus } from './answers.ts';
import {
  ApiError,
  type ApplyOptions,
  type CreateOptions,
  type DeleteOptions,
  type EvictOptions,
  isNotFound,
  type KubeClient,
  type KubeConnection,
  type ListOptions,
  type ObjectKey,
  type PatchType,
  type Resource,
  type Snapshot,
} from './client.ts';
import { createCredentials } from './config.ts';
import {
  type Asked,
  apiVersionOf,
  askedOf,
  collectionPath,
  keyOf,
  objectPath,
  type Query,
  requireNamespace,
  selectors,
  withQuery,
} from './paths.ts';
import { pods } from './resources.ts';
import { createTransport, type HttpRequest, type Transport } from './transport.ts';
import { followWatch } from './watch.ts';

export interface KubeClientOptions {
  config: KubeConfig;
  log: Log;
  userAgent: string;
  /** Machine time within which an answer must begin and, once begun, end; default 30 s. Watches have limits of their own. */
  requestTimeoutMilliseconds?: number;
  /** Held busy while a request is under way, so that virtual time waits for its answer. */
  clock?: Pick<Clock, 'busy'>;
  /** Called before each request is sent. */
  beforeRequest?: () => void;
  /** Hears of every answer. */
  onAnswer?: (answered: Answered) => void;
}

/** One answer of the API server, for metrics: `{ verb: 'Get', kind: 'rollouts', namespace: 'shop', name: 'web', code: 200 }`. */
export interface Answered extends Asked {
  verb: 'List' | 'Get' | 'Create' | 'Update' | 'Patch' | 'Delete' | 'Unknown';
  /** 0 where there was none. */
  code: number;
}

const PAGE = 500;
const PATCH_TYPES: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};
const MOST_WAITS = 4;
const LONGEST_WAIT_SECONDS = 30;
const MOST_RESTARTS = 3;

/** A call to the API server: answers with the parsed body or throws. */
type Call = (request: HttpRequest) => Promise<unknown>;

export function createKubeClient(options: KubeClientOptions): KubeConnection {
  const { config, log, userAgent, requestTimeoutMilliseconds = 30_000, clock } = options;
  const credentials = createCredentials(config);
  const transport = createTransport({ credentials, userAgent, timeoutMilliseconds: requestTimeoutMilliseconds });
  const callAs = (user?: string): Call => {
    return async (request) => {
      options.beforeRequest?.();
      const done = clock?.busy();
      const heard = (code: number) => options.onAnswer?.(answered(request, code));
      try {
        const answer = await call(transport, log, user === undefined ? request : impersonated(request, user));
        heard(request.method === 'POST' ? 201 : 200);
        return answer;
      } catch (error) {
        heard(error instanceof ApiError ? error.code : 0);
        throw error;
      } finally {
        done?.();
      }
    };
  };
  const own = callAs();
  return {
    ...clientOver(own, (user) => clientAs(callAs, user)),
    snapshot: (resource, options) => snapshot(own, resource, options),
    watch: (resource, options, deliver) => followWatch(transport, resource, options, deliver),
    close: () => transport.close(),
  };
}

const VERBS: Record<string, Answered['verb']> = { POST: 'Create', PUT: 'Update', PATCH: 'Patch', DELETE: 'Delete' };

function answered({ method, path }: HttpRequest, code: number): Answered {
  const asked = askedOf(path);
  if (method === 'GET') return { ...asked, verb: asked.name === '' ? 'List' : 'Get', code };
  return { ...asked, verb: VERBS[method] ?? 'Unknown', code };
}

function clientAs(callAs: (user: string) => Call, user: string): KubeClient {
  return clientOver(callAs(user), (other) => clientAs(callAs, other));
}

function impersonated(request: HttpRequest, user: string): HttpRequest {
  return { ...request, headers: { ...request.headers, 'Impersonate-User': user } };
}

function clientOver(call: Call, as: (user: string) => KubeClient): KubeClient {
  return {
    async get<T extends KubeObject>(resource: Resource<T>, key: Parameters<KubeClient['get']>[1]) {
      try {
        return (await call({ method: 'GET', path: objectPath(resource, key) })) as T;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    list: async (resource, options) => (await snapshot(call, resource, options)).items,
    create: <T extends KubeObject>(resource: Resource<T>, object: T, options: CreateOptions = {}) => {
      const { subresource, dryRun } = options;
      const path =
        subresource === undefined
          ? collectionPath(resource, requireNamespace(resource, object.metadata.namespace))
          : objectPath(resource, keyOf(object), subresource);
      return call({
        method: 'POST',
        path: withQuery(path, dry(dryRun)),
        ...json(typed(resource, object)),
      }) as Promise<T>;
    },
    update: <T extends KubeObject>(resource: Resource<T>, object: T) =>
      call({
        method: 'PUT',
        path: objectPath(resource, keyOf(object)),
        ...json(typed(resource, object)),
      }) as Promise<T>,
    apply: <T extends KubeObject>(resource: Resource<T>, object: T, options: ApplyOptions) => {
      const { fieldManager, force, dryRun } = options;
      const path = withQuery(objectPath(resource, keyOf(object)), { fieldManager, force, ...dry(dryRun) });
      return call({
        method: 'PATCH',
        path,
        ...json(typed(resource, object), 'application/apply-patch+yaml'),
      }) as Promise<T>;
    },
    patch: <T extends KubeObject>(
      resource: Resource<T>,
      key: Parameters<KubeClient['patch']>[1],
      { type, body, subresource, fieldManager, dryRun }: Parameters<KubeClient['patch']>[2],
    ) => {
      const path = withQuery(objectPath(resource, key, subresource), { fieldManager, ...dry(dryRun) });
      return call({ method: 'PATCH', path, ...json(body, PATCH_TYPES[type]) }) as Promise<T>;
    },
    async delete(resource, key, options = {}) {
      try {
        await call({ method: 'DELETE', path: objectPath(resource, key), ...json(deletion(options)) });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
    evict: (key, options = {}) => evict(call, key, options),
    as,
  };
}

/** Sends a request. A read that is told to come back later does so, a few times; everything else is the caller's to decide. */
async function call(transport: Transport, log: Log, request: HttpRequest): Promise<unknown> {
  for (let waits = 0; ; waits++) {
    const answer = await transport.send(request);
    if (answer.code >= 200 && answer.code < 300) return parsed(answer.body);
    const error = errorOf(answer);
    const wait = error.retryAfter;
    const patient = request.method === 'GET' && error.code === 429 && waits < MOST_WAITS;
    if (!patient || wait === undefined || wait > LONGEST_WAIT_SECONDS) throw error;
    log.debug({ seconds: wait }, 'the API server asks to come back later');
    await sleep(wait * 1000, undefined, request.signal && { signal: request.signal });
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Error('the API server answered with something that is not JSON', { cause: error });
  }
}

type SnapshotOptions = ListOptions & { signal?: AbortSignal };

interface Page<T> {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: T[] | null;
}

/** A list whose continuation expired (410) begins again; after that it is asked for in one piece. */
async function snapshot<T extends KubeObject>(
  call: Call,
  resource: Resource<T>,
  options: SnapshotOptions = {},
): Promise<Snapshot<T>> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await pages(call, resource, options, restarts < MOST_RESTARTS ? PAGE : undefined);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 410) || restarts === MOST_RESTARTS) throw error;
    }
  }
}

async function pages<T extends KubeObject>(
  call: Call,
  resource: Resource<T>,
  options: SnapshotOptions,
  limit: number | undefined,
): Promise<Snapshot<T>> {
  const path = collectionPath(resource, options.namespace);
  const result: Snapshot<T> = { items: [], resourceVersion: '' };
  const aborted = options.signal && { signal: options.signal };
  let token: string | undefined;
  do {
    const query = { ...selectors(options), limit, continue: token };
    const page = (await call({ method: 'GET', path: withQuery(path, query), ...aborted })) as Page<T>;
    // The first page's version: an older one only makes a watch repeat itself, a later one could miss something.
    result.resourceVersion ||= page.metadata?.resourceVersion ?? '';
    for (const item of page.items ?? []) result.items.push(typed(resource, item));
    token = page.metadata?.continue || undefined;
  } while (token !== undefined);
  return result;
}

/** Objects in lists come without these two; objects to be sent may. */
function typed<T extends KubeObject>(resource: Resource<T>, object: T): T {
  if (typeof object !== 'object' || object === null) return object;
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function json(body: unknown, type = 'application/json'): Pick<HttpRequest, 'body' | 'headers'> {
  return { body: JSON.stringify(body), headers: { 'Content-Type': type } };
}

async function evict(call: Call, { namespace, name }: ObjectKey, { uid }: EvictOptions): Promise<void> {
  const path = objectPath(pods, { ...(namespace !== undefined && { namespace }), name }, 'eviction');
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    ...(uid && { deleteOptions: { preconditions: { uid } } }),
  };
  const answer = await call({ method: 'POST', path, ...json(eviction) });
  // Where several budgets are about one pod, the server refuses with a Status that goes by as a success.
  const { status, code } = (answer ?? {}) as { status?: unknown; code?: unknown };
  if (status === 'Failure') throw errorOfStatus(answer, typeof code === 'number' ? code : 500);
}

function dry(dryRun: boolean | undefined): Query {
  return dryRun ? { dryRun: 'All' } : {};
}

function deletion({ uid, resourceVersion, propagation, gracePeriodSeconds }: DeleteOptions): object {
  const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(Object.keys(preconditions).length > 0 && { preconditions }),
    ...(propagation && { propagationPolicy: propagation }),
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
  };
}
