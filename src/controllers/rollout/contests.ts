import type { Rollout } from '../../api/index.ts';
import { timestamp } from '../../api/times.ts';
import { applierOf } from '../../git/provenance/index.ts';
import { lastWriter } from '../../kube/writers.ts';
import {
  afterAgreement,
  afterReset,
  afterTime,
  afterWrite,
  type Decision,
  type Effect,
  goalOf,
  type ObservedContest,
  type Resets,
  UNTOUCHED,
} from '../../rollout/index.ts';
import type { Router } from '../../traffic/router.ts';
import { contestBegan, contestEnded, type Happening } from '../events.ts';
import { MANAGER } from './apply.ts';
import { type Asked, isAbout, type Looked, lookAgain, type Part, partsOf, placeOf } from './contested-parts.ts';
import { type RolloutCaches, trafficTarget } from './observe.ts';

/**
 * Who undoes what a Rollout's passes write on routers' objects and Services. Forgetting it all costs a few writes: a contest
 * is then found anew.
 */
export interface Contests {
  /** Looks whether anything was set back since the last look; `now`: world time. */
  see(key: string, looked: Looked, now: number): { contests?: ObservedContest[]; news: Happening[] };
  /** Takes in what the pass has done since, and what it found to be right. */
  settle(key: string, looked: Looked, pass: { decision: Decision; done: readonly Effect[] }, now: number): void;
  forget(key: string): void;
}

/** One object as it was when all of it that the Rollout decides was right. */
interface Kept {
  /** What was asked for by then. */
  asked: Asked;
  /** The object's version by then; undefined where somebody else has written it since. */
  version: string | undefined;
  /** It has been as asked for since. */
  isRight: boolean;
  resets: Resets;
  /** Who set it back last. */
  manager: string;
  source?: string;
}

type Contested = Parameters<typeof goalOf>[0];

function contestOf(
  { of, object: { kind = '', metadata } }: Part,
  { resets, manager, source }: Kept,
): ObservedContest[] {
  if (!resets.contest) return [];
  const { times, since } = resets.contest;
  const who = { manager, ...(source !== undefined && { source }) };
  return [{ of, kind, name: metadata.name, ...who, times, since: timestamp(since), resets }];
}

/** `home`: Argo CD's namespace. */
function afterLook({ object, is }: Part, kept: Kept, now: number, home: string): Kept {
  const wasReset = kept.isRight && object.metadata.resourceVersion !== kept.version && !is(kept.asked);
  if (!wasReset) return { ...kept, resets: afterTime(kept.resets, now) };
  const { source: _, ...rest } = kept;
  // Another process may write under our own name.
  const manager = lastWriter(object, MANAGER) ?? (object.metadata.managedFields ? MANAGER : '');
  const source = applierOf(object, manager, home);
  return { ...rest, isRight: false, resets: afterReset(kept.resets, now), manager, ...(source && { source }) };
}

function afterOwnWrite(
  { object, is }: Part,
  kept: Kept | undefined,
  effect: Contested,
  rollout: Rollout,
  now: number,
): Kept {
  const asked = effect.kind === 'switchService' ? effect.hash : trafficTarget(rollout, effect.weight, effect.routes);
  // Somebody may have been as quick as we were.
  const isUndone = lastWriter(object, MANAGER) !== undefined && !is(asked);
  const version = isUndone ? undefined : object.metadata.resourceVersion;
  const resets = afterWrite(kept?.resets ?? UNTOUCHED, goalOf(effect), now);
  return { manager: '', ...kept, asked, version, isRight: true, resets };
}

/** Nothing is asked for but what the object holds: that is what others must leave alone from now on. */
function whileRight({ object, is, says }: Part, kept: Kept | undefined): Kept | undefined {
  const version = object.metadata.resourceVersion;
  if (kept?.isRight && (kept.version === version || is(kept.asked))) return { ...kept, version };
  const asked = says();
  if (asked === undefined || !is(asked)) return kept;
  return { manager: '', ...kept, asked, version, isRight: true, resets: afterAgreement(kept?.resets ?? UNTOUCHED) };
}

function own<T extends Effect>(part: Part, effects: readonly T[]) {
  return effects.filter((effect) => isAbout(part, effect));
}

export function createContests(options: {
  caches: RolloutCaches;
  routers: readonly Router[];
  argoCdNamespace: string;
}): Contests {
  const keptOf = new Map<string, Map<string, Kept>>();
  return {
    see(key, looked, now) {
      const all = keptOf.get(key);
      const contests: ObservedContest[] = [];
      const news: Happening[] = [];
      for (const part of all ? partsOf(looked) : []) {
        const before = all?.get(placeOf(part));
        if (!before) continue;
        const kept = afterLook(part, before, now, options.argoCdNamespace);
        all?.set(placeOf(part), kept);
        const [is, was] = [contestOf(part, kept)[0], contestOf(part, before)[0]];
        if (is) contests.push(is);
        if (is && !was) news.push(contestBegan(is, looked.rollout));
        if (was && !is) news.push(contestEnded(was, looked.rollout));
      }
      return { ...(contests.length > 0 && { contests }), news };
    },
    settle(key, looked, { decision, done }, now) {
      const before = keptOf.get(key);
      const after = new Map<string, Kept>();
      const afterwards = done.length > 0 ? partsOf(lookAgain(looked, options)) : [];
      for (const part of partsOf(looked)) {
        const known = before?.get(placeOf(part));
        const [last] = own(part, done).slice(-1);
        const isOpen = own(part, [...decision.effects, ...decision.withheld]).length > 0;
        // What was not written is taken as it was decided upon: what has become of it since is for the next pass to see.
        const untouched = isOpen ? known : whileRight(part, known);
        const live = afterwards.find((one) => placeOf(one) === placeOf(part));
        const kept = last && live ? afterOwnWrite(live, known, last, looked.rollout, now) : untouched;
        if (kept) after.set(placeOf(part), kept);
      }
      keptOf.set(key, after);
    },
    forget: (key) => void keptOf.delete(key),
  };
}
