import { fieldsOf, isFields } from '../api/fields.ts';
import type { Problem } from '../errors.ts';

/** A route by name, and where in the configuration it is named. */
export interface RouteName {
  name: string;
  path: string;
  /** Whether the routes by header go into it. */
  usesHeaders: boolean;
}

const DRIVEN = ['httpRoute', 'httpRoutes', 'namespace'];
/** Where the stock plugin keeps its own notes, and a label that Headgate never sets: nothing to do for these. */
const NEEDLESS = ['configMap', 'disableInProgressLabel'];
const NOT_DRIVEN = [
  ...['grpcRoute', 'grpcRoutes', 'tcpRoute', 'tcpRoutes', 'tlsRoute', 'tlsRoutes'],
  ...['httpRouteSelector', 'grpcRouteSelector', 'tcpRouteSelector', 'tlsRouteSelector'],
  ...['inProgressLabelKey', 'inProgressLabelValue'],
];
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The routes that a configuration names, each once; none where it is not to be trusted. */
export function configurationOf(value: unknown, namespace: string): { routes: RouteName[]; problems: Problem[] } {
  if (!isFields(value))
    return { routes: [], problems: [{ path: '', message: 'must be an object that names httpRoute' }] };
  const problems = [...fieldProblems(value), ...namespaceProblems(value.namespace, namespace)];
  const { routes, problems: nameProblems } = namedRoutes(value);
  problems.push(...nameProblems);
  if (routes.length === 0 && nameProblems.length === 0) {
    problems.push({ path: '', message: 'names no route; set httpRoute, or httpRoutes[].name for several' });
  }
  return { routes: problems.length > 0 ? [] : routes, problems };
}

function fieldProblems(value: Record<string, unknown>): Problem[] {
  return Object.keys(value)
    .filter((field) => !DRIVEN.includes(field) && !NEEDLESS.includes(field))
    .map((field) => ({
      path: field,
      message: NOT_DRIVEN.includes(field)
        ? `is not driven yet; use ${DRIVEN.slice(0, 2).join(' or ')}`
        : `is not a field of this router; known are ${[...DRIVEN, ...NEEDLESS, ...NOT_DRIVEN].join(', ')}`,
    }));
}

function namespaceProblems(value: unknown, namespace: string): Problem[] {
  if (value === undefined || value === namespace) return [];
  return [
    {
      path: 'namespace',
      message: `${quoted(value)} is not the Rollout's own namespace "${namespace}"; a Rollout may move the traffic of its own namespace only`,
    },
  ];
}

function namedRoutes(value: Record<string, unknown>): { routes: RouteName[]; problems: Problem[] } {
  const { httpRoute, httpRoutes } = value;
  const problems: Problem[] = [];
  const named: { name: unknown; path: string; usesHeaders: boolean }[] =
    httpRoute === undefined ? [] : [{ name: httpRoute, path: 'httpRoute', usesHeaders: true }];
  if (Array.isArray(httpRoutes)) {
    named.push(
      ...httpRoutes.map(fieldsOf).map(({ name, useHeaderRoutes }, index) => ({
        name,
        path: `httpRoutes[${index}].name`,
        usesHeaders: useHeaderRoutes === true,
      })),
    );
    problems.push(...httpRoutes.flatMap(routeFieldProblems));
  } else if (httpRoutes !== undefined) {
    problems.push({ path: 'httpRoutes', message: 'must be a list of objects with a name' });
  }
  const routes = new Map<string, RouteName>();
  for (const { name, path, usesHeaders } of named) {
    if (typeof name !== 'string' || !OBJECT_NAME.test(name)) {
      problems.push({
        path,
        message: `${quoted(name)} is not a name; give the name of an HTTPRoute (lower case letters, digits, "-", ".")`,
      });
    } else {
      const first = routes.get(name);
      routes.set(name, { name, path: first?.path ?? path, usesHeaders: usesHeaders || first?.usesHeaders === true });
    }
  }
  return { routes: [...routes.values()], problems };
}

function routeFieldProblems(route: unknown, index: number): Problem[] {
  return Object.keys(fieldsOf(route))
    .filter((field) => !['name', 'useHeaderRoutes'].includes(field))
    .map((field) => ({
      path: `httpRoutes[${index}].${field}`,
      message: 'is not a field of a route; known are name, useHeaderRoutes',
    }));
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : value === undefined ? 'nothing' : `a value of type ${typeof value}`;
}
