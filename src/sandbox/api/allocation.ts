/** What the server gives out by itself: names, addresses, selectors. */
import { randomBytes } from 'node:crypto';
import { admitPod } from './defaulting-pods.ts';
import { cause, invalid } from './failure.ts';
import { type KindInfo, kindNamed } from './kinds.ts';
import { ensureFields, type Fields, fieldsAt, isFields, listAt, setDefault, textAt, valueAt } from './objects.ts';
import type { Storage } from './storage.ts';
import type { ApiObject } from './types.ts';

/** The first address of the range names the range. */
const NETWORK = '10.96.0.0';
const IP = /^(\d+\.){3}\d+$|:/;
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const LONGEST_BASE = 58;
const FIRST_NODE_PORT = 30_000;

export function generatedName(base: string): string {
  const suffix = [...randomBytes(5)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `${base.slice(0, LONGEST_BASE)}${suffix}`;
}

/** Completes a new object with what only the server can know; `before` is the live object of an update. */
export function allocate(kind: KindInfo, object: ApiObject, before: ApiObject | undefined, storage: Storage): void {
  if (kind.kind === 'Pod') admitPod(object as unknown as Fields, before === undefined);
  if (kind.kind === 'Service') allocateService(kind, object, before, storage);
  if (kind.kind === 'Job' && !before) selectJobPods(object);
}

/** An address is given out before anything else is judged. */
function requireAddress(kind: KindInfo, { metadata }: ApiObject, address: string, given: string): void {
  if (address === 'None') return;
  const refuse = (field: string, why: string) => invalid(kind, metadata.name, [cause.invalid(field, address, why)]);
  if (!IP.test(address)) throw refuse('spec.clusterIPs[0]', 'must be a valid IP address');
  if (given === '' && address === NETWORK) throw refuse('spec.clusterIPs', 'failed to allocate IP');
}

function allocateService(kind: KindInfo, service: ApiObject, before: ApiObject | undefined, storage: Storage): void {
  const spec = ensureFields(service as unknown as Fields, 'spec');
  if (spec.type === 'ExternalName') return;
  if (before) for (const key of ['clusterIP', 'clusterIPs']) setDefault(spec, key, valueAt(before, 'spec', key));
  if (!spec.clusterIP) spec.clusterIP = freeAddress(storage);
  requireAddress(kind, service, String(spec.clusterIP), textAt(before, 'spec', 'clusterIP'));
  setDefault(spec, 'clusterIPs', [spec.clusterIP]);
  // Without addresses and without pods to look for, it may be of any family.
  const isFree = spec.clusterIP === 'None' && Object.keys(fieldsAt(spec, 'selector')).length === 0;
  setDefault(spec, 'ipFamilies', isFree ? ['IPv4', 'IPv6'] : ['IPv4']);
  setDefault(spec, 'ipFamilyPolicy', isFree ? 'RequireDualStack' : 'SingleStack');
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') allocateNodePorts(service, before, storage);
}

function services(storage: Storage): ApiObject[] {
  return storage.all(kindNamed('Service'));
}

function freeAddress(storage: Storage): string {
  const used = new Set(services(storage).map((service) => textAt(service, 'spec', 'clusterIP')));
  for (let index = 10; ; index++) {
    const address = `10.96.${index >> 8}.${index & 255}`;
    if (!used.has(address)) return address;
  }
}

function allocateNodePorts(service: ApiObject, before: ApiObject | undefined, storage: Storage): void {
  const used = new Set(
    services(storage).flatMap((each) => listAt(each, 'spec', 'ports').map((port) => valueAt(port, 'nodePort'))),
  );
  const known = new Map(
    listAt(before, 'spec', 'ports').map((port) => [valueAt(port, 'port'), valueAt(port, 'nodePort')]),
  );
  let next = FIRST_NODE_PORT;
  for (const port of listAt(service, 'spec', 'ports')) {
    if (!isFields(port) || port.nodePort) continue;
    while (used.has(next)) next++;
    port.nodePort = known.get(port.port) ?? next;
    used.add(next);
  }
}

/** A Job's pods are told apart by the Job's UID. */
function selectJobPods(job: ApiObject): void {
  const spec = ensureFields(job as unknown as Fields, 'spec');
  if (spec.manualSelector === true) return;
  const uid = job.metadata.uid ?? '';
  spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  const metadata = ensureFields(ensureFields(spec, 'template'), 'metadata');
  metadata.labels = {
    ...fieldsAt(metadata, 'labels'),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': job.metadata.name,
    'controller-uid': uid,
    'job-name': job.metadata.name,
  };
}
