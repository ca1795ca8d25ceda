import { badRequest } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import { valueAt } from './objects.ts';
import type { ApiObject, ListFilter } from './types.ts';

export type Predicate = (object: ApiObject) => boolean;

type Labels = Record<string, string>;
type LabelTest = (labels: Labels) => boolean;

const KEY = '[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?';
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([^)]*)\)$`);
const COMPARISON = new RegExp(String.raw`^(${KEY})\s*(==|=|!=)\s*([A-Za-z0-9_.-]*)$`);
const EXISTENCE = new RegExp(String.raw`^(!?)\s*(${KEY})$`);

/** Splits at commas that are not inside parentheses. */
function requirements(selector: string): string[] {
  const parts = selector.split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.filter((part) => part !== '');
}

function labelTest(requirement: string): LabelTest {
  const set = SET.exec(requirement);
  if (set) {
    const [, key = '', , operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    if (operator === 'in') return (labels) => labels[key] !== undefined && values.has(labels[key]);
    return (labels) => labels[key] === undefined || !values.has(labels[key]);
  }
  const comparison = COMPARISON.exec(requirement);
  if (comparison) {
    const [, key = '', , operator, value = ''] = comparison;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const existence = EXISTENCE.exec(requirement);
  if (existence) {
    const [, not, key = ''] = existence;
    return not ? (labels) => labels[key] === undefined : (labels) => labels[key] !== undefined;
  }
  throw badRequest(
    `unable to parse requirement: found '${requirement}', expected: a label selector such as a=b,c in (d,e),!f`,
  );
}

export function parseLabelSelector(selector: string): LabelTest {
  const tests = requirements(selector).map(labelTest);
  return (labels) => tests.every((test) => test(labels));
}

function fieldText(object: ApiObject, path: string): string {
  const actual = path === 'source' ? 'source.component' : path;
  const value = valueAt(object, ...actual.split('.'));
  return value === undefined || value === null ? '' : String(value);
}

const FIELD = /^([^=!]+)(==|=|!=)(.*)$/;

export function requireFieldSyntax(selector: string): void {
  const wrong = requirements(selector).find((requirement) => !FIELD.test(requirement));
  if (wrong !== undefined) throw badRequest(`invalid field selector: "${wrong}"; can't understand '${wrong}'`);
}

function fieldTest(kind: KindInfo, requirement: string): Predicate {
  const [, path = '', operator, value = ''] = FIELD.exec(requirement) ?? [];
  const known = [
    'metadata.name',
    ...(kind.custom && !kind.namespaced ? [] : ['metadata.namespace']),
    ...kind.selectable,
  ];
  if (!known.includes(path)) {
    throw badRequest(
      `Unable to find "${kind.plural}" that match label selector "", field selector "${requirement}": field label not supported: ${path}`,
    );
  }
  return operator === '!='
    ? (object) => fieldText(object, path) !== value
    : (object) => fieldText(object, path) === value;
}

export function predicate(kind: KindInfo, filter: ListFilter): Predicate {
  const byLabels = parseLabelSelector(filter.labelSelector ?? '');
  requireFieldSyntax(filter.fieldSelector ?? '');
  const byFields = requirements(filter.fieldSelector ?? '').map((requirement) => fieldTest(kind, requirement));
  const namespace = filter.namespace;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    byLabels(object.metadata.labels ?? {}) &&
    byFields.every((test) => test(object));
}
