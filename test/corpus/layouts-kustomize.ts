import type { Layout } from './layouts.ts';
import { FIRST_RELEASE } from './model.ts';
import { envOf, NAME_REFERENCES, otherRollout, REPOSITORY, rollout, service } from './parts.ts';
import {
  base,
  FEW,
  images,
  jsonPatch,
  kustomization,
  literals,
  ONLY_IMAGE_AND_CONFIG,
  otherOverlay,
  overlayFields,
  RENAMED,
  SOME,
} from './parts-kustomize.ts';

/** Overlays and components over what lies outside of their own path. */
export const overlayLayouts: readonly Layout[] = [
  {
    name: 'overlay over a base outside of its path',
    path: 'apps/web/overlays/production',
    kind: 'kustomize',
    styles: SOME,
    lacks: [RENAMED],
    outside: { folders: ['apps/web/base', 'apps/web/common'], pods: ['shared'] },
    shared: ['apps/web/base', 'apps/web/common'],
    others: ['apps/web/overlays/staging'],
    files: (model) => ({
      ...base(`apps/web/${model.sharedFolder}`, model),
      'apps/web/overlays/production/kustomization.yaml': kustomization(
        { namespace: 'shop', resources: [`../../${model.sharedFolder}`], ...overlayFields(model) },
        model,
      ),
      'apps/web/overlays/production/patches/web.yaml': { documents: [jsonPatch(model)] },
      ...otherOverlay('apps/web/overlays/staging', `../../${model.sharedFolder}`, model),
    }),
  },
  {
    name: 'overlay in the older fields of Kustomize',
    path: 'apps/web/overlays/production',
    kind: 'kustomize',
    styles: FEW,
    hashesConfig: true,
    lacks: [RENAMED, ...ONLY_IMAGE_AND_CONFIG],
    outside: { folders: ['apps/web/base'], pods: ['shared'] },
    shared: ['apps/web/base'],
    others: ['apps/web/overlays/staging'],
    files(model) {
      const containers = [
        {
          name: 'web',
          image: REPOSITORY,
          envFrom: [{ configMapRef: { name: 'web-config' } }],
          ports: [{ containerPort: model.shared.containerPort }],
        },
      ];
      const template = { metadata: { labels: { app: 'web' } }, spec: { containers } };
      return {
        'apps/web/base/kustomization.yaml': kustomization({ resources: ['rollout.yaml', 'service.yaml'] }),
        'apps/web/base/rollout.yaml': { documents: [rollout({ ...FIRST_RELEASE, weight: 5 }, { template })] },
        'apps/web/base/service.yaml': { documents: [service(model)] },
        'apps/web/overlays/production/kustomization.yaml': kustomization(
          {
            namespace: 'shop',
            bases: ['../../base'],
            images: images(model),
            patchesStrategicMerge: ['patches/size.yaml'],
            commonLabels: { environment: 'production' },
            configurations: ['name-references.yaml'],
            configMapGenerator: [{ name: 'web-config', literals: literals(model) }],
          },
          model,
        ),
        'apps/web/overlays/production/patches/size.yaml': {
          documents: [
            {
              apiVersion: 'argoproj.io/v1alpha1',
              kind: 'Rollout',
              metadata: { name: 'web' },
              spec: { replicas: model.replicas },
            },
          ],
        },
        'apps/web/overlays/production/name-references.yaml': { documents: [NAME_REFERENCES] },
        ...otherOverlay('apps/web/overlays/staging', '../../base', model),
      };
    },
  },
  {
    name: 'a patch that replaces the containers',
    path: 'apps/web/overlays/production',
    kind: 'kustomize',
    styles: ['plain', 'comments'],
    // Kustomize knows no merge keys of a Rollout: the patch's list takes the place of the base's, ports and image too.
    inert: [
      'tag',
      'digest',
      'tag with a comment',
      'tag and docs',
      'tag and a new file',
      'tag and a file less',
      'tags of two apps',
      'config',
      'port',
      'ports',
      'tag and port',
      'tag and another object',
    ],
    outside: { folders: ['apps/web/base'], pods: [] },
    shared: ['apps/web/base'],
    lacks: [
      RENAMED,
      'script',
      'memory',
      'pod label',
      'added container',
      'tag, env, config and port',
      'tag and a Secret',
      'tag and CI',
      'tag set by a bot',
    ],
    others: ['apps/web/overlays/staging'],
    files(model) {
      const template = { spec: { containers: [{ name: 'web', env: envOf(model) }] } };
      return {
        ...base('apps/web/base', model),
        'apps/web/overlays/production/kustomization.yaml': kustomization(
          {
            resources: ['../../base'],
            images: images(model),
            patches: [{ path: 'patch.yaml' }],
            configMapGenerator: [{ name: 'web-flags', literals: literals(model) }],
          },
          model,
        ),
        'apps/web/overlays/production/patch.yaml': {
          documents: [
            {
              apiVersion: 'argoproj.io/v1alpha1',
              kind: 'Rollout',
              metadata: { name: 'web' },
              spec: { replicas: model.replicas, template },
            },
          ],
        },
        ...otherOverlay('apps/web/overlays/staging', '../../base', model),
      };
    },
  },
  {
    name: 'components',
    path: 'clusters/prod/web',
    kind: 'kustomize',
    styles: FEW,
    lacks: [RENAMED],
    outside: { folders: ['components/port', 'base/web'], pods: ['shared'] },
    shared: ['base/web'],
    others: ['clusters/staging/web'],
    files(model) {
      const patch = [
        {
          op: 'replace',
          path: '/spec/template/spec/containers/0/ports/0/containerPort',
          value: model.shared.containerPort,
        },
      ];
      return {
        ...base('base/web', { ...model, shared: { containerPort: 1 } }),
        'components/port/kustomization.yaml': {
          documents: [
            {
              apiVersion: 'kustomize.config.k8s.io/v1alpha1',
              kind: 'Component',
              patches: [{ path: 'port.yaml', target: { kind: 'Rollout' } }],
            },
          ],
        },
        'components/port/port.yaml': { documents: [patch] },
        'clusters/prod/web/kustomization.yaml': kustomization(
          { resources: ['../../../base/web'], components: ['../../../components/port'], ...overlayFields(model) },
          model,
        ),
        'clusters/prod/web/patches/web.yaml': { documents: [jsonPatch(model)] },
        ...otherOverlay('clusters/staging/web', '../../../base/web', model),
      };
    },
  },
  {
    name: 'three layers',
    path: 'clusters/prod/web',
    kind: 'kustomize',
    styles: ['plain', 'double'],
    lacks: [RENAMED],
    outside: { folders: ['base', 'envs/production'], pods: ['shared'] },
    others: ['apps/other'],
    files: (model) => ({
      ...base('base', model),
      'envs/production/kustomization.yaml': kustomization({ namespace: 'shop', resources: ['../../base'] }),
      'clusters/prod/web/kustomization.yaml': kustomization(
        { resources: ['../../../envs/production'], ...overlayFields(model) },
        model,
      ),
      'clusters/prod/web/patches/web.yaml': { documents: [jsonPatch(model)] },
      'apps/other/rollout.yaml': { documents: [otherRollout(model)] },
    }),
  },
  {
    name: 'an overlay that alone is made of its base',
    path: 'apps/web/overlays/production',
    kind: 'kustomize',
    styles: SOME,
    lacks: [RENAMED],
    outside: { folders: ['apps/web/base', 'apps/web/common'], pods: ['shared'] },
    others: ['apps/other'],
    files: (model) => ({
      ...base(`apps/web/${model.sharedFolder}`, model),
      'apps/web/overlays/production/kustomization.yaml': kustomization(
        { resources: [`../../${model.sharedFolder}`], ...overlayFields(model) },
        model,
      ),
      'apps/web/overlays/production/patches/web.yaml': { documents: [jsonPatch(model)] },
      'apps/other/rollout.yaml': { documents: [otherRollout(model)] },
    }),
  },
];
