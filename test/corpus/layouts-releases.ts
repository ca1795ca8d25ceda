import type { Layout, Sources } from './layouts.ts';
import { chart, IMAGE, LACKS, other, templates, values } from './layouts-helm.ts';
import { FIRST_RELEASE, type Model } from './model.ts';
import { NAMESPACE } from './parts.ts';
import type { Node } from './text.ts';

const CHARTS_OF = { namespace: 'flux-system', name: 'deploy' };

/** What Flux makes a release of, of the chart in this repository. */
function helmRelease(spec: { readonly [key: string]: Node }, chartSpec: { readonly [key: string]: Node } = {}): Node {
  const sourceRef = { kind: 'GitRepository', ...CHARTS_OF };
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'web', namespace: NAMESPACE },
    spec: { interval: '10m', chart: { spec: { chart: './charts/web', sourceRef, ...chartSpec } }, ...spec },
  };
}

const chartFiles = (model: Model): Sources => ({
  'charts/web/Chart.yaml': { documents: [chart()] },
  'charts/web/values.yaml': { documents: [{ image: { repository: 'none', tag: 'none' }, replicaCount: 1 }] },
  ...templates('charts/web/', model, IMAGE),
  ...other(model),
});

/** Another environment's, of the same chart. */
const staging = (model: Model): Sources => ({
  'clusters/staging/web.yaml': {
    documents: [helmRelease({ values: values({ ...FIRST_RELEASE, tag: model.other.tag }) })],
  },
});

export const releaseLayouts: readonly Layout[] = [
  {
    name: 'a HelmRelease with its values',
    path: 'clusters/prod',
    kind: 'releases',
    helm: { chartsOf: CHARTS_OF },
    styles: ['plain', 'crlf', 'comments', 'double', 'wide'],
    lacks: LACKS,
    outside: { folders: ['charts/web'], pods: ['shared'] },
    shared: ['charts/web'],
    others: ['apps/other', 'clusters/staging'],
    files: (model) => ({
      'clusters/prod/web.yaml': { documents: [helmRelease({ values: values(model) })], header: model.header },
      ...staging(model),
      ...chartFiles(model),
    }),
  },
  {
    name: 'a HelmRelease with a file of values',
    path: 'clusters/prod',
    kind: 'releases',
    helm: { chartsOf: CHARTS_OF },
    styles: ['plain', 'crlf'],
    lacks: LACKS,
    outside: {
      folders: ['charts/web', 'envs/prod'],
      pods: ['shared', 'tag', 'digest', 'env', 'sidecars', 'script', 'memory', 'podLabels'],
    },
    shared: ['charts/web', 'envs/prod'],
    others: ['apps/other', 'clusters/shadow'],
    files: (model) => ({
      'clusters/shadow/web.yaml': { documents: [helmRelease({}, { valuesFiles: ['envs/prod/web.yaml'] })] },
      'clusters/prod/web.yaml': { documents: [helmRelease({}, { valuesFiles: ['envs/prod/web.yaml'] })] },
      'envs/prod/web.yaml': { documents: [values(model)], header: model.header },
      ...chartFiles(model),
    }),
  },
];
