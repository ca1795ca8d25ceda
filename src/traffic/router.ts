import type { ManagedRoute } from '../api/index.ts';
import type { JsonObject, KubeObject } from '../api/kubernetes.ts';
import type { Problem } from '../errors.ts';

/** Names one object that a router needs to see. */
export interface ObjectReference {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespace: string;
  name: string;
}

/** What traffic should look like now. Weights are shares of `maxWeight`. */
export interface TrafficTarget {
  namespace: string;
  stableService: string;
  canaryService: string;
  /** The canary's share, 0..maxWeight; stable gets the rest. */
  canaryWeight: number;
  /** `trafficRouting.maxTrafficWeight`, 100 unless set. */
  maxWeight: number;
  /** All routes that steps have added, the one that takes precedence first; those that are not among them are to go. */
  managedRoutes: ManagedRoute[];
}

/** A JSON patch with `test` operations of what was read, so that a concurrent change is a conflict, never overwritten. */
export interface RouterPatch {
  target: ObjectReference;
  patch: { op: 'test' | 'replace' | 'add' | 'remove'; path: string; value?: unknown }[];
}

/** What the router's objects say. */
export interface TrafficReading {
  /** Canary's share as configured in the objects, 0..maxWeight; undefined where the objects do not hold the pair at all. */
  canaryWeight: number | undefined;
  /**
   * The routes that steps have added, as the objects hold them, in the order of their precedence. A damaged one is not, or not
   * everywhere, as it was rendered: rendering puts it right, or takes it away.
   */
  managedRoutes: (ManagedRoute & { isDamaged?: boolean })[];
  /** Whether the data plane says that it serves this configuration; false carries who has not, and why. */
  verified: boolean;
  /** One sentence for people where not verified. */
  message?: string;
}

/** Its path is relative to the router's key; where it is about a managed route, to the step that sets the route. */
export interface RouterProblem extends Problem {
  /** The name of the managed route. */
  route?: string;
}

/** The objects asked for by `objects`, as observed, in the same order; undefined where missing. */
export type Observed = (KubeObject | undefined)[];

/**
 * One traffic router, pure: it says what it needs to see, what would change, and what is there. Total over any input:
 * never throws. Rendering what is already there gives no patches; rendering twice gives the same patches.
 */
export interface Router {
  /** The key below `trafficRouting`, with plugins as `plugins.argoproj-labs/gatewayAPI`. */
  readonly key: string;
  /** The kinds of managed routes that it can render. */
  readonly routeKinds: readonly ManagedRoute['kind'][];
  /** Which objects `configuration` (the value under the key) refers to. */
  objects(configuration: JsonObject, namespace: string): ObjectReference[];
  /**
   * The patches that lead to the target, and what is wrong with the objects where it cannot be reached. Weights and managed
   * routes of one object are in one patch: there is never an instant with the one and without the other.
   */
  render(
    configuration: JsonObject,
    observed: Observed,
    target: TrafficTarget,
  ): { patches: RouterPatch[]; problems: RouterProblem[] };
  read(configuration: JsonObject, observed: Observed, target: TrafficTarget): TrafficReading;
}
