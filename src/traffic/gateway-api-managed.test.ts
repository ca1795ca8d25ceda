import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectGolden } from '../../test/golden.ts';
import { MANAGED_RULES, type ManagedRoute } from '../api/index.ts';
import type { JsonObject, KubeObject } from '../api/kubernetes.ts';
import { applyJsonPatch } from './conformance.ts';
import { gatewayApi } from './gateway-api.ts';
import type { TrafficTarget } from './router.ts';

type Fields = Record<string, unknown>;
interface Route extends KubeObject {
  spec: { rules: Fields[] };
}

const stable = { group: '', kind: 'Service', name: 'web-stable', port: 80, weight: 100 };
const canary = { ...stable, name: 'web-canary', weight: 0 };
const other = { ...stable, name: 'docs', weight: 1 };
const under = (value: string, more: Fields = {}) => ({ path: { type: 'PathPrefix', value }, ...more });
const having = (name: string, value = 'yes') => ({ type: 'Exact', name, value });
const pair = { matches: [under('/')], backendRefs: [stable, canary] };

function route(...rules: Fields[]): Route {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { rules },
  };
}

function target(managedRoutes: ManagedRoute[], canaryWeight = 10): TrafficTarget {
  const services = { stableService: 'web-stable', canaryService: 'web-canary' };
  return { namespace: 'shop', ...services, canaryWeight, maxWeight: 100, managedRoutes };
}

const one: JsonObject = { httpRoute: 'web' };
const render = (object: Route, wanted: TrafficTarget, configuration = one) =>
  gatewayApi.render(configuration, [object], wanted);
const read = (object: Route, configuration = one) => gatewayApi.read(configuration, [object], target([])).managedRoutes;

function patched(object: Route, wanted: TrafficTarget): Route {
  const { patches } = render(object, wanted);
  return patches.reduce((result: unknown, { patch }) => applyJsonPatch(result, patch), object) as Route;
}

function header(name: string, value: object = { exact: 'yes' }, ...more: string[]): ManagedRoute {
  const all = [name, ...more].map((headerName) => ({ headerName, headerValue: value }));
  return { kind: 'header', name: name.toLowerCase(), match: all };
}

function mirror(match: Extract<ManagedRoute, { kind: 'mirror' }>['match'], percentage = 100): ManagedRoute {
  return { kind: 'mirror', name: 'shadow', match, percentage };
}

const problems = (object: Route, ...routes: ManagedRoute[]) => render(object, target(routes)).problems;
const matchesOf = (object: Route) => object.spec.rules.map(({ matches }) => matches);

describe('a route by header', () => {
  it('is a copy of each rule of the pair that leads to the canary alone, after everything that was there', () => {
    const filters = [{ type: 'URLRewrite', urlRewrite: { hostname: 'web' } }];
    const before = route({ ...pair, filters, timeouts: { request: '3s' } }, { backendRefs: [other] });
    const { rules } = patched(before, target([header('X-Canary')])).spec;
    expect(rules.slice(1)).toEqual([
      { backendRefs: [other] },
      {
        matches: [under('/', { headers: [having('X-Canary')] })],
        backendRefs: [{ ...canary, weight: 1 }],
        filters,
        timeouts: { request: '3s' },
      },
    ]);
  });

  it.each<[string, object, Fields]>([
    ['exact', { exact: 'a.b' }, { type: 'Exact', value: 'a.b' }],
    ['prefix', { prefix: 'a.b' }, { type: 'RegularExpression', value: 'a\\.b.*' }],
    ['regex', { regex: 'a.b' }, { type: 'RegularExpression', value: 'a.b' }],
  ])('compares by %s', (_, value, expected) => {
    const { rules } = patched(route(pair), target([header('X-Canary', value)])).spec;
    expect(rules[1]?.matches).toEqual([under('/', { headers: [{ name: 'X-Canary', ...expected }] })]);
  });

  it('wants all of its headers, and those of the rule', () => {
    const before = route({ ...pair, matches: [under('/a', { headers: [having('X-Tenant', '7')] }), under('/b')] });
    const { rules } = patched(before, target([header('X-A', { exact: 'yes' }, 'X-B')])).spec;
    expect(rules[1]?.matches).toEqual([
      under('/a', { headers: [having('X-Tenant', '7'), having('X-A'), having('X-B')] }),
      under('/b', { headers: [having('X-A'), having('X-B')] }),
    ]);
  });

  it('goes into the HTTPRoutes that use header routes only', () => {
    const configuration = { httpRoutes: [{ name: 'web', useHeaderRoutes: true }, { name: 'api' }] };
    const api = { ...route(pair), metadata: { name: 'api', namespace: 'shop' } };
    const { patches } = gatewayApi.render(configuration, [route(pair), api], target([header('X-Canary')], 0));
    expect(patches.map(({ target: { name } }) => name)).toEqual(['web']);
    const now = [patched(route(pair), target([header('X-Canary')], 0)), api];
    expect(gatewayApi.read(configuration, now, target([])).managedRoutes).toEqual([header('X-Canary')]);
  });

  it('is refused where no HTTPRoute uses them, where two headers are one, and where the rule compares the header', () => {
    const { problems: none } = render(route(pair), target([header('X-A')]), { httpRoutes: [{ name: 'web' }] });
    expect(none).toEqual([{ path: '', route: 'x-a', message: expect.stringContaining('set useHeaderRoutes: true') }]);
    const twice = problems(route(pair), header('X-A', { exact: 'yes' }, 'x-a'));
    expect(twice).toEqual([expect.objectContaining({ path: 'match[1].headerName', route: 'x-a' })]);
    const compared = route({ ...pair, matches: [under('/', { headers: [having('x-a', 'no')] })] });
    expect(problems(compared, header('X-A'))[0]?.message).toContain('the rule compares header "X-A" itself');
  });

  it('is no copy of what an earlier rule answers', () => {
    const hidden = { ...pair, matches: [under('/a'), under('/b')] };
    const before = route({ matches: [under('/a')], backendRefs: [other] }, hidden);
    const { rules } = patched(before, target([header('X-A')])).spec;
    expect(rules[2]?.matches).toEqual([under('/b', { headers: [having('X-A')] })]);
  });

  it('is refused where the HTTPRoute would be larger than it may be', () => {
    const full = route(...Array.from({ length: 15 }, (_, index) => ({ ...pair, matches: [under(`/${index}`)] })));
    expect(problems(full, header('X-A'))[0]?.message).toContain('would have 30 rules');
  });

  it('changes no request without the header, and none that others answer, whatever their rules', () => {
    const anyMatch = fc.record({
      path: fc.record({ type: fc.constantFrom('PathPrefix', 'Exact'), value: fc.constantFrom('/', '/a', '/a/b') }),
      headers: fc.constantFrom([], [having('X-Other')]),
      method: fc.constantFrom('GET', 'POST'),
    });
    const anyRule = fc.record({
      matches: fc.array(anyMatch, { minLength: 1, maxLength: 2 }),
      backendRefs: fc.constantFrom([stable, canary], [other]),
    });
    fc.assert(
      fc.property(fc.array(anyRule, { minLength: 1, maxLength: 4 }), anyMatch, fc.boolean(), (all, seen, isTester) => {
        const rules = JSON.parse(JSON.stringify(all)) as Fields[];
        const before = route(
          ...rules.map((rule, index) => ({ ...rule, timeouts: { request: `${index + 1}s` } })),
          pair,
        );
        const now = patched(before, target([header('X-Canary')], 0));
        const headers = [...seen.headers, ...(isTester ? [having('X-Canary')] : [])];
        const request = { path: seen.path.value, method: seen.method, headers: headers.map(({ name }) => name) };
        const [was, is] = [answering(before, request), answering(now, request)];
        const isOurs = was?.backendRefs !== undefined && (was.backendRefs as Fields[]).length === 2;
        if (isTester && isOurs) expect(is).toMatchObject({ backendRefs: [{ name: 'web-canary' }] });
        else expect(is?.timeouts).toEqual(was?.timeouts);
      }),
      { numRuns: 500 },
    );
  });
});

interface Request {
  path: string;
  method: string;
  headers: string[];
}

/** The rule that a gateway chooses, by the precedence that the API prescribes. */
function answering({ spec }: Route, { path, method, headers }: Request): Fields | undefined {
  const fits = spec.rules.flatMap((rule, index) =>
    (rule.matches as { path: { type: string; value: string }; method?: string; headers?: Fields[] }[]).flatMap(
      (match) => {
        const { type, value } = match.path;
        const isPath =
          type === 'Exact' ? path === value : value === '/' || path === value || path.startsWith(`${value}/`);
        const isMethod = match.method === undefined || match.method === method;
        const isHeaders = (match.headers ?? []).every(({ name }) => headers.includes(String(name)));
        if (!isPath || !isMethod || !isHeaders) return [];
        const order = [
          type === 'Exact' ? 1 : 0,
          value.length,
          match.method ? 1 : 0,
          match.headers?.length ?? 0,
          -index,
        ];
        return [{ rule, order }];
      },
    ),
  );
  const compare = (one: number[], two: number[]) =>
    one.map((each, at) => (two[at] ?? 0) - each).find((by) => by !== 0) ?? 0;
  return fits.sort((one, two) => compare(one.order, two.order))[0]?.rule;
}

describe('a mirror', () => {
  it('is a copy of the rule with the same weights, right before it, and follows them', () => {
    const wanted = mirror([{ method: { exact: 'GET' }, path: { prefix: '/' } }], 25);
    const now = patched(
      route({ backendRefs: [other], matches: [under('/docs', { method: 'GET' })] }, pair),
      target([wanted]),
    );
    const requestMirror = { backendRef: { group: '', kind: 'Service', name: 'web-canary', port: 80 }, percent: 25 };
    const weights = [
      { ...stable, weight: 90 },
      { ...canary, weight: 10 },
    ];
    expect(now.spec.rules.slice(1)).toEqual([
      {
        matches: [under('/', { method: 'GET' })],
        backendRefs: weights,
        filters: [{ type: 'RequestMirror', requestMirror }],
      },
      { ...pair, backendRefs: weights },
    ]);
    const later = patched(now, target([wanted], 50));
    expect(later.spec.rules.slice(1).map(({ backendRefs }) => (backendRefs as Fields[])[1]?.weight)).toEqual([50, 50]);
    expect(read(later)).toEqual([wanted]);
  });

  it.each<[string, Fields, object, unknown]>([
    ['the narrower prefix', under('/a'), { path: { prefix: '/a/b' } }, [under('/a/b')]],
    ['the rule where it is narrower', under('/a/b'), { path: { prefix: '/a' } }, [under('/a/b')]],
    ['an exact path in a prefix', under('/a'), { path: { exact: '/a' } }, [{ path: { type: 'Exact', value: '/a' } }]],
    [
      'a regular expression below /',
      under('/'),
      { path: { regex: '/a.*' } },
      [{ path: { type: 'RegularExpression', value: '/a.*' } }],
    ],
    ['all of the rule', under('/a'), {}, [under('/a')]],
    ['headers', under('/a'), { headers: { 'X-A': { exact: 'yes' } } }, [under('/a', { headers: [having('X-A')] })]],
  ])('takes %s', (_, own, match, expected) => {
    const before = route({ ...pair, matches: [own] });
    expect(problems(before, mirror([match as never]))).toEqual([]);
    expect(matchesOf(patched(before, target([mirror([match as never])])))[0]).toEqual(expected);
  });

  it.each<[string, object, string, string]>([
    ['a method by prefix', { method: { prefix: 'P' } }, 'match[0].method', 'set exact to one of GET'],
    ['a path without a slash', { path: { prefix: 'a' } }, 'match[0].path', 'begin with "/"'],
    ['a path apart from the rule', { path: { prefix: '/b' } }, 'match', 'matches no request of the rules'],
    ['a regular expression beside a prefix', { path: { regex: '/a/.*' } }, 'match[0].path', 'choose exact or prefix'],
  ])('is refused for %s', (_, match, path, message) => {
    const found = problems(route({ ...pair, matches: [under('/a')] }), mirror([match as never]));
    expect(found).toEqual([{ path, route: 'shadow', message: expect.stringContaining(message) }]);
  });

  it('is refused where it would take requests from others, or from a header route before it', () => {
    const elsewhere = { matches: [under('/', { headers: [having('X-Old')] })], backendRefs: [other] };
    const byMethod = mirror([{ method: { exact: 'GET' } }]);
    expect(problems(route(elsewhere, pair), byMethod)[0]?.message).toContain('would take requests from spec.rules[0]');
    expect(problems(route(elsewhere, pair), mirror([{}]))).toEqual([]);
    expect(problems(route(pair), header('X-A'), byMethod)[0]?.message).toContain('route "x-a"');
    expect(problems(route(pair), header('X-A'), mirror([{}]))).toEqual([]);
  });
});

describe('rules of others', () => {
  const wanted = [header('X-Canary')];
  const likeOurs = {
    matches: [under('/', { headers: [having('X-Canary')] })],
    backendRefs: [{ ...canary, weight: 1 }],
  };

  it('stay, even one that is just like ours', () => {
    const before = route(pair, likeOurs);
    expect(read(before)).toEqual([]);
    const now = patched(before, target(wanted, 0));
    expect(now.spec.rules).toHaveLength(3);
    expect(patched(now, target([], 0))).toEqual({ ...before, metadata: { ...before.metadata, annotations: {} } });
  });

  it('of another pair and its notes stay, whoever comes and goes first, and nobody fights', () => {
    const theirs = { stableService: 'api-stable', canaryService: 'api-canary' };
    const [a, b] = ['api-stable', 'api-canary'].map((name) => ({ ...stable, name }));
    const before = route(pair, { matches: [under('/api')], backendRefs: [a, b] });
    const both = patched(patched(before, target(wanted)), { ...target([header('X-Api')]), ...theirs });
    expect(both.spec.rules).toHaveLength(4);
    expect(render(both, target(wanted)).patches).toEqual([]);
    expect(render(both, { ...target([header('X-Api')]), ...theirs }).patches).toEqual([]);
    const left = patched(both, target([], 10));
    expect(gatewayApi.read(one, [left], { ...target([]), ...theirs }).managedRoutes).toEqual([header('X-Api')]);
  });

  it('may come before, after and among ours', () => {
    const docs = { matches: [under('/docs')], backendRefs: [other] };
    const now = patched(route(pair), target([...wanted, header('X-Staff')], 0));
    const [first, ...own] = now.spec.rules;
    const [one, two] = own;
    const mixed = {
      ...now,
      spec: { rules: [docs, first, one, docs, two] as Fields[] },
    };
    expect(render(mixed, target([...wanted, header('X-Staff')], 0)).patches).toEqual([]);
    expect(patched(mixed, target([], 0)).spec.rules).toEqual([docs, first, docs]);
  });
});

describe('what somebody did to our rules', () => {
  const wanted = [header('X-Canary')];
  const now = patched(route(pair), target(wanted, 0));

  it('is put right where they lead elsewhere in part', () => {
    const [own, ours] = now.spec.rules;
    const edited = { ...now, spec: { rules: [own, { ...ours, timeouts: { request: '1s' } }] as Fields[] } };
    expect(read(edited)).toEqual([{ ...wanted[0], isDamaged: true }]);
    expect(patched(edited, target(wanted, 0))).toEqual(now);
    expect(patched(edited, target([], 0)).spec.rules).toEqual([pair]);
  });

  it('is put right where they are gone: applied over by who knows nothing of them', () => {
    const applied = { ...now, spec: { rules: [pair] } };
    expect(read(applied)).toEqual([{ ...wanted[0], isDamaged: true }]);
    expect(patched(applied, target(wanted, 0))).toEqual(now);
    expect(patched(applied, target([], 0)).metadata.annotations).toEqual({});
  });

  it('is followed where the rule that they were made from changes', () => {
    const [, ours] = now.spec.rules;
    const moved = { ...pair, matches: [under('/new')] };
    const edited = { ...now, spec: { rules: [moved, ours] as Fields[] } };
    expect(patched(edited, target(wanted, 0)).spec.rules).toEqual([
      moved,
      { ...ours, matches: [under('/new', { headers: [having('X-Canary')] })] },
    ]);
  });

  it('is not trusted where it is no note', () => {
    for (const text of [
      '',
      '{',
      '[null]',
      '[{"route":{"kind":"header","name":"x","match":[5]},"service":"web-canary","rules":[]}]',
    ]) {
      const odd = { ...route(pair), metadata: { name: 'web', annotations: { [MANAGED_RULES]: text } } };
      expect(read(odd)).toEqual([]);
      expect(render(odd, target([], 0)).patches).toEqual([]);
    }
  });

  it('belongs to the pair after its Services have changed places', () => {
    const swapped = { ...target([], 100), stableService: 'web-canary', canaryService: 'web-stable' };
    expect(gatewayApi.read(one, [now], swapped).managedRoutes).toHaveLength(1);
    expect(patched(now, swapped).spec.rules).toEqual([pair]);
  });
});

it('renders managed routes as a person would write the patch', () => {
  const { patches } = render(
    route(pair),
    target([header('X-Canary'), mirror([{ headers: { 'X-A': { exact: 'yes' } } }], 20)]),
  );
  expectGolden(import.meta.url, 'gateway-api-managed', `${JSON.stringify(patches, null, 2)}\n`);
});
