import type { KubeObject } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Store } from '../api/types.ts';

/** How a container of this image behaves when it is started. */
export type StartBehaviour = 'starts' | 'cannotPull' | 'crashes';

/** What the gateway's controller does about a route that changed. */
export type RouteBehaviour =
  | { kind: 'accepts' }
  /** Takes that many milliseconds of world time instead of the usual. */
  | { kind: 'lags'; milliseconds: number }
  /** Says no, with a reason such as `NotAllowedByListeners`. */
  | { kind: 'refuses'; reason: string; message: string }
  /** Writes no status at all. */
  | { kind: 'ignores' };

export interface WorkloadSettings {
  /** From scheduling to running, milliseconds of world time: between the two, always the same for the same pod name. */
  startDelay: { least: number; most: number };
  /** From deletion to gone, milliseconds of world time. */
  stopDelay: number;
  /** From a route's change to its acceptance, milliseconds of world time. */
  routeDelay: number;
  start(image: string): StartBehaviour;
  route(route: KubeObject): RouteBehaviour;
}

export const DEFAULT_SETTINGS: WorkloadSettings = {
  startDelay: { least: 1000, most: 3000 },
  stopDelay: 1000,
  routeDelay: 200,
  start: (image) => (/:missing$/.test(image) ? 'cannotPull' : /:crash(?:es|ing)?$/.test(image) ? 'crashes' : 'starts'),
  route: () => ({ kind: 'accepts' }),
};

/** What each emulated controller gets. */
export interface Surroundings {
  store: Store;
  clock: Clock;
  log: Log;
  settings: WorkloadSettings;
}

/** An emulated controller that runs until stopped. */
export interface Controller {
  stop(): void;
}
