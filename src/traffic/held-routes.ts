import { isDeepStrictEqual } from 'node:util';
import type { TrafficReading } from './router.ts';

type HeldRoute = TrafficReading['managedRoutes'][number];

/** One object or router with the managed routes that it holds. */
export interface Holder {
  routes: readonly HeldRoute[];
  /** Whether such a route belongs into it. */
  takes(route: HeldRoute): boolean;
}

/** What any of them holds; what another that takes it holds not, or not so, is damaged. */
export function heldByAll(holders: readonly Holder[]): HeldRoute[] {
  const all = new Map(holders.flatMap(({ routes }) => routes.map((route) => [route.name, route] as const)));
  return [...all.values()].map((route) => {
    const takers = holders.filter((holder) => holder.takes(route));
    const isEverywhere = takers.every(({ routes }) => routes.some((other) => isDeepStrictEqual(other, route)));
    return isEverywhere ? route : { ...route, isDamaged: true };
  });
}
