import { PROMETHEUS, type TestWorld } from './world.ts';

/** A shop behind a route, judged in the background by its own canary's success rate. */
export const ROUTED = `
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
  - backendRefs: [{ name: shop-stable, port: 80 }, { name: shop-canary, port: 80, weight: 0 }]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: success-rate }
spec:
  args: [{ name: hash }]
  metrics:
  - name: success-rate
    interval: 10s
    successCondition: result >= 0.95
    failureLimit: 1
    provider:
      prometheus:
        address: http://${PROMETHEUS}
        query: |
          sum(rate(http_requests_total{rollouts_pod_template_hash="{{args.hash}}",status=~"2.."}[30s]))
          / sum(rate(http_requests_total{rollouts_pod_template_hash="{{args.hash}}"}[30s]))
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 4
  selector: { matchLabels: { app: shop } }
  strategy:
    canary:
      stableService: shop-stable
      canaryService: shop-canary
      trafficRouting:
        plugins: { argoproj-labs/gatewayAPI: { httpRoute: shop, namespace: default } }
      analysis:
        startingStep: 1
        templates: [{ templateName: success-rate }]
        args: [{ name: hash, valueFrom: { podTemplateHashValue: Latest } }]
      steps: [{ setWeight: 25 }, { pause: { duration: 2m } }, { setWeight: 75 }, { pause: { duration: 2m } }]
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers: [{ name: shop, image: 'registry.example/shop:1.0.0' }]
`;

/** The canary's weight in the route. */
export function canaryWeight(world: TestWorld): number | undefined {
  const route = world.api.store.get('HTTPRoute', 'default', 'shop') as unknown as {
    spec: { rules: { backendRefs: { name: string; weight: number }[] }[] };
  };
  return route.spec.rules[0]?.backendRefs.find(({ name }) => name === 'shop-canary')?.weight;
}
