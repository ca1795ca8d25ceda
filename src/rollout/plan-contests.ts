import { endOf, restUntil, type Urgency } from './contest.ts';
import type { Effect } from './effects.ts';
import type { Facts } from './facts.ts';
import type { ObservedContest } from './observation.ts';
import { lowersTraffic } from './plan-traffic.ts';
import { canarySelector, retreats } from './weights.ts';

type Contested = Extract<Effect, { kind: 'setTraffic' | 'switchService' }>;

/** What an effect asks of a router's objects, or of a Service: the same for all effects that ask for the same. */
export function goalOf(effect: Contested): string {
  if (effect.kind === 'switchService') return effect.hash;
  return [effect.weight, ...effect.routes.map(({ name }) => name)].join(' ');
}

/** Where both Services lead to the stable pods, no share of the traffic matters. A stable Service of no revision finds all pods. */
function urgencyOf(facts: Facts, effect: Contested): Urgency {
  const { hash, stableHash } = facts;
  if (effect.kind === 'setTraffic') {
    if (!lowersTraffic(effect) || canarySelector(facts) === stableHash) return 'raises';
    return retreats(facts) ? 'retreats' : 'lowers';
  }
  if (effect.retreat) return 'retreats';
  if (effect.hash !== stableHash) return 'raises';
  return hash === stableHash ? 'lowers' : 'retreats';
}

function isAbout({ of, name }: ObservedContest, effect: Contested): boolean {
  return effect.kind === 'setTraffic' ? of === 'route' : of === 'service' && name === effect.name;
}

/** Until when a contest has an effect wait; undefined: none does. */
function waitsUntil(facts: Facts, effect: Effect): number | undefined {
  if (effect.kind !== 'setTraffic' && effect.kind !== 'switchService') return undefined;
  const { seen, now } = facts;
  const own = (seen.contests ?? []).filter((contest) => isAbout(contest, effect));
  const times = own.map(({ resets }) => restUntil(resets, goalOf(effect), urgencyOf(facts, effect)) ?? now);
  const last = Math.max(now, ...times);
  return last > now ? last : undefined;
}

/** What of a plan is to be done now, and what waits because of a contest. */
export function withoutContested(facts: Facts, plan: Effect[]): { effects: Effect[]; withheld: Effect[] } {
  if (facts.seen.contests === undefined) return { effects: plan, withheld: [] };
  const waits = (effect: Effect) => waitsUntil(facts, effect) !== undefined;
  return { effects: plan.filter((effect) => !waits(effect)), withheld: plan.filter(waits) };
}

/** World times at which a contest is over, or what it has held up is to be written. */
export function contestTimes(facts: Facts, withheld: readonly Effect[]): (number | undefined)[] {
  const { contests = [] } = facts.seen;
  return [...contests.map(({ resets }) => endOf(resets)), ...withheld.map((effect) => waitsUntil(facts, effect))];
}
