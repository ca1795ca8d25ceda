import { describe, expect, it } from 'vitest';
import type { Contest, Rollout } from '../api/index.ts';
import { contestOver, contestTold } from './contest-words.ts';

const rollout = (steps: object[] = []) =>
  ({ metadata: { name: 'web', namespace: 'shop' }, spec: { strategy: { canary: { steps } } } }) as unknown as Rollout;

const contest = (manager: string, source?: string, kind = 'HTTPRoute'): Contest => {
  const since = '2026-11-21T09:00:00Z';
  return { kind, name: 'web', manager, times: 3, since, ...(source && { source }) };
};

describe('an Event tells what ends a contest', () => {
  const remedyOf = (one: Contest, steps: object[] = []) => contestTold(one, rollout(steps)).split('To end this, ')[1];

  it.each([
    [
      contest('argocd-controller', 'Application argocd/web'),
      "add to Application argocd/web: spec: {ignoreDifferences: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web, jqPathExpressions: ['.spec.rules[].backendRefs[].weight']}], syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}}",
    ],
    [
      contest('argocd-application-controller', undefined, 'Service'),
      'add to the Application: spec: {ignoreDifferences: [{group: "", kind: Service, name: web, jsonPointers: [/spec/selector/rollouts-pod-template-hash]}], syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}}',
    ],
    [
      contest('kustomize-controller', 'Kustomization flux-system/apps'),
      'add to HTTPRoute web in Git: metadata: {annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}}',
    ],
    [
      contest('helm-controller', 'HelmRelease shop/web'),
      'add to HelmRelease shop/web: spec: {driftDetection: {ignore: [{paths: [/spec/rules], target: {kind: HTTPRoute, name: web}}]}}',
    ],
    [
      contest('helm', 'Helm release shop/web'),
      'keep HTTPRoute web in a release of its own that is not upgraded while an update is under way',
    ],
    [contest('rollouts-controller'), 'two controllers drive this Rollout: stop one of them'],
    [
      contest('kubectl-client-side-apply'),
      'have kubectl-client-side-apply apply HTTPRoute web with the weights that it has, or not at all while an update is under way: without weights each counts as 1',
    ],
    [
      contest('', undefined, 'Service'),
      'have whoever writes it leave rollouts-pod-template-hash in the selector of Service web: kubectl apply does, without --server-side',
    ],
  ])('%j', (one, expected) => {
    expect(remedyOf(one)).toBe(expected);
  });

  it('speaks of all rules where steps add some', () => {
    const steps = [{ setHeaderRoute: { name: 'testers' } }];
    expect(remedyOf(contest('argocd-controller'), steps)).toContain("jqPathExpressions: ['.spec.rules']");
  });

  it('fits into an Event', () => {
    const long = {
      ...contest('argocd-controller', `Application ${'n'.repeat(63)}/${'a'.repeat(63)}`),
      name: 'r'.repeat(100),
    };
    expect(contestTold(long, rollout()).length).toBeLessThan(1024);
  });
});

it('names who, how often and since when', () => {
  expect(contestTold(contest('', undefined), rollout())).toMatch(
    /^somebody whom metadata\.managedFields does not name has set the weights of HTTPRoute web back 3 times since 2026-11-21T09:00:00Z\./,
  );
  expect(contestOver(contest('helm', 'Helm release shop/web'), rollout())).toBe(
    'Helm release shop/web (helm) no longer sets the weights of HTTPRoute web back, after 3 times',
  );
});
