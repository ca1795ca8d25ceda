import { mkdir, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Pod } from '../../../../src/api/kubernetes.ts';
import { machineClock } from '../../../../src/clock.ts';
import { createCaches } from '../../../../src/kube/caches.ts';
import type { KubeConnection } from '../../../../src/kube/client.ts';
import { pods } from '../../../../src/kube/resources.ts';
import { silentLog } from '../../../../src/log.ts';
import { answers, createServer, type Server } from '../server.ts';

export interface PrometheusOptions {
  binary: string;
  folder: string;
  port: number;
  connection: KubeConnection;
}

function targetOf({ metadata, spec, status }: Pod) {
  const ports = spec.containers.flatMap(({ ports }) => (ports as { containerPort: number }[] | undefined) ?? []);
  const labels = {
    namespace: metadata.namespace ?? '',
    pod: metadata.name,
    rollouts_pod_template_hash: metadata.labels?.['rollouts-pod-template-hash'] ?? '',
  };
  return { targets: ports.slice(0, 1).map(({ containerPort }) => `${status?.podIP}:${containerPort}`), labels };
}

/** Debian's Prometheus knows nothing of Kubernetes: it asks here which pods there are. */
async function serveTargets(connection: KubeConnection): Promise<string> {
  const caches = createCaches({ connection, log: silentLog(), clock: machineClock() });
  const known = caches.cache(pods);
  await caches.start();
  const server = createHttpServer((_, response) => {
    const running = known.list().filter(({ status }) => status?.phase === 'Running' && status.podIP);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(running.map(targetOf)));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

export async function startPrometheus(options: PrometheusOptions): Promise<{ url: string; server: Server }> {
  const { binary, folder, port, connection } = options;
  await mkdir(folder, { recursive: true });
  const url = await serveTargets(connection);
  const config = join(folder, 'prometheus.json');
  // YAML is also JSON. What a pod says of itself holds: it carries the labels that its own kind of cluster adds.
  const job = { job_name: 'pods', honor_labels: true, http_sd_configs: [{ url, refresh_interval: '1s' }] };
  const global = { scrape_interval: '1s', scrape_timeout: '1s' };
  await writeFile(config, JSON.stringify({ global, scrape_configs: [job] }));
  const server = createServer({
    name: 'prometheus',
    binary,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'series')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    folder,
    logFile: join(folder, 'prometheus.log'),
    ready: () => answers(`http://127.0.0.1:${port}/-/ready`),
  });
  await server.start();
  return { url: `http://127.0.0.1:${port}`, server };
}
