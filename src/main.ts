import { realpath } from 'node:fs/promises';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { evaluateTime } from './analysis/index.ts';
import { type Clock, machineClock, machineNow, scaledClock } from './clock.ts';
import { CONTROLLER_HELP, type Config, readConfig } from './config.ts';
import { gitControllers } from './controllers/git.ts';
import { createHandingOn } from './controllers/hook-handing-on.ts';
import { createHookSecrets } from './controllers/hook-secrets.ts';
import { createLeaderElection, type LeaderElection } from './controllers/leader.ts';
import { type ControllerMetrics, createMetrics } from './controllers/metrics.ts';
import { type Controllers, createControllers } from './controllers/start.ts';
import { messageOf } from './errors.ts';
import { createCacheSpace } from './git/cache-space.ts';
import type { Hint } from './git/hint.ts';
import { hooks } from './git/hooks/index.ts';
import { startHookServer } from './git/hooks/server.ts';
import { counted } from './git/hosts/counted.ts';
import type { SendRequest } from './git/hosts/http.ts';
import { createHosts } from './git/hosts/index.ts';
import { createLimiter } from './git/hosts/limiter.ts';
import { createGit, type GitOptions } from './git/process.ts';
import { createRenderer } from './git/render/renderer.ts';
import { createRepositories } from './git/repository.ts';
import { sweepScratchFolders } from './git/scratch.ts';
import { locateRepository } from './git/url.ts';
import { loadKubeConfig } from './kube/config.ts';
import { createKubeClient } from './kube/http-client.ts';
import { createLog, type Log } from './log.ts';
import { createProviders } from './metrics/index.ts';
import { createDialer, type Dialer, parseResolveRule, readProxies } from './net/index.ts';
import { routers } from './traffic/index.ts';
import { version } from './version.ts';

const LEASE = 'argo-rollouts-controller-lock';
/** An event loop that answers later than this is held up by something, and the process is better restarted. */
const LONGEST_LAG_MILLISECONDS = 10_000;

function leaseOf({ instanceId }: Config): string {
  return instanceId === undefined ? LEASE : `${LEASE}-${instanceId}`;
}

interface Health {
  ready(): boolean;
  alive(): boolean;
}

/** Liveness is event-loop lag: a timer that is due and does not come. */
function watchLag(): { alive(): boolean; stop(): void } {
  let last = machineNow();
  const timer = setInterval(() => {
    last = machineNow();
  }, 1000);
  timer.unref();
  return { alive: () => machineNow() - last < LONGEST_LAG_MILLISECONDS, stop: () => clearInterval(timer) };
}

async function serve(config: Config, metrics: ControllerMetrics, health: Health): Promise<() => Promise<void>> {
  const server = createServer(async (request, response) => {
    const answer = (status: number, text: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(text);
    if (request.url === '/healthz')
      answer(health.alive() ? 200 : 500, health.alive() ? 'ok' : 'the event loop is held up');
    else if (request.url === '/readyz') answer(health.ready() ? 200 : 503, health.ready() ? 'ok' : 'not synced yet');
    else if (request.url === '/metrics') answer(200, await metrics.text(), metrics.contentType);
    else answer(404, 'known are /metrics, /healthz and /readyz');
  });
  await new Promise<void>((listening, failed) =>
    server.once('error', failed).listen(config.port, config.address, listening),
  );
  return () => new Promise((closed) => server.close(() => closed()));
}

/** Receives webhooks of Git hosts where that was asked for; answers how to stop. */
async function receiveHooks(
  config: Config,
  { connection: client, lookAgain }: Pick<ReturnType<typeof compose>, 'connection' | 'lookAgain'>,
  isAtWork: () => boolean,
  log: Log,
): Promise<() => Promise<void>> {
  const { webhooks, ownNamespace: namespace, observeOnly, identity } = config;
  if (webhooks === undefined || observeOnly) return async () => {};
  const secretOf = createHookSecrets({ client, namespace, name: webhooks.secret });
  const handOn = createHandingOn({ client, namespace, lease: leaseOf(config), identity, port: webhooks.port });
  return startHookServer({ ...webhooks, hooks, secretOf, lookAgain, isAtWork, handOn, log });
}

function clockOf({ worldTime }: Config): Clock {
  return worldTime ? scaledClock(worldTime) : machineClock();
}

interface GitParts {
  clock: Clock;
  dialer: Dialer;
  log: Log;
  metrics: ControllerMetrics;
}

function composeGit(config: Config, { clock, dialer, log, metrics }: GitParts) {
  const { localRepositories, plainHttpHosts, cacheFolder, cacheBytes, environment, kustomize, helm, sops } = config;
  const protocols: GitOptions['protocols'] = [
    'https',
    'ssh',
    ...(localRepositories.length > 0 ? (['file'] as const) : []),
    ...(plainHttpHosts.length > 0 ? (['http'] as const) : []),
  ];
  const git = createGit({ protocols, clock, environment });
  const locateHost = (host: string, port: number) => dialer.locate(host, port);
  const { proxyFor } = dialer;
  const space = createCacheSpace({ folder: cacheFolder, mostBytes: cacheBytes, now: machineNow });
  const repositories = createRepositories({ git, cacheDir: cacheFolder, locateHost, proxyFor, space });
  const roots = Promise.all(localRepositories.map((folder) => realpath(folder)));
  const locate = async (url: string) => locateRepository(url, { localRoots: await roots, plainHttpHosts });
  // Only Git goes through a proxy: what metrics name is of tenants, and mostly in the cluster.
  const dial: SendRequest = (request) => dialer.request({ ...request, mayUseProxy: true });
  const send = createLimiter({ send: counted(dial, metrics.gitHost), clock });
  const hosts = createHosts({ repositories, locate, clock, send });
  const programs = { ...(kustomize && { kustomize }), ...(helm && { helm }), ...(sops && { sops }) };
  const renderer = createRenderer({ programs, environment, log, clock });
  return { repositories, renderer, hosts, locate };
}

/** `beforeRequest` is called before each request to the API server; no write to Git comes without one right before it. */
function compose(config: Config, log: Log, metrics: ControllerMetrics, beforeRequest: () => void) {
  const clock = clockOf(config);
  const connection = createKubeClient({
    config: loadKubeConfig(config),
    log,
    userAgent: `headgate/${version}`,
    onAnswer: metrics.request,
    beforeRequest,
  });
  const dialer = createDialer({
    allowLoopback: config.allowLoopback,
    resolve: config.resolve.map(parseResolveRule),
    proxies: readProxies(config.environment),
    ...(config.allowedHosts.length > 0 ? { allow: config.allowedHosts } : {}),
  });
  const providers = createProviders({
    dialer,
    moments: evaluateTime,
    ...(config.prometheusAddress ? { defaultAddress: config.prometheusAddress } : {}),
  });
  let lookAgain = (_: Hint) => {};
  const git = gitControllers({
    onHint(listener) {
      lookAgain = listener;
    },
    client: connection,
    clock,
    log,
    namespace: config.ownNamespace,
    argoCdNamespace: config.argoCdNamespace,
    version,
    metrics,
    pauseReverts: config.pauseReverts,
    ...composeGit(config, { clock, dialer, log, metrics }),
  });
  const options = {
    connection,
    clock,
    log,
    providers,
    routers,
    outages: config.outages,
    argoCdNamespace: config.argoCdNamespace,
    namespace: config.namespaced ? config.ownNamespace : undefined,
    instanceId: config.instanceId,
    instance: config.identity,
    observeOnly: config.observeOnly,
    metrics,
  };
  const controllers = createControllers(options, [git]);
  return { connection, controllers, lookAgain: (hint: Hint) => lookAgain(hint) };
}

/** Runs until SIGTERM or SIGINT; answers with the exit code. A lost lease ends the process at once. */
async function run(config: Config, log: Log): Promise<number> {
  await sweepScratchFolders();
  const metrics = createMetrics(version);
  let election: LeaderElection | undefined;
  const composed = compose(config, log, metrics, () => election?.check());
  const { connection, controllers } = composed;
  // A candidate that waits for the lease is as ready as it will be; a leader is ready once its caches are synced.
  let ready = config.leaderElect;
  let working = false;
  const lag = watchLag();
  const close = await serve(config, metrics, { ready: () => ready, alive: lag.alive });
  const closeHooks = await receiveHooks(config, composed, () => working, log);
  const stopped = new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
  });
  const begin = async (what: Controllers) => {
    ready = false;
    await what.start();
    ready = true;
    working = true;
    log.info({ version, identity: config.identity }, 'controllers started');
  };
  election = createLeaderElection({
    client: connection,
    namespace: config.ownNamespace,
    name: leaseOf(config),
    identity: config.identity,
    log,
    onStarted: () => void begin(controllers),
    onLost: (reason) => {
      log.fatal({ reason }, 'lease lost');
      process.exit(1);
    },
  });
  if (config.leaderElect) election.start();
  else await begin(controllers);
  await stopped;
  log.info({}, 'stopping');
  await closeHooks();
  await controllers.stop();
  await election.stop();
  await close();
  lag.stop();
  return 0;
}

/** `headgate controller ...`: answers with the exit code. */
export async function runController(args: string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(CONTROLLER_HELP);
    return 0;
  }
  try {
    const config = readConfig(args);
    return await run(config, createLog({ level: config.logLevel }));
  } catch (error) {
    process.stderr.write(`headgate controller: ${messageOf(error)}\nSee headgate controller --help\n`);
    return 2;
  }
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? '')).href) {
  process.exitCode = await runController(process.argv.slice(2));
}
