import type { Rollout, Service } from '../../src/api/index.ts';
import type { AnyObject } from '../../src/kube/resources.ts';
import { httpRoutes, rollouts, services } from '../../src/kube/resources.ts';
import type { RealWorldState } from '../../test/worlds/real/state.ts';
import { image } from '../manifests.ts';
import type { RealStage } from './stage.ts';

/** One application: a Rollout that only sets weights, and with a router its two Services and its route. */
export interface Application {
  namespace: string;
  name: string;
  replicas: number;
  /** Its steps, percent. */
  weights: readonly number[];
  /** The Gateway that its route names; left out: no router. */
  gateway?: RealWorldState['gateway'] | undefined;
}

function service({ namespace, name: app }: Application, role: string): Service {
  const spec = { selector: { app }, ports: [{ port: 80, targetPort: 8080 }] };
  return { metadata: { namespace, name: `${app}-${role}` }, spec };
}

function route({ namespace, name }: Application, gateway: RealWorldState['gateway']): AnyObject {
  const backendRefs = [
    { name: `${name}-stable`, port: 80, weight: 100 },
    { name: `${name}-canary`, port: 80, weight: 0 },
  ];
  const parentRefs = [{ namespace: gateway.namespace, name: gateway.name }];
  return {
    metadata: { namespace, name },
    spec: { parentRefs, hostnames: [`${name}.${namespace}.example`], rules: [{ backendRefs }] },
  };
}

function rollout({ namespace, name, replicas, weights, gateway }: Application): Rollout {
  const routing = {
    stableService: `${name}-stable`,
    canaryService: `${name}-canary`,
    trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: name, namespace } } },
  };
  return {
    metadata: { namespace, name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      strategy: {
        canary: { ...(gateway && routing), steps: weights.map((setWeight) => ({ setWeight })) },
      },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: image(0), ports: [{ containerPort: 8080 }] }] },
      },
    },
  };
}

export async function install({ client }: RealStage, application: Application): Promise<void> {
  const { gateway } = application;
  if (gateway) {
    await client.create(services, service(application, 'stable'));
    await client.create(services, service(application, 'canary'));
    await client.create(httpRoutes, route(application, gateway));
  }
  await client.create(rollouts, rollout(application));
}

/** Gives it a new image; answers with the generation that asks for it. */
export async function release({ client }: RealStage, { namespace, name }: Application): Promise<number> {
  const body = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: image(1) }];
  const { metadata } = await client.patch(rollouts, { namespace, name }, { type: 'json', body });
  return metadata.generation ?? 0;
}
