import type { Layout } from './layouts.ts';
import { FIRST_RELEASE } from './model.ts';
import { configMap, imageOf, noted, otherRollout, podTemplate, REPOSITORY, rollout, service } from './parts.ts';
import {
  base,
  configured,
  FEW,
  images,
  jsonPatch,
  kustomization,
  literals,
  ONLY_IMAGE_AND_CONFIG,
  overlayFields,
  PORTS,
  RENAMED,
} from './parts-kustomize.ts';

/** Kustomizations that are made of their own folder alone. */
export const ownKustomizeLayouts: readonly Layout[] = [
  {
    name: 'a kustomization beside its resources',
    path: 'apps/web',
    kind: 'kustomize',
    styles: ['plain', 'crlf', 'bom', 'flow', 'executable'],
    others: ['apps/other'],
    files(model, style) {
      const name = model.renamed['rollout.yaml'] ?? 'rollout.yaml';
      const own = rollout(model, { template: podTemplate(model, noted(model, imageOf(model)), style) }, style);
      return {
        'apps/web/kustomization.yaml': kustomization({
          resources: [name, 'service.yaml'],
          labels: [{ pairs: { team: 'a' } }],
        }),
        [`apps/web/${name}`]: { documents: [own], header: model.header },
        'apps/web/service.yaml': { documents: [service(model), configMap(model)] },
        'apps/other/rollout.yaml': { documents: [otherRollout(model)] },
      };
    },
  },
  {
    name: 'a base inside of the path',
    path: 'apps/web',
    kind: 'kustomize',
    styles: FEW,
    lacks: [RENAMED],
    others: ['apps/other'],
    files: (model) => ({
      ...base('apps/web/base', model),
      'apps/web/kustomization.yaml': kustomization({ resources: ['base'], ...overlayFields(model) }, model),
      'apps/web/patches/web.yaml': { documents: [jsonPatch(model)] },
      'apps/other/rollout.yaml': { documents: [otherRollout(model)] },
    }),
  },
  {
    name: 'two apps with an image each',
    path: 'apps/shop',
    kind: 'kustomize',
    styles: FEW,
    lacks: [RENAMED],
    sibling: { alone: ['other'] },
    files: (model) => ({
      ...base('apps/shop/base', model),
      'apps/shop/other.yaml': { documents: [otherRollout(FIRST_RELEASE)] },
      'apps/shop/kustomization.yaml': kustomization(
        {
          resources: ['base', 'other.yaml'],
          ...overlayFields(model),
          images: [...images(model), { name: 'registry.example/other', newTag: model.other.tag }],
        },
        model,
      ),
      'apps/shop/patches/web.yaml': { documents: [jsonPatch(model)] },
    }),
  },
  {
    name: 'two apps with one image',
    path: 'apps/shop',
    kind: 'kustomize',
    styles: FEW,
    lacks: [RENAMED, 'tags of two apps'],
    sibling: { too: ['tag', 'digest'] },
    files: (model) => ({
      ...base('apps/shop/base', model),
      'apps/shop/worker.yaml': { documents: [otherRollout(FIRST_RELEASE, 'worker', REPOSITORY)] },
      'apps/shop/kustomization.yaml': kustomization(
        { resources: ['base', 'worker.yaml'], ...overlayFields(model) },
        model,
      ),
      'apps/shop/patches/web.yaml': { documents: [jsonPatch(model)] },
    }),
  },
  {
    name: 'a generator that reads files',
    path: 'apps/web',
    kind: 'kustomize',
    styles: ['plain', 'crlf'],
    hashesConfig: true,
    lacks: [RENAMED, ...PORTS, ...ONLY_IMAGE_AND_CONFIG],
    others: ['apps/other'],
    files: (model) => ({
      ...configured(model, 'apps/web'),
      'apps/web/kustomization.yaml': kustomization({
        resources: ['rollout.yaml', 'service.yaml'],
        configurations: ['name-references.yaml'],
        images: images(model),
        configMapGenerator: [{ name: 'web-config', envs: ['config.env'] }],
      }),
      'apps/web/service.yaml': { documents: [service(model)] },
      'apps/web/config.env': { text: `${literals(model).join('\n')}\n` },
      'apps/other/rollout.yaml': { documents: [otherRollout(model)] },
    }),
  },
  {
    name: 'a generator of literals',
    path: 'apps/web',
    kind: 'kustomize',
    styles: ['plain', 'wide', 'flow'],
    hashesConfig: true,
    lacks: [RENAMED, ...PORTS, ...ONLY_IMAGE_AND_CONFIG],
    others: ['apps/other'],
    files: (model) => ({
      ...configured(model, 'apps/web'),
      'apps/web/kustomization.yml': kustomization({
        resources: ['rollout.yaml', 'service.yaml'],
        configurations: ['name-references.yaml'],
        images: images(model),
        configMapGenerator: [{ name: 'web-config', literals: literals(model) }],
      }),
      'apps/web/service.yaml': { documents: [service(model)] },
      'apps/other/rollout.yaml': { documents: [otherRollout(model)] },
    }),
  },
  {
    name: 'a file without an ending',
    path: 'apps/web',
    kind: 'kustomize',
    styles: ['plain'],
    lacks: [RENAMED],
    others: ['apps/other'],
    files: (model) => ({
      ...base('apps/web/base', model),
      'apps/web/Kustomization': kustomization({ resources: ['base'], ...overlayFields(model) }, model),
      'apps/web/patches/web.yaml': { documents: [jsonPatch(model)] },
      'apps/other/rollout.yaml': { documents: [otherRollout(model)] },
    }),
  },
];
