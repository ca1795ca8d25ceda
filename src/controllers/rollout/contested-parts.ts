import { MANAGED_BY, POD_TEMPLATE_HASH, type Rollout } from '../../api/index.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import type { Effect, Observation, ObservedContest } from '../../rollout/index.ts';
import type { Router, TrafficTarget } from '../../traffic/router.ts';
import { namedByStrategy, type ObservedRouter, observeRouters, type RolloutCaches, trafficTarget } from './observe.ts';

/** What a pass looked at, or will have to look at after it has written. */
export interface Looked {
  rollout: Rollout;
  routers: ObservedRouter[];
  services: Observation['services'];
}

/** The same as it is now. */
export function lookAgain(
  { rollout }: Looked,
  { caches, routers }: { caches: RolloutCaches; routers: readonly Router[] },
): Looked {
  const { services } = namedByStrategy(rollout, caches);
  return { rollout, routers: observeRouters(rollout, caches, routers), services };
}

/** What a Rollout asks of one object: of a Service the hash that it selects. */
export type Asked = TrafficTarget | string;

/** One object of a Rollout that may be contested. */
export interface Part {
  of: ObservedContest['of'];
  object: KubeObject;
  /** Whether it is as asked for. */
  is(asked: Asked): boolean;
  /** What it says; undefined where that cannot be asked for. */
  says(): Asked | undefined;
}

function routeParts({ rollout, routers }: Looked): Part[] {
  return routers.flatMap(({ router, configuration, observed }) => {
    const differing = (target: TrafficTarget) => router.render(configuration, observed, target).patches;
    const says = () => {
      const reading = router.read(configuration, observed, trafficTarget(rollout, 0, []));
      const isDamaged = reading.managedRoutes.some((route) => route.isDamaged);
      if (reading.canaryWeight === undefined || isDamaged) return undefined;
      return trafficTarget(rollout, reading.canaryWeight, reading.managedRoutes);
    };
    const isDifferent = ({ kind, metadata }: KubeObject, target: TrafficTarget) =>
      differing(target).some(({ target: one }) => one.kind === kind && one.name === metadata.name);
    return observed
      .filter((object) => object !== undefined)
      .map((object) => ({
        of: 'route' as const,
        object,
        is: (asked: Asked) => typeof asked !== 'string' && !isDifferent(object, asked),
        says,
      }));
  });
}

function serviceParts({ services }: Looked): Part[] {
  return Object.values(services).map((service) => {
    const hash = service.spec.selector?.[POD_TEMPLATE_HASH];
    const isOurs = service.metadata.annotations?.[MANAGED_BY] !== undefined;
    return {
      of: 'service',
      object: { kind: 'Service', ...service },
      is: (asked) => asked === hash,
      says: () => (isOurs ? hash : undefined),
    };
  });
}

export function partsOf(looked: Looked): Part[] {
  return [...routeParts(looked), ...serviceParts(looked)];
}

export function placeOf({ object: { kind = '', metadata } }: Part): string {
  return `${kind} ${metadata.name}`;
}

export function isAbout(
  { of, object }: Part,
  effect: Effect,
): effect is Extract<Effect, { kind: 'setTraffic' | 'switchService' }> {
  if (effect.kind === 'setTraffic') return of === 'route';
  return effect.kind === 'switchService' && of === 'service' && effect.name === object.metadata.name;
}
