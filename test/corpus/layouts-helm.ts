import type { Layout, Sources } from './layouts.ts';
import { FIRST_RELEASE, type Model } from './model.ts';
import { noted, otherRollout, REPOSITORY } from './parts.ts';
import type { Node } from './text.ts';

export const chart = (fields: { readonly [key: string]: Node } = {}): Node => ({
  apiVersion: 'v2',
  name: 'web',
  version: '1.0.0',
  ...fields,
});

/** What a release says of itself. */
export function values(model: Model): Node {
  const { tag, digest, env, sidecars, script, memory, podLabels, config, replicas, weight, servicePort } = model;
  return {
    image: { repository: REPOSITORY, ...(digest === undefined ? { tag: noted(model, tag ?? '') } : { digest }) },
    env,
    script,
    resources: { limits: { memory } },
    podLabels,
    sidecars,
    config,
    service: { port: servicePort },
    canary: { weight },
    replicaCount: replicas,
  };
}

/** `image`: what stands for it in the template. `port`: what pods listen on. */
export function templates(folder: string, { shared }: Model, image: string): Sources {
  const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicaCount }}
  selector: {matchLabels: {app: web}}
  strategy:
    canary:
      steps: [{setWeight: {{ .Values.canary.weight }}}]
  template:
    metadata:
      labels:
        app: web
        {{- toYaml .Values.podLabels | nindent 8 }}
    spec:
      containers:
      - name: web
        image: ${image}
        args: ["-c", {{ .Values.script | quote }}]
        ports: [{name: http, containerPort: ${shared.containerPort}}]
        env:
        {{- range $name, $value := .Values.env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        resources: {{- toYaml .Values.resources | nindent 10 }}
      {{- range .Values.sidecars }}
      - name: {{ . | splitList ":" | first }}
        image: {{ . }}
      {{- end }}
`;
  const service = `apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: web}, ports: [{port: {{ .Values.service.port }}}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web-config}
data: {{- toYaml .Values.config | nindent 2 }}
`;
  return {
    [`${folder}templates/rollout.yaml`]: { text: rollout },
    [`${folder}templates/service.yaml`]: { text: service },
  };
}

export const IMAGE =
  '"{{ .Values.image.repository }}{{ with .Values.image.digest }}@{{ . }}{{ else }}:{{ .Values.image.tag }}{{ end }}"';
export const other = (model: Model): Sources => ({ 'apps/other/rollout.yaml': { documents: [otherRollout(model)] } });
export const LACKS = ['tag and a renamed file'];

export const helmLayouts: readonly Layout[] = [
  {
    name: 'a chart with its values',
    path: 'apps/web',
    kind: 'helm',
    helm: { releaseName: 'web', valueFiles: [] },
    styles: ['plain', 'crlf', 'comments', 'double', 'wide'],
    lacks: LACKS,
    others: ['apps/other'],
    files: (model) => ({
      'apps/web/Chart.yaml': { documents: [chart()] },
      'apps/web/values.yaml': { documents: [values(model)], header: model.header },
      ...templates('apps/web/', model, IMAGE),
      ...other(model),
    }),
  },
  {
    name: 'a chart with a file of values per environment',
    path: 'charts/web',
    kind: 'helm',
    helm: { releaseName: 'shop-web', valueFiles: ['envs/prod.yaml'] },
    rollout: 'shop-web',
    styles: ['plain', 'crlf', 'single', 'bom'],
    lacks: LACKS,
    others: ['apps/other'],
    files: (model) => ({
      'charts/web/Chart.yaml': { documents: [chart({ description: 'of all environments' })] },
      'charts/web/values.yaml': { documents: [{ image: { repository: 'none', tag: 'none' }, replicaCount: 1 }] },
      'charts/web/envs/prod.yaml': { documents: [values(model)], header: model.header },
      ...templates('charts/web/', model, IMAGE),
      ...other(model),
    }),
  },
  {
    name: 'a chart that takes the tag from appVersion',
    path: 'apps/web',
    kind: 'helm',
    helm: { releaseName: 'web', valueFiles: [] },
    styles: ['plain', 'double'],
    lacks: [...LACKS, 'digest'],
    others: ['apps/other'],
    files: (model) => ({
      'apps/web/Chart.yaml': {
        documents: [chart({ appVersion: noted(model, model.tag ?? '') })],
        header: model.header,
      },
      'apps/web/values.yaml': { documents: [values({ ...model, tag: 'unused', note: undefined })] },
      ...templates('apps/web/', model, '"{{ .Values.image.repository }}:{{ .Chart.AppVersion }}"'),
      ...other(model),
    }),
  },
  {
    name: 'a chart with a chart inside',
    path: 'deploy',
    kind: 'helm',
    helm: { releaseName: 'web', valueFiles: ['prod.yaml'] },
    styles: ['plain', 'wide'],
    lacks: LACKS,
    others: ['apps/other'],
    files: (model) => ({
      'deploy/Chart.yaml': {
        documents: [
          { apiVersion: 'v2', name: 'umbrella', version: '0.1.0', dependencies: [{ name: 'web', version: '1.0.0' }] },
        ],
      },
      'deploy/prod.yaml': { documents: [{ web: values(model) }], header: model.header },
      'deploy/charts/web/Chart.yaml': { documents: [chart()] },
      ...templates('deploy/charts/web/', model, IMAGE),
      ...other(model),
    }),
  },
  {
    name: 'a chart with values outside of it',
    path: 'charts/web',
    kind: 'helm',
    helm: { releaseName: 'web', valueFiles: ['../../envs/prod/web.yaml'] },
    styles: ['plain', 'crlf', 'comments'],
    lacks: LACKS,
    outside: {
      folders: ['envs/prod'],
      pods: ['tag', 'digest', 'env', 'sidecars', 'script', 'memory', 'podLabels'],
    },
    // Of what a release says, nothing stands there; the ports of pods do.
    shared: ['charts/web/templates'],
    others: ['apps/other'],
    known: [
      {
        path: 'charts/web',
        namespace: 'staging',
        helm: { releaseName: 'web', valueFiles: ['../../envs/staging/web.yaml'] },
      },
    ],
    files: (model) => ({
      'charts/web/Chart.yaml': { documents: [chart()] },
      'charts/web/values.yaml': { documents: [{ image: { repository: 'none', tag: 'none' }, replicaCount: 1 }] },
      'envs/prod/web.yaml': { documents: [values(model)], header: model.header },
      'envs/staging/web.yaml': { documents: [values({ ...FIRST_RELEASE, tag: model.other.tag })] },
      ...templates('charts/web/', model, IMAGE),
      ...other(model),
    }),
  },
];
