import { isDeepStrictEqual } from 'node:util';
import { fieldsOf, isFields, listOf, textOf } from '../api/fields.ts';
import { MANAGED_RULES, type ManagedRoute } from '../api/index.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { normalMatches } from './gateway-api-matches.ts';
import type { TrafficTarget } from './router.ts';

type Rule = Record<string, unknown>;

/**
 * What an HTTPRoute's annotation tells of a managed route. Rules have no name in every version of the API, so they are found by
 * what they match and by the Service that they lead to; annotation and rules are always written together.
 */
export interface Note {
  route: ManagedRoute;
  /** The Service of the canary when the rules were made: it may have become the stable one since. */
  service: string;
  /** The matches of each rule. */
  rules: unknown[];
}

function isStringMatch(value: unknown): boolean {
  return isFields(value) && Object.values(value).every((each) => typeof each === 'string');
}

function isMatch(kind: unknown, value: unknown): boolean {
  const { headerName, headerValue, method, path, headers = {} } = fieldsOf(value);
  if (kind === 'header') return typeof headerName === 'string' && isStringMatch(headerValue);
  const isGood = [method, path].every((each) => each === undefined || isStringMatch(each));
  return isFields(value) && isGood && isFields(headers) && Object.values(headers).every(isStringMatch);
}

function noteOf(value: unknown): Note | undefined {
  const { route, service, rules } = fieldsOf(value);
  const { kind, name, match, percentage } = fieldsOf(route);
  const isRoute = kind === 'header' || (kind === 'mirror' && Number.isInteger(percentage));
  const isNote = isRoute && typeof name === 'string' && typeof service === 'string' && Array.isArray(rules);
  if (!isNote || !Array.isArray(match) || !match.every((each) => isMatch(kind, each))) return undefined;
  return { route: route as ManagedRoute, service, rules };
}

export function annotationOf(route: KubeObject): string | undefined {
  return textOf(fieldsOf(fieldsOf(fieldsOf(route).metadata).annotations)[MANAGED_RULES]);
}

/** Those of the target's pair of Services, and all others, which are kept as they are. Nothing of what is no note is trusted. */
export function notesOf(route: KubeObject, target: TrafficTarget): { own: Note[]; others: unknown[] } {
  const text = annotationOf(route);
  const all = text === undefined ? [] : parsed(text);
  const own: Note[] = [];
  const others: unknown[] = [];
  for (const each of all) {
    const note = noteOf(each);
    if (note && [target.stableService, target.canaryService].includes(note.service)) own.push(note);
    else others.push(each);
  }
  return { own, others };
}

function parsed(text: string): unknown[] {
  try {
    return listOf(JSON.parse(text));
  } catch {
    return [];
  }
}

/** The rules that steps have added to an HTTPRoute, whichever Rollout's they are, by their indices. */
export function managedIndices(route: KubeObject): ReadonlySet<number> {
  const notes = parsed(annotationOf(route) ?? '').flatMap((each) => noteOf(each) ?? []);
  return new Set(ownRules(listOf(fieldsOf(fieldsOf(route).spec).rules), notes).keys());
}

/** Whether a rule leads where a managed route's rule does: to one Service alone, or with copies of its requests to it. */
function leadsTo(rule: Rule, { route, service }: Note): boolean {
  const isIt = (reference: unknown) => fieldsOf(reference).name === service;
  if (route.kind === 'mirror')
    return listOf(rule.filters).some((filter) => isIt(fieldsOf(fieldsOf(filter).requestMirror).backendRef));
  const backends = listOf(rule.backendRefs);
  return backends.length > 0 && backends.every(isIt);
}

/**
 * Which rules a note speaks of, by the name of the managed route. Of two that are alike the later one, because rules are added
 * after those that were there.
 */
export function ownRules(rules: unknown[], notes: readonly Note[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const note of notes) {
    for (const matches of note.rules) {
      const wanted = normalMatches(matches);
      const index = rules.findLastIndex(
        (rule, at) =>
          !found.has(at) &&
          leadsTo(fieldsOf(rule), note) &&
          isDeepStrictEqual(normalMatches(fieldsOf(rule).matches), wanted),
      );
      if (index >= 0) found.set(index, note.route.name);
    }
  }
  return found;
}
