/** A real API server of this test's own: etcd and kube-apiserver, and nothing that changes objects by itself. */
import { mkdir } from 'node:fs/promises';
import { Agent } from 'node:https';
import { createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { prepareParts } from '../real/binaries.ts';
import { startApiServer } from '../real/servers/api-server.ts';
import { startEtcd } from '../real/servers/etcd.ts';
import { installDefinitions } from './crds.ts';
import type { Side } from './side.ts';

const GATEWAY_API = 'sigs.k8s.io/gateway-api';

/** A port that is free, and so is the next one. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = await freePort(0);
    const next = port === undefined ? undefined : await freePort(port + 1);
    if (port !== undefined && next !== undefined) return port;
  }
}

function freePort(wanted: number): Promise<number | undefined> {
  const socket = createSocket();
  return new Promise((resolve) => {
    socket.once('error', () => resolve(undefined));
    socket.listen(wanted, '127.0.0.1', () => {
      const address = socket.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      socket.close(() => resolve(port));
    });
  });
}

/** With the kinds of crds/ and HTTPRoutes; everything that it keeps is in the folder. */
export async function startRealServer(folder: string, tell: (line: string) => void): Promise<Side> {
  const parts = await prepareParts({ tell });
  const binary = (part: string, name: string) => parts.get(part)?.binaries[name] ?? '';
  await mkdir(folder, { recursive: true });
  const etcd = await startEtcd({ binary: binary('etcd', 'etcd'), folder, port: await freePorts() });
  const { url, server, certificateAuthority, tokens } = await startApiServer({
    binary: binary('kubernetes', 'kube-apiserver'),
    folder,
    etcd: etcd.url,
    port: await freePorts(),
    address: '127.0.0.1',
    flags: {
      'bind-address': '127.0.0.1',
      // Endpoints may not be on loopback; nobody calls this one.
      'advertise-address': '10.88.255.254',
      // Requests come from one client, as fast as it can.
      'enable-priority-and-fairness': 'false',
    },
  });
  const agent = new Agent({ ca: certificateAuthority, keepAlive: true, maxSockets: 8 });
  const side: Side = {
    name: 'kube-apiserver',
    url,
    headers: { authorization: `Bearer ${tokens.admin}` },
    agent,
    async stop() {
      agent.destroy();
      await server.stop();
      await etcd.server.stop();
    },
  };
  await installDefinitions(side, join(parts.get('contour')?.files[GATEWAY_API] ?? '', 'config/crd/standard'));
  return side;
}
