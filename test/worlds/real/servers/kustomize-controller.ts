import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, createServer, type Server } from '../server.ts';

export interface KustomizeControllerOptions {
  binary: string;
  folder: string;
  /** Of someone who may apply everything, as Flux does when nothing else is said. */
  kubeconfig: string;
}

const METRICS = '127.0.0.1:31501';
const HEALTH = '127.0.0.1:31502';

/** Flux's kustomize-controller, for all namespaces. Its kinds must be there before. */
export async function startKustomizeController(options: KustomizeControllerOptions): Promise<Server> {
  const { binary, folder, kubeconfig } = options;
  await mkdir(folder, { recursive: true });
  const server = createServer({
    name: 'kustomize-controller',
    binary,
    args: [
      `--metrics-addr=${METRICS}`,
      `--health-addr=${HEALTH}`,
      '--enable-leader-election=false',
      '--watch-all-namespaces',
      '--requeue-dependency=5s',
    ],
    environment: { RUNTIME_NAMESPACE: 'default', KUBECONFIG: kubeconfig },
    folder,
    logFile: join(folder, 'kustomize-controller.log'),
    ready: () => answers(`http://${HEALTH}/readyz`),
  });
  await server.start();
  return server;
}
