import type { Sources } from './layouts.ts';
import { FIRST_RELEASE, type Model } from './model.ts';
import {
  configMap,
  envOf,
  NAME_REFERENCES,
  noted,
  podTemplate,
  REPOSITORY,
  resourcesOf,
  rollout,
  service,
  sidecarsOf,
} from './parts.ts';
import { type Node, STYLES } from './text.ts';

export type Fields = { readonly [key: string]: Node | undefined };

export const HEAD = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
export const kustomization = (fields: Fields, { header }: Partial<Model> = {}) => ({
  documents: [{ ...HEAD, ...fields }],
  header,
});
export const SOME = ['plain', 'crlf', 'comments', 'double', 'wide'];
export const FEW = ['plain', 'crlf', 'wide'];
export const RENAMED = 'tag and a renamed file';
/** Of layouts whose pods say no port. */
export const PORTS = ['port', 'ports'];

/** As image transformers are written. */
export function images(model: Model): Node[] {
  const { tag, digest } = model;
  return [{ name: REPOSITORY, ...(digest === undefined ? { newTag: noted(model, tag ?? '') } : { digest }) }];
}

/** What an overlay says of the pods, as a JSON patch. */
export function jsonPatch(model: Model): Node[] {
  const at = '/spec/template/spec/containers';
  const labels = Object.entries(model.podLabels);
  return [
    { op: 'add', path: `${at}/0/args`, value: ['-c', model.script] },
    { op: 'add', path: `${at}/0/env`, value: envOf(model) },
    { op: 'replace', path: `${at}/0/resources`, value: resourcesOf(model) },
    ...labels.map(([key, value]) => ({ op: 'replace', path: `/spec/template/metadata/labels/${key}`, value })),
    ...sidecarsOf(model).map((value) => ({ op: 'add', path: `${at}/-`, value })),
    { op: 'replace', path: '/spec/strategy/canary/steps/0/setWeight', value: model.weight },
    // The field `replicas` of a kustomization knows the kinds of Kubernetes alone, and no Rollout.
    { op: 'replace', path: '/spec/replicas', value: model.replicas },
  ];
}

export const overlayFields = (model: Model): Fields => ({
  images: images(model),
  patches: [{ path: 'patches/web.yaml', target: { kind: 'Rollout', name: 'web' } }],
});

/** What a base says, whatever the release is. */
export function base(folder: string, { shared, servicePort, config }: Model): Sources {
  const own = { ...FIRST_RELEASE, shared, servicePort, config };
  const template = podTemplate(own, `${REPOSITORY}:base`, STYLES.plain);
  return {
    [`${folder}/kustomization.yaml`]: kustomization({ resources: ['rollout.yaml', 'service.yaml'] }),
    [`${folder}/rollout.yaml`]: { documents: [rollout(own, { template })] },
    [`${folder}/service.yaml`]: { documents: [service(own), configMap(own)] },
  };
}

export const otherOverlay = (folder: string, toBase: string, { other }: Model): Sources => ({
  [`${folder}/kustomization.yaml`]: kustomization({
    namespace: 'staging',
    resources: [toBase],
    images: [{ name: REPOSITORY, newTag: other.tag }],
  }),
});

/** A literal of a generator for each entry. */
export const literals = ({ config }: Model) => Object.entries(config).map(([key, value]) => `${key}=${value}`);

/** A Rollout that takes its configuration from a ConfigMap with a hash in its name. */
export function configured(model: Model, folder: string): Sources {
  const containers = [{ name: 'web', image: REPOSITORY, envFrom: [{ configMapRef: { name: 'web-config' } }] }];
  const template = { metadata: { labels: { app: 'web', tier: 'front' } }, spec: { containers } };
  return {
    [`${folder}/rollout.yaml`]: { documents: [rollout(model, { template })], header: model.header },
    [`${folder}/name-references.yaml`]: { documents: [NAME_REFERENCES] },
  };
}

export const ONLY_IMAGE_AND_CONFIG = [
  'env',
  'odd env',
  'added env',
  'removed env',
  'added container',
  'script',
  'memory',
  'pod label',
];
