import type { KubeObject } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Store } from '../api/types.ts';
import { KUBELET_SETTINGS, type KubeletSettings } from '../kubelet/settings.ts';

/** What the gateway's controller does about a route that changed. */
export type RouteBehaviour =
  | { kind: 'accepts' }
  /** Takes that many milliseconds of world time instead of the usual. */
  | { kind: 'lags'; milliseconds: number }
  /** Says no, with a reason such as `NotAllowedByListeners`. */
  | { kind: 'refuses'; reason: string; message: string }
  /** Writes no status at all. */
  | { kind: 'ignores' };

export interface WorkloadSettings extends KubeletSettings {
  /** From a route's change to its acceptance, milliseconds of world time. */
  routeDelay: number;
  route(route: KubeObject): RouteBehaviour;
}

export const DEFAULT_SETTINGS: WorkloadSettings = {
  ...KUBELET_SETTINGS,
  routeDelay: 200,
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
  stop(): Promise<void>;
}
