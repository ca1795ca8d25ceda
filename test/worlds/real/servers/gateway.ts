import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, createServer, type Server } from '../server.ts';
import { runProgram } from '../toolbox.ts';

export interface GatewayOptions {
  contour: string;
  /** Left out: routes are judged and nothing is routed. */
  envoy?: string;
  folder: string;
  kubeconfig: string;
}

/** The Gateway that all routes have as their parent. */
export const GATEWAY = { namespace: 'gateways', name: 'gateway' };
const LISTENER = 24080;
/** Contour adds this to a listener's port. */
const ENVOY_OFFSET = 8000;
const XDS = 31600;
const HEALTH = 31602;

/** A class of Gateways, and its one Gateway, which routes of all namespaces may name. */
export function gatewayObjects(name: string, controllerName: string, metadata: typeof GATEWAY, port: number) {
  const apiVersion = 'gateway.networking.k8s.io/v1';
  const listener = { name: 'http', port, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } };
  return [
    { apiVersion, kind: 'GatewayClass', metadata: { name }, spec: { controllerName } },
    { apiVersion, kind: 'Gateway', metadata, spec: { gatewayClassName: name, listeners: [listener] } },
  ];
}

/** Objects that must be there before Contour starts. */
export const GATEWAY_OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: GATEWAY.namespace } },
  ...gatewayObjects('contour', 'projectcontour.io/gateway-controller', GATEWAY, LISTENER),
];

function contourServer({ contour, folder, kubeconfig }: GatewayOptions, config: string): Server {
  // Kinds that no story uses, and whose CRDs are not there.
  const without = ['tlsroutes', 'tcproutes', 'backendtlspolicies', 'extensionservices'];
  return createServer({
    name: 'contour',
    binary: contour,
    args: [
      ...['serve', `--kubeconfig=${kubeconfig}`, `--config-path=${config}`, '--insecure', '--disable-leader-election'],
      ...['--xds-address=127.0.0.1', `--xds-port=${XDS}`],
      // Its own brakes must not be what a measurement shows.
      ...['--kubernetes-client-qps=500', '--kubernetes-client-burst=1000'],
      ...['--http-address=127.0.0.1', '--http-port=31601'],
      ...['--health-address=127.0.0.1', `--health-port=${HEALTH}`, '--envoy-service-http-address=127.0.0.1'],
      ...without.map((feature) => `--disable-feature=${feature}`),
    ],
    folder,
    logFile: join(folder, 'contour.log'),
    ready: () => answers(`http://127.0.0.1:${HEALTH}/healthz`),
  });
}

async function envoyServer({ contour, folder }: GatewayOptions, binary: string): Promise<Server> {
  const boot = join(folder, 'envoy.json');
  const administration = `--admin-address=${join(folder, 'envoy.sock')}`;
  await runProgram(contour, ['bootstrap', boot, '--xds-address=127.0.0.1', `--xds-port=${XDS}`, administration]);
  const names = ['--service-cluster', 'contour', '--service-node', 'real'];
  return createServer({
    name: 'envoy',
    binary,
    args: ['-c', boot, ...names, '--concurrency', '1', '-l', 'warn', '--disable-hot-restart'],
    folder,
    logFile: join(folder, 'envoy.log'),
    ready: () => answers('http://127.0.0.1:8002/ready'),
  });
}

export async function startGateway(options: GatewayOptions): Promise<{ address: string; servers: Server[] }> {
  await mkdir(options.folder, { recursive: true });
  const config = join(options.folder, 'contour.json');
  await writeFile(config, JSON.stringify({ gateway: { gatewayRef: GATEWAY } }));
  const servers = [contourServer(options, config)];
  if (options.envoy) servers.push(await envoyServer(options, options.envoy));
  for (const server of servers) await server.start();
  return { address: `127.0.0.1:${LISTENER + ENVOY_OFFSET}`, servers };
}
