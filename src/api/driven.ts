/**
 * What the API knows and this version does not drive yet. An object that uses it is invalid: better a clear refusal than
 * a field that is silently ignored. The table shrinks as features come; nothing else needs to change then.
 */

import { isFields } from './fields.ts';
import type { KubeObject } from './kubernetes.ts';
import { providers } from './metric-providers.ts';
import { inside, listed, type Problem, problem, show } from './problems.ts';
import { routers } from './traffic-routing.ts';

/** The plugin key of the Gateway API's routes. */
export const GATEWAY_API_PLUGIN = 'argoproj-labs/gatewayAPI';

/** The plugin keys that are built in. */
export const builtInPlugins = [GATEWAY_API_PLUGIN] as const;

interface Undriven {
  /** Property names from the root; `[]` goes into each item of a list. */
  field: string;
  /** Only this value is not driven; any, where not given. */
  value?: unknown;
  /** What to do. */
  instead: string;
}

const canary = 'spec.strategy.canary';
const useGateway = `use trafficRouting.plugins."${GATEWAY_API_PLUGIN}"`;

const rolloutFields: Undriven[] = [
  ...Object.keys(routers).map((router) => ({ field: `${canary}.trafficRouting.${router}`, instead: useGateway })),
  { field: `${canary}.steps[].experiment`, instead: 'use an analysis step' },
  { field: `${canary}.steps[].plugin`, instead: 'remove the step' },
];

const providerFields: Undriven[] = Object.keys(providers)
  .filter((provider) => provider !== 'prometheus')
  .map((provider) => ({ field: `spec.metrics[].provider.${provider}`, instead: 'use provider.prometheus' }));

/** By kind. */
export const undriven: Readonly<Record<string, Undriven[]>> = {
  Rollout: rolloutFields,
  AnalysisTemplate: providerFields,
  ClusterAnalysisTemplate: providerFields,
  AnalysisRun: providerFields,
  Experiment: [{ field: 'kind', value: 'Experiment', instead: 'use an analysis step of a Rollout' }],
};

/** The places that a pattern of fields names in a value, each with what is there. */
function places(value: unknown, names: string[], path = ''): { path: string; value: unknown }[] {
  const [name, ...rest] = names;
  if (name === undefined) return value === undefined || value === null ? [] : [{ path, value }];
  if (!isFields(value)) return [];
  const field = name.replace('[]', '');
  const at = inside(path, field);
  const next = value[field];
  if (!name.endsWith('[]')) return places(next, rest, at);
  return Array.isArray(next) ? next.flatMap((item, index) => places(item, rest, `${at}[${index}]`)) : [];
}

function unknownPlugins(object: Partial<KubeObject>): Problem[] {
  const found = places(object, `${canary}.trafficRouting.plugins`.split('.'));
  return found.flatMap(({ path, value }) =>
    Object.keys(isFields(value) ? value : {})
      .filter((plugin) => !builtInPlugins.some((known) => known === plugin))
      .map((plugin) =>
        problem(
          inside(path, plugin),
          `${show(plugin)} is no known traffic router plugin: known are ${listed(builtInPlugins)}`,
        ),
      ),
  );
}

/** What of this object the present version does not drive. */
export function notDriven(object: Partial<KubeObject>): Problem[] {
  const rows = Object.entries(undriven).find(([kind]) => kind === object.kind)?.[1] ?? [];
  const problems = rows.flatMap((row) =>
    places(object, row.field.split('.'))
      .filter(({ value }) => row.value === undefined || row.value === value)
      .map(({ path, value }) => {
        const what = row.value === undefined ? path.split('.').at(-1) : `${path.split('.').at(-1)} ${show(value)}`;
        return problem(path, `${what} is not supported by this version of Headgate: ${row.instead}`);
      }),
  );
  return object.kind === 'Rollout' ? [...problems, ...unknownPlugins(object)] : problems;
}
