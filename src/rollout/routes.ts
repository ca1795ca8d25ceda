import { isDeepStrictEqual } from 'node:util';
import { type CanaryStep, canarySteps, type ManagedRoute, type Rollout } from '../api/index.ts';
import { available, type Facts } from './facts.ts';
import type { ObservedRoute } from './observation.ts';

/** What one step asks for: the route that it sets, or the name of the one that it takes away. */
function routeOf({ setHeaderRoute, setMirrorRoute }: CanaryStep): ManagedRoute | string | undefined {
  const set = setHeaderRoute ?? setMirrorRoute;
  if (set === undefined) return undefined;
  const name = set.name ?? '';
  // A match of every request would be no match: nothing to match takes the route away.
  if ((set.match ?? []).length === 0) return name;
  if (setHeaderRoute) return { kind: 'header', name, match: setHeaderRoute.match ?? [] };
  return { kind: 'mirror', name, match: setMirrorRoute?.match ?? [], percentage: setMirrorRoute?.percentage ?? 100 };
}

/** The routes that the steps up to and including `index` ask for, in the order of `trafficRouting.managedRoutes`. */
function routesAt(rollout: Rollout, steps: readonly CanaryStep[], index: number): ManagedRoute[] {
  const routes = new Map<string, ManagedRoute>();
  for (const step of steps.slice(0, index + 1)) {
    const route = routeOf(step);
    if (typeof route === 'string') routes.delete(route);
    else if (route !== undefined) routes.set(route.name, route);
  }
  const { managedRoutes = [] } = rollout.spec.strategy?.canary?.trafficRouting ?? {};
  return managedRoutes.flatMap(({ name }) => routes.get(name) ?? []);
}

/** A step that sets or takes away a route, and the routes that are wanted with it. */
export interface RouteStep {
  /** Of the step's field in the Rollout. */
  path: string;
  /** The name of the step's own route. */
  name: string;
  routes: ManagedRoute[];
}

/** What the steps will ask of the routers, in their order: to be checked before the first update begins. */
export function routeSteps(rollout: Rollout): RouteStep[] {
  const steps = canarySteps(rollout);
  return steps.flatMap((step, index) => {
    const field = step.setHeaderRoute ? 'setHeaderRoute' : 'setMirrorRoute';
    const set = step[field];
    if (set === undefined) return [];
    const path = `spec.strategy.canary.steps[${index}].${field}`;
    return [{ path, name: set.name ?? '', routes: routesAt(rollout, steps, index) }];
  });
}

/** The routes that the steps up to and including `index` call for, given the pods there are: none is sent to a canary without any. */
export function stepRoutes(facts: Facts, index: number): ManagedRoute[] {
  const { seen, steps, status, isWithinRollbackWindow, newReplicaSet, stableHash } = facts;
  const isSkipped = status.promoteFull === true || isWithinRollbackWindow || stableHash === undefined;
  if (!facts.routed || isSkipped || available(newReplicaSet) === 0) return [];
  return routesAt(seen.rollout, steps, index);
}

export function currentRoutes({ seen }: Facts): readonly ObservedRoute[] {
  return seen.traffic?.managedRoutes ?? [];
}

/** What there is to do about the routes: nothing, take some away, or also add or repair some. */
export function routeChange(facts: Facts, routes: readonly ManagedRoute[]): 'none' | 'fewer' | 'other' {
  const there = currentRoutes(facts);
  if (isDeepStrictEqual(routes, there)) return 'none';
  const left = there.filter(({ name }) => routes.some((route) => route.name === name));
  return isDeepStrictEqual(routes, left) ? 'fewer' : 'other';
}

/** Whether the data plane serves the routes of the step under way, as far as there are pods for them. */
export function routesServed(facts: Facts): boolean {
  return facts.seen.traffic?.verified === true && routeChange(facts, stepRoutes(facts, facts.index)) === 'none';
}
