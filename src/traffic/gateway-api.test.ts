import { describe, expect, it } from 'vitest';
import { expectGolden } from '../../test/golden.ts';
import type { ManagedRoute } from '../api/index.ts';
import type { JsonObject, KubeObject } from '../api/kubernetes.ts';
import { applyJsonPatch, describeRouter } from './conformance.ts';
import { gatewayApi } from './gateway-api.ts';
import type { TrafficTarget } from './router.ts';

type Backend = Record<string, unknown>;
interface Route extends KubeObject {
  spec: { parentRefs: Backend[]; rules: { backendRefs: Backend[]; [field: string]: unknown }[] };
  status?: unknown;
}

const stable = { name: 'web-stable', port: 80, weight: 100 };
const canary = { name: 'web-canary', port: 80, weight: 0 };

function route(name: string, ...rules: Backend[][]): Route {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'shop', generation: 3 },
    spec: { parentRefs: [{ name: 'public' }], rules: rules.map((backendRefs) => ({ backendRefs })) },
  };
}

function accepted(status: string, observedGeneration = 3, extra: object = {}) {
  const condition = { status, observedGeneration, ...extra };
  return [
    { type: 'Accepted', ...condition },
    { type: 'ResolvedRefs', ...condition, status: 'True' },
  ];
}

function served(
  object: Route,
  conditions = accepted('True', object.metadata.generation),
  parentRef: Backend = { name: 'public' },
) {
  return { ...object, status: { parents: [{ controllerName: 'example.com/gateway', parentRef, conditions }] } };
}

function target(canaryWeight: number, managedRoutes: ManagedRoute[] = [], maxWeight = 100): TrafficTarget {
  const services = { stableService: 'web-stable', canaryService: 'web-canary' };
  return { namespace: 'shop', ...services, canaryWeight, maxWeight, managedRoutes };
}

const one = { httpRoute: 'web' };
const render = (object: Route, weight: number, configuration: JsonObject = one) =>
  gatewayApi.render(configuration, [object], target(weight));
const problemsOf = (object: Route, configuration: JsonObject = one) => render(object, 10, configuration).problems;
const weightsAfter = (object: Route, weight: number) =>
  (
    render(object, weight).patches.reduce(
      (result: unknown, { patch }) => applyJsonPatch(result, patch),
      object,
    ) as Route
  ).spec.rules.map(({ backendRefs }) => backendRefs.map((backend) => backend.weight));

describeRouter({
  router: gatewayApi,
  configuration: { httpRoutes: [{ name: 'web', useHeaderRoutes: true }, { name: 'api' }], namespace: 'shop' },
  namespace: 'shop',
  stableService: 'web-stable',
  canaryService: 'web-canary',
  objects: [
    route(
      'web',
      [
        { name: 'web-stable', port: 80 },
        { ...canary, kind: 'Service', group: '' },
      ],
      [{ name: 'docs', port: 80 }],
    ),
    route('api', [stable, { name: 'legacy', port: 80, weight: 7 }, canary]),
  ],
  weightPaths: /^\/spec\/rules\/\d+\/backendRefs\/\d+\/weight$/,
  concurrentEdits: {
    'another weight': ([, api]) => Object.assign((api as Route).spec.rules[0]?.backendRefs[2] ?? {}, { weight: 50 }),
    'a weight where there was none': ([web]) =>
      Object.assign((web as Route).spec.rules[0]?.backendRefs[0] ?? {}, { weight: 1 }),
    'a rule before ours': ([web]) => (web as Route).spec.rules.unshift({ backendRefs: [{ name: 'docs', port: 80 }] }),
    'a backend removed': ([web]) => (web as Route).spec.rules[0]?.backendRefs.pop(),
  },
  serve: (objects) => {
    for (const object of objects) Object.assign(object, served(object as Route));
  },
});

describe('the pair in a rule', () => {
  it.each([
    ['is alone', [stable, canary], 10, [90, 10]],
    [
      'has no weights',
      [
        { name: 'web-stable', port: 80 },
        { name: 'web-canary', port: 80 },
      ],
      0,
      [100, 0],
    ],
    [
      'has the right share already',
      [
        { ...stable, weight: 1 },
        { ...canary, weight: 1 },
      ],
      50,
      [1, 1],
    ],
    ['gets no traffic at all', [{ ...stable, weight: 0 }, canary], 10, [90, 10]],
    ['comes in reverse order', [canary, stable], 25, [25, 75]],
    [
      'is written with all defaults',
      [{ ...stable, group: '', kind: 'Service', namespace: 'shop' }, canary],
      10,
      [90, 10],
    ],
    ['has different ports', [stable, { ...canary, port: 8080 }], 10, [90, 10]],
    ['keeps its part beside another', [stable, canary, { name: 'old', port: 80, weight: 50 }], 10, [90, 10, 50]],
    [
      'is multiplied with the others',
      [{ ...stable, weight: 1 }, canary, { name: 'old', port: 80, weight: 1 }],
      10,
      [90, 10, 100],
    ],
    [
      'has no part beside another',
      [{ ...stable, weight: 0 }, canary, { name: 'old', port: 80 }],
      10,
      [0, 0, undefined],
    ],
    ['leaves other ports alone', [stable, canary, { ...canary, port: 9090, weight: 3 }], 10, [90, 10, 3]],
    [
      'occurs on two ports',
      [stable, canary, { ...stable, port: 81, weight: 10 }, { ...canary, port: 81, weight: 0 }],
      10,
      [900, 100, 90, 10],
    ],
  ])('%s', (_, backends, weight, expected) => {
    expect(weightsAfter(route('web', backends), weight)).toEqual([expected]);
  });

  it('is the whole of what changes: rules without both services stay', () => {
    const before = route('web', [stable], [{ ...canary, weight: 100 }], [{ name: 'docs', port: 80 }], [stable, canary]);
    expect(weightsAfter(before, 10)).toEqual([[100], [100], [undefined], [90, 10]]);
  });

  it.each([
    ['another kind', { kind: 'Bucket' }],
    ['another group', { group: 'storage.example.com' }],
    ['another namespace', { namespace: 'other' }],
  ])('is not a backend of %s with the same name', (_, other) => {
    const before = route('web', [{ ...stable, ...other }, canary]);
    expect(render(before, 10)).toMatchObject({ patches: [], problems: [{ path: 'httpRoute' }] });
  });

  it('loses its traffic even where no finer share could be written', () => {
    const before = route('web', [
      { ...stable, weight: 0 },
      { ...canary, weight: 1 },
      { name: 'old', weight: 1_000_000 },
    ]);
    expect(problemsOf(before)[0]?.message).toContain('too far apart');
    expect(weightsAfter(before, 0)).toEqual([[1, 0, 1_000_000]]);
  });
});

describe('a configuration or route that cannot work', () => {
  const good = route('web', [stable, canary]);
  it.each<[string, JsonObject, string, string]>([
    ['names no route', {}, '', 'names no route; set httpRoute'],
    ['has a route without a name', { httpRoutes: [{}] }, 'httpRoutes[0].name', 'nothing is not a name'],
    ['has a name that is a path', { httpRoute: '../secrets' }, 'httpRoute', '"../secrets" is not a name'],
    [
      'is in another namespace',
      { httpRoute: 'web', namespace: 'other' },
      'namespace',
      '"other" is not the Rollout\'s own namespace "shop"',
    ],
    ['wants a TCPRoute', { httpRoute: 'web', tcpRoute: 'db' }, 'tcpRoute', 'is not driven yet'],
    ['wants GRPCRoutes', { grpcRoutes: [{ name: 'x' }] }, 'grpcRoutes', 'is not driven yet'],
    ['has an unknown field', { httpRoute: 'web', httproute: 'x' }, 'httproute', 'known are httpRoute, httpRoutes'],
    [
      'has an unknown field in a route',
      { httpRoutes: [{ name: 'web', weight: 1 }] },
      'httpRoutes[0].weight',
      'known are name',
    ],
  ])('%s', (_, configuration, path, message) => {
    const { patches, problems } = render(good, 10, configuration);
    expect(patches).toEqual([]);
    expect(problems[0]?.path).toBe(path);
    expect(problems[0]?.message).toContain(message);
  });

  it('asks for nothing in another namespace', () => {
    expect(gatewayApi.objects({ httpRoute: 'web', namespace: 'other' }, 'shop')).toEqual([]);
  });

  it.each<[string, Route, string]>([
    ['does not hold the canary service', route('web', [stable]), 'does not refer to the canary service "web-canary"'],
    ['does not hold the stable service', route('web', [canary]), 'does not refer to the stable service "web-stable"'],
    ['holds neither', route('web'), 'the stable service "web-stable" or the canary service "web-canary"'],
    ['holds them apart', route('web', [stable], [canary]), 'in no rule to both'],
    ['gives them nothing', route('web', [{ ...stable, weight: 0 }, canary, { name: 'old' }]), 'no part of any rule'],
  ])('%s', (_, object, message) => {
    expect(problemsOf(object)).toEqual([{ path: 'httpRoute', message: expect.stringContaining(message) }]);
  });
});

describe('verification', () => {
  const reached = route('web', [
    { ...stable, weight: 90 },
    { ...canary, weight: 10 },
  ]);
  const read = (object: Route) => gatewayApi.read(one, [object], target(10));

  it.each<[string, Route, string]>([
    ['nobody has reported', reached, 'is not served by Gateway "public": it has not reported on this route'],
    [
      'the parent refused',
      served(reached, accepted('False', 3, { reason: 'NotAllowedByListeners' })),
      'Accepted is False: NotAllowedByListeners',
    ],
    ['the parent looks at an older generation', served(reached, accepted('True', 2)), 'is about an older generation'],
    ['references are not reported', served(reached, accepted('True').slice(0, 1)), 'condition ResolvedRefs is missing'],
    [
      'another section reported',
      served(reached, accepted('True'), { name: 'public', sectionName: 'tls' }),
      'it has not reported',
    ],
    ['there is no parent', { ...reached, spec: { ...reached.spec, parentRefs: [] } }, 'has no parentRefs'],
  ])('fails when %s', (_, object, message) => {
    expect(read(object)).toMatchObject({
      canaryWeight: 10,
      verified: false,
      message: expect.stringContaining(message),
    });
  });

  it('needs each parent, and of each one entry', () => {
    const two = {
      ...reached,
      spec: { ...reached.spec, parentRefs: [{ name: 'public' }, { name: 'private', namespace: 'infra' }] },
    };
    expect(read(served(two)).message).toContain('"private"');
    const entry = (parentRef: Backend, status: string) => ({ parentRef, conditions: accepted(status) });
    const all = [
      entry({ name: 'public' }, 'False'),
      entry({ name: 'public', namespace: 'shop', group: 'gateway.networking.k8s.io', kind: 'Gateway' }, 'True'),
      entry({ name: 'private', namespace: 'infra' }, 'True'),
    ];
    expect(read({ ...two, status: { parents: all } })).toEqual({ canaryWeight: 10, managedRoutes: [], verified: true });
  });

  it('reads the largest share where rules differ, and does not call that verified', () => {
    const differing = served(
      route(
        'web',
        [stable, canary],
        [
          { ...stable, weight: 60 },
          { ...canary, weight: 40 },
        ],
      ),
    );
    expect(read(differing)).toMatchObject({
      canaryWeight: 40,
      verified: false,
      message: expect.stringContaining('0 and 40'),
    });
  });
});

it('renders a route as a person would write the patch', () => {
  const before = route(
    'web',
    [{ name: 'web-stable', port: 80 }, canary],
    [stable, canary, { name: 'old', port: 80, weight: 50 }],
  );
  expectGolden(import.meta.url, 'gateway-api', `${JSON.stringify(render(before, 25), null, 2)}\n`);
});
