import { fieldsOf, isFields, listOf, textOf } from '../api/fields.ts';
import { GATEWAY_API_PLUGIN, MANAGED_RULES } from '../api/index.ts';
import type { JsonObject, KubeObject } from '../api/kubernetes.ts';
import type { Problem } from '../errors.ts';
import { configurationOf, type RouteName } from './gateway-api-configuration.ts';
import { managedRules } from './gateway-api-managed.ts';
import { planRule } from './gateway-api-weights.ts';
import { type Holder, heldByAll } from './held-routes.ts';
import { annotationOf, notesOf } from './managed-rules.ts';
import type {
  ObjectReference,
  Observed,
  Router,
  RouterPatch,
  RouterProblem,
  TrafficReading,
  TrafficTarget,
} from './router.ts';

/**
 * Gateway API HTTPRoutes, under the key that the stock plugin has. Of the rules that were there only weights of backendRefs are
 * ever written, each with a test of the whole backendRef as it was read: an absent weight cannot be tested by itself. Rules
 * for managed routes come and go by a write of the whole list, with a test of the whole list; an annotation says which they are.
 */
export const gatewayApi: Router = {
  key: `plugins.${GATEWAY_API_PLUGIN}`,
  routeKinds: ['header', 'mirror'],
  objects: (configuration, namespace) =>
    configurationOf(configuration, namespace).routes.map((route) => routeReference(namespace, route.name)),
  render,
  read,
};

function routeReference(namespace: string, name: string): ObjectReference {
  return {
    group: 'gateway.networking.k8s.io',
    version: 'v1',
    plural: 'httproutes',
    kind: 'HTTPRoute',
    namespace,
    name,
  };
}

function rulesOf(route: KubeObject, target: TrafficTarget) {
  const spec = fieldsOf(fieldsOf(route).spec);
  return listOf(spec.rules).map((rule) => planRule(listOf(fieldsOf(rule).backendRefs), target));
}

function render(
  configuration: JsonObject,
  observed: Observed,
  target: TrafficTarget,
): { patches: RouterPatch[]; problems: RouterProblem[] } {
  const { routes, problems: own } = configurationOf(configuration, target.namespace);
  const problems: RouterProblem[] = [...own, ...headerlessProblems(routes, target)];
  const patches: RouterPatch[] = [];
  for (const [index, { name, path, usesHeaders }] of routes.entries()) {
    const route = observed[index];
    if (!route) {
      problems.push(missing(name, path, target));
      continue;
    }
    problems.push(...problemsOf(route, name, path, target));
    const managed = managedRules(route, { target, keepsWeights: false }, usesHeaders, target.managedRoutes);
    problems.push(...managed.problems);
    const patch = managed.isRight ? patchOf(route, target) : rulesPatch(route, managed);
    if (patch.length > 0) patches.push({ target: routeReference(target.namespace, name), patch });
  }
  return { patches, problems };
}

/** Only the configuration's own fault: no HTTPRoute is to take the routes by header. */
function headerlessProblems(routes: RouteName[], { managedRoutes }: TrafficTarget): RouterProblem[] {
  if (routes.length === 0 || routes.some(({ usesHeaders }) => usesHeaders)) return [];
  const message = `no HTTPRoute takes routes by header; set useHeaderRoutes: true for one of plugins."${GATEWAY_API_PLUGIN}".httpRoutes`;
  return managedRoutes.flatMap(({ kind, name }) => (kind === 'header' ? [{ path: '', message, route: name }] : []));
}

const ANNOTATIONS = '/metadata/annotations';

/** Rules and annotation in one write, as long as both are as they were read. */
function rulesPatch(route: KubeObject, { rules, notes }: { rules: unknown[]; notes: unknown[] }): RouterPatch['patch'] {
  const { annotations } = fieldsOf(fieldsOf(route).metadata);
  const before = annotationOf(route);
  const text = notes.length === 0 ? undefined : JSON.stringify(notes);
  const path = `${ANNOTATIONS}/${MANAGED_RULES.replaceAll('/', '~1')}`;
  const isFirst = !isFields(annotations);
  return [
    { op: 'test', path: '/spec/rules', value: fieldsOf(fieldsOf(route).spec).rules },
    isFirst ? { op: 'test', path: ANNOTATIONS, value: null } : { op: 'test', path, value: before ?? null },
    { op: 'replace', path: '/spec/rules', value: rules },
    ...noted(text, before, path, isFirst),
  ];
}

function noted(
  text: string | undefined,
  before: string | undefined,
  path: string,
  isFirst: boolean,
): RouterPatch['patch'] {
  if (text === before) return [];
  if (text === undefined) return [{ op: 'remove', path }];
  return [
    isFirst ? { op: 'add', path: ANNOTATIONS, value: { [MANAGED_RULES]: text } } : { op: 'add', path, value: text },
  ];
}

function patchOf(route: KubeObject, target: TrafficTarget): RouterPatch['patch'] {
  return rulesOf(route, target).flatMap(({ changes }, rule) => {
    const at = (backend: number) => `/spec/rules/${rule}/backendRefs/${backend}`;
    return [
      ...changes.map(({ index, read: value }) => ({ op: 'test' as const, path: at(index), value })),
      ...changes
        .filter(({ read: backend, weight }) => backend.weight !== weight)
        .map(({ index, read: backend, weight }) => ({
          op: 'weight' in backend ? ('replace' as const) : ('add' as const),
          path: `${at(index)}/weight`,
          value: weight,
        })),
    ];
  });
}

function missing(name: string, path: string, { namespace }: TrafficTarget): Problem {
  return {
    path,
    message: `HTTPRoute "${name}" is not in namespace "${namespace}"; create it there or name one that exists`,
  };
}

function problemsOf(route: KubeObject, name: string, path: string, target: TrafficTarget): Problem[] {
  const rules = rulesOf(route, target);
  if (rules.some((rule) => rule.tooFine)) {
    return [
      {
        path,
        message: `HTTPRoute "${name}" has weights too far apart to divide the pair's part: a weight may be at most 1000000; lower the weights of the other backendRefs`,
      },
    ];
  }
  if (rules.some((rule) => rule.shares.length > 0)) return [];
  if (rules.some((rule) => rule.pairs > 0)) {
    return [
      {
        path,
        message: `HTTPRoute "${name}" gives "${target.stableService}" and "${target.canaryService}" no part of any rule: both weights are 0 beside other backendRefs; give the stable service a weight`,
      },
    ];
  }
  const { stableService, canaryService } = target;
  const lacking = [
    rules.some((rule) => rule.holdsStable) ? undefined : `the stable service "${stableService}"`,
    rules.some((rule) => rule.holdsCanary) ? undefined : `the canary service "${canaryService}"`,
  ].filter((service) => service !== undefined);
  const what =
    lacking.length > 0
      ? `does not refer to ${lacking.join(' or ')}`
      : `refers to "${stableService}" and "${canaryService}", but in no rule to both`;
  return [
    {
      path,
      message: `HTTPRoute "${name}" ${what} (kind Service, namespace "${target.namespace}"); one rule's backendRefs must hold both`,
    },
  ];
}

function read(configuration: JsonObject, observed: Observed, target: TrafficTarget): TrafficReading {
  const { routes } = configurationOf(configuration, target.namespace);
  const shares: number[] = [];
  const doubts: string[] = [];
  const managed: Holder[] = [];
  for (const [index, { name, usesHeaders }] of routes.entries()) {
    const route = observed[index];
    if (route === undefined || route === null) {
      doubts.push(`HTTPRoute "${name}" is not there`);
      continue;
    }
    shares.push(...rulesOf(route, target).flatMap((rule) => rule.shares));
    const doubt = unverified(route);
    if (doubt !== undefined) doubts.push(`HTTPRoute "${name}" ${doubt}`);
    managed.push(managedIn(route, target, usesHeaders));
  }
  const managedRoutes = heldByAll(managed);
  const damaged = managedRoutes.flatMap((route) => (route.isDamaged ? [route.name] : []));
  if (damaged.length > 0) doubts.push(`the rules of ${damaged.join(' and ')} are not as they were written`);
  if (routes.length === 0) doubts.push('no HTTPRoute is configured');
  if (new Set(shares).size > 1)
    doubts.push(`rules differ: the canary's share is ${[...new Set(shares)].join(' and ')}`);
  const canaryWeight = shares.length > 0 ? shares.reduce((most, share) => Math.max(most, share)) : undefined;
  return doubts.length === 0
    ? { canaryWeight, managedRoutes, verified: true }
    : { canaryWeight, managedRoutes, verified: false, message: doubts.join('; ') };
}

/** The managed routes that one HTTPRoute holds, as its annotation tells, and whether its rules bear that out. */
function managedIn(route: KubeObject, target: TrafficTarget, usesHeaders: boolean): Holder {
  const noted = notesOf(route, target).own.map((note) => note.route);
  const { isRight, intact } = managedRules(route, { target, keepsWeights: true }, usesHeaders, noted);
  const routes = noted.map((one) => (isRight || intact.has(one.name) ? one : { ...one, isDamaged: true }));
  return { routes, takes: ({ kind }) => kind === 'mirror' || usesHeaders };
}

/** Who does not serve this generation of the route, and why; undefined where every parent does. */
function unverified(route: KubeObject): string | undefined {
  const { metadata, spec, status } = fieldsOf(route);
  const { namespace, generation } = fieldsOf(metadata);
  const parents = listOf(fieldsOf(spec).parentRefs);
  if (parents.length === 0) return 'has no parentRefs, so no gateway serves it';
  const entries = listOf(fieldsOf(status).parents).map(fieldsOf);
  for (const parent of parents) {
    const identity = parentIdentity(parent, namespace);
    const own = entries.filter((entry) => parentIdentity(entry.parentRef, namespace) === identity);
    const doubts = own.map((entry) => entryDoubt(entry, generation));
    if (doubts.includes(undefined)) continue;
    return `is not served by ${parentName(parent)}: ${doubts[0] ?? 'it has not reported on this route'}`;
  }
  return undefined;
}

function parentIdentity(parent: unknown, routeNamespace: unknown): string {
  const ref = fieldsOf(parent);
  return JSON.stringify([
    textOf(ref.group) ?? 'gateway.networking.k8s.io',
    textOf(ref.kind) ?? 'Gateway',
    textOf(ref.namespace) ?? textOf(routeNamespace) ?? '',
    textOf(ref.name) ?? '',
    textOf(ref.sectionName) ?? '',
    typeof ref.port === 'number' ? ref.port : 0,
  ]);
}

function parentName(parent: unknown): string {
  const ref = fieldsOf(parent);
  const section = textOf(ref.sectionName);
  return `${textOf(ref.kind) ?? 'Gateway'} "${textOf(ref.name) ?? ''}"${section === undefined ? '' : ` (${section})`}`;
}

function entryDoubt(entry: Record<string, unknown>, generation: unknown): string | undefined {
  const conditions = listOf(entry.conditions).filter(isFields);
  for (const type of ['Accepted', 'ResolvedRefs']) {
    const condition = conditions.find((candidate) => candidate.type === type);
    if (condition === undefined) return `condition ${type} is missing`;
    if (isOlder(condition.observedGeneration, generation)) return `condition ${type} is about an older generation`;
    if (condition.status !== 'True') {
      return [`${type} is ${textOf(condition.status) ?? 'unknown'}`, condition.reason, condition.message]
        .map(textOf)
        .filter((part) => part !== undefined && part !== '')
        .join(': ');
    }
  }
  return undefined;
}

function isOlder(observed: unknown, generation: unknown): boolean {
  return typeof generation === 'number' && !(typeof observed === 'number' && observed >= generation);
}
