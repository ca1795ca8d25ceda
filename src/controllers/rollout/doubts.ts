import type { Observation } from '../../rollout/index.ts';
import { type Happening, weightVerifyError } from '../events.ts';

/** How long a gateway may take before people are told, milliseconds of world time. */
const PATIENCE = 30_000;

interface Word {
  happening?: Happening;
  /** World time to ask again, milliseconds since the epoch. */
  lookAgainAt?: number;
}

/** Tells once of a Rollout whose weights its router has not confirmed for a while; `now` is world time. */
export function createDoubts(): (key: string, traffic: Observation['traffic'], now: number) => Word {
  const doubts = new Map<string, { since: number; told: boolean }>();
  return (key, traffic, now) => {
    if (!traffic || traffic.verified) {
      doubts.delete(key);
      return {};
    }
    const doubt = doubts.get(key) ?? { since: now, told: false };
    doubts.set(key, doubt);
    if (doubt.told) return {};
    if (now < doubt.since + PATIENCE) return { lookAgainAt: doubt.since + PATIENCE };
    doubt.told = true;
    return { happening: weightVerifyError(traffic.message ?? 'the router has not confirmed it') };
  };
}
