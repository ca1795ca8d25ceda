import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kubernetes.ts';
import { missingGrants } from './reference-grants.ts';

const ref = (name: string, namespace?: string) => ({ name, port: 80, ...(namespace && { namespace }) });

function routeTo(backendRefs: object[], rule: object = {}): KubeObject {
  const metadata = { name: 'shop', namespace: 'shop' };
  return { kind: 'HTTPRoute', metadata, spec: { rules: [{ backendRefs, ...rule }] } } as KubeObject;
}

function grantIn(namespace: string, { from = {}, to = {} }: { from?: object; to?: object } = {}): KubeObject {
  const spec = {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', ...from }],
    to: [{ group: '', kind: 'Service', ...to }],
  };
  return { kind: 'ReferenceGrant', metadata: { name: 'any', namespace }, spec } as KubeObject;
}

const elsewhere = routeTo([ref('stable'), ref('search', 'search')]);

describe('a backend in another namespace', () => {
  it('needs a grant, which is told with what it must say', () => {
    expect(missingGrants(elsewhere, [])).toEqual([
      { path: 'spec.rules[0].backendRefs[1]', message: expect.stringContaining('namespace "search"') },
    ]);
    const [problem] = missingGrants(elsewhere, []);
    for (const word of ['HTTPRoute "shop"', 'Service "search"', 'ReferenceGrant', 'from HTTPRoute of namespace "shop"'])
      expect(problem?.message).toContain(word);
  });

  it.each([
    ['to every Service', grantIn('search')],
    ['to this Service', grantIn('search', { to: { name: 'search' } })],
    ['with an empty name', grantIn('search', { to: { name: '' } })],
  ])('is permitted by a grant %s', (_, grant) => {
    expect(missingGrants(elsewhere, [grant])).toEqual([]);
  });

  it.each([
    ['in another namespace', grantIn('shop')],
    ['to another Service', grantIn('search', { to: { name: 'other' } })],
    ['to another kind', grantIn('search', { to: { kind: 'Secret' } })],
    ['to another group', grantIn('search', { to: { group: 'example.com' } })],
    ['from another kind', grantIn('search', { from: { kind: 'GRPCRoute' } })],
    ['from another group', grantIn('search', { from: { group: '' } })],
    ['from another namespace', grantIn('search', { from: { namespace: 'team' } })],
    ['that is empty', { metadata: { name: 'any', namespace: 'search' } }],
  ])('is not permitted by a grant %s', (_, grant) => {
    expect(missingGrants(elsewhere, [grant])).toHaveLength(1);
  });

  it('counts in the filters that mirror too', () => {
    const requestMirror = { backendRef: ref('copy', 'lab') };
    const filters = [{ type: 'RequestMirror', requestMirror }];
    const route = routeTo([{ ...ref('stable'), filters }], { filters });
    expect(missingGrants(route, []).map(({ path }) => path)).toEqual([
      'spec.rules[0].filters[0].requestMirror.backendRef',
      'spec.rules[0].backendRefs[0].filters[0].requestMirror.backendRef',
    ]);
    expect(missingGrants(route, [grantIn('lab')])).toEqual([]);
  });
});

it('backends of the own namespace need none, named or not', () => {
  expect(missingGrants(routeTo([ref('stable'), ref('canary', 'shop')]), [])).toEqual([]);
});

it('is total over any input', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (route, grants) => {
      expect(() => missingGrants(route as never, grants as never)).not.toThrow();
    }),
  );
});
