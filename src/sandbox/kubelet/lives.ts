import type { Pod } from '../../api/kubernetes.ts';
import { keyOf } from '../workloads/objects.ts';
import { createAddresses } from './addresses.ts';
import { birthOf, type PodBirth } from './pod-life.ts';
import type { KubeletSettings, RunningContainers } from './settings.ts';

/** What a kubelet remembers of one pod. */
export interface Life {
  uid: string;
  birth: PodBirth;
  /** When its deletion was first seen, world time in milliseconds. */
  deleted?: number;
  running?: RunningContainers | undefined;
}

export interface Lives {
  get(key: string): Life | undefined;
  /** The pod's life, begun where there is none, at the address that its status names or else at a free one. */
  of(pod: Pod, now: number): Life;
  /** Starts the pod's containers where there is a runtime and they do not run yet. */
  startContainers(pod: Pod, life: Life): Promise<void>;
  stopContainers(life: Life): Promise<void>;
  /** Ends the life: its containers stop, its address is free. */
  end(key: string): Promise<void>;
  endContainers(): Promise<void>;
}

export function createLives(settings: KubeletSettings): Lives {
  const lives = new Map<string, Life>();
  const addresses = createAddresses(settings.addresses);
  const addressOf = ({ status }: Pod) => {
    if (!status?.podIP) return addresses.take();
    addresses.claim(status.podIP);
    return status.podIP;
  };
  const stopContainers = async (life: Life) => {
    const { running } = life;
    life.running = undefined;
    await running?.stop();
  };
  return {
    get: (key) => lives.get(key),
    of(pod, now) {
      const key = keyOf(pod);
      const known = lives.get(key);
      if (known) return known;
      const life: Life = { uid: pod.metadata.uid ?? '', birth: birthOf(pod, addressOf(pod), now, settings) };
      lives.set(key, life);
      return life;
    },
    async startContainers(pod, life) {
      if (settings.runtime) life.running ??= await settings.runtime.start(pod, life.birth.ip);
    },
    stopContainers,
    async end(key) {
      const life = lives.get(key);
      if (!life) return;
      await stopContainers(life);
      lives.delete(key);
      addresses.free(life.birth.ip);
    },
    async endContainers() {
      await Promise.all([...lives.values()].map(stopContainers));
    },
  };
}
