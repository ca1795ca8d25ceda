import type { Condition, KubeObject } from '../../api/kubernetes.ts';
import { createLoop } from './loop.ts';
import { keyOf, placeOf, same, splitKey, timestamp } from './objects.ts';
import type { Controller, RouteBehaviour, Surroundings } from './settings.ts';

export const GATEWAY_CONTROLLER = 'sandbox.headgate.dev/gateway';

export interface BackendReference {
  group?: string;
  kind?: string;
  namespace?: string;
  name: string;
  port?: number;
  weight?: number;
}

interface Filter {
  type: string;
  requestMirror?: { backendRef: BackendReference; percent?: number };
}

interface ParentStatus {
  parentRef: object;
  controllerName: string;
  conditions: Condition[];
}

export interface HttpRoute extends KubeObject {
  spec: {
    parentRefs?: object[];
    rules?: { matches?: object[]; filters?: Filter[]; backendRefs?: BackendReference[] }[];
  };
  status?: { parents?: ParentStatus[] };
}

/**
 * The control plane of a Gateway that serves every HTTPRoute. A route's parents need not exist here: in a team's
 * repository the Gateway itself usually belongs to somebody else.
 */
export function runGateways({ store, clock, log, settings }: Surroundings): Controller {
  const due = new Map<string, { generation: number; time: number }>();

  const reconcileRoute = (key: string) => {
    const route = store.get<HttpRoute>('HTTPRoute', ...placeOf(key));
    if (!route) return;
    const behaviour = settings.route(route);
    if (behaviour.kind === 'ignores') return;
    const time = dueAt(key, route, behaviour);
    if (clock.now() < time) return routes.addAt(key, time);
    const parents = (route.spec.parentRefs ?? []).map((parentRef) => ({
      parentRef,
      controllerName: GATEWAY_CONTROLLER,
      conditions: conditionsOf(behaviour, missingBackend(route)).map((each) => ({
        ...each,
        observedGeneration: route.metadata.generation ?? 1,
        lastTransitionTime: timestamp(clock.now()),
      })),
    }));
    if (!sameButTimes(parents, route.status?.parents ?? [])) store.patchStatus('HTTPRoute', splitKey(key), { parents });
  };
  const dueAt = (key: string, route: HttpRoute, behaviour: RouteBehaviour): number => {
    const { generation = 1 } = route.metadata;
    const known = due.get(key);
    if (known?.generation === generation) return known.time;
    const delay = behaviour.kind === 'lags' ? behaviour.milliseconds : settings.routeDelay;
    due.set(key, { generation, time: clock.now() + delay });
    return clock.now() + delay;
  };
  const missingBackend = (route: HttpRoute): string | undefined => {
    const { namespace = '' } = route.metadata;
    return backendsOf(route).find((each) => !store.get('Service', each.namespace ?? namespace, each.name))?.name;
  };

  const routes = createLoop({ name: 'routes', clock, log, reconcile: reconcileRoute });
  const known = new Map<string, HttpRoute>();
  const ends = [
    store.watch<HttpRoute>('HTTPRoute', (change, object) => {
      if (change === 'deleted') known.delete(keyOf(object));
      else known.set(keyOf(object), object);
      routes.add(keyOf(object));
    }),
    store.watch('Service', (_, object) => {
      for (const [key, route] of known)
        if (backendsOf(route).some(({ name }) => name === object.metadata.name)) routes.add(key);
    }),
  ];
  return {
    stop() {
      for (const end of ends) end();
      return routes.stop();
    },
  };
}

function conditionsOf(behaviour: RouteBehaviour, missing: string | undefined): Condition[] {
  const refused = behaviour.kind === 'refuses';
  const notFound = `service "${missing}" not found`;
  return [
    refused
      ? { type: 'Accepted', status: 'False', reason: behaviour.reason, message: behaviour.message }
      : { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Route is accepted' },
    missing
      ? { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound', message: notFound }
      : { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'All references resolved' },
  ];
}

/** All that requests or copies of them are sent to. */
export function backendsOf(route: HttpRoute): BackendReference[] {
  return (route.spec.rules ?? [])
    .flatMap(({ backendRefs = [], filters = [] }) => [
      ...backendRefs,
      ...filters.flatMap(({ requestMirror }) => requestMirror?.backendRef ?? []),
    ])
    .filter(({ kind = 'Service' }) => kind === 'Service');
}

function sameButTimes(a: ParentStatus[], b: ParentStatus[]): boolean {
  const timeless = (parents: ParentStatus[]) =>
    parents.map((parent) => ({
      ...parent,
      conditions: parent.conditions.map(({ lastTransitionTime: _, ...rest }) => rest),
    }));
  return same(timeless(a), timeless(b));
}
