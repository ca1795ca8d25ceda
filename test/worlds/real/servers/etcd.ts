import { join } from 'node:path';
import { answers, asFlags, createServer, type Server } from '../server.ts';

export interface EtcdOptions {
  binary: string;
  folder: string;
  /** Of clients; the next one is for peers. */
  port: number;
}

export async function startEtcd({ binary, folder, port }: EtcdOptions): Promise<{ url: string; server: Server }> {
  const url = `http://127.0.0.1:${port}`;
  const peers = `http://127.0.0.1:${port + 1}`;
  const flags = {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `default=${peers}`,
    'log-level': 'warn',
  };
  const server = createServer({
    name: 'etcd',
    binary,
    // Nothing of it outlives the world, and it is killed as a process only, never with the machine.
    args: [...asFlags(flags), '--unsafe-no-fsync'],
    folder,
    logFile: join(folder, 'etcd.log'),
    ready: () => answers(`${url}/health`),
  });
  await server.start();
  return { url, server };
}
