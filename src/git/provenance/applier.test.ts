import { expect, it } from 'vitest';
import { applierOf } from './applier.ts';

const route = (labels: object, annotations: object = {}) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { namespace: 'shop', name: 'web', labels, annotations },
});
const tracked = (id: string) => route({}, { 'argocd.argoproj.io/tracking-id': id });
const flux = (tool: string) =>
  route({ [`${tool}.toolkit.fluxcd.io/name`]: 'apps', [`${tool}.toolkit.fluxcd.io/namespace`]: 'flux-system' });
const helm = { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' };
const OWN = 'gateway.networking.k8s.io/HTTPRoute:shop/web';

it.each([
  [tracked(`web:${OWN}`), 'argocd-controller', 'Application argocd/web'],
  [tracked(`team_web:${OWN}`), 'argocd-application-controller', 'Application team/web'],
  [tracked('web:gateway.networking.k8s.io/HTTPRoute:shop/other'), 'argocd-controller', undefined],
  [route({ 'app.kubernetes.io/instance': 'web' }), 'argocd-controller', 'Application argocd/web'],
  [route({ 'app.kubernetes.io/instance': 'web' }), 'kubectl', undefined],
  [flux('kustomize'), 'kustomize-controller', 'Kustomization flux-system/apps'],
  [flux('helm'), 'helm-controller', 'HelmRelease flux-system/apps'],
  [flux('kustomize'), 'helm-controller', undefined],
  [route({}, helm), 'helm', 'Helm release shop/web'],
  [route({}, { 'headgate.dev/git-source': 'GitSource/shop/web' }), 'headgate-gitsource', 'GitSource shop/web'],
  [route({}), 'argocd-controller', undefined],
  [{}, 'helm', undefined],
  [undefined, 'kustomize-controller', undefined],
])('%j, written by %s: %s', (object, manager, expected) => {
  expect(applierOf(object, manager, 'argocd')).toBe(expected);
});
