import type { Pod } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import { createCaches } from '../../kube/caches.ts';
import { isNotFound, type KubeConnection } from '../../kube/client.ts';
import { pods as podResource } from '../../kube/resources.ts';
import type { Log } from '../../log.ts';
import { createLoop } from '../workloads/loop.ts';
import { isFinished, keyOf, placeOf } from '../workloads/objects.ts';
import { createLives } from './lives.ts';
import { keepNode } from './node.ts';
import { podAt, stopped } from './pod-life.ts';
import { createPodWrites } from './pod-writes.ts';
import type { KubeletSettings } from './settings.ts';
import { type PodStatus, statusPatch } from './status.ts';

export interface KubeletOptions {
  connection: KubeConnection;
  clock: Clock;
  log: Log;
  settings: KubeletSettings;
}

export interface Kubelet {
  /** Resolves when all pods that exist are known and worked on. */
  readonly ready: Promise<void>;
  /** The pods stay as they are; their containers end. */
  stop(): Promise<void>;
}

const DEFAULT_GRACE_SECONDS = 30;

/** The one node of a cluster: schedules, starts, readies and stops pods in world time, as a client of the API server. */
export function runKubelet({ connection, clock, log, settings }: KubeletOptions): Kubelet {
  // A cluster whose kubelet is away for long after an outage of the API server would be a tale of its own.
  const caches = createCaches({ connection, log, clock, timing: { longestRetryMilliseconds: 500 } });
  const pods = caches.cache(podResource);
  const lives = createLives(settings);
  const writes = createPodWrites(connection);
  let synced = false;

  const isOurs = ({ spec: { nodeName } }: Pod) => nodeName === undefined || nodeName === settings.node;
  const reconcile = async (key: string) => {
    const pod = pods.get(...placeOf(key));
    if (lives.get(key)?.uid !== pod?.metadata.uid) await lives.end(key);
    if (!pod || !isOurs(pod)) return;
    try {
      if (pod.metadata.deletionTimestamp !== undefined) await stop(pod);
      else if (isFinished(pod)) await lives.stopContainers(lives.of(pod, clock.now()));
      else await advance(pod);
    } catch (error) {
      // Gone meanwhile: the watch will say so.
      if (!isNotFound(error)) throw error;
    }
  };
  const advance = async (pod: Pod) => {
    const life = lives.of(pod, clock.now());
    if (pod.spec.nodeName === undefined) await writes.bind(pod, settings.node);
    const moment = podAt(pod, life.birth, clock.now(), settings);
    if (moment.serves) await lives.startContainers(pod, life);
    else await lives.stopContainers(life);
    await report(pod, moment.status);
    if (moment.next !== undefined) loop.addAt(keyOf(pod), moment.next);
  };
  const stop = async (pod: Pod) => {
    const life = lives.of(pod, clock.now());
    life.deleted ??= clock.now();
    const grace = (pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
    const end = life.deleted + Math.min(settings.stopDelay, grace);
    if (clock.now() < end) return loop.addAt(keyOf(pod), end);
    await lives.stopContainers(life);
    if (!isFinished(pod)) await report(pod, stopped(pod, life.birth, clock.now()));
    await writes.remove(pod);
  };
  const report = async (pod: Pod, wanted: PodStatus) => {
    const patch = statusPatch(pod.status, wanted, clock.now());
    if (patch) pods.observe(await writes.patchStatus(pod, patch));
  };

  const loop = createLoop({ name: 'kubelet', clock, log, reconcile, parallel: settings.parallel });
  const node = keepNode({ client: connection, clock, log, settings });
  pods.onChange((pod) => {
    if (synced) loop.add(keyOf(pod));
  });
  /** No address is handed out before all that are in use are known. */
  const adopt = () => {
    for (const pod of pods.list()) if (isOurs(pod) && pod.status?.podIP) lives.of(pod, clock.now());
    synced = true;
    for (const pod of pods.list()) loop.add(keyOf(pod));
  };
  return {
    ready: caches.start().then(adopt),
    async stop() {
      await Promise.all([caches.stop(), node.stop(), loop.stop()]);
      await lives.endContainers();
    },
  };
}
