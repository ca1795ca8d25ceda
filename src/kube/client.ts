import type { KubeObject } from '../api/kubernetes.ts';

/** Where a kind lives on the API server. `T` is the shape of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
  /** Never set: carries the object's type. */
  readonly type?: T;
}

export interface ObjectKey {
  namespace?: string;
  name: string;
}

export type PatchType = 'merge' | 'json' | 'strategic';

export interface PatchOptions {
  type: PatchType;
  body: unknown;
  subresource?: 'status' | 'scale';
  /** Recorded as the writer in managedFields. */
  fieldManager?: string;
  dryRun?: boolean;
}

export interface ApplyOptions {
  fieldManager: string;
  force?: boolean;
  dryRun?: boolean;
}

export interface DeleteOptions {
  /** Precondition: delete only this very object. */
  uid?: string;
  resourceVersion?: string;
  propagation?: 'Foreground' | 'Background' | 'Orphan';
  /** Of a pod: how long its containers may take to end. */
  gracePeriodSeconds?: number;
}

export interface CreateOptions {
  /** Posts below the object of that name, as for `binding`. */
  subresource?: string;
  /** The server answers with what it would store, and stores nothing. */
  dryRun?: boolean;
}

export interface EvictOptions {
  /** Precondition: evict only this very pod. */
  uid?: string;
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/**
 * The only door to the Kubernetes API. Every method answers with the object as the server now holds it, and throws
 * `ApiError` for any answer that is not a success; nothing is retried in here, except that 429 with Retry-After is
 * obeyed for reads. A connection that cannot be made or breaks throws the transport's own error.
 */
export interface KubeClient {
  /** The object, or undefined where there is none (404). */
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T | undefined>;
  /** All objects, page by page. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<T[]>;
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: CreateOptions): Promise<T>;
  /** PUT of the whole object; carries the object's resourceVersion as precondition. */
  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubeObject>(resource: Resource<T>, object: T, options: ApplyOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options: PatchOptions): Promise<T>;
  /** Deleting what is gone already (404) is a success. */
  delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /**
   * Deletes a pod as far as the disruption budgets allow it (its eviction subresource); the pod may take its grace period
   * to go. A budget's refusal is an `ApiError` with code 429, a pod that is gone one with 404.
   */
  evict(key: ObjectKey, options?: EvictOptions): Promise<void>;
  /** The same door, as another user (impersonation), e.g. `system:serviceaccount:shop:deployer`. */
  as(user: string): KubeClient;
}

/** All objects of a kind as they were at one moment. */
export interface Snapshot<T extends KubeObject> {
  items: T[];
  /** The moment: a watch from here misses nothing. */
  resourceVersion: string;
}

export interface WatchOptions extends ListOptions {
  /** Where the last snapshot or watch ended. */
  resourceVersion: string;
  /** The server ends the watch after this many seconds. */
  timeoutSeconds: number;
  /** A connection on which nothing came for so long, in machine milliseconds, counts as broken. */
  idleMilliseconds: number;
  signal: AbortSignal;
  /** Called when the server has agreed to the watch. */
  onOpen?: () => void;
}

/** One line of a watch. `UNREADABLE` stands for a line that is no JSON or is longer than any object may be. */
export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: unknown }
  | { type: 'UNREADABLE' };

/** What a cache needs beyond `KubeClient`. Only `createCaches` uses it. */
export interface KubeConnection extends KubeClient {
  /** Throws an `AbortError` when the signal says so. */
  snapshot<T extends KubeObject>(
    resource: Resource<T>,
    options?: ListOptions & { signal?: AbortSignal },
  ): Promise<Snapshot<T>>;
  /**
   * Follows one watch; `deliver` is called synchronously as lines arrive, and may throw to end it. Resolves when the server ends the watch, throws
   * `ApiError` where it answers with an error, before or in mid-stream, and the transport's error where the connection breaks.
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    deliver: (event: WatchEvent) => void,
  ): Promise<void>;
  /** Ends every connection; what is under way fails. */
  close(): void;
}

/** One reason of a refusal, in the server's words. */
export interface Cause {
  /** Its path in the object that was sent, as in `spec.template.spec.containers[0].image`; '' where it is about none. */
  field: string;
  message: string;
}

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  /** HTTP status code. */
  readonly code: number;
  /** The Status object's reason: `Conflict`, `AlreadyExists`, `NotFound`, `Invalid`, `Forbidden`, ... */
  readonly reason: string;
  /** Seconds to wait before asking again, where the server said so. */
  readonly retryAfter: number | undefined;
  /** What the server finds wrong, field by field, where it says so. */
  readonly causes: readonly Cause[];

  constructor(code: number, reason: string, message: string, retryAfter?: number, causes: readonly Cause[] = []) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.retryAfter = retryAfter;
    this.causes = causes;
  }
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409 && error.reason === 'Conflict';
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists';
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404;
}

/** The API server calls what it was sent malformed or invalid. */
export function isInvalid(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.code === 422 || error.code === 400);
}

/** Not now: a disruption budget forbids it, or there are too many requests. */
export function isTooManyRequests(error: unknown): boolean {
  return error instanceof ApiError && error.code === 429;
}
