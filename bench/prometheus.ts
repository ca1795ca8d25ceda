import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';

/** Answers as Prometheus does, with what the bench decides: it is not what is measured. */
export interface ScriptedPrometheus {
  port: number;
  /** From now on this application's error share is too high; resolves with the instant of the first such answer. */
  turnBad(app: string): Promise<number>;
  turnGood(app: string): void;
  stop(): Promise<void>;
}

function answer(value: string): string {
  const result = [{ metric: {}, value: [performance.timeOrigin / 1000, value] }];
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}

export async function startPrometheus(): Promise<ScriptedPrometheus> {
  const bad = new Map<string, (at: number) => void>();
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    const [, app = ''] = /app="([^"]*)"/.exec(searchParams.get('query') ?? '') ?? [];
    const tell = bad.get(app);
    const body = answer(tell ? '0.5' : '0.001');
    const at = performance.now();
    response.setHeader('content-type', 'application/json').end(body);
    tell?.(at);
  });
  server.keepAliveTimeout = 300_000;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    turnBad: (app) => new Promise((resolve) => bad.set(app, resolve)),
    turnGood: (app) => void bad.delete(app),
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
