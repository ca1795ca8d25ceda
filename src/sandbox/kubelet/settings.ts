import type { Pod } from '../../api/kubernetes.ts';

/** How a container of this image behaves when it is started. */
export type StartBehaviour = 'starts' | 'cannotPull' | 'crashes';

/** What makes a pod's containers more than an entry in its status. */
export interface ContainerRuntime {
  /** Resolves when the containers can be reached at the pod's address; the pod is not reported as running before. */
  start(pod: Pod, ip: string): Promise<RunningContainers>;
}

export interface RunningContainers {
  stop(): Promise<void>;
}

/** Read at every look at a pod: a change holds from then on. All times are world time, milliseconds. */
export interface KubeletSettings {
  /** The Node's name. */
  node: string;
  /** The first and the last address that a pod may get. */
  addresses: { first: string; last: string };
  /** From scheduling to running: between the two, always the same for the same pod name. */
  startDelay: { least: number; most: number };
  /** From deletion to gone, where the pod's grace period is not shorter. */
  stopDelay: number;
  start(image: string): StartBehaviour;
  /** How many pods are worked on side by side. */
  parallel: number;
  /** How often the Node says that it is alive, where somebody watches that. */
  heartbeat?: number;
  runtime?: ContainerRuntime;
}

export const KUBELET_SETTINGS: KubeletSettings = {
  node: 'sandbox',
  addresses: { first: '10.96.0.1', last: '10.111.255.254' },
  startDelay: { least: 1000, most: 3000 },
  stopDelay: 1000,
  start: (image) =>
    /:missing$|does-not-exist/.test(image) ? 'cannotPull' : /:crash[\w.-]*$/.test(image) ? 'crashes' : 'starts',
  parallel: 32,
};
