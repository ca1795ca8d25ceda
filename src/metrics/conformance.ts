import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../api/kubernetes.ts';
import { createDialer, type Dialer } from '../net/index.ts';
import type { MetricProvider, Reading } from './provider.ts';

/** What a backend is made to answer: a status and a body in its own format, nothing at all, or a cut connection. */
export type Scene = { status: number; body?: string; headers?: Record<string, string> } | 'silence' | 'cut';

export interface Suite {
  create(dialer: Dialer): MetricProvider;
  /** A valid `metric.provider.<key>` that asks the server at `address`. */
  settings(address: string): JsonObject;
  /** Answers in the backend's own format: a single value, and nothing found. */
  value: Scene;
  empty: Scene;
}

/** A server that plays one scene at a time and keeps what it was asked. */
export function createStage() {
  let scene: Scene = 'cut';
  const asked: { method: string; url: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    if (scene === 'cut') request.socket.destroy();
    else if (scene !== 'silence') response.writeHead(scene.status, scene.headers).end(scene.body);
  });
  return {
    asked,
    play(next: Scene) {
      scene = next;
    },
    address: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    start: () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What every metric provider must do, whatever it asks. */
export function providerConformance(name: string, suite: Suite): void {
  describe(`${name}: what every metric provider does`, () => {
    const stage = createStage();
    beforeAll(stage.start);
    afterAll(stage.stop);

    const measure = (dialer = createDialer({ allowLoopback: true }), timeoutMilliseconds = 5000): Promise<Reading> =>
      suite
        .create(dialer)
        .measure({ provider: suite.settings(stage.address()), now: 1_767_225_600_000, timeoutMilliseconds });

    it('accepts valid settings, with arguments still open', () => {
      const provider = suite.create(createDialer());
      expect(provider.validate(suite.settings('http://example.com'))).toEqual([]);
      expect(provider.validate(suite.settings('{{args.address}}'))).toEqual([]);
      expect(provider.key).toMatch(/^[a-z][A-Za-z]+$/);
    });

    it('reports a value with its text', async () => {
      stage.play(suite.value);
      expect(await measure()).toMatchObject({ kind: 'value', text: expect.stringMatching(/./) });
    });

    it('reports that there is nothing', async () => {
      stage.play(suite.empty);
      expect(await measure()).toMatchObject({ kind: 'noData' });
    });

    it.each([429, 500, 502, 503, 504])('takes %d for an outage', async (status) => {
      stage.play({ status, body: 'upstream down, token=hunter2' });
      const reading = await measure();
      expect(reading.kind).toBe('unreachable');
      expect(JSON.stringify(reading)).not.toContain('hunter2');
    });

    it.each([400, 401, 403, 404])('takes %d for a wrong question', async (status) => {
      stage.play({ status, body: 'no, secret=hunter2' });
      const reading = await measure();
      expect(reading).toMatchObject({ kind: 'rejected', message: expect.stringContaining(String(status)) });
      expect(JSON.stringify(reading)).not.toContain('hunter2');
    });

    it('does not follow redirects', async () => {
      stage.play({ status: 302, headers: { location: 'http://169.254.169.254/' } });
      expect(await measure()).toMatchObject({ kind: 'rejected', message: expect.stringContaining('redirect') });
    });

    it('takes a cut connection and silence for outages', async () => {
      stage.play('cut');
      expect((await measure()).kind).toBe('unreachable');
      stage.play('silence');
      expect(await measure(undefined, 100)).toMatchObject({
        kind: 'unreachable',
        message: expect.stringContaining('0.1 s'),
      });
    });

    it('does not take a web page for an answer', async () => {
      stage.play({ status: 200, body: '<html>log in, hunter2</html>' });
      const reading = await measure();
      expect(reading.kind).toBe('rejected');
      expect(JSON.stringify(reading)).not.toContain('hunter2');
    });

    it('says when the address is one it must not ask', async () => {
      const before = stage.asked.length;
      expect(await measure(createDialer())).toMatchObject({
        kind: 'rejected',
        message: expect.stringContaining('loopback'),
      });
      expect(stage.asked.length).toBe(before);
    });
  });
}
