import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject, ReplicaSet, Rollout } from '../src/api/index.ts';
import { REVISION } from '../src/api/index.ts';
import { connect } from '../src/cli/cluster.ts';
import type { World } from '../src/cli/world.ts';
import { machineClock } from '../src/clock.ts';
import type { KubeClient } from '../src/kube/client.ts';
import { type ApiServer, createApiServer } from '../src/sandbox/api/index.ts';
import { type Running, start } from './command-line.ts';

/** The sandbox's API server, nobody acting on it, and command lines that have it as their cluster. */
export interface SandboxCluster {
  api: ApiServer;
  /** Every patch that a command sent, as in `merge rollouts/web/status {"status":{}}`. */
  patches: string[];
  /** Called before each of them. */
  beforePatch: () => void;
  /** Writes a file and answers with its path. */
  file(name: string, text: string): Promise<string>;
  start(args: string[], world?: Partial<World>): Running;
  run(args: string[], world?: Partial<World>): Promise<{ code: number; stdout: string; stderr: string }>;
  stop(): Promise<void>;
}

export async function sandboxCluster(): Promise<SandboxCluster> {
  const api = await createApiServer({ clock: machineClock() });
  const folder = await mkdtemp(join(tmpdir(), 'headgate-cluster-'));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const kubeconfig = await file('kubeconfig', api.kubeconfig());
  const recorded = (client: KubeClient): KubeClient => ({
    ...client,
    patch(resource, { name }, options) {
      const path = [resource.plural, name, options.subresource].filter(Boolean).join('/');
      cluster.beforePatch();
      cluster.patches.push(`${options.type} ${path} ${JSON.stringify(options.body)}`);
      return client.patch(resource, { name, namespace: 'default' }, options);
    },
  });
  const cluster: SandboxCluster = {
    api,
    patches: [],
    beforePatch: () => {},
    file,
    start: (args, world = {}) =>
      start([...args, '--kubeconfig', kubeconfig], {
        connect: async (options) => {
          const connected = await connect(options);
          return { ...connected, client: recorded(connected.client) };
        },
        ...world,
      }),
    async run(args, world) {
      const running = cluster.start(args, world);
      const code = await running.ended;
      return { code, stdout: running.stdout, stderr: running.stderr };
    },
    async stop() {
      await api.stop();
      await rm(folder, { recursive: true });
    },
  };
  return cluster;
}

/** A pod template whose texts are not all plain, as in many charts. */
export function template(image: string, labels: Record<string, string> = {}) {
  return {
    metadata: { labels: { app: 'web', ...labels } },
    spec: {
      initContainers: [{ name: 'migrate', image: 'registry.example/migrate:1' }],
      containers: [
        { name: 'web', image, args: ['sh', '-c', 'migrate && serve > /dev/null'] },
        { name: 'proxy', image: 'registry.example/proxy:1' },
      ],
    },
  };
}

export function rollout(image: string): Rollout {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      strategy: { canary: {} },
      template: template(image),
    },
  };
}

/** The ReplicaSet of a revision, as a controller makes it. */
export function replicaSet(
  owner: KubeObject,
  {
    revision,
    image,
    annotations = {},
    extra = {},
  }: {
    revision: number;
    image: string;
    annotations?: Record<string, string>;
    /** Labels that a controller gave the pods. */
    extra?: Record<string, string>;
  },
): ReplicaSet {
  const labels = { 'rollouts-pod-template-hash': `hash${revision}` };
  const { uid = '', name } = owner.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      namespace: 'default',
      name: `web-hash${revision}`,
      labels: { app: 'web', ...labels },
      annotations: { [REVISION]: String(revision), ...annotations },
      ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name, uid, controller: true }],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web', ...labels } },
      template: template(image, { ...labels, ...extra }),
    },
  };
}
