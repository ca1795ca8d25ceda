import type { HeaderMatch, RouteMatch } from './canary-steps.ts';

/**
 * A route that steps add beside the weights, as their routers are asked for it: requests that have all of the headers go to
 * the canary, or requests that match any of `match` are answered as before and mirrored to the canary, so many percent.
 */
export type ManagedRoute =
  | { kind: 'header'; name: string; match: HeaderMatch[] }
  | { kind: 'mirror'; name: string; match: RouteMatch[]; percentage: number };
