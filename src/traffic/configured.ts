import { fieldsOf, isFields } from '../api/fields.ts';
import type { JsonObject } from '../api/kubernetes.ts';
import type { Problem } from '../errors.ts';
import type { Router } from './router.ts';

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
