import { expect, it } from 'vitest';
import { type KubeObject, MANAGED_RULES } from '../../api/index.ts';
import { carryOver, ownedBy } from './carry-over.ts';

const canary = {
  stableService: 'web-stable',
  canaryService: 'web-canary',
  trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } },
};
const owned = ownedBy([{ metadata: { name: 'web' }, spec: { strategy: { canary } } } as KubeObject]);

function pair(stable: number, path = '/') {
  const backendRefs = [
    { name: 'web-stable', port: 80, weight: stable },
    { name: 'web-canary', port: 80, weight: 100 - stable },
  ];
  return { matches: [{ path: { type: 'PathPrefix', value: path } }], backendRefs };
}

function route(rules: object[], annotations: Record<string, string> = {}): KubeObject {
  return { kind: 'HTTPRoute', metadata: { name: 'web', annotations }, spec: { rules } } as KubeObject;
}

it('keeps the weights of the pair and the rules that steps have added, where they are', () => {
  const matches = [{ headers: [{ type: 'Exact', name: 'X-Tester', value: 'yes' }] }];
  const added = { matches, backendRefs: [{ name: 'web-canary', port: 80, weight: 1 }] };
  const match = [{ headerName: 'X-Tester', headerValue: { exact: 'yes' } }];
  const note = { route: { kind: 'header', name: 'testers', match }, service: 'web-canary', rules: [matches] };
  const live = route([added, pair(75)], { [MANAGED_RULES]: JSON.stringify([note]) });
  expect(carryOver(route([pair(100)]), live, owned, 'shop')).toEqual(route([added, pair(75)]));
  expect(carryOver(route([pair(100), pair(100, '/new')]), live, owned, 'shop')).toEqual(
    route([added, pair(75), pair(75, '/new')]),
  );
  const unnoted = route([pair(75), added]);
  expect(carryOver(route([pair(100)]), unnoted, owned, 'shop')).toEqual(route([pair(75)]));
});
