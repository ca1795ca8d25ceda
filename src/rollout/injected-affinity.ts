import { isDeepStrictEqual } from 'node:util';
import { type Fields, fieldsOf, listOf } from '../api/fields.ts';
import { POD_TEMPLATE_HASH } from '../api/index.ts';

const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

/** As a strategy asks for it: one of the two. */
export interface AntiAffinityRule {
  [PREFERRED]?: { weight: number } | undefined;
  [REQUIRED]?: object | undefined;
}

/** Keeps pods away from the nodes of a revision's pods. */
function awayFrom(hash: string, namespace: string | undefined): object {
  return {
    labelSelector: { matchExpressions: [{ key: POD_TEMPLATE_HASH, operator: 'In', values: [hash] }] },
    ...(namespace ? { namespaces: [namespace] } : {}),
    topologyKey: 'kubernetes.io/hostname',
  };
}

/** Whether a controller put this term there: it speaks of one revision's hash alone. */
function isInjected(term: unknown): boolean {
  const { labelSelector, topologyKey } = fieldsOf(term);
  const { matchLabels, matchExpressions } = fieldsOf(labelSelector);
  const [first, ...more] = listOf(matchExpressions);
  const { key, operator, values } = fieldsOf(first);
  const isAlone = more.length === 0 && Object.keys(fieldsOf(matchLabels)).length === 0;
  const isOfOneHash = key === POD_TEMPLATE_HASH && operator === 'In' && listOf(values).length === 1;
  return isAlone && isOfOneHash && topologyKey === 'kubernetes.io/hostname';
}

function isInjectedWeighted(item: unknown): boolean {
  return isInjected(fieldsOf(item).podAffinityTerm);
}

/** The terms that controllers put into an affinity, by where they are. */
function injectedTerms(affinity: unknown): { preferred: unknown[]; required: unknown[] } {
  const { [PREFERRED]: preferred, [REQUIRED]: required } = fieldsOf(fieldsOf(affinity).podAntiAffinity);
  return {
    preferred: listOf(preferred).filter(isInjectedWeighted),
    required: listOf(required).filter(isInjected),
  };
}

/** Whether two affinities keep pods away from the same revisions in the same way. */
export function sameInjection(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(injectedTerms(one), injectedTerms(other));
}

function filled(fields: Fields): Fields | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** The affinity that was given, without what controllers put there; undefined where nothing is left. */
export function withoutInjected(affinity: unknown): Fields | undefined {
  const { podAntiAffinity, ...others } = fieldsOf(affinity);
  const { [PREFERRED]: preferred, [REQUIRED]: required, ...rest } = fieldsOf(podAntiAffinity);
  const left = (terms: unknown, injected: (term: unknown) => boolean) => {
    const own = listOf(terms).filter((term) => !injected(term));
    return own.length > 0 ? own : undefined;
  };
  const antiAffinity = filled({
    ...rest,
    [PREFERRED]: left(preferred, isInjectedWeighted),
    [REQUIRED]: left(required, isInjected),
  });
  return filled({ ...others, podAntiAffinity: antiAffinity });
}

/** An affinity with a further term, after those that are there. */
export function withInjected(
  affinity: unknown,
  rule: AntiAffinityRule,
  { hash, namespace }: { hash: string; namespace: string | undefined },
): Fields {
  const own = fieldsOf(affinity);
  const antiAffinity = fieldsOf(own.podAntiAffinity);
  const term = awayFrom(hash, namespace);
  const { [PREFERRED]: preferred } = rule;
  const added = preferred
    ? { [PREFERRED]: [...listOf(antiAffinity[PREFERRED]), { weight: preferred.weight, podAffinityTerm: term }] }
    : { [REQUIRED]: [...listOf(antiAffinity[REQUIRED]), term] };
  return { ...own, podAntiAffinity: { ...antiAffinity, ...added } };
}
