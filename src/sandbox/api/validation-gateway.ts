/**
 * The rules that the Gateway API's definition of HTTPRoutes gives in CEL. They count on the defaults: where those are
 * missing, since the object says to be of another kind, a rule that asks for one is broken.
 */
import { equal, hasField, listAt, textAt, valueAt } from './objects.ts';
import type { Rule } from './validation-rules.ts';

const FILTERS: Record<string, string> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  ExtensionRef: 'extensionRef',
};
const ONCE = ['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestRedirect', 'URLRewrite'];
const FILTER_LISTS = ['spec.rules.*.filters', 'spec.rules.*.backendRefs.*.filters'];

function types(filters: unknown): string[] {
  return Array.isArray(filters) ? filters.map((filter) => textAt(filter, 'type')) : [];
}

const filterRules: Rule[] = FILTER_LISTS.flatMap((path) => [
  ...Object.entries(FILTERS).map(([type, field]) => ({
    path: `${path}.*`,
    holds: (filter: unknown) => hasField(filter, field) === (textAt(filter, 'type') === type),
    message: `filter.${field} must be specified for the filter.type ${type}, and only for it`,
  })),
  ...ONCE.map((type) => ({
    path,
    holds: (filters: unknown) => types(filters).filter((each) => each === type).length <= 1,
    message: `${type} filter cannot be repeated`,
  })),
  {
    path,
    holds: (filters: unknown) => !(types(filters).includes('RequestRedirect') && types(filters).includes('URLRewrite')),
    message: 'a route redirects or rewrites, not both',
  },
  ...['requestRedirect', 'urlRewrite'].flatMap((field) => replacements(`${path}.*.${field}.path`)),
]);

/** What takes the place of a path is given under its type's name. */
function replacements(path: string): Rule[] {
  return Object.entries({ ReplaceFullPath: 'replaceFullPath', ReplacePrefixMatch: 'replacePrefixMatch' }).map(
    ([type, field]) => ({
      path,
      holds: (value) => hasField(value, field) === (textAt(value, 'type') === type),
      message: `${field} must be specified when the type is ${type}, and only then`,
    }),
  );
}

const ALLOWED = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/;
const NOT_IN_PATHS = ['//', '/./', '/../', '%2f', '%2F', '#'];

function isPlain(path: string): boolean {
  const isClean = !NOT_IN_PATHS.some((part) => path.includes(part)) && !path.endsWith('/..') && !path.endsWith('/.');
  return path.startsWith('/') && isClean && ALLOWED.test(path);
}

function isPath(path: unknown): boolean {
  const type = textAt(path, 'type');
  return type === 'RegularExpression' || (['Exact', 'PathPrefix'].includes(type) && isPlain(textAt(path, 'value')));
}

function isSameParent(one: unknown, other: unknown): boolean {
  const identity = (parent: unknown) => [
    ...['group', 'kind', 'name'].map((field) => valueAt(parent, field)),
    textAt(parent, 'namespace'),
  ];
  return equal(identity(one), identity(other));
}

/** To several references to the same parent each names another of its sections. */
function areDistinct(parents: unknown): boolean {
  if (!Array.isArray(parents)) return true;
  if (parents.some((parent) => !hasField(parent, 'group') || !hasField(parent, 'kind'))) return false;
  return parents.every((one) => {
    const section = textAt(one, 'sectionName');
    const same = parents.filter((other) => isSameParent(one, other)).map((other) => textAt(other, 'sectionName'));
    return same.filter((each) => each === section).length === 1 && (section === '' || !same.includes(''));
  });
}

function hasPort(reference: unknown): boolean {
  const [group, kind] = [valueAt(reference, 'group'), valueAt(reference, 'kind')];
  const isOther = (typeof group === 'string' && group !== '') || (typeof kind === 'string' && kind !== 'Service');
  return isOther || (group === '' && kind === 'Service' && hasField(reference, 'port'));
}

const MILLISECONDS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

function milliseconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)(ms|h|m|s)/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (MILLISECONDS[unit] ?? 0), 0);
}

function isWithin(timeouts: unknown): boolean {
  const [whole, backend] = [textAt(timeouts, 'request'), textAt(timeouts, 'backendRequest')];
  if (whole === '' || backend === '') return true;
  return milliseconds(whole) === 0 || milliseconds(backend) <= milliseconds(whole);
}

/** A prefix can only be replaced where exactly one is matched. */
function matchesPrefix(rule: unknown): boolean {
  const filters = [rule, ...listAt(rule, 'backendRefs')].flatMap((each) => listAt(each, 'filters'));
  const replaces = filters.some((filter) =>
    ['requestRedirect', 'urlRewrite'].some((field) => hasField(valueAt(filter, field, 'path'), 'replacePrefixMatch')),
  );
  const matches = listAt(rule, 'matches');
  return !replaces || (matches.length === 1 && valueAt(matches[0], 'path', 'type') === 'PathPrefix');
}

function isAnswered(rule: unknown): boolean {
  const isRedirected = listAt(rule, 'filters').some((filter) => hasField(filter, 'requestRedirect'));
  return !isRedirected || listAt(rule, 'backendRefs').length === 0;
}

function areFew(rules: unknown): boolean {
  if (!Array.isArray(rules)) return true;
  const matches = rules.flatMap((rule) => listAt(rule, 'matches'));
  return rules.every((rule) => hasField(rule, 'matches')) && matches.length <= 128;
}

export const httpRouteRules: readonly Rule[] = [
  {
    path: 'spec.parentRefs',
    holds: areDistinct,
    message: 'sectionName must be unique when parentRefs includes 2 or more references to the same parent',
  },
  {
    path: 'spec.rules',
    holds: areFew,
    message: 'the total number of matches across all rules in a route must be at most 128',
  },
  {
    path: 'spec.rules.*',
    holds: isAnswered,
    message: 'RequestRedirect filter must not be used together with backendRefs',
  },
  {
    path: 'spec.rules.*',
    holds: matchesPrefix,
    message: 'when replacing a prefix, exactly one PathPrefix match must be specified',
  },
  ...['spec.rules.*.backendRefs.*', ...FILTER_LISTS.map((path) => `${path}.*.requestMirror.backendRef`)].map(
    (path) => ({ path, holds: hasPort, message: 'Must have port for Service reference' }),
  ),
  ...filterRules,
  {
    path: 'spec.rules.*.matches.*.path',
    holds: isPath,
    message: 'the value of an Exact or PathPrefix match must be an absolute path in its simplest form',
  },
  {
    path: 'spec.rules.*.timeouts',
    holds: isWithin,
    message: 'backendRequest timeout cannot be longer than request timeout',
  },
];
