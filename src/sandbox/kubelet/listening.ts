import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Pod } from '../../api/kubernetes.ts';
import { type Behaviour, failures, latencyAt, REQUEST_METRICS, requestCounts } from '../traffic/exposition.ts';
import { behaviourOf } from '../traffic/image-behaviour.ts';
import { imageOf, podLabels } from '../traffic/pod-labels.ts';
import type { ContainerRuntime } from './settings.ts';

const DEFAULT_PORT = 8080;
/** How long requests under way may take once their pod stops, milliseconds. */
const PATIENCE = 2000;
/** Multiples of it spread evenly over 0..1, whatever their number: latencies have the right shape from the first requests on. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Containers that really listen: an HTTP server at each pod's own address, which must be local to this machine. It fails
 * and delays requests as the image's tag says, in a fixed pattern, so that small samples are exact too, and counts them
 * at /metrics under the names of the sandbox's series.
 */
export function listeningContainers(): ContainerRuntime {
  return {
    async start(pod, ip) {
      const server = createServer(answering(pod));
      server.keepAliveTimeout = 60_000;
      await listen(server, ip, portOf(pod));
      return { stop: () => stop(server) };
    },
  };
}

function portOf({ spec }: Pod): number {
  const ports = (spec.containers[0]?.ports ?? []) as { containerPort: number }[];
  return ports[0]?.containerPort ?? DEFAULT_PORT;
}

function listen(server: Server, ip: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, ip, resolve);
  });
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const impatient = setTimeout(() => server.closeAllConnections(), PATIENCE);
  await closed;
  clearTimeout(impatient);
}

function answering(pod: Pod): (request: IncomingMessage, response: ServerResponse) => void {
  const image = imageOf(pod);
  const behaviour = behaviourOf(image);
  const headers = { 'x-pod': pod.metadata.name, 'x-image': image, 'content-type': 'text/plain' };
  let [asked, answered] = [0, 0];
  const answer = (response: ServerResponse) => {
    answered++;
    const failed = failures(behaviour, answered) > failures(behaviour, answered - 1);
    response.writeHead(failed ? 500 : 200, headers).end(failed ? 'failed\n' : 'ok\n');
  };
  return (request, response) => {
    request.resume();
    if (request.url === '/metrics') {
      response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
        .end(exposition(pod, behaviour, answered));
      return;
    }
    asked++;
    setTimeout(answer, latencyAt((asked * GOLDEN) % 1, behaviour), response);
  };
}

const TYPES: Record<string, string> = {
  http_requests_total: '# TYPE http_requests_total counter\n',
  http_request_duration_seconds_bucket: '# TYPE http_request_duration_seconds histogram\n',
};

/** In Prometheus's text format. The address is left out: whoever scrapes it knows it. */
function exposition(pod: Pod, behaviour: Behaviour, requests: number): string {
  const { instance: _, ...own } = podLabels(pod);
  return REQUEST_METRICS.map((name) => {
    const lines = requestCounts(name, behaviour).map(({ labels, value }) => {
      const pairs = Object.entries({ ...own, ...labels }).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
      return `${name}{${pairs.join(',')}} ${value(requests)}\n`;
    });
    return (TYPES[name] ?? '') + lines.join('');
  }).join('');
}
