import type { KubeObject } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import { isAlreadyExists, type KubeClient, type Resource } from '../../kube/client.ts';
import type { Log } from '../../log.ts';
import { createLoop, type Loop } from '../workloads/loop.ts';
import { timestamp } from '../workloads/objects.ts';
import type { KubeletSettings } from './settings.ts';

interface Node extends KubeObject {
  spec?: object;
}

const nodes: Resource<Node> = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };

const CAPACITY = { cpu: '1000', memory: '4Ti', pods: '60000', 'ephemeral-storage': '4Ti' };

export interface NodeOptions {
  client: KubeClient;
  clock: Clock;
  log: Log;
  settings: KubeletSettings;
}

/** Keeps the Node object there and Ready. */
export function keepNode({ client, clock, log, settings }: NodeOptions): Loop {
  const reconcile = async (name: string) => {
    if (!(await client.get(nodes, { name }))) await create(name);
    const heartbeat = timestamp(clock.now());
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: heartbeat };
    const status = { capacity: CAPACITY, allocatable: CAPACITY, conditions: [ready] };
    await client.patch(nodes, { name }, { type: 'strategic', subresource: 'status', body: { status } });
    if (settings.heartbeat !== undefined) loop.addAt(name, clock.now() + settings.heartbeat);
  };
  const create = async (name: string) => {
    try {
      await client.create(nodes, { metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec: {} });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  };
  const loop = createLoop({ name: 'node', clock, log, reconcile });
  loop.add(settings.node);
  return loop;
}
