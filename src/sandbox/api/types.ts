import type { KubeObject, ObjectMeta } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';

/** Any object the server holds. Stored objects are frozen: change a copy and write it back. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface ObjectKey {
  namespace?: string;
  name: string;
}

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** A kind by its name, as in `Pod`, or as whatever carries that name; the second form also carries the objects' type. */
export type KindRef<T extends KubeObject> = string | { kind: string; readonly type?: T };

export interface ListFilter {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface DeleteRequest {
  gracePeriodSeconds?: number;
  uid?: string;
  resourceVersion?: string;
  propagation?: Propagation;
}

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

/**
 * The in-process door for other parts of the sandbox: the same checks, defaults and events as over HTTP, without HTTP.
 * Synchronous. Every refusal is thrown as `Failure` (code, reason). Objects handed out are frozen: writers pass new ones.
 */
export interface Store {
  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined;
  /** In order of namespace and name. A filter that is only text is a namespace. */
  list<T extends KubeObject>(kind: KindRef<T>, filter?: string | ListFilter): T[];
  /** Objects whose ownerReferences name this UID. */
  ownedBy<T extends KubeObject>(kind: KindRef<T>, uid: string): T[];
  create<T extends KubeObject>(kind: KindRef<T>, object: T): T;
  /** Replaces all but the status (where that is a subresource); metadata.resourceVersion, if set, is a precondition. */
  update<T extends KubeObject>(kind: KindRef<T>, object: T): T;
  /** Replaces the status only; metadata.resourceVersion, if set, is a precondition. */
  updateStatus<T extends KubeObject>(kind: KindRef<T>, object: T): T;
  /** A merge patch of the whole object: `{ spec: { replicas: 3 } }`. */
  patch<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, patch: object): T;
  /** A merge patch of the content of status: `{ readyReplicas: 3 }`. */
  patchStatus<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, status: object): T;
  /** Deleting what is gone already is a success. `force` is a grace period of 0. */
  delete<T extends KubeObject>(
    kind: KindRef<T>,
    namespace: string | undefined,
    name: string,
    request?: DeleteRequest & { force?: boolean },
  ): void;
  /**
   * First every object that exists as added, then every change in order. Called outside of the call that made the change;
   * the clock is held until the listener has returned. For deleted, the object is the last state. Answers with the
   * function that ends it.
   */
  watch<T extends KubeObject>(kind: KindRef<T>, listener: (change: StoreChange, object: T) => void): () => void;
}

export type StoreChange = 'added' | 'changed' | 'deleted';

/** What one HTTP request asks for, in the words of Kubernetes authorization. */
export interface RequestInfo {
  verb: string;
  group: string;
  version: string;
  resource: string;
  namespace: string;
  name: string;
  subresource: string;
  user: string;
  method: string;
  path: string;
}

/** What a fault does to one request. */
export type Fault =
  /** Answer this instead of executing; `retryAfter` in seconds. */
  | { answer: number; retryAfter?: number }
  /** Break the connection without executing, or after it was executed. */
  | { drop: 'before' | 'after' }
  /** Execute only after that many milliseconds of machine time. */
  | { delay: number };

export interface AuditEntry extends RequestInfo {
  code: number;
}

export interface ApiServerOptions {
  clock: Clock;
  /** 0, the default, takes any free port. */
  port?: number;
  log?: Log;
  /** How many changes are kept per kind for watches that resume; older versions answer 410. Default 1000. */
  watchWindow?: number;
  /** Whether dependents go with their owners and objects with their namespace. Default true. */
  collectsGarbage?: boolean;
  /** Hears of every request that was answered. */
  auditLog?: (entry: AuditEntry) => void;
  /** Answers false for 403 Forbidden. Everything is allowed by default. */
  authorize?: (request: RequestInfo) => boolean;
}

export interface ApiServer {
  url: string;
  port: number;
  store: Store;
  /** YAML. */
  kubeconfig(): string;
  /** May be set at any time; undefined means no fault. */
  faults: ((request: RequestInfo) => Fault | undefined) | undefined;
  authorize: (request: RequestInfo) => boolean;
  /** Breaks every open watch, or those of one plural. */
  closeWatches(resource?: string): void;
  /** Forgets the history of changes: a watch that resumes from before answers 410. */
  compact(): void;
  stop(): Promise<void>;
}
