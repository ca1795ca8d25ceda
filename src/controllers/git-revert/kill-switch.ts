import type { Clock } from '../../clock.ts';
import type { Informer } from '../../kube/informer.ts';
import type { ConfigMap } from '../../kube/resources.ts';
import { pausedBy, SWITCH_CONFIG_MAP } from '../../revert/index.ts';

/** So long is the first answer waited for before anything is said of it; it comes at once where nothing is wrong. */
const SETTLING_MILLISECONDS = 5_000;

/** By which an administrator has all writes to Git wait, at once and without a restart. */
export interface KillSwitch {
  /** Begins to watch; until the first answer all is paused. */
  start(): void;
  /** Until when its first answer is waited for, world time; undefined: it is there, or overdue. */
  settlesAt(): number | undefined;
  /** Why nothing is written, as is known at this moment; undefined: it is not paused. */
  paused(): string | undefined;
  /** Called where the answer may be another one. Returns a function that stops it. */
  onChange(listener: () => void): () => void;
}

export interface KillSwitchOptions {
  /** Of the controller's own namespace, and on demand: a right that is missing stops reverts and nothing else. */
  configMaps: Pick<Informer<ConfigMap>, 'start' | 'synced' | 'get' | 'onChange'>;
  /** The controller's own. */
  namespace: string;
  /** The flag --pause-reverts. */
  pauseReverts: boolean;
  clock: Pick<Clock, 'now'>;
}

export function createKillSwitch({ configMaps, namespace, pauseReverts, clock }: KillSwitchOptions): KillSwitch {
  const listeners = new Set<() => void>();
  let isKnown = false;
  let overdueAt = Number.POSITIVE_INFINITY;
  return {
    start() {
      overdueAt = clock.now() + SETTLING_MILLISECONDS;
      configMaps.start();
      void configMaps.synced.then(() => {
        isKnown = true;
        for (const listener of listeners) listener();
      });
    },
    settlesAt() {
      return isKnown || clock.now() >= overdueAt ? undefined : overdueAt;
    },
    paused() {
      if (pauseReverts) {
        return 'an administrator paused all reverts: the controller was started with --pause-reverts. To go on, start it without';
      }
      if (!isKnown) {
        return `whether reverts are paused is not known yet: ConfigMap ${SWITCH_CONFIG_MAP} in namespace ${namespace} could not be looked for. If this stays, let the controller list and watch it (deploy/rbac.yaml, Role headgate-home)`;
      }
      return pausedBy(configMaps.get(namespace, SWITCH_CONFIG_MAP)?.data, namespace);
    },
    onChange(listener) {
      listeners.add(listener);
      const end = configMaps.onChange(listener);
      return () => {
        listeners.delete(listener);
        end();
      };
    },
  };
}
