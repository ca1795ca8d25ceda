import { isDeepStrictEqual } from 'node:util';
import { fieldsOf, listOf } from '../api/fields.ts';
import type { ManagedRoute } from '../api/index.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { copiedMatches, normalMatches, outranks, overlap } from './gateway-api-matches.ts';
import { planRule } from './gateway-api-weights.ts';
import { type Note, notesOf, ownRules } from './managed-rules.ts';
import type { RouterProblem, TrafficTarget } from './router.ts';

type Rule = Record<string, unknown>;
type Match = Record<string, unknown>;

/** The API's own limits for one route. */
const MOST_RULES = 16;
const MOST_MATCHES_OF_A_RULE = 64;
const MOST_MATCHES = 128;

/** A rule that is copied for a managed route. */
interface Copy {
  route: ManagedRoute;
  /** The index of the rule that it was made from. */
  source: number;
  rule: Rule;
  pairs: { match: Match; source: Match }[];
}

/** The rules of an HTTPRoute as they are to be, besides weights that only move. */
export interface ManagedRules {
  /** The weights of the pair are those of the target in every rule. */
  rules: Rule[];
  notes: unknown[];
  /** The rules and notes that are there are as they are to be, wherever others stand among them. */
  isRight: boolean;
  /** Of the managed routes that were noted, those whose rules are there as they were written. */
  intact: ReadonlySet<string>;
  /** Paths are relative to the step of the route. */
  problems: RouterProblem[];
}

/** The target's pair of Services, and whether rules get the target's weights or keep those that they have. */
export interface Division {
  target: TrafficTarget;
  keepsWeights: boolean;
}

function weighted(rule: Rule, { target, keepsWeights }: Division): Rule {
  if (keepsWeights) return rule;
  const backends = listOf(rule.backendRefs);
  const { changes } = planRule(backends, target);
  if (changes.length === 0) return rule;
  const weights = new Map(changes.map(({ index, weight }) => [index, weight]));
  const backendRefs = backends.map((backend, index) => {
    const weight = weights.get(index);
    return weight === undefined ? backend : { ...fieldsOf(backend), weight };
  });
  return { ...rule, backendRefs };
}

type Canaries = ReturnType<typeof planRule>['canaries'];

/** Requests with the headers go to the canary alone; where it has several ports, in the proportion of their parts. */
function canaryOnly(rule: Rule, canaries: Canaries): Rule {
  const isAlone = canaries.length === 1;
  return { ...rule, backendRefs: canaries.map(({ read, part }) => ({ ...read, weight: isAlone ? 1 : part })) };
}

function mirroring(rule: Rule, canaries: Canaries, percentage: number): Rule {
  const { filters: _, weight: __, ...backendRef } = canaries[0]?.read ?? {};
  const requestMirror = { backendRef, ...(percentage < 100 && { percent: percentage }) };
  return { ...rule, filters: [...listOf(rule.filters), { type: 'RequestMirror', requestMirror }] };
}

/** Those by which a rule answers any request at all: an earlier rule's equal match goes first. */
function answeringMatches(rules: Rule[], own: ReadonlyMap<number, string>, index: number): Match[] {
  const earlier = rules.slice(0, index).flatMap((rule, at) => (own.has(at) ? [] : normalMatches(rule.matches)));
  return normalMatches(rules[index]?.matches).filter((match) => !earlier.some((one) => isDeepStrictEqual(one, match)));
}

/** The rule's copy: whatever else the rule says of its requests holds for those that the copy takes. */
function copyOf(rule: Rule, source: Copy['source'], route: ManagedRoute, target: TrafficTarget, matches: Match[]) {
  const { canaries } = planRule(listOf(rule.backendRefs), target);
  const { matches: pairs, problems } = copiedMatches(route, matches);
  const { name: _, ...rest } = rule;
  const matching = { ...rest, matches: pairs.map(({ match }) => match) };
  const copied =
    route.kind === 'header' ? canaryOnly(matching, canaries) : mirroring(matching, canaries, route.percentage);
  const copies: Copy[] = pairs.length === 0 ? [] : [{ route, source, rule: copied, pairs }];
  return { copies, problems: problems.map((problem) => ({ ...problem, route: route.name })) };
}

function normal(rule: Rule | undefined): Rule {
  return { ...rule, matches: normalMatches(rule?.matches) };
}

function isSame(one: Rule | undefined, other: Rule | undefined): boolean {
  return isDeepStrictEqual(normal(one), normal(other));
}

interface Placed {
  rule: Rule;
  /** The index among the rules as read; undefined for a copy. */
  index?: number;
}

/**
 * Copies that mirror stand right before the rule that they were made from, since they may match no less than it; copies by
 * header, which always match less, stand after everything that was there, so that what is as specific still goes first.
 */
function arranged(rules: Rule[], own: ReadonlyMap<number, string>, copies: Copy[], division: Division): Placed[] {
  const mirrors = (index: number) => copies.filter(({ route, source }) => route.kind === 'mirror' && source === index);
  const kept = rules.flatMap((rule, index) =>
    own.has(index)
      ? []
      : [...mirrors(index).map((copy) => ({ rule: copy.rule })), { rule: weighted(rule, division), index }],
  );
  return [...kept, ...copies.filter(({ route }) => route.kind === 'header').map(({ rule }) => ({ rule }))];
}

/** Whether the rules that were read hold the copies in this order, each mirror before its rule. */
function isArranged(rules: Rule[], own: ReadonlyMap<number, string>, copies: Copy[], placed: Placed[]): boolean {
  const indices = rules.flatMap((_, index) => (own.has(index) ? [index] : []));
  const wanted = placed.filter(({ index }) => index === undefined).map(({ rule }) => rule);
  if (indices.length !== wanted.length) return false;
  return indices.every((index, at) => {
    const copy = copies.find(({ rule }) => rule === wanted[at]);
    const isBefore = copy?.route.kind !== 'mirror' || index < copy.source;
    return isBefore && isSame(rules[index], wanted[at]);
  });
}

function tooMany(placed: Placed[], copies: Copy[]): RouterProblem[] {
  const counts = placed.map(({ rule }) => listOf(rule.matches).length || 1);
  const sum = counts.reduce((total, count) => total + count, 0);
  const isWithin =
    placed.length <= MOST_RULES && sum <= MOST_MATCHES && counts.every((one) => one <= MOST_MATCHES_OF_A_RULE);
  const last = copies.at(-1)?.route;
  if (isWithin || last === undefined) return [];
  const message = `the HTTPRoute would have ${placed.length} rules with ${sum} matches, and may have ${MOST_RULES} with ${MOST_MATCHES}, ${MOST_MATCHES_OF_A_RULE} of them in one; give the Rollout a route of its own, or match less`;
  return [{ path: '', message, route: last.name }];
}

/** What a mirror would take from others: requests that go elsewhere only because their rule matches more than this one's did. */
function taken({ route, source, pairs }: Copy, index: number, match: Match): boolean {
  return pairs.some((pair) => {
    if (!overlap(pair.match, match)) return false;
    const wentThere = outranks(match, pair.source) ?? index < source;
    const goesThere = outranks(match, pair.match) ?? index < source;
    return route.kind === 'mirror' && wentThere && !goesThere;
  });
}

function takenProblems(rules: Rule[], own: ReadonlyMap<number, string>, copies: Copy[]): RouterProblem[] {
  const sources = new Set(copies.map(({ source }) => source));
  return copies.flatMap((copy) => {
    const victims = rules.flatMap((rule, index) => {
      const isOther = !own.has(index) && !sources.has(index);
      return isOther && normalMatches(rule.matches).some((match) => taken(copy, index, match)) ? [index] : [];
    });
    const rivals = copies
      .slice(0, copies.indexOf(copy))
      .filter(
        ({ route, rule }) => route.kind === 'header' && normalMatches(rule.matches).some((one) => isBeaten(one, copy)),
      );
    const from = [
      ...victims.map((index) => `spec.rules[${index}]`),
      ...rivals.map(({ route }) => `route "${route.name}"`),
    ];
    if (from.length === 0) return [];
    const message = `would take requests from ${from.join(' and ')} of the HTTPRoute, because a match by path or method goes before one by header; mirror by header, or match no more closely than the rules do`;
    return [{ path: 'match', message, route: copy.route.name }];
  });
}

/** A header route that precedes a mirror in `managedRoutes` must not lose its requests to it. */
function isBeaten(match: Match, { route, pairs }: Copy): boolean {
  return (
    route.kind === 'mirror' && pairs.some((pair) => overlap(pair.match, match) && outranks(pair.match, match) === true)
  );
}

/** What the notes and rules come to where these managed routes are wanted. `usesHeaders`: routes by header go into this one. */
export function managedRules(
  object: KubeObject,
  division: Division,
  usesHeaders: boolean,
  wanted: readonly ManagedRoute[],
): ManagedRules {
  const { target } = division;
  const rules = listOf(fieldsOf(fieldsOf(object).spec).rules).map(fieldsOf);
  const { own: notes, others } = notesOf(object, target);
  // Most routes have none, and are looked at in every pass.
  if (notes.length === 0 && wanted.length === 0)
    return { rules, notes: others, isRight: true, intact: new Set(), problems: [] };
  const own = ownRules(rules, notes);
  const copied = copiesOf(
    rules,
    own,
    division,
    wanted.filter(({ kind }) => kind === 'mirror' || usesHeaders),
  );
  const { copies } = copied;
  const placed = arranged(rules, own, copies, division);
  const mine = notesFor(copies, target);
  const problems = [...copied.problems, ...tooMany(placed, copies), ...takenProblems(rules, own, copies)];
  const unserved = unservedRoutes(wanted, copies, problems, usesHeaders);
  return {
    rules: placed.map(({ rule }) => rule),
    notes: [...others, ...mine],
    isRight: isDeepStrictEqual(JSON.parse(JSON.stringify(mine)), notes) && isArranged(rules, own, copies, placed),
    intact: new Set(notes.filter((note) => isIntact(note, rules, own, copies)).map(({ route }) => route.name)),
    problems: [...problems, ...unserved],
  };
}

function copiesOf(
  rules: Rule[],
  own: ReadonlyMap<number, string>,
  division: Division,
  wanted: readonly ManagedRoute[],
) {
  const { target } = division;
  const all = wanted.flatMap((route) =>
    rules.flatMap((rule, index) => {
      if (own.has(index) || planRule(listOf(rule.backendRefs), target).shares.length === 0) return [];
      const matches = answeringMatches(rules, own, index);
      return matches.length === 0 ? [] : [copyOf(weighted(rule, division), index, route, target, matches)];
    }),
  );
  return { copies: all.flatMap(({ copies }) => copies), problems: all.flatMap(({ problems }) => problems) };
}

function notesFor(copies: Copy[], { canaryService }: TrafficTarget): Note[] {
  const byRoute = Map.groupBy(copies, ({ route }) => route);
  return [...byRoute].map(([route, own]) => ({
    route,
    service: canaryService,
    rules: own.map(({ rule }) => rule.matches),
  }));
}

function isIntact({ route }: Note, rules: Rule[], own: ReadonlyMap<number, string>, copies: Copy[]): boolean {
  const there = rules.filter((_, index) => own.get(index) === route.name);
  const wanted = copies.filter((copy) => copy.route.name === route.name);
  return there.length === wanted.length && wanted.length > 0 && wanted.every(({ rule }, at) => isSame(there[at], rule));
}

/** A route that no rule could be made for, for no reason that was told already. */
function unservedRoutes(
  wanted: readonly ManagedRoute[],
  copies: Copy[],
  told: RouterProblem[],
  usesHeaders: boolean,
): RouterProblem[] {
  const isServed = ({ name }: ManagedRoute) => copies.some(({ route }) => route.name === name);
  const isTold = ({ name }: ManagedRoute) => told.some(({ route }) => route === name);
  const missing = wanted.filter(
    (route) => !isServed(route) && !isTold(route) && (route.kind === 'mirror' || usesHeaders),
  );
  return missing.map(({ name }) => ({
    path: 'match',
    message: 'matches no request of the rules that hold both Services; match what one of them does',
    route: name,
  }));
}
