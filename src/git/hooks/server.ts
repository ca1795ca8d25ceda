import { createServer } from 'node:http';
import { createHookReceiver, type HookReceiverOptions } from './receiver.ts';

export interface HookServerOptions extends HookReceiverOptions {
  address: string;
  port: number;
}

/** Where anybody may connect, nobody may hold much: connections, or time. */
const MOST_CONNECTIONS = 64;
const REQUEST_MILLISECONDS = 10_000;
const CHECK_MILLISECONDS = 1_000;
const HEADER_BYTES = 16 * 1024;

/** Listens for webhooks; answers how to stop. */
export async function startHookServer({ address, port, ...options }: HookServerOptions): Promise<() => Promise<void>> {
  const receiver = createHookReceiver(options);
  const limits = {
    requestTimeout: REQUEST_MILLISECONDS,
    headersTimeout: REQUEST_MILLISECONDS,
    connectionsCheckingInterval: CHECK_MILLISECONDS,
    maxHeaderSize: HEADER_BYTES,
  };
  const server = createServer(limits, receiver.handle);
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(port, address, listening));
  options.log.info({ address: server.address() }, 'webhooks are received');
  return () =>
    new Promise((closed) => {
      receiver.stop();
      server.close(() => closed());
      server.closeAllConnections();
    });
}
