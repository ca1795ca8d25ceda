/** Users of a story's shop, and how their requests were split. */
import { type Load, startLoad } from '../../worlds/real/load.ts';
import type { TestWorld } from '../../worlds/world.ts';

/** How far a share may be from its weight, in percentage points. */
export const TOLERANCE = 3;

/** `address`: where the data plane listens. */
export interface Users {
  address: string;
  requestsPerSecond: number;
}

/** The load ends with the story. */
export async function withLoad<T>(world: TestWorld, users: Users, story: (load: Load) => Promise<T>): Promise<T> {
  const load = startLoad({ ...users, host: `shop.${world.namespace}.example` });
  return story(load).finally(load.stop);
}

export interface Split {
  /** With an answer or without. */
  requests: number;
  /** Of them the pods of an image answered so many. */
  percent: number;
}

/** Of the requests that were sent within the two times. */
export function splitOf(load: Load, image: string, from: number, to?: number): Split {
  const counts = load.byImage(from, to);
  const requests = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { requests, percent: Math.round(((counts[image] ?? 0) / requests) * 10_000) / 100 };
}

/** Requests without an answer of a pod; the answers of pods are their images' own. */
export function unserved(load: Load): number {
  return load.answers.filter(({ image }) => image === undefined).length;
}
