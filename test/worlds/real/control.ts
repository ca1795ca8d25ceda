import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Server } from './server.ts';
import type { PartAction } from './state.ts';

const ACTIONS: Record<PartAction, (server: Server) => Promise<void> | void> = {
  kill: (server) => server.kill(),
  stop: (server) => server.stop(),
  start: (server) => server.start(),
  pause: (server) => server.pause(),
  resume: (server) => server.resume(),
};

async function act(servers: Server[], request: IncomingMessage): Promise<void> {
  const { part, action } = JSON.parse(await text(request)) as { part: string; action: PartAction };
  const server = servers.find(({ name }) => name === part);
  if (!server) throw new Error(`part: ${part} is none of ${servers.map(({ name }) => name).join(', ')}`);
  if (!(action in ACTIONS)) throw new Error(`action: ${action} is none of ${Object.keys(ACTIONS).join(', ')}`);
  await ACTIONS[action](server);
}

/** Lets stories break and mend servers; answers with the address. */
export async function serveControl(servers: Server[]): Promise<string> {
  const control = createServer((request, response) => {
    act(servers, request).then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  await new Promise<void>((listening) => control.listen(0, '127.0.0.1', listening));
  control.unref();
  return `http://127.0.0.1:${(control.address() as AddressInfo).port}/`;
}
