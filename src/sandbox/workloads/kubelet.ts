import type { Pod } from '../../api/kubernetes.ts';
import { createLoop } from './loop.ts';
import { keyOf, placeOf, same, splitKey } from './objects.ts';
import { type PodBirth, podAt } from './pod-life.ts';
import type { Controller, Surroundings } from './settings.ts';

export const NODE = 'sandbox';

/** Schedules, starts, readies and stops pods in world time. */
export function runKubelet({ store, clock, log, settings }: Surroundings): Controller {
  const births = new Map<string, PodBirth>();
  const stopping = new Map<string, number>();
  let addresses = 0;

  const nextAddress = () => {
    addresses++;
    return `10.${96 + (addresses >> 16)}.${(addresses >> 8) & 255}.${addresses & 255}`;
  };
  const birthOf = (pod: Pod): PodBirth => {
    const uid = pod.metadata.uid ?? '';
    const birth = births.get(uid) ?? { seen: clock.now(), ip: nextAddress() };
    births.set(uid, birth);
    return birth;
  };
  const reconcile = (key: string) => {
    const pod = store.get<Pod>('Pod', ...placeOf(key));
    if (!pod) return;
    if (pod.metadata.deletionTimestamp === undefined) advance(pod, key);
    else stop(pod, key);
  };
  const advance = (pod: Pod, key: string) => {
    const place = splitKey(key);
    const birth = birthOf(pod);
    if (pod.spec.nodeName === undefined) store.patch('Pod', place, { spec: { nodeName: NODE } });
    const { status, next } = podAt(pod, birth, clock.now(), settings);
    if (!same({ ...pod.status, ...status }, pod.status)) store.patchStatus('Pod', place, status);
    if (next !== undefined) loop.addAt(key, next);
  };
  const stop = (pod: Pod, key: string) => {
    const uid = pod.metadata.uid ?? '';
    const end = stopping.get(uid) ?? clock.now() + settings.stopDelay;
    stopping.set(uid, end);
    if (clock.now() < end) loop.addAt(key, end);
    else store.delete('Pod', ...placeOf(key), { force: true, uid });
  };
  const loop = createLoop({ name: 'kubelet', clock, log, reconcile });
  const end = store.watch<Pod>('Pod', (change, object) => {
    const { uid = '' } = object.metadata;
    if (change !== 'deleted') return loop.add(keyOf(object));
    births.delete(uid);
    stopping.delete(uid);
  });
  return {
    stop() {
      end();
      loop.stop();
    },
  };
}
