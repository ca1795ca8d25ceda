import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that is one story's own: it can be cut without harm to the other stories. */
export interface Relay {
  readonly port: number;
  /** Cut, it refuses connections and those it had are gone. */
  setOpen(isOpen: boolean): Promise<void>;
}

export async function startRelay(target: URL): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const listen = (port: number) => new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async setOpen(isOpen) {
      if (isOpen === server.listening) return;
      if (isOpen) return listen(port);
      const closed = new Promise((done) => server.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
