import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { machineNow } from '../clock.ts';
import { messageOf } from '../errors.ts';

export interface KubeConfigSource {
  /** A kubeconfig file; else $KUBECONFIG, ~/.kube/config and the pod's service account are tried in this order. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
}

/** Finds the cluster and the user as kubectl does. Throws an error that says what is missing and where. */
export function loadKubeConfig({ kubeconfig, context }: KubeConfigSource = {}): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new Error(`the kubeconfig ${kubeconfig ?? '(default)'} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (context !== undefined) selectContext(config, context);
  if (!config.getCurrentCluster()?.server) {
    throw new Error('the kubeconfig names no cluster for its current context; choose one with --context');
  }
  return config;
}

/** The same from the text of a kubeconfig. */
export function loadKubeConfigText(text: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(text);
  return config;
}

function selectContext(config: KubeConfig, context: string): void {
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new Error(`the kubeconfig has no context "${context}"; it has: ${known.join(', ') || 'none'}`);
  }
  config.setCurrentContext(context);
}

/** The namespace that the current context stands in. */
export function namespaceOf(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace?.trim() || 'default';
}

/** Where the server is and how to prove who we are. */
export interface Credentials {
  readonly server: URL;
  /** TLS options and headers for a request made now. */
  options(): Promise<RequestOptions>;
  /** The server did not know us (401): forget every remembered token and ask for new ones. */
  refused(): void;
}

const REMEMBERED_MILLISECONDS = 10_000;

/**
 * Files are read and plugins asked by KubeConfig, which keeps their tokens; the result is remembered for ten seconds so
 * that a burst of requests does not read the files each time. Nothing is sent over plain HTTP, as in kubectl.
 */
export function createCredentials(source: KubeConfig): Credentials {
  const cluster = source.getCurrentCluster();
  if (!cluster?.server) throw new Error('the kubeconfig names no cluster for its current context');
  const server = new URL(cluster.server);
  if (server.protocol === 'http:') return { server, options: async () => ({}), refused: () => {} };

  let config = source;
  let remembered: { options: Promise<RequestOptions>; until: number } | undefined;
  const options = async () => {
    const applied: RequestOptions = {};
    await config.applyToHTTPSOptions(applied);
    const { agent, ...rest } = applied;
    // KubeConfig's agents do not keep connections; only a proxy needs them.
    return cluster.proxyUrl && agent !== undefined ? { ...rest, agent } : rest;
  };
  return {
    server,
    options() {
      if (remembered === undefined || remembered.until <= machineNow()) {
        const asked = options();
        remembered = { options: asked, until: machineNow() + REMEMBERED_MILLISECONDS };
        asked.catch(() => {
          remembered = undefined;
        });
      }
      return remembered.options;
    },
    refused() {
      remembered = undefined;
      config = copyOf(config);
    },
  };
}

/** The same configuration with authenticators that remember nothing. */
function copyOf(config: KubeConfig): KubeConfig {
  const copy = new KubeConfig();
  copy.loadFromOptions(config);
  return copy;
}
