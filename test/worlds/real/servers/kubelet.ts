import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, type Server } from '../server.ts';

export interface KubeletOptions {
  folder: string;
  kubeconfig: string;
  /** As the program takes them. */
  flags: string[];
}

const PROGRAM = fileURLToPath(new URL('../kubelet.ts', import.meta.url));

export async function startKubelet({ folder, kubeconfig, flags }: KubeletOptions): Promise<Server> {
  await mkdir(folder, { recursive: true });
  const logFile = join(folder, 'kubelet.log');
  let readyLines = 0;
  const server = createServer({
    name: 'kubelet',
    binary: process.execPath,
    args: [PROGRAM, '--kubeconfig', kubeconfig, ...flags],
    folder,
    logFile,
    // It says so in a line of its own, once per start.
    async ready() {
      const lines = (await readFile(logFile, 'utf8'))
        .split('\n')
        .filter((line) => line.includes('"ready":true')).length;
      const isNew = lines > readyLines;
      if (isNew) readyLines = lines;
      return isNew;
    },
  });
  await server.start();
  return server;
}
