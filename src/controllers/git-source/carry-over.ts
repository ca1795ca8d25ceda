import { type Fields, fieldsOf, listOf } from '../../api/fields.ts';
import { GATEWAY_API_PLUGIN, type KubeObject, POD_TEMPLATE_HASH, type Rollout, type Service } from '../../api/index.ts';
import { scaledDownOf } from '../../rollout/index.ts';
import { managedIndices } from '../../traffic/managed-rules.ts';

/** What Rollouts of one namespace own in objects that Git also holds. */
export interface Owned {
  /** Services whose selector a Rollout sets. */
  services: ReadonlySet<string>;
  /** Routes by name, with the pairs of Services whose weights a Rollout sets. */
  routes: ReadonlyMap<string, ReadonlySet<string>>;
  /** Workloads that a Rollout may scale, as in `Deployment/shop`. */
  workloads: ReadonlySet<string>;
}

function names(...values: unknown[]): string[] {
  return values.filter((value) => typeof value === 'string' && value !== '') as string[];
}

function routesOf(canary: Fields): string[] {
  const configuration = fieldsOf(fieldsOf(fieldsOf(canary.trafficRouting).plugins)[GATEWAY_API_PLUGIN]);
  return names(configuration.httpRoute, ...listOf(configuration.httpRoutes).map((route) => fieldsOf(route).name));
}

/** What these Rollouts, of one namespace, own. They may come from Git, so nothing about their shape is taken for granted. */
export function ownedBy(rollouts: readonly KubeObject[]): Owned {
  const services = new Set<string>();
  const routes = new Map<string, Set<string>>();
  const workloads = new Set<string>();
  for (const rollout of rollouts) {
    const spec = fieldsOf((rollout as Partial<Rollout>).spec);
    const { kind, name } = fieldsOf(spec.workloadRef);
    workloads.add(`${kind}/${name}`);
    const strategy = fieldsOf(spec.strategy);
    const canary = fieldsOf(strategy.canary);
    const blueGreen = fieldsOf(strategy.blueGreen);
    const { pingService, pongService } = fieldsOf(canary.pingPong);
    const pair = names(canary.canaryService, canary.stableService, pingService, pongService);
    for (const service of [...pair, ...names(blueGreen.activeService, blueGreen.previewService)]) services.add(service);
    for (const route of routesOf(canary)) routes.set(route, new Set([...(routes.get(route) ?? []), ...pair]));
  }
  return { services, routes, workloads };
}

function withHash(service: Service, live: Service): Service {
  const hash = live.spec?.selector?.[POD_TEMPLATE_HASH];
  if (hash === undefined) return service;
  const selector = { ...service.spec?.selector, [POD_TEMPLATE_HASH]: hash };
  return { ...service, spec: { ...service.spec, selector } };
}

/** One spelling of what a backend reference points to, with the API's defaults filled in. */
function backendKey(reference: Fields, namespace: string): string {
  const { group = '', kind = 'Service', name, port } = reference;
  return JSON.stringify([group, kind, reference.namespace ?? namespace, name, port]);
}

/** The live weight of a backend: in the rule at the same place, or in whichever rule has it. */
function liveWeight(rules: readonly Fields[], index: number, key: string, namespace: string): number | undefined {
  const inOrder = [rules[index], ...rules].filter((rule) => rule !== undefined);
  for (const rule of inOrder) {
    const found = listOf(rule.backendRefs).find((reference) => backendKey(fieldsOf(reference), namespace) === key);
    if (found !== undefined) return Number(fieldsOf(found).weight ?? 1);
  }
  return undefined;
}

/** With the rules that steps have added where they are among the others. */
function amongManaged(rules: Fields[], live: Fields[], managed: ReadonlySet<number>): Fields[] {
  const own = [...rules];
  const placed = live.flatMap((rule, index) => (managed.has(index) ? [rule] : own.splice(0, 1)));
  return [...placed, ...own];
}

function withWeights(route: KubeObject, live: KubeObject, pair: ReadonlySet<string>, namespace: string): KubeObject {
  const spec = fieldsOf((route as { spec?: unknown }).spec);
  const all = listOf(fieldsOf((live as { spec?: unknown }).spec).rules).map(fieldsOf);
  const managed = managedIndices(live);
  const liveRules = all.filter((_, at) => !managed.has(at));
  const rules = listOf(spec.rules).map((rule, index) => ({
    ...fieldsOf(rule),
    ...(fieldsOf(rule).backendRefs === undefined
      ? {}
      : {
          backendRefs: listOf(fieldsOf(rule).backendRefs).map((reference) => {
            const own = fieldsOf(reference);
            if (!pair.has(String(own.name))) return reference;
            const weight = liveWeight(liveRules, index, backendKey(own, namespace), namespace);
            return weight === undefined ? reference : { ...own, weight };
          }),
        }),
  }));
  const whole = amongManaged(rules, all, managed);
  return { ...route, spec: { ...spec, ...(spec.rules === undefined ? {} : { rules: whole }) } } as KubeObject;
}

/** A workload that was scaled for a Rollout keeps that size, until it is let go or somebody else has scaled it. */
function withSize(workload: KubeObject, live: KubeObject): KubeObject {
  const { replicas } = fieldsOf((live as { spec?: unknown }).spec);
  const spec = fieldsOf((workload as { spec?: unknown }).spec);
  if (spec.replicas === undefined || scaledDownOf(live.metadata)?.to !== replicas) return workload;
  return { ...workload, spec: { ...spec, replicas } } as KubeObject;
}

/** Whether a Rollout owns a part of this object, so that it must not be applied over a change of that Rollout's controller. */
export function isShared({ kind, metadata }: KubeObject, owned: Owned): boolean {
  return (
    owned.workloads.has(`${kind}/${metadata.name}`) ||
    (kind === 'Service' && owned.services.has(metadata.name)) ||
    (kind === 'HTTPRoute' && owned.routes.has(metadata.name))
  );
}

/**
 * The object as it may be applied: with the live hash selector, the live weights of the pair, the rules that steps have added and
 * the live size of a workload that was scaled down, which are the Rollout's and never drift. Lists are replaced as a whole by an
 * apply; Git's own would send stable's traffic to the canary.
 */
export function carryOver<T extends KubeObject>(
  desired: T,
  live: KubeObject | undefined,
  owned: Owned,
  namespace: string,
): T {
  if (live === undefined || !isShared(desired, owned)) return desired;
  if (desired.kind === 'Service') return withHash(desired as unknown as Service, live as Service) as unknown as T;
  if (desired.kind !== 'HTTPRoute') return withSize(desired, live) as T;
  return withWeights(desired, live, owned.routes.get(desired.metadata.name) ?? new Set(), namespace) as T;
}
