/** pods/binding: gives a pod its node, once. */
import { Failure } from './failure.ts';
import { kindNamed } from './kinds.ts';
import { copy, fieldsAt, listAt, textAt, timestamp } from './objects.ts';
import type { Registry } from './registry.ts';
import type { Storage } from './storage.ts';
import type { ObjectKey } from './types.ts';

interface BindingContext {
  storage: Storage;
  registry: Registry;
  now: () => number;
}

export function bind({ storage, registry, now }: BindingContext, key: ObjectKey, binding: object, dryRun: boolean) {
  const pods = kindNamed('Pod');
  const pod = registry.read(pods, key);
  const uid = textAt(binding, 'metadata', 'uid');
  const refuse = (why: string) => {
    const message = `Operation cannot be fulfilled on pods/binding "${key.name}": ${why}`;
    return new Failure(409, 'Conflict', message, { name: key.name, kind: 'pods/binding' });
  };
  if (uid !== '' && uid !== pod.metadata.uid) {
    throw refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
  }
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${key.name} is being deleted, cannot be assigned to a host`);
  const node = textAt(pod, 'spec', 'nodeName');
  if (node !== '') throw refuse(`pod ${key.name} is already assigned to node "${node}"`);
  const next = copy(pod);
  next.spec = { ...fieldsAt(pod, 'spec'), nodeName: textAt(binding, 'target', 'name') };
  const status = fieldsAt(pod, 'status');
  const others = listAt(status, 'conditions').filter((each) => textAt(each, 'type') !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(now()) };
  next.status = { ...status, conditions: [...others, scheduled] };
  if (!dryRun) storage.commit(pods, pod, next);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}
