import { fieldsOf, isFields } from '../api/fields.ts';
import type { ManagedRoute } from '../api/index.ts';
import type { JsonObject } from '../api/kubernetes.ts';
import type { Problem } from '../errors.ts';
import type { Router, RouterProblem } from './router.ts';

/** A router that a Rollout names, and the value under its key. */
export interface ConfiguredRouter {
  router: Router;
  configuration: JsonObject;
  /** Where the value is, relative to `trafficRouting`. */
  path: string;
}

/** Fields of `trafficRouting` that are not routers. */
const SETTINGS = ['managedRoutes', 'maxTrafficWeight', 'plugins'];

/** The routers under `spec.strategy.canary.trafficRouting`; every key that is none of `known` is a problem. */
export function configuredRouters(
  known: readonly Router[],
  trafficRouting: unknown,
): { configured: ConfiguredRouter[]; problems: Problem[] } {
  const keys = known.map((router) => router.key);
  const configured: ConfiguredRouter[] = [];
  const problems: Problem[] = [];
  for (const { key, path, value } of entriesOf(trafficRouting)) {
    const router = known.find((candidate) => candidate.key === key);
    if (router === undefined)
      problems.push({ path, message: `is not a router that can be driven; known are ${keys.join(', ')}` });
    else configured.push({ router, configuration: value as JsonObject, path });
  }
  return { configured, problems };
}

function entriesOf(trafficRouting: unknown): { key: string; path: string; value: unknown }[] {
  const fields = fieldsOf(trafficRouting);
  const builtIn = Object.entries(fields).filter(([key, value]) => !SETTINGS.includes(key) && value !== undefined);
  const plugins = isFields(fields.plugins) ? Object.entries(fields.plugins) : [];
  return [
    ...builtIn.map(([key, value]) => ({ key, path: key, value })),
    ...plugins.map(([name, value]) => ({ key: `plugins.${name}`, path: `plugins.${JSON.stringify(name)}`, value })),
  ];
}

/** A step that sets or takes away a managed route, and all routes that are wanted with it. */
interface RouteStep {
  /** Of the step in the Rollout. */
  path: string;
  /** The name of the step's own route. */
  name: string;
  routes: ManagedRoute[];
}

/** What keeps one step's route from being rendered; `render` answers what is wrong with these routes. Paths are in the Rollout. */
export function routeStepProblems(
  { router, path }: Pick<ConfiguredRouter, 'router' | 'path'>,
  step: RouteStep,
  render: (routes: ManagedRoute[]) => { problems: RouterProblem[] },
): Problem[] {
  const own = step.routes.find(({ name }) => name === step.name);
  if (own === undefined) return [];
  if (!router.routeKinds.includes(own.kind)) {
    const field = own.kind === 'header' ? 'setHeaderRoute' : 'setMirrorRoute';
    const message = `trafficRouting.${path} cannot render a ${own.kind} route; remove the ${field} step, or use a router that can`;
    return [{ path: step.path, message }];
  }
  const known = step.routes.filter(({ kind }) => router.routeKinds.includes(kind));
  const { problems } = render(known);
  return problems
    .filter(({ route }) => route === own.name)
    .map(({ path: at, message }) => ({ path: at === '' ? step.path : `${step.path}.${at}`, message }));
}
