/** The printer columns of each kind. */

import { age } from './age.ts';
import { jsonPath } from './json-path.ts';
import type { KindInfo, PrinterColumn } from './kinds.ts';
import { fieldsAt, isFields, listAt, textAt, valueAt } from './objects.ts';
import type { ApiObject } from './types.ts';

export interface Column {
  name: string;
  type: string;
  format?: string;
  description?: string;
  priority?: number;
  cell(object: ApiObject, now: number): unknown;
}

type Cell = (object: ApiObject, now: number) => unknown;

const NAME: Column = { name: 'Name', type: 'string', format: 'name', cell: (object) => object.metadata.name };
const AGE: Column = { name: 'Age', type: 'string', cell: (object, now) => age(object.metadata.creationTimestamp, now) };

function text(name: string, cell: Cell, priority = 0): Column {
  return { name, type: 'string', priority, cell };
}

function number(name: string, ...path: string[]): Column {
  return { name, type: 'integer', cell: (object) => valueAt(object, ...path) ?? 0 };
}

function count(name: string, ...path: string[]): Column {
  return { name, type: 'integer', cell: (object) => Object.keys(fieldsAt(object, ...path)).length };
}

function joined(values: unknown[], none = '<none>'): string {
  return values.length === 0 ? none : values.map(String).join(',');
}

function selector(...path: string[]): Cell {
  return (object) => joined(Object.entries(fieldsAt(object, ...path)).map(([key, value]) => `${key}=${String(value)}`));
}

function podContainers(field: string, ...template: string[]): Cell {
  return (object) => joined(listAt(object, ...template, 'spec', 'containers').map((one) => textAt(one, field)));
}

function podStatus(pod: ApiObject): string {
  if (pod.metadata.deletionTimestamp) return 'Terminating';
  for (const container of listAt(pod, 'status', 'containerStatuses')) {
    const waiting = textAt(container, 'state', 'waiting', 'reason');
    const ended = textAt(container, 'state', 'terminated', 'reason');
    if (waiting !== '' || ended !== '') return waiting || ended;
  }
  return textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase');
}

const PODS: Column[] = [
  text('Ready', (pod) => {
    const ready = listAt(pod, 'status', 'containerStatuses').filter(
      (container) => valueAt(container, 'ready') === true,
    );
    return `${ready.length}/${listAt(pod, 'spec', 'containers').length}`;
  }),
  text('Status', podStatus),
  text('Restarts', (pod) => {
    const counts = listAt(pod, 'status', 'containerStatuses').map((container) =>
      Number(valueAt(container, 'restartCount') ?? 0),
    );
    return String(counts.reduce((sum, each) => sum + each, 0));
  }),
  AGE,
  text('IP', (pod) => textAt(pod, 'status', 'podIP') || '<none>', 1),
  text('Node', (pod) => textAt(pod, 'spec', 'nodeName') || '<none>', 1),
];

function servicePort(port: unknown): string {
  const node = valueAt(port, 'nodePort');
  return `${String(valueAt(port, 'port'))}${node ? `:${String(node)}` : ''}/${textAt(port, 'protocol')}`;
}

function addresses(slice: ApiObject): string {
  return joined(
    listAt(slice, 'endpoints').flatMap((endpoint) => listAt(endpoint, 'addresses')),
    '<unset>',
  );
}

/** An event is as old as its last time. */
function lastSeen(event: ApiObject, now: number): string {
  const time = event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp;
  return age(time, now);
}

function involved(event: ApiObject): string {
  return `${textAt(event, 'involvedObject', 'kind').toLowerCase()}/${textAt(event, 'involvedObject', 'name')}`;
}

function jobStatus(job: ApiObject): string {
  const conditions = listAt(job, 'status', 'conditions').filter((each) => textAt(each, 'status') === 'True');
  return textAt(conditions[0], 'type') || 'Running';
}

const COLUMNS: Record<string, Column[]> = {
  Pod: PODS,
  PodTemplate: [
    text('Containers', podContainers('name', 'template')),
    text('Images', podContainers('image', 'template')),
    text('Pod Labels', selector('template', 'metadata', 'labels')),
  ],
  ReplicaSet: [
    number('Desired', 'spec', 'replicas'),
    number('Current', 'status', 'replicas'),
    number('Ready', 'status', 'readyReplicas'),
    AGE,
    text('Containers', podContainers('name', 'spec', 'template'), 1),
    text('Images', podContainers('image', 'spec', 'template'), 1),
    text('Selector', selector('spec', 'selector', 'matchLabels'), 1),
  ],
  Deployment: [
    text(
      'Ready',
      (object) =>
        `${String(valueAt(object, 'status', 'readyReplicas') ?? 0)}/${String(valueAt(object, 'spec', 'replicas') ?? 0)}`,
    ),
    number('Up-to-date', 'status', 'updatedReplicas'),
    number('Available', 'status', 'availableReplicas'),
    AGE,
  ],
  Job: [
    text('Status', jobStatus),
    text(
      'Completions',
      (job) =>
        `${String(valueAt(job, 'status', 'succeeded') ?? 0)}/${String(valueAt(job, 'spec', 'completions') ?? 1)}`,
    ),
    AGE,
  ],
  Service: [
    text('Type', (service) => textAt(service, 'spec', 'type')),
    text('Cluster-IP', (service) => textAt(service, 'spec', 'clusterIP') || '<none>'),
    text('External-IP', (service) => textAt(service, 'spec', 'externalName') || '<none>'),
    text('Port(s)', (service) => joined(listAt(service, 'spec', 'ports').map(servicePort))),
    AGE,
    text('Selector', selector('spec', 'selector'), 1),
  ],
  EndpointSlice: [
    text('AddressType', (slice) => textAt(slice, 'addressType')),
    text('Ports', (slice) =>
      joined(
        listAt(slice, 'ports').map((port) => valueAt(port, 'port')),
        '<unset>',
      ),
    ),
    text('Endpoints', addresses),
    AGE,
  ],
  Endpoints: [
    text('Endpoints', (object) =>
      joined(
        listAt(object, 'subsets').flatMap((subset) => listAt(subset, 'addresses').map((each) => textAt(each, 'ip'))),
      ),
    ),
    AGE,
  ],
  ConfigMap: [count('Data', 'data'), AGE],
  Secret: [text('Type', (secret) => textAt(secret, 'type')), count('Data', 'data'), AGE],
  ServiceAccount: [{ name: 'Secrets', type: 'string', cell: (account) => listAt(account, 'secrets').length }, AGE],
  Namespace: [text('Status', (namespace) => textAt(namespace, 'status', 'phase')), AGE],
  Lease: [text('Holder', (lease) => textAt(lease, 'spec', 'holderIdentity')), AGE],
  Ingress: [
    text('Class', (ingress) => textAt(ingress, 'spec', 'ingressClassName') || '<none>'),
    text('Hosts', (ingress) =>
      joined(
        listAt(ingress, 'spec', 'rules').map((rule) => textAt(rule, 'host') || '*'),
        '*',
      ),
    ),
    text('Address', () => ''),
    text('Ports', () => '80'),
    AGE,
  ],
  HTTPRoute: [
    {
      name: 'Hostnames',
      type: 'string',
      cell: (route) =>
        listAt(route, 'spec', 'hostnames').length > 0
          ? JSON.stringify(route.spec && listAt(route, 'spec', 'hostnames'))
          : null,
    },
    AGE,
  ],
  PodDisruptionBudget: [
    text('Min Available', (budget) => String(valueAt(budget, 'spec', 'minAvailable') ?? 'N/A')),
    text('Max Unavailable', (budget) => String(valueAt(budget, 'spec', 'maxUnavailable') ?? 'N/A')),
    number('Allowed Disruptions', 'status', 'disruptionsAllowed'),
    AGE,
  ],
  CustomResourceDefinition: [text('Created At', (definition) => definition.metadata.creationTimestamp)],
};

const EVENTS: Column[] = [
  text('Last Seen', lastSeen),
  text('Type', (event) => textAt(event, 'type')),
  text('Reason', (event) => textAt(event, 'reason')),
  text('Object', involved),
  text('Message', (event) => textAt(event, 'message').trim()),
  { ...NAME, priority: 1 },
];

function printed({ name, type, jsonPath: path, description, priority, format }: PrinterColumn): Column {
  const read = jsonPath(path);
  const cell: Cell =
    type === 'date'
      ? (object, now) => {
          const value = read(object);
          return value === undefined ? null : age(value, now);
        }
      : (object) => {
          const value = read(object) ?? null;
          return isFields(value) || Array.isArray(value) ? JSON.stringify(value) : value;
        };
  return {
    name,
    type: type === 'date' ? 'date' : type,
    cell,
    ...(description === undefined ? {} : { description }),
    ...(priority === undefined ? {} : { priority }),
    ...(format === undefined ? {} : { format }),
  };
}

const made = new Map<KindInfo, Column[]>();

export function columnsOf(kind: KindInfo): Column[] {
  const known = made.get(kind);
  if (known) return known;
  const columns = makeColumns(kind);
  made.set(kind, columns);
  return columns;
}

function makeColumns(kind: KindInfo): Column[] {
  if (kind.kind === 'Event') return EVENTS;
  if (kind.columns.length > 0) return [NAME, ...kind.columns.map(printed)];
  return [NAME, ...(COLUMNS[kind.kind] ?? [AGE])];
}
