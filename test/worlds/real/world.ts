import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeConnection } from '../../../src/kube/client.ts';
import { loadKubeConfig } from '../../../src/kube/config.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { silentLog } from '../../../src/log.ts';
import type { Built } from './binaries.ts';
import { serveControl } from './control.ts';
import { applyManifests, readManifests } from './manifests.ts';
import type { Server } from './server.ts';
import { type ApiServer, CONTROLLER, startApiServer } from './servers/api-server.ts';
import { startControllerManager } from './servers/controller-manager.ts';
import { startEtcd } from './servers/etcd.ts';
import { GATEWAY, GATEWAY_OBJECTS, startGateway } from './servers/gateway.ts';
import { startGitea } from './servers/gitea.ts';
import { startKubelet } from './servers/kubelet.ts';
import { startPrometheus } from './servers/prometheus.ts';
import { processBegin, type RealWorldState } from './state.ts';

export interface RealWorldOptions {
  folder: string;
  parts: ReadonlyMap<string, Built>;
  /** Pods listen, requests are routed, Prometheus scrapes, Gitea keeps repositories. Without: API, pods and judged routes only. */
  withTraffic: boolean;
  kubeletFlags: string[];
}

export interface RealWorld {
  state: RealWorldState;
  stop(): Promise<void>;
}

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
/** An address of the namespace that is not loopback: what the API server is known by. */
const API_ADDRESS = '10.88.255.254';

function partWith(parts: RealWorldOptions['parts'], binary: string): Built {
  for (const part of parts.values()) if (part.binaries[binary]) return part;
  throw new Error(`${binary} is not among the parts`);
}

function binaryOf(parts: RealWorldOptions['parts'], name: string): string {
  return partWith(parts, name).binaries[name] ?? '';
}

function connect(kubeconfig: string): KubeConnection {
  return createKubeClient({ config: loadKubeConfig({ kubeconfig }), log: silentLog(), userAgent: 'stage' });
}

/** The kinds, and what deploy/ installs besides the controller itself. */
async function furnish(connection: KubeConnection, parts: RealWorldOptions['parts']): Promise<void> {
  const files = parts.get('contour')?.files ?? {};
  const kinds = [
    join(PROJECT, 'crds'),
    join(files['sigs.k8s.io/gateway-api'] ?? '', 'config/crd/standard'),
    join(files['github.com/projectcontour/contour'] ?? '', 'examples/contour/01-crds.yaml'),
  ];
  const deployed = ['namespace.yaml', 'rbac.yaml', 'rbac-secrets.yaml', 'rbac-users.yaml', 'flux.yaml'];
  const installed = deployed.map((name) => join(PROJECT, 'deploy', name));
  for (const path of [...kinds, ...installed]) await applyManifests(connection, await readManifests(path));
  await applyManifests(connection, GATEWAY_OBJECTS);
}

function kubeconfigOf(api: ApiServer, user: string): Promise<string> {
  return api.writeKubeconfig(user.replaceAll(':', '-'), api.tokens[user] ?? '');
}

async function startCluster(options: RealWorldOptions, servers: Server[]): Promise<ApiServer> {
  const { folder, parts, kubeletFlags, withTraffic } = options;
  const etcd = await startEtcd({ binary: binaryOf(parts, 'etcd'), folder, port: 2379 });
  const api = await startApiServer({
    binary: binaryOf(parts, 'kube-apiserver'),
    folder,
    etcd: etcd.url,
    port: 6443,
    address: API_ADDRESS,
  });
  const manager = await startControllerManager({
    binary: binaryOf(parts, 'kube-controller-manager'),
    folder,
    kubeconfig: await kubeconfigOf(api, 'system:kube-controller-manager'),
    accountsKey: api.accountsKey,
  });
  const flags = [...(withTraffic ? ['--listen'] : []), ...kubeletFlags];
  const kubelet = await startKubelet({ folder, kubeconfig: await kubeconfigOf(api, 'emulated-kubelet'), flags });
  servers.push(etcd.server, api.server, manager, kubelet);
  return api;
}

async function startTraffic({ folder, parts }: RealWorldOptions, connection: KubeConnection, servers: Server[]) {
  const prometheus = await startPrometheus({
    binary: binaryOf(parts, 'prometheus'),
    folder: join(folder, 'prometheus'),
    port: 9090,
    connection,
  });
  const gitea = await startGitea({
    binary: binaryOf(parts, 'gitea'),
    staticRoot: partWith(parts, 'gitea').files['code.gitea.io/gitea'] ?? '',
    folder: join(folder, 'gitea'),
    address: '127.0.0.1',
    port: 3000,
  });
  servers.push(prometheus.server, gitea.server);
  return { prometheus: { url: prometheus.url }, gitea: { url: gitea.url, admin: gitea.admin } };
}

function partsStarted({ parts }: RealWorldOptions, servers: Server[]): RealWorldState['parts'] {
  const seconds = (name: string) => servers.find((server) => server.name === name)?.startSeconds ?? 0;
  return Object.fromEntries(
    [...parts.values()].map(({ name, version, buildSeconds, binaries, files }) => {
      const startSeconds = Object.keys(binaries).reduce((sum, binary) => sum + seconds(binary), 0);
      return [name, { version, buildSeconds, startSeconds, binaries, files }];
    }),
  );
}

/** Starts every server of the world, in the network namespace of this process. */
export async function startRealWorld(options: RealWorldOptions): Promise<RealWorld> {
  const { folder, parts, withTraffic } = options;
  await mkdir(folder, { recursive: true });
  const servers: Server[] = [];
  const stop = async () => {
    for (const server of [...servers].reverse()) await server.stop();
  };
  try {
    const api = await startCluster(options, servers);
    const kubeconfig = await kubeconfigOf(api, 'admin');
    const connection = connect(kubeconfig);
    await furnish(connection, parts);
    const gateway = await startGateway({
      contour: binaryOf(parts, 'contour'),
      ...(withTraffic && { envoy: binaryOf(parts, 'envoy') }),
      folder: join(folder, 'gateway'),
      kubeconfig: await kubeconfigOf(api, 'contour'),
    });
    servers.push(...gateway.servers);
    const traffic = withTraffic ? await startTraffic(options, connection, servers) : { prometheus: { url: '' } };
    const state: RealWorldState = {
      folder,
      pid: process.pid,
      begin: processBegin(process.pid) ?? '',
      kubeconfig,
      controllerKubeconfig: await kubeconfigOf(api, CONTROLLER),
      apiServer: api.url,
      auditLog: api.auditLog,
      ...traffic,
      gateway: { address: gateway.address, ...GATEWAY },
      control: await serveControl(servers),
      parts: partsStarted(options, servers),
    };
    await writeFile(join(folder, 'state.json'), JSON.stringify(state, undefined, 2), { mode: 0o600 });
    return { state, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
