import type { AnalysisRun, ReplicaSet } from '../../src/api/index.ts';
import { PROMETHEUS, type TestWorld } from './world.ts';

export const HASH = 'rollouts-pod-template-hash';

/** How the pods of an image answer: those of an image whose name holds `bad` fail three requests in five. */
export const byName = (image: string) => ({ errorRate: image.includes('bad') ? 0.6 : 0, latencyMilliseconds: 20 });

export interface RolloutShape {
  replicas?: number;
  /** In YAML's flow style. */
  steps?: string;
  /** Further lines of the strategy, indented by six spaces. */
  canary?: string;
  /** Further lines of the spec, indented by two spaces. */
  spec?: string;
  image?: string;
}

export function rolloutYaml({
  replicas = 4,
  steps = '[]',
  canary = '',
  spec = '',
  image = 'registry.example/shop:1.0.0',
}: RolloutShape = {}): string {
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
      containers: [{ name: shop, image: '${image}' }]
`;
}

export const ROUTING = `
      stableService: shop-stable
      canaryService: shop-canary
      trafficRouting:
        plugins: { argoproj-labs/gatewayAPI: { httpRoute: shop, namespace: default } }
`;

/** Both Services and the route; further backends go before the pair. */
export function routeYaml(furtherBackends = ''): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: shop-stable }
spec: { selector: { app: shop }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop-canary }
spec: { selector: { app: shop }, ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: gateway }]
  rules:
  - backendRefs: [${furtherBackends}{ name: shop-stable, port: 80 }, { name: shop-canary, port: 80, weight: 0 }]
`;
}

const shareOfGood =
  'sum(rate(http_requests_total{rollouts_pod_template_hash="{{args.hash}}",status=~"2.."}[30s])) / sum(rate(http_requests_total{rollouts_pod_template_hash="{{args.hash}}"}[30s]))';

/** A template whose query answers the canary's share of good answers. */
export function successRateYaml(metric = 'interval: 10s, count: 3, successCondition: result >= 0.95'): string {
  return `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: success-rate }
spec:
  args: [{ name: hash }]
  metrics:
  - { name: success-rate, ${metric}, provider: { prometheus: { address: 'http://${PROMETHEUS}', query: '${shareOfGood}' } } }
`;
}

export const LATEST = 'args: [{ name: hash, valueFrom: { podTemplateHashValue: Latest } }]';

const BACKGROUND = `
      analysis:
        startingStep: 1
        templates: [{ templateName: success-rate }]
        ${LATEST}
`;

/** A shop behind a route, judged in the background by its own canary's success rate. */
export const ROUTED = [
  routeYaml(),
  successRateYaml('interval: 10s, failureLimit: 1, successCondition: result >= 0.95'),
  rolloutYaml({
    steps: '[{ setWeight: 25 }, { pause: { duration: 2m } }, { setWeight: 75 }, { pause: { duration: 2m } }]',
    canary: ROUTING + BACKGROUND,
  }),
].join('---');

export function replicaSets(world: TestWorld): ReplicaSet[] {
  return world.api.store.list<ReplicaSet>('ReplicaSet', 'default');
}

export function runs(world: TestWorld): AnalysisRun[] {
  return world.api.store.list<AnalysisRun>('AnalysisRun', 'default');
}

/** Wanted pods by template hash. */
export function wanted(world: TestWorld): Record<string, number | undefined> {
  return Object.fromEntries(
    replicaSets(world).map(({ metadata, spec }) => [metadata.labels?.[HASH] ?? '', spec.replicas]),
  );
}

/** The weight of each backend of the route, by name. */
export function routeWeights(world: TestWorld): Record<string, number | undefined> {
  const route = world.api.store.get('HTTPRoute', 'default', 'shop') as unknown as {
    spec: { rules: { backendRefs: { name: string; weight?: number }[] }[] };
  };
  const backends = route.spec.rules[0]?.backendRefs ?? [];
  return Object.fromEntries(backends.map(({ name, weight }) => [name, weight]));
}

/** The canary's weight in the route. */
export function canaryWeight(world: TestWorld): number | undefined {
  return routeWeights(world)['shop-canary'];
}
