import { request as ask, createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands in front of a real server and spoils what a network spoils. */
export interface SpoilingProxy {
  url: string;
  /** Runs when the next write has come, before it is passed on. */
  beforeWrite: (() => Promise<void>) | undefined;
  /** The write after so many others is passed on, and its answer is thrown away. */
  loseAnswerAfter: number | undefined;
  /** The next write is not passed on, and answered with a rate limit. */
  limitRate: boolean;
  close(): Promise<void>;
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function passOn(target: string, incoming: IncomingMessage, body: Buffer) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { method, headers } = incoming;
  ask(new URL(incoming.url ?? '/', target), { method, headers })
    .on('response', resolve)
    .on('error', reject)
    .end(body);
  const answer = await promise;
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await bytesOf(answer) };
}

/** `isWrite` knows a request that changes something by its path. */
export async function startProxy(target: string, isWrite: (path: string) => boolean): Promise<SpoilingProxy> {
  const server = createServer(async (incoming, outgoing) => {
    try {
      const body = await bytesOf(incoming);
      const writes = incoming.method !== 'GET' && isWrite(incoming.url ?? '');
      const before = writes ? proxy.beforeWrite : undefined;
      if (writes) proxy.beforeWrite = undefined;
      await before?.();
      if (writes && proxy.limitRate) {
        proxy.limitRate = false;
        outgoing.writeHead(429, { 'retry-after': '7' }).end('{"message":"slow down"}');
        return;
      }
      const answer = await passOn(target, incoming, body);
      const isLost = writes && proxy.loseAnswerAfter === 0;
      if (writes && proxy.loseAnswerAfter !== undefined)
        proxy.loseAnswerAfter = isLost ? undefined : proxy.loseAnswerAfter - 1;
      if (isLost) {
        outgoing.destroy();
      } else {
        const { 'transfer-encoding': _, ...headers } = answer.headers;
        outgoing.writeHead(answer.status, { ...headers, 'content-length': answer.body.length }).end(answer.body);
      }
    } catch {
      outgoing.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: SpoilingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    beforeWrite: undefined,
    loseAnswerAfter: undefined,
    limitRate: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
