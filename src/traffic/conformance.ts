import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ManagedRoute } from '../api/index.ts';
import type { JsonObject, KubeObject } from '../api/kubernetes.ts';
import type { Observed, Router, RouterPatch, TrafficTarget } from './router.ts';

/** What the suite needs to know of a router: one working example, and how its objects are changed from outside. */
export interface RouterExample {
  router: Router;
  configuration: JsonObject;
  namespace: string;
  stableService: string;
  canaryService: string;
  /** What `objects` asks for, as a user committed it. */
  objects: KubeObject[];
  /** Where weights live: every write must match one of these. */
  weightPaths: RegExp;
  /** Changes by others, each of which must make a patch of an earlier reading fail. Each changes the copy it is given. */
  concurrentEdits: Record<string, (objects: KubeObject[]) => void>;
  /** What the data plane writes once it serves the objects as they are. Changes the copy it is given. */
  serve: (objects: KubeObject[]) => void;
}

/** The laws of every router. */
export function describeRouter(example: RouterExample): void {
  describe(`${example.router.key} is a router`, () => {
    itReads(example);
    itWrites(example);
    if (example.router.routeKinds.length > 0) itManages(example);
    itIsTotal(example);
  });
}

function targetOf(
  example: RouterExample,
  canaryWeight: number,
  maxWeight = 100,
  managedRoutes: ManagedRoute[] = [],
): TrafficTarget {
  const { namespace, stableService, canaryService } = example;
  return { namespace, stableService, canaryService, canaryWeight, maxWeight, managedRoutes };
}

/** The objects after the patches that lead to the target. */
function reach({ router, configuration }: RouterExample, objects: KubeObject[], target: TrafficTarget): KubeObject[] {
  const { patches, problems } = router.render(configuration, objects, target);
  expect(problems).toEqual([]);
  return applied(router.objects(configuration, target.namespace), objects, patches);
}

function applied(references: ReturnType<Router['objects']>, objects: KubeObject[], patches: RouterPatch[]) {
  return objects.map((object, index) => {
    const reference = references[index];
    const own = patches.filter(({ target }) => target.kind === reference?.kind && target.name === reference.name);
    return own.reduce((result, { patch }) => applyJsonPatch(result, patch) as KubeObject, object);
  });
}

function itReads(given: RouterExample): void {
  const { router, configuration, namespace, objects } = given;

  it('asks for the objects of its configuration', () => {
    const asked = router.objects(configuration, namespace).map(({ kind, name }) => ({ kind, name }));
    expect(asked).toEqual(objects.map(({ kind, metadata }) => ({ kind, name: metadata.name })));
    expect(router.objects(configuration, namespace).every((reference) => reference.namespace === namespace)).toBe(true);
  });

  it.each([100, 1000, 7])('reads back each weight that it wrote, of %i', (maxWeight) => {
    let now = objects;
    for (let step = 0; step <= maxWeight; step += Math.ceil(maxWeight / 50)) {
      // Up and down in turn, so that the weight read is never the one expected next.
      for (const weight of [step, maxWeight - step]) {
        const target = targetOf(given, weight, maxWeight);
        now = reach(given, now, target);
        expect(router.read(configuration, now, target).canaryWeight).toBe(weight);
        const swapped = { ...target, stableService: given.canaryService, canaryService: given.stableService };
        expect(router.read(configuration, now, swapped).canaryWeight).toBe(maxWeight - weight);
      }
    }
  });

  it('is verified only when the data plane serves this very generation', () => {
    const target = targetOf(given, 30);
    const reached = structuredClone(reach(given, objects, target));
    given.serve(reached);
    expect(router.read(configuration, reached, target)).toEqual({
      canaryWeight: 30,
      managedRoutes: [],
      verified: true,
    });
    for (const object of reached) object.metadata.generation = (object.metadata.generation ?? 0) + 1;
    const { verified, message } = router.read(configuration, reached, target);
    expect(verified).toBe(false);
    expect(message).toContain(reached[0]?.metadata.name);
  });

  it('says which object is missing', () => {
    const { patches, problems } = router.render(
      configuration,
      objects.map(() => undefined),
      targetOf(given, 30),
    );
    expect(patches).toEqual([]);
    expect(problems.map(({ message }) => message).join()).toContain(objects[0]?.metadata.name);
    expect(router.read(configuration, [], targetOf(given, 30))).toMatchObject({
      canaryWeight: undefined,
      verified: false,
    });
  });
}

function itWrites(given: RouterExample): void {
  const { router, configuration, namespace, objects } = given;
  const references = router.objects(configuration, namespace);

  it('renders nothing when the target is reached, and the same twice when it is not', () => {
    const target = targetOf(given, 30);
    expect(router.render(configuration, objects, target)).toEqual(router.render(configuration, objects, target));
    expect(router.render(configuration, reach(given, objects, target), target).patches).toEqual([]);
  });

  it('writes weights only, each after a test of what was read', () => {
    const { patches } = router.render(configuration, objects, targetOf(given, 30));
    expect(patches.length).toBeGreaterThan(0);
    for (const { patch } of patches) {
      const [tests, writes] = [patch.filter(({ op }) => op === 'test'), patch.filter(({ op }) => op !== 'test')];
      expect(patch).toEqual([...tests, ...writes]);
      expect(tests.length).toBeGreaterThan(0);
      for (const { path } of writes) expect(path).toMatch(given.weightPaths);
    }
  });

  it.each(Object.keys(given.concurrentEdits))('conflicts with a change by another: %s', (name) => {
    const { patches } = router.render(configuration, objects, targetOf(given, 30));
    const edited = structuredClone(objects);
    given.concurrentEdits[name]?.(edited);
    expect(edited).not.toEqual(objects);
    expect(() => applied(references, edited, patches)).toThrow('test failed');
  });

  it('keeps what it is given as it was', () => {
    const before = structuredClone(objects);
    reach(given, objects, targetOf(given, 30));
    expect(objects).toEqual(before);
  });
}

const EVERY_KIND: ManagedRoute[] = [
  { kind: 'header', name: 'testers', match: [{ headerName: 'X-Tester', headerValue: { exact: 'yes' } }] },
  { kind: 'header', name: 'staff', match: [{ headerName: 'X-Staff', headerValue: { exact: 'yes' } }] },
  { kind: 'mirror', name: 'shadow', match: [{ headers: { 'X-Shadow': { exact: 'yes' } } }], percentage: 10 },
];

function wantedRoutes({ router }: RouterExample): ManagedRoute[] {
  return EVERY_KIND.filter(({ kind }) => router.routeKinds.includes(kind));
}

function itManages(given: RouterExample): void {
  const { router, configuration, namespace, objects } = given;
  const references = router.objects(configuration, namespace);
  const routes = wantedRoutes(given);
  const target = targetOf(given, 30, 100, routes);
  const read = (now: KubeObject[]) => router.read(configuration, now, target);

  it('reads back the managed routes that it wrote, in their order, whatever the weight', () => {
    for (const wanted of [routes, routes.slice(1), [...routes].reverse(), routes.slice(0, 1)]) {
      let now = objects;
      for (const weight of [0, 30, 100]) {
        now = reach(given, now, targetOf(given, weight, 100, wanted));
        expect(read(now)).toMatchObject({ canaryWeight: weight, managedRoutes: wanted });
        expect(router.render(configuration, now, targetOf(given, weight, 100, wanted)).patches).toEqual([]);
      }
    }
  });

  it('goes from any managed routes to any others, and leaves nothing behind', () => {
    const home = reach(given, objects, targetOf(given, 0));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.shuffledSubarray(routes), fc.integer({ min: 0, max: 100 }))), (steps) => {
        let now = objects;
        for (const [wanted, weight] of steps) now = reach(given, now, targetOf(given, weight, 100, wanted));
        const [, weight = 0] = steps.at(-1) ?? [];
        expect(read(now).managedRoutes).toEqual(steps.at(-1)?.[0] ?? []);
        // The weights by themselves may be written in several ways: shares are what counts.
        const bare = reach(given, now, targetOf(given, weight));
        const without = reach(given, bare, targetOf(given, 0));
        expect(router.read(configuration, without, targetOf(given, 0)).managedRoutes).toEqual([]);
        expect(without.map(unweighted)).toEqual(home.map(unweighted));
      }),
      { numRuns: 50 },
    );
  });

  it('writes weights and managed routes of an object at once', () => {
    const home = targetOf(given, 0);
    const { patches } = router.render(configuration, reach(given, objects, target), home);
    const names = patches.map(({ target: { kind, name } }) => `${kind}/${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is verified with managed routes only when the data plane serves this very generation', () => {
    const reached = structuredClone(reach(given, objects, target));
    given.serve(reached);
    expect(read(reached)).toEqual({ canaryWeight: 30, managedRoutes: routes, verified: true });
    for (const object of reached) object.metadata.generation = (object.metadata.generation ?? 0) + 1;
    expect(read(reached).verified).toBe(false);
  });

  it.each(Object.keys(given.concurrentEdits))('conflicts with a change by another where routes come: %s', (name) => {
    const { patches } = router.render(configuration, objects, target);
    const edited = structuredClone(objects);
    given.concurrentEdits[name]?.(edited);
    expect(() => applied(references, edited, patches)).toThrow('test failed');
  });
}

/** The object without any weight, and without what holds no more than that. */
function unweighted(object: KubeObject): unknown {
  const bare = JSON.parse(JSON.stringify(object, (key, value) => (key === 'weight' ? undefined : value))) as KubeObject;
  if (Object.keys(bare.metadata.annotations ?? {}).length === 0) delete bare.metadata.annotations;
  return bare;
}

function itIsTotal(example: RouterExample): void {
  const { router, configuration, objects, ...given } = example;
  const target = fc.record({
    namespace: fc.constantFrom(given.namespace, ''),
    stableService: fc.constantFrom(given.stableService, given.canaryService, ''),
    canaryService: fc.constantFrom(given.canaryService, ''),
    canaryWeight: fc.oneof(fc.integer({ min: -5, max: 200 }), fc.double()),
    maxWeight: fc.oneof(fc.constant(100), fc.double()),
    managedRoutes: fc.constantFrom([], wantedRoutes(example)),
  });

  const reached = reach(example, objects, targetOf(example, 30, 100, wantedRoutes(example)));

  it('never throws, whatever the configuration and the objects hold', () => {
    const anyObjects = fc.array(fc.oneof(fc.anything(), fc.constantFrom(...objects, ...reached).chain(damaged)), {
      maxLength: 3,
    });
    const anyConfiguration = fc.oneof(fc.anything(), fc.constant(configuration), damaged(configuration));
    fc.assert(
      fc.property(anyConfiguration, anyObjects, target, (value, observed, wanted) => {
        const [some, seen] = [value as JsonObject, observed as Observed];
        router.objects(some, given.namespace);
        router.read(some, seen, wanted);
        for (const { patch } of router.render(some, seen, wanted).patches) {
          const writes = patch.filter(({ op, path }) => op !== 'test' && example.weightPaths.test(path));
          for (const { value: weight } of writes) expect(Number.isInteger(weight)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
}

/** A copy in which one leaf or branch is something else. */
function damaged<T>(value: T): fc.Arbitrary<unknown> {
  const paths = pathsOf(value);
  return fc.tuple(fc.constantFrom(...paths), fc.anything()).map(([path, damage]) => {
    const copy = structuredClone({ value }) as Record<string, unknown>;
    let parent = copy;
    for (const key of ['value', ...path].slice(0, -1)) parent = parent[key] as Record<string, unknown>;
    parent[['value', ...path].at(-1) as string] = damage;
    return copy.value;
  });
}

function pathsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, child]) => pathsOf(child).map((path) => [key, ...path]))];
}

/** RFC 6902 as far as routers use it: a `test` that does not hold throws, and so does a path that is not there. */
export function applyJsonPatch(document: unknown, patch: RouterPatch['patch']): unknown {
  // Through JSON, as the API server would see it: equal parts of the document are not the same part.
  const copy: unknown = JSON.parse(JSON.stringify(document));
  for (const { op, path, value } of patch) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    const parent = keys.reduce((at, key) => (at as Record<string, unknown> | undefined)?.[key], copy) as
      | Record<string, unknown>
      | undefined;
    if (op === 'test') {
      // What is not there is null to a test.
      if (!isDeepStrictEqual(parent?.[last] ?? null, value ?? null)) throw new Error(`test failed: ${path}`);
    } else if (parent === undefined || (op !== 'add' && !(last in parent))) {
      throw new Error(`no such path: ${path}`);
    } else if (op === 'remove') delete parent[last];
    else parent[last] = value;
  }
  return copy;
}
