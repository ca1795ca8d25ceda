import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { AnalysisRun, Pod, ReplicaSet, Rollout } from '../../src/api/index.ts';
import {
  analysisRuns,
  httpRoutes,
  pods as podsKind,
  replicaSets as replicaSetsKind,
} from '../../src/kube/resources.ts';
import { PROMETHEUS, type TestWorld } from '../worlds/world.ts';

export const HASH = 'rollouts-pod-template-hash';

/** What a release is. The pods of an image whose tag holds `bad` fail three requests in five. */
export const FIRST = 'registry.example/shop:1.0.0';
export const GOOD = 'registry.example/shop:1.1.0';
export const NEWEST = 'registry.example/shop:1.2.0';
export const BAD = 'registry.example/shop:bad';
export const MISSING = 'registry.example/shop:missing';

export const isHealthy = ({ status }: Rollout) => status?.phase === 'Healthy';
export const isPaused = ({ status }: Rollout) => status?.phase === 'Paused';
export const isDegraded = ({ status }: Rollout) => status?.phase === 'Degraded';
export const isAborted = ({ status }: Rollout) => status?.abort === true;
export const isAtStep = (step: number) => (rollout: Rollout) => rollout.status?.currentStepIndex === step;
export const isPausedAt = (step: number) => (rollout: Rollout) => isPaused(rollout) && isAtStep(step)(rollout);

export interface RolloutShape {
  replicas?: number;
  /** In YAML's flow style. */
  steps?: string;
  /** Further lines of the strategy, indented by six spaces. */
  canary?: string;
  /** Further lines of the spec, indented by two spaces. */
  spec?: string;
}

export function rolloutYaml({ replicas = 4, steps = '[]', canary = '', spec = '' }: RolloutShape = {}): string {
  return `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: shop } }
${spec}
  strategy:
    canary:
      steps: ${steps}
${canary}
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers: [{ name: shop, image: '${FIRST}', ports: [{ containerPort: 8080 }] }]
`;
}

/** The Rollout with another pod. */
export function withPod(yaml: string, pod: object): string {
  return yaml.replace(/spec:\n {6}containers: .*/, `spec: ${JSON.stringify(pod)}`);
}

/** The pair and the route. Pods that are no longer needed go after seconds. */
export const ROUTING = `
      stableService: shop-stable
      canaryService: shop-canary
      scaleDownDelaySeconds: 5
      abortScaleDownDelaySeconds: 5
      trafficRouting:
        plugins: { argoproj-labs/gatewayAPI: { httpRoute: shop } }
`;

export function serviceYaml(name: string): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: shop }, ports: [{ port: 80, targetPort: 8080 }] }
`;
}

/** Where a story's routes belong. */
type Place = Pick<TestWorld, 'namespace' | 'gateway'>;

export function httpRouteYaml({ namespace, gateway }: Place, backends: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: ${gateway.name}, namespace: ${gateway.namespace} }]
  hostnames: [shop.${namespace}.example]
  rules:
  - backendRefs: [${backends}]
`;
}

/** Both Services and the route; further backends go before the pair. */
export function routeYaml(place: Place, furtherBackends = ''): string {
  const backends = `${furtherBackends}{ name: shop-stable, port: 80 }, { name: shop-canary, port: 80, weight: 0 }`;
  return [serviceYaml('shop-stable'), serviceYaml('shop-canary'), httpRouteYaml(place, backends)].join('---');
}

/** One Service over all pods, for a Rollout that leaves the traffic to the number of pods. */
export function entryYaml(place: Place): string {
  return [serviceYaml('shop'), httpRouteYaml(place, '{ name: shop, port: 80 }')].join('---');
}

/** A template whose query answers the canary's share of good answers. */
export function successRateYaml(
  { namespace }: Place,
  metric = 'interval: 5s, count: 3, successCondition: result >= 0.95',
): string {
  const rate = (further: string) =>
    `sum(rate(http_requests_total{namespace="${namespace}",rollouts_pod_template_hash="{{args.hash}}"${further}}[15s]))`;
  const query = `${rate(',status=~"2.."')} / ${rate('')}`;
  return `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: success-rate }
spec:
  args: [{ name: hash }]
  metrics:
  - { name: success-rate, ${metric}, provider: { prometheus: { address: 'http://${PROMETHEUS}', query: '${query}' } } }
`;
}

/** A metric that goes on until somebody ends it. */
export const ENDLESS = 'interval: 5s, successCondition: result >= 0.95';

export const LATEST = 'args: [{ name: hash, valueFrom: { podTemplateHashValue: Latest } }]';

/** The analysis in the background, from a step on. */
export function background(startingStep: number): string {
  return `      analysis: { startingStep: ${startingStep}, templates: [{ templateName: success-rate }], ${LATEST} }`;
}

export interface RoutedShape {
  /** Seconds of each of the two pauses. */
  pause?: number;
  spec?: string;
}

/** A shop behind a route, judged in the background by its own canary's success rate. */
export function routedYaml(place: Place, { pause = 15, spec = '' }: RoutedShape = {}): string {
  const steps = `[{ setWeight: 25 }, { pause: { duration: ${pause} } }, { setWeight: 75 }, { pause: { duration: ${pause} } }]`;
  return [
    routeYaml(place),
    successRateYaml(place, `failureLimit: 1, ${ENDLESS}`),
    rolloutYaml({ steps, canary: ROUTING + background(1), spec }),
  ].join('---');
}

export function replicaSets(world: TestWorld): Promise<ReplicaSet[]> {
  return world.list(replicaSetsKind);
}

/** The pods of a revision that are not on their way out. */
export async function podsOf(world: TestWorld, hash: string): Promise<Pod[]> {
  const all = await world.list(podsKind);
  return all.filter(({ metadata }) => metadata.labels?.[HASH] === hash && metadata.deletionTimestamp === undefined);
}

export function runs(world: TestWorld): Promise<AnalysisRun[]> {
  return world.list(analysisRuns);
}

export async function runPhases(world: TestWorld): Promise<(string | undefined)[]> {
  return (await runs(world)).map(({ status }) => status?.phase);
}

/** Wanted pods by template hash. */
export async function wanted(world: TestWorld): Promise<Record<string, number | undefined>> {
  const sets = await replicaSets(world);
  return Object.fromEntries(sets.map(({ metadata, spec }) => [metadata.labels?.[HASH] ?? '', spec.replicas]));
}

/** Lets time pass until so many pods are wanted of each revision. */
export async function untilWanted(world: TestWorld, pods: Record<string, number>): Promise<void> {
  const areWanted = async () => isDeepStrictEqual(await wanted(world), pods);
  await world.untilTrue(areWanted, 60).catch(() => {});
  expect(await wanted(world)).toEqual(pods);
}

/** Lets time pass until the route has these weights. */
export async function untilWeights(world: TestWorld, weights: Record<string, number>): Promise<void> {
  const areSet = async () => isDeepStrictEqual(await routeWeights(world), weights);
  await world.untilTrue(areSet, 60).catch(() => {});
  expect(await routeWeights(world)).toEqual(weights);
}

/** The hashes of the stable and of the newest revision. */
export async function hashes(world: TestWorld): Promise<{ stable: string; latest: string }> {
  const { stableRS = '', currentPodHash = '' } = (await world.rollout('shop')).status ?? {};
  return { stable: stableRS, latest: currentPodHash };
}

/** The weight of each backend of the route, by name. */
export async function routeWeights(world: TestWorld): Promise<Record<string, number | undefined>> {
  const route = (await world.get(httpRoutes, 'shop')) as unknown as {
    spec: { rules: { backendRefs: { name: string; weight?: number }[] }[] };
  };
  const backends = route.spec.rules[0]?.backendRefs ?? [];
  return Object.fromEntries(backends.map(({ name, weight }) => [name, weight]));
}

/** The pair's weights when all of the traffic is at home. */
export const AT_HOME = { 'shop-stable': 100, 'shop-canary': 0 };

/** The canary's weight in the route. */
export async function canaryWeight(world: TestWorld): Promise<number | undefined> {
  return (await routeWeights(world))['shop-canary'];
}

/** The tags of the images that answer users in the coming seconds. */
export async function servedDuring(world: TestWorld, seconds: number): Promise<string[]> {
  const { served: before } = world.requests();
  await world.pass(seconds);
  const { served: after } = world.requests();
  return Object.keys(after).filter((tag) => after[tag] !== before[tag]);
}

/** Installs the first release. */
export async function installed(world: TestWorld, yaml: string): Promise<void> {
  await world.create(yaml);
  await world.until('shop', isHealthy, 60);
}

/** Installs the first release and begins the next. */
export async function released(world: TestWorld, yaml: string, image: string): Promise<void> {
  await installed(world, yaml);
  await world.setImage('shop', image);
}
