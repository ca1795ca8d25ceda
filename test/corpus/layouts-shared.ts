import type { Layout, Sources } from './layouts.ts';
import type { Model } from './model.ts';
import { configMap, imageOf, noted, otherRollout, podTemplate, REPOSITORY, rollout, service } from './parts.ts';
import { base, jsonPatch, kustomization, overlayFields, RENAMED } from './parts-kustomize.ts';
import type { Style } from './text.ts';

/** A kustomization beside its resources, and one of somebody else. */
function twoApps(model: Model, style: Style): Sources {
  const own = rollout(model, { template: podTemplate(model, noted(model, imageOf(model)), style) }, style);
  return {
    'apps/web/kustomization.yaml': kustomization({ resources: ['rollout.yaml', 'service.yaml'] }),
    'apps/web/rollout.yaml': { documents: [own], header: model.header },
    'apps/web/service.yaml': { documents: [service(model), configMap(model)] },
    'apps/other/kustomization.yaml': kustomization({ resources: ['rollout.yaml'] }),
    'apps/other/rollout.yaml': { documents: [otherRollout(model)] },
  };
}

const GATHERED = { resources: ['../../apps/web', '../../apps/other'] };

/** Kustomizations that others are made of too. */
export const sharedLayouts: readonly Layout[] = [
  {
    name: 'a base inside of the path that another app is made of',
    path: 'apps/web',
    kind: 'kustomize',
    styles: ['plain', 'crlf'],
    lacks: [RENAMED],
    shared: ['apps/web/base'],
    others: ['clusters/staging'],
    files: (model) => ({
      ...base('apps/web/base', model),
      'apps/web/kustomization.yaml': kustomization({ resources: ['base'], ...overlayFields(model) }, model),
      'apps/web/patches/web.yaml': { documents: [jsonPatch(model)] },
      'clusters/staging/kustomization.yaml': kustomization({
        namespace: 'staging',
        resources: ['../../apps/web/base'],
        images: [{ name: REPOSITORY, newTag: model.other.tag }],
      }),
    }),
  },
  {
    name: 'apps gathered by a kustomization',
    path: 'apps/web',
    kind: 'kustomize',
    styles: ['plain', 'comments'],
    lacks: [RENAMED],
    others: ['apps/other'],
    gatherers: ['clusters/prod'],
    files: (model, style) => ({
      ...twoApps(model, style),
      'clusters/prod/kustomization.yaml': kustomization(GATHERED),
    }),
  },
  {
    name: 'apps gathered under other names',
    path: 'apps/web',
    kind: 'kustomize',
    styles: ['plain'],
    lacks: [RENAMED],
    shared: ['apps/web'],
    others: ['apps/other'],
    gatherers: ['clusters/prod'],
    files: (model, style) => ({
      ...twoApps(model, style),
      'clusters/prod/kustomization.yaml': kustomization({ namePrefix: 'eu-', ...GATHERED }),
    }),
  },
];
