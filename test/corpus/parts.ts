import type { Model } from './model.ts';
import { Marked, type Node, type Style } from './text.ts';

/** The objects of an app, as its layouts put them together. */
export const REPOSITORY = 'registry.example/web';
export const NAMESPACE = 'shop';

export function imageOf({ tag, digest }: Model): string {
  return digest === undefined ? `${REPOSITORY}:${tag}` : `${REPOSITORY}@${digest}`;
}

export function envOf({ env }: Model): Node[] {
  return Object.entries(env).map(([name, value]) => ({ name, value }));
}

export function sidecarsOf({ sidecars }: Model): Node[] {
  return sidecars.map((image) => ({ name: image.split(':')[0] ?? '', image }));
}

export function resourcesOf({ memory }: Model): Node {
  return { requests: { cpu: '100m' }, limits: { memory } };
}

/** All that a layout says of a pod in one place. */
export function podTemplate(model: Model, image: Node, { anchors }: Pick<Style, 'anchors'>): Node {
  const { script, shared, podLabels } = model;
  const labels = anchors === 'labels' ? new Marked('web', { alias: 'app' }) : 'web';
  const more = anchors === 'image' ? [{ name: 'warm-up', image: new Marked(image, { alias: 'image' }) }] : [];
  return {
    metadata: { labels: { app: labels, ...podLabels } },
    spec: {
      containers: [
        {
          name: 'web',
          image: anchors === 'image' ? new Marked(image, { anchor: 'image' }) : image,
          args: ['-c', script],
          env: envOf(model),
          ports: [{ name: 'http', containerPort: shared.containerPort }],
          resources: resourcesOf(model),
        },
        ...sidecarsOf(model),
        ...more,
      ],
    },
  };
}

/** A Rollout. `pods`: its template, or the workload that it names. */
export function rollout(
  { replicas, weight }: Model,
  pods: { readonly [key: string]: Node | undefined },
  { anchors = 'none', namespace }: Partial<Pick<Style, 'anchors'>> & { namespace?: string } = {},
): Node {
  const app = anchors === 'labels' ? new Marked('web', { anchor: 'app' }) : 'web';
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace },
    spec: {
      replicas,
      strategy: {
        canary: {
          canaryService: 'web-canary',
          stableService: 'web',
          steps: [{ setWeight: weight }, { pause: { duration: '2m' } }],
        },
      },
      revisionHistoryLimit: 3,
      selector: { matchLabels: { app } },
      ...pods,
    },
  };
}

export function service({ servicePort }: Model, name = 'web'): Node {
  const ports = [{ name: 'http', port: servicePort, targetPort: 'http' }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: 'web' }, ports } };
}

export function configMap({ config }: Model): Node {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web-config' }, data: config };
}

/** A workload of somebody else, in the same repository. */
export function otherRollout({ other }: Model, name = 'other', repository = `registry.example/${name}`): Node {
  const image = `${repository}:${other.tag}`;
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name, image }] } };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: { replicas: 1, selector: { matchLabels: { app: name } }, strategy: { canary: {} }, template },
  };
}

/** The tag with its comment. */
export function noted({ note }: Model, value: string): Node {
  return note === undefined ? value : new Marked(value, { note });
}

/** Configuration by which Kustomize follows the name of a ConfigMap into a Rollout. */
export const NAME_REFERENCES: Node = {
  nameReference: [
    {
      kind: 'ConfigMap',
      version: 'v1',
      fieldSpecs: [{ kind: 'Rollout', path: 'spec/template/spec/containers/envFrom/configMapRef/name' }],
    },
  ],
};
