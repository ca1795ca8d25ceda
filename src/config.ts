import { hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineNow, type WorldTime } from './clock.ts';

/** Everything that the controller process is told. The only reader of the environment. */
export interface Config {
  kubeconfig: string | undefined;
  context: string | undefined;
  /** The controller's own namespace: leases, and the Secrets of RevertPolicies. */
  ownNamespace: string;
  /** Watches only its own namespace. */
  namespaced: boolean;
  identity: string;
  /** Only objects labelled for this instance are looked at; undefined: only those labelled for none. */
  instanceId: string | undefined;
  leaderElect: boolean;
  /** Tells in the log what it would do, and writes nothing at all. */
  observeOnly: boolean;
  /** Port of /metrics, /healthz and /readyz on `address`. */
  port: number;
  address: string;
  /** Where webhooks of Git hosts are received, and the Secret with what they must know; undefined: nowhere. */
  webhooks: { address: string; port: number; secret: string } | undefined;
  logLevel: string;
  prometheusAddress: string | undefined;
  /** As curl's: `host:port=address[:port]`. */
  resolve: string[];
  allowLoopback: boolean;
  allowedHosts: string[];
  localRepositories: string[];
  /** Git hosts that are spoken to without TLS. */
  plainHttpHosts: string[];
  cacheFolder: string;
  /** Of all clones together. */
  cacheBytes: number;
  /** Programs that render, by path; undefined: the first on the PATH. */
  kustomize: string | undefined;
  helm: string | undefined;
  /** The program that opens what SOPS has encrypted. */
  sops: string | undefined;
  /** Where Argo CD keeps its Applications. */
  argoCdNamespace: string;
  outages: 'hold' | 'count';
  /** Nothing is written to Git. */
  pauseReverts: boolean;
  worldTime: WorldTime | undefined;
  /** The process's environment, for programs that are started: each takes from it, by name, what it needs. */
  environment: Readonly<Record<string, string | undefined>>;
}

const OPTIONS = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string' },
  namespaced: { type: 'boolean' },
  identity: { type: 'string' },
  'instance-id': { type: 'string' },
  'no-leader-elect': { type: 'boolean' },
  'observe-only': { type: 'boolean' },
  port: { type: 'string' },
  address: { type: 'string' },
  'webhook-address': { type: 'string' },
  'webhook-secret': { type: 'string' },
  'log-level': { type: 'string' },
  'prometheus-address': { type: 'string' },
  resolve: { type: 'string', multiple: true },
  'allow-loopback': { type: 'boolean' },
  'allow-host': { type: 'string', multiple: true },
  'local-repositories': { type: 'string', multiple: true },
  'allow-plain-http': { type: 'string', multiple: true },
  'cache-folder': { type: 'string' },
  'cache-limit': { type: 'string' },
  kustomize: { type: 'string' },
  helm: { type: 'string' },
  'argocd-namespace': { type: 'string' },
  sops: { type: 'string' },
  'count-outages-as-errors': { type: 'boolean' },
  'pause-reverts': { type: 'boolean' },
  'world-time': { type: 'string' },
} as const;

export const CONTROLLER_HELP = `headgate controller: drives Rollouts until it is told to stop

  --kubeconfig FILE, --context NAME   the cluster; as kubectl finds it when not given
  --namespace NAME                    the controller's own namespace (default: headgate)
  --namespaced                        watch the own namespace only
  --identity NAME                     who holds the lease; a restart with the same name goes on at once
  --instance-id ID                    look only at objects labelled argo-rollouts.argoproj.io/controller-instance-id=ID
                                      (default: only at those without the label), with a lease of its own
  --no-leader-elect                   do not take a lease
  --observe-only                      log what would be done to each Rollout, and write nothing: no lease, no Events, no Git;
                                      no metric is asked
  --address IP, --port N              where /metrics, /healthz and /readyz are served (default: 0.0.0.0, 8090)
  --webhook-address IP:PORT           where webhooks of Git hosts are received, at /hooks/HOST (default: nowhere)
  --webhook-secret NAME               the Secret in the own namespace with what they must know, by the host's name
  --log-level LEVEL                   trace, debug, info, warn, error (default: info)
  --prometheus-address URL            asked by metrics that name no address
  --resolve HOST:PORT=ADDRESS[:PORT]  connect there instead, as curl's option does; may be repeated
  --allow-host PATTERN                the only metric and Git hosts allowed (default: all but loopback and link-local); may be repeated
  --allow-loopback                    let metric addresses be on this machine: for the sandbox
  --local-repositories DIR            Git repositories below this folder may be used; may be repeated
  --allow-plain-http HOST             a Git host that may be spoken to without TLS, tokens included; may be repeated
  --cache-folder DIR                  where clones are kept
  --cache-limit SIZE                  what all of them may take, in Mi or Gi, and one of them a third of (default: 3Gi)
  --kustomize PATH, --helm PATH       the programs that render Kustomize folders and Helm charts (default: as found on the PATH)
  --argocd-namespace NAME             where Argo CD keeps its Applications (default: argocd)
  --sops PATH                         the program that opens files encrypted with SOPS (default: as found on the PATH)
  --count-outages-as-errors           an unreachable metric backend counts as an error, as in the reference
  --pause-reverts                     write nothing to Git; reverts wait until the controller is started without it
  --world-time START,ORIGIN,SPEED     world time: milliseconds, milliseconds, factor: for the sandbox
`;

function numbers(text: string, option: string, count: number): number[] {
  const parts = text.split(',').map(Number);
  if (parts.length !== count || parts.some((part) => !Number.isFinite(part))) {
    throw new Error(`--${option} ${JSON.stringify(text)} is not ${count} numbers separated by commas`);
  }
  return parts;
}

function worldTime(text: string | undefined): WorldTime | undefined {
  if (text === undefined) return undefined;
  const [start = 0, origin = 0, speed = 1] = numbers(text, 'world-time', 3);
  return { start, origin, speed };
}

function portOf(text: string | undefined): number {
  const [port = 8090] = text === undefined ? [8090] : numbers(text, 'port', 1);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${text} is not a port: use 0 to 65535`);
  return port;
}

const LONGEST_NAME = 253;

/** Both or neither: without a secret nothing is received. */
function webhooks(address: string | undefined, secret: string | undefined): Config['webhooks'] {
  if (address === undefined && secret === undefined) return undefined;
  if (address === undefined) throw new Error('--webhook-secret is of no use without --webhook-address');
  if (secret === undefined) throw new Error('--webhook-address needs --webhook-secret: nothing unsigned is received');
  const [, host = '', port = ''] = /^(\[[\da-f:.]+\]|[^:[\]]*):(\d{1,5})$/i.exec(address) ?? [];
  if (port === '' || Number(port) > 65_535) {
    throw new Error(`--webhook-address ${JSON.stringify(address)} is not IP:PORT, as in 0.0.0.0:8091`);
  }
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(secret) || secret.length > LONGEST_NAME) {
    throw new Error(`--webhook-secret ${JSON.stringify(secret)} is not the name of a Secret`);
  }
  return { address: host.replace(/^\[|\]$/g, '') || '0.0.0.0', port: Number(port), secret };
}

function programOf(text: string | undefined, option: string): string | undefined {
  if (text === undefined || isAbsolute(text)) return text;
  throw new Error(
    `--${option} ${JSON.stringify(text)} is not the whole path of a program, as in /usr/local/bin/${option}`,
  );
}

/** Bytes. */
function sizeOf(text: string, option: string): number {
  const [, number, unit] = /^([1-9]\d{0,6})(Mi|Gi)$/.exec(text) ?? [];
  if (unit !== undefined) return Number(number) * (unit === 'Gi' ? 1024 ** 3 : 1024 ** 2);
  throw new Error(`--${option} ${JSON.stringify(text)} is no size: use a whole number with Mi or Gi, as in 3Gi`);
}

/** It becomes a label's value and part of a lease's name. */
function instanceId(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(text)) return text;
  throw new Error(
    `--instance-id ${JSON.stringify(text)} is no name: use up to 32 lower-case letters, digits and -, with a letter or digit at both ends`,
  );
}

/** Reads the command line; throws an error that names the flag and what is allowed. */
export function readConfig(args: string[], env: NodeJS.ProcessEnv = process.env): Config {
  const { values } = parseArgs({ args, options: OPTIONS, allowPositionals: false });
  const observeOnly = values['observe-only'] === true;
  return {
    kubeconfig: values.kubeconfig,
    context: values.context,
    ownNamespace: values.namespace ?? env.POD_NAMESPACE ?? 'headgate',
    namespaced: values.namespaced === true,
    identity: values.identity ?? env.POD_NAME ?? `${hostname()}-${process.pid}-${machineNow().toString(36)}`,
    instanceId: instanceId(values['instance-id']),
    leaderElect: values['no-leader-elect'] !== true && !observeOnly,
    observeOnly,
    port: portOf(values.port),
    address: values.address ?? '0.0.0.0',
    webhooks: webhooks(values['webhook-address'], values['webhook-secret']),
    logLevel: values['log-level'] ?? 'info',
    prometheusAddress: values['prometheus-address'] ?? env.ARGO_ROLLOUTS_PROMETHEUS_ADDRESS,
    resolve: values.resolve ?? [],
    allowLoopback: values['allow-loopback'] === true,
    allowedHosts: values['allow-host'] ?? [],
    localRepositories: values['local-repositories'] ?? [],
    plainHttpHosts: values['allow-plain-http'] ?? [],
    cacheFolder: values['cache-folder'] ?? join(env.XDG_CACHE_HOME ?? join(env.HOME ?? '/tmp', '.cache'), 'headgate'),
    cacheBytes: sizeOf(values['cache-limit'] ?? '3Gi', 'cache-limit'),
    kustomize: programOf(values.kustomize, 'kustomize'),
    helm: programOf(values.helm, 'helm'),
    argoCdNamespace: values['argocd-namespace'] ?? 'argocd',
    sops: programOf(values.sops, 'sops'),
    outages: values['count-outages-as-errors'] === true ? 'count' : 'hold',
    pauseReverts: values['pause-reverts'] === true,
    worldTime: worldTime(values['world-time']),
    environment: env,
  };
}
