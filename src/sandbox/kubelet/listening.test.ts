import { afterEach, expect, it } from 'vitest';
import { behaviourOf } from '../traffic/image-behaviour.ts';
import { listeningContainers } from './listening.ts';
import type { RunningContainers } from './settings.ts';

/** On Linux the whole of 127.0.0.0/8 is local. */
const ADDRESS = '127.88.7.1';
/** One for each test: a client keeps its connections to the last server. */
let port = 18_088;

let running: RunningContainers | undefined;
afterEach(async () => running?.stop());

async function startPod(image: string): Promise<void> {
  port++;
  const ports = [{ containerPort: port }];
  const labels = { app: 'web', 'rollouts-pod-template-hash': 'abc' };
  const metadata = { name: 'web-1', namespace: 'shop', labels };
  running = await listeningContainers().start(
    { metadata, spec: { containers: [{ name: 'web', image, ports }] } },
    ADDRESS,
  );
}

const get = (path = '/') => fetch(`http://${ADDRESS}:${port}${path}`);

it('fails exactly the share that the tag says, says who answers, and counts', async () => {
  await startPod('registry.example/shop:errors-25-latency-1');
  const answers = await Promise.all(Array.from({ length: 40 }, () => get()));
  expect(answers.filter(({ status }) => status === 500).length).toBe(10);
  expect(answers[0]?.headers.get('x-pod')).toBe('web-1');
  expect(answers[0]?.headers.get('x-image')).toBe('registry.example/shop:errors-25-latency-1');
  const text = await (await get('/metrics')).text();
  const own =
    'job="web",app="web",namespace="shop",pod="web-1",version="errors-25-latency-1",rollouts_pod_template_hash="abc"';
  expect(text).toContain(`http_requests_total{${own},status="200",code="200"} 30\n`);
  expect(text).toContain(`http_requests_total{${own},status="500",code="500"} 10\n`);
  expect(text).toContain(`http_request_duration_seconds_bucket{${own},le="+Inf"} 40\n`);
  expect(text).toContain('# TYPE http_request_duration_seconds histogram\n');
});

it('refuses connections once it has stopped', async () => {
  await startPod('registry.example/shop:1.0.0');
  expect((await get()).status).toBe(200);
  await running?.stop();
  running = undefined;
  await expect(get()).rejects.toThrow();
});

it('reads error rate and latency from the tag', () => {
  expect(behaviourOf('a/b:1.0')).toEqual({ errorRate: 0, latencyMilliseconds: 20 });
  expect(behaviourOf('a/b:2-bad')).toEqual({ errorRate: 0.6, latencyMilliseconds: 20 });
  expect(behaviourOf('a/b:2-errors-0.5-latency-300')).toEqual({ errorRate: 0.005, latencyMilliseconds: 300 });
});
