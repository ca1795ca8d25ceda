import { join } from 'node:path';
import { evaluateTime } from '../../src/analysis/index.ts';
import type { Clock } from '../../src/clock.ts';
import { gitControllers } from '../../src/controllers/git.ts';
import { createControllers } from '../../src/controllers/start.ts';
import { createHosts } from '../../src/git/hosts/index.ts';
import { createGit } from '../../src/git/process.ts';
import { createRenderer } from '../../src/git/render/renderer.ts';
import { createRepositories } from '../../src/git/repository.ts';
import { locateRepository } from '../../src/git/url.ts';
import type { KubeConnection } from '../../src/kube/client.ts';
import { createLog, type Log, silentLog } from '../../src/log.ts';
import { createProviders } from '../../src/metrics/index.ts';
import { createDialer, parseResolveRule } from '../../src/net/index.ts';
import { routers } from '../../src/traffic/index.ts';
import { realPrograms } from '../git/tree.ts';

export interface ControllerProcess {
  /** Ends it at once: what it has under way on the cluster's API breaks off. */
  kill(): Promise<void>;
}

export interface ControllerOptions {
  /** Its own; ends with it. */
  connection: KubeConnection;
  clock: Clock;
  /** Where Prometheus is, as in `--resolve`. */
  resolve: string;
  /** The folder below which Git repositories lie, by its real path. */
  repositories: string;
  /** For its clones. */
  cache: string;
  /** Only this one; undefined: all. */
  namespace?: string;
  /** As `--observe-only`. */
  observeOnly?: boolean;
  /** Where it logs to; else as HEADGATE_TEST_LOG says. */
  log?: Log;
}

/** The controller as `headgate controller` composes it, in this process and without an election. */
export async function startController(options: ControllerOptions): Promise<ControllerProcess> {
  const { connection, clock, namespace, repositories: root, cache, observeOnly = false } = options;
  const { HEADGATE_TEST_LOG: level } = process.env;
  const log = options.log ?? (level ? createLog({ level }) : silentLog());
  const dialer = createDialer({ resolve: [parseResolveRule(options.resolve)] });
  const git = createGit({ protocols: ['file'], clock, environment: process.env });
  const repositories = createRepositories({ git, cacheDir: join(cache, 'clones') });
  const locate = (url: string) => locateRepository(url, { localRoots: [root] });
  const hosts = createHosts({ repositories, locate, clock, send: () => Promise.reject(new Error('no network')) });
  const renderer = createRenderer({ programs: await realPrograms(), environment: process.env, log, clock });
  const shared = { repositories, renderer, hosts, locate };
  const own = {
    client: connection,
    clock,
    log,
    ...shared,
    namespace: 'headgate',
    argoCdNamespace: 'argocd',
    version: '0.0.0',
    pauseReverts: false,
  };
  const controllers = createControllers(
    {
      connection,
      clock,
      log,
      providers: createProviders({ dialer, moments: evaluateTime }),
      routers,
      outages: 'hold',
      argoCdNamespace: 'argocd',
      namespace,
      instance: 'test',
      observeOnly,
    },
    [gitControllers(own)],
  );
  await controllers.start();
  return {
    async kill() {
      connection.close();
      await controllers.stop();
    },
  };
}
