import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startLoad } from './load.ts';

async function serving(answer: (host: string | undefined, response: ServerResponse) => void) {
  let connections = 0;
  const server = createServer((request, response) => answer(request.headers.host, response));
  server.on('connection', () => connections++);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

it('sends as many requests as asked for over few connections, and says who answered which', async () => {
  const hosts = new Set<string | undefined>();
  let count = 0;
  await using server = await serving((host, response) => {
    hosts.add(host);
    const image = count++ % 4 === 0 ? 'shop:new' : 'shop:old';
    response.writeHead(count % 10 === 0 ? 500 : 200, { 'x-image': image, 'x-pod': `${image}-1` }).end('hello');
  });
  const load = startLoad({ address: server.address, host: 'shop.example', requestsPerSecond: 500, seconds: 1 });
  await load.over;
  expect([...hosts]).toEqual(['shop.example']);
  expect(load.byImage()).toEqual({ 'shop:new': 125, 'shop:old': 375 });
  expect(load.answers.filter(({ status }) => status === 500)).toHaveLength(50);
  expect(load.answers.every(({ pod, image }) => pod === `${image}-1`)).toBe(true);
  expect(load.skipped).toBe(0);
  expect(server.connections()).toBeLessThanOrEqual(32);
  const middle = load.answers[0]?.sentAt ?? 0;
  const early = Object.values(load.byImage(middle, middle + 400)).reduce((sum, each) => sum + each, 0);
  expect(early).toBeGreaterThan(50);
  expect(early).toBeLessThan(400);
});

it('counts what no pod answered, ends when told and is bounded where nobody answers', async () => {
  const held: ServerResponse[] = [];
  await using server = await serving((_, response) => held.push(response));
  const load = startLoad({ address: server.address, host: 'shop.example', requestsPerSecond: 2000 });
  await expect.poll(() => load.skipped).toBeGreaterThan(0);
  const stopped = load.stop();
  const closing = setInterval(() => {
    for (const response of held.splice(0)) response.destroy();
  }, 10);
  await stopped;
  clearInterval(closing);
  expect(load.answers).toHaveLength(256);
  expect(load.answers.every(({ status, pod }) => status === 0 && pod === undefined)).toBe(true);
  expect(load.byImage()).toEqual({ '': 256 });
});
