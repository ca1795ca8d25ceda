import type { Layout } from './layouts.ts';
import type { Model } from './model.ts';
import { configMap, imageOf, NAMESPACE, noted, otherRollout, podTemplate, rollout, service } from './parts.ts';
import type { Node, Style } from './text.ts';

const template = (model: Model, style: Style) => podTemplate(model, noted(model, imageOf(model)), style);
const web = (model: Model, style: Style) => rollout(model, { template: template(model, style) }, style);
const nameOf = ({ renamed }: Model, name: string) => renamed[name] ?? name;
const ALL = [
  'plain',
  'crlf',
  'bom',
  'comments',
  'single',
  'double',
  'wide',
  'flow',
  'anchors',
  'sharedImage',
  'unended',
  'executable',
];

/** One file per object below `folder`. */
const files = (folder: string) => (model: Model, style: Style) => ({
  [`${folder}${nameOf(model, 'rollout.yaml')}`]: { documents: [web(model, style)], header: model.header },
  [`${folder}service.yaml`]: { documents: [service(model), service(model, 'web-canary')] },
  [`${folder}config/map.yaml`]: { documents: [configMap(model)] },
});

const other = (path: string) => (model: Model) => ({ [path]: { documents: [otherRollout(model)] } });

/** Folders of plain YAML and JSON. */
export const plainLayouts: readonly Layout[] = [
  {
    name: 'plain',
    path: 'apps/web',
    kind: 'plain',
    styles: ALL,
    others: ['apps/other'],
    files: (model, style) => ({ ...files('apps/web/')(model, style), ...other('apps/other/rollout.yaml')(model) }),
  },
  {
    name: 'one file of many documents',
    path: 'apps/web',
    kind: 'plain',
    styles: ['plain', 'crlf', 'comments', 'double', 'wide', 'flow', 'anchors', 'unended'],
    lacks: ['tag and a renamed file'],
    others: ['apps/other'],
    files: (model, style) => ({
      'apps/web/all.yml': {
        documents: [configMap(model), service(model), web(model, style), service(model, 'web-canary')],
        header: model.header,
      },
      ...other('apps/other/rollout.yaml')(model),
    }),
  },
  {
    name: 'a List',
    path: 'deploy',
    kind: 'plain',
    styles: ['plain', 'crlf', 'single', 'wide'],
    lacks: ['tag and a renamed file', 'tags of two apps'],
    files: (model, style) => ({
      'deploy/list.yaml': {
        documents: [{ apiVersion: 'v1', kind: 'List', items: [service(model), web(model, style), configMap(model)] }],
        header: model.header,
      },
    }),
  },
  {
    name: 'JSON',
    path: 'apps/web',
    kind: 'plain',
    styles: ['plain', 'crlf', 'wide', 'unended'],
    lacks: [
      'tag and a renamed file',
      'comment',
      'tag with a comment',
      'tag set by a bot',
      'broken',
      'tags of two apps',
    ],
    files: (model, style) => ({
      'apps/web/rollout.json': { documents: [web(model, style)], json: true },
      'apps/web/service.json': { documents: [service(model)], json: true },
      'apps/web/config.json': { documents: [configMap(model)], json: true },
    }),
  },
  {
    name: 'the root',
    path: '',
    kind: 'plain',
    styles: ['plain', 'crlf', 'comments', 'anchors'],
    sibling: { alone: ['other'] },
    files: (model, style) => ({ ...files('')(model, style), ...other('other/rollout.yaml')(model) }),
  },
  {
    name: 'a Deployment that the Rollout names',
    path: 'apps/web',
    kind: 'plain',
    styles: ['plain', 'bom', 'flow', 'executable'],

    files(model) {
      const selector = { matchLabels: { app: 'web' } };
      const spec: Node = {
        replicas: 0,
        selector,
        template: podTemplate(model, noted(model, imageOf(model)), { anchors: 'none' }),
      };
      const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
      const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
      return {
        [`apps/web/${nameOf(model, 'rollout.yaml')}`]: {
          documents: [rollout(model, { workloadRef })],
          header: model.header,
        },
        'apps/web/deployment.yaml': { documents: [deployment] },
        'apps/web/service.yaml': { documents: [service(model), configMap(model)] },
        ...other('apps/other/rollout.yaml')(model),
      };
    },
  },
  {
    name: 'deep and not ASCII',
    path: 'teams/größe/アプリ/web app/prod',
    kind: 'plain',
    styles: ['plain', 'crlf', 'comments', 'single'],
    others: ['teams/größe/other'],
    files: (model, style) => ({
      ...files('teams/größe/アプリ/web app/prod/ü/')(model, style),
      ...other('teams/größe/other/rollout.yaml')(model),
    }),
  },
  {
    name: 'two apps in one folder',
    path: 'apps/shop',
    kind: 'plain',
    styles: ['plain', 'double', 'wide', 'flow'],
    sibling: { alone: ['other'] },
    files: (model, style) => ({
      ...files('apps/shop/web/')(model, style),
      ...other('apps/shop/other/rollout.yaml')(model),
    }),
  },
  {
    name: 'two apps in one file',
    path: 'apps/shop',
    kind: 'plain',
    styles: ['plain', 'crlf', 'comments', 'flow', 'unended'],
    lacks: ['tag and a renamed file'],
    sibling: { alone: ['other'] },
    files: (model, style) => ({
      'apps/shop/all.yaml': {
        documents: [service(model), otherRollout(model), web(model, style), configMap(model)],
        header: model.header,
      },
    }),
  },
  {
    name: 'a monorepo of twelve apps',
    path: 'apps/web',
    kind: 'plain',
    styles: ['plain', 'crlf', 'wide'],
    others: ['apps/other', 'apps/app-3'],
    files: (model, style) => ({
      ...files('apps/web/')(model, style),
      ...other('apps/other/rollout.yaml')(model),
      ...Object.fromEntries(
        Array.from({ length: 10 }, (_, index) => `app-${index}`).map((name) => [
          `apps/${name}/rollout.yaml`,
          { documents: [otherRollout({ ...model, other: { tag: 'v1' } }, name)] },
        ]),
      ),
    }),
  },
  {
    name: 'namespaces in the objects',
    path: 'clusters/prod/shop',
    kind: 'plain',
    styles: ['plain', 'bom', 'single'],
    others: ['clusters/staging/shop'],
    files(model, style) {
      const cluster = (folder: string, own: Model) => ({
        [`clusters/${folder}/shop/${nameOf(model, 'rollout.yaml')}`]: {
          documents: [rollout(own, { template: template(own, style) }, { ...style, namespace: NAMESPACE })],
          header: own.header,
        },
        [`clusters/${folder}/shop/service.yaml`]: { documents: [service(own), configMap(own)] },
      });
      const staging = { ...model, tag: model.other.tag, digest: undefined, note: undefined, replicas: 1 };
      return { ...cluster('prod', model), ...cluster('staging', staging) };
    },
  },
];
