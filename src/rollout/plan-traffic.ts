import type { ManagedRoute } from '../api/index.ts';
import type { Effect, PlanInput } from './effects.ts';
import { available, type Facts } from './facts.ts';
import { isInFlight, nameOf } from './machine.ts';
import { currentRoutes, routeChange, stepRoutes } from './routes.ts';
import { canarySelector, overStable, retreats, weightNow } from './weights.ts';

type SetTraffic = Extract<Effect, { kind: 'setTraffic' }>;

/** Those that are there of the wanted ones, as they are. */
function kept(facts: Facts, wanted: readonly ManagedRoute[]): ManagedRoute[] {
  return currentRoutes(facts).flatMap(({ isDamaged: _, ...route }) =>
    wanted.some(({ name }) => name === route.name) ? [route as ManagedRoute] : [],
  );
}

/**
 * The routes to render now. One is added or changed only where the persisted state and the next one both ask for it, never
 * under spec.paused, and once the canary Service leads to the new pods; it goes at once.
 */
function routesNow({ facts, persisted, next }: PlanInput): ManagedRoute[] {
  if (nameOf(next.delivery) === 'invalid') return retreats(facts) ? [] : kept(facts, currentRoutes(facts));
  const [before, after] = [persisted, next].map((state) => (isInFlight(state) ? stepRoutes(facts, state.index) : []));
  const wanted = (before ?? []).filter(({ name }) => after?.some((route) => route.name === name));
  const mayAdd = next.hold === 'running' && canarySelector(facts) === facts.hash;
  return mayAdd ? wanted : kept(facts, wanted);
}

function overloadOf(facts: Facts, weight: number): string | undefined {
  if (weight >= overStable(facts)) return undefined;
  const pods = available(facts.stableReplicaSet);
  return `most canary pods are gone, so traffic goes to stable at once, though only ${pods} of its ${facts.replicas} pods are available`;
}

/** Takes requests from the canary, and gives it none. */
export function lowersTraffic({ weight, from, routeChange }: SetTraffic): boolean {
  return weight < from || (weight === from && routeChange === 'fewer');
}

/** What lowers and what adds are never in one write: the first waits for nothing, and the second comes with the next pass. */
export function trafficEffects(input: PlanInput): SetTraffic[] {
  const { facts, persisted, next } = input;
  const { traffic } = facts.seen;
  if (!facts.routed || traffic === undefined) return [];
  const from = traffic.canaryWeight ?? 0;
  const weight = traffic.canaryWeight === undefined ? 0 : weightNow(facts, persisted, next);
  const wanted = routesNow(input);
  const routes = weight < from ? kept(facts, wanted) : wanted;
  const change = routeChange(facts, routes);
  if (weight === from && change === 'none') return [];
  const overload = weight < from ? overloadOf(facts, weight) : undefined;
  return [{ kind: 'setTraffic', weight, from, routes, routeChange: change, ...(overload && { overload }) }];
}
