import type { AnalysisTemplate, Rollout, Service } from '../src/api/index.ts';
import type { KubeObject } from '../src/api/kubernetes.ts';

/** One application behind a route: what a team would commit. */
export interface Application {
  rollout: Rollout;
  others: KubeObject[];
}

export interface ApplicationOptions {
  namespace: string;
  name: string;
  replicas: number;
}

/** Where every template finds Prometheus; the controller is told to connect elsewhere. */
export const PROMETHEUS = 'prometheus.monitoring.svc.cluster.local:9090';

export function image(revision: number): string {
  return `registry.example/bench:1.${revision}.0`;
}

function service(namespace: string, name: string, app: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

function route(namespace: string, name: string): KubeObject {
  const backendRefs = [
    { name: `${name}-stable`, port: 80, weight: 100 },
    { name: `${name}-canary`, port: 80, weight: 0 },
  ];
  const spec = { parentRefs: [{ name: 'public' }], hostnames: [`${name}.example`], rules: [{ backendRefs }] };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace, name },
    spec,
  } as KubeObject;
}

/** One query each second, and one bad answer is enough. */
function template(namespace: string, name: string): AnalysisTemplate {
  const prometheus = { address: `http://${PROMETHEUS}`, query: `error_share{app="${name}"}` };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { namespace, name },
    spec: {
      metrics: [{ name: 'errors', interval: '1s', successCondition: 'result[0] < 0.05', provider: { prometheus } }],
    },
  };
}

function rollout({ namespace, name, replicas }: ApplicationOptions): Rollout {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { namespace, name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      strategy: {
        canary: {
          stableService: `${name}-stable`,
          canaryService: `${name}-canary`,
          trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: name, namespace } } },
          analysis: { templates: [{ templateName: name }] },
          steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }, { pause: { duration: '10m' } }],
        },
      },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: image(0), ports: [{ containerPort: 8080 }] }] },
      },
    },
  };
}

export function application(options: ApplicationOptions): Application {
  const { namespace, name } = options;
  return {
    rollout: rollout(options),
    others: [
      service(namespace, `${name}-stable`, name),
      service(namespace, `${name}-canary`, name),
      route(namespace, name),
      template(namespace, name),
    ],
  };
}
