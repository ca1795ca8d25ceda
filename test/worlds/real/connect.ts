import type { KubeConnection } from '../../../src/kube/client.ts';
import { loadKubeConfig } from '../../../src/kube/config.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { silentLog } from '../../../src/log.ts';

/** A connection to the world's API server as whoever the file speaks for; whoever opens it closes it. */
export function connect(kubeconfig: string, userAgent = 'headgate-test'): KubeConnection & { close(): void } {
  return createKubeClient({ config: loadKubeConfig({ kubeconfig }), log: silentLog(), userAgent });
}
