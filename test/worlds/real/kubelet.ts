/**
 * The emulated kubelet as a process of its own:
 *
 *   node test/worlds/real/kubelet.ts --kubeconfig FILE [--listen] [--quick] [--start-delay LEAST,MOST] [--stop-delay MS]
 *
 * Prints one line of JSON once it works on every pod, logs to standard error, and runs until SIGTERM. With --listen,
 * pods are HTTP servers at their addresses, 10.88.0.0/16, which must be local to the network namespace; with --quick, they start and end at once.
 */
import { parseArgs } from 'node:util';
import { machineClock } from '../../../src/clock.ts';
import { loadKubeConfig } from '../../../src/kube/config.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { createLog } from '../../../src/log.ts';
import { runKubelet } from '../../../src/sandbox/kubelet/kubelet.ts';
import { listeningContainers } from '../../../src/sandbox/kubelet/listening.ts';
import { KUBELET_SETTINGS, type KubeletSettings } from '../../../src/sandbox/kubelet/settings.ts';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    listen: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    'start-delay': { type: 'string' },
    'stop-delay': { type: 'string' },
  },
});

/** Two numbers with a comma between, or one that is both. */
function delays(text: string): KubeletSettings['startDelay'] {
  const [least, most = least] = text.split(',').map(Number);
  if (least === undefined || most === undefined || !(least >= 0 && most >= least)) {
    throw new Error(`--start-delay ${text}: expected LEAST,MOST in milliseconds`);
  }
  return { least, most };
}

const clock = machineClock();
const log = createLog({ level: process.env.KUBELET_LOG ?? 'warn' });
const connection = createKubeClient({ config: loadKubeConfig(values), log, userAgent: 'emulated-kubelet', clock });
const settings: KubeletSettings = {
  ...KUBELET_SETTINGS,
  node: 'emulated',
  // The end of the range is for the cluster's own parts.
  addresses: { first: '10.88.1.1', last: '10.88.239.254' },
  heartbeat: 10_000,
  startDelay: delays(values['start-delay'] ?? (values.quick ? '0' : '1000,3000')),
  stopDelay: Number(values['stop-delay'] ?? (values.quick ? 0 : 1000)),
  ...(values.listen && { runtime: listeningContainers() }),
};
const kubelet = runKubelet({ connection, clock, log, settings });
process.once('SIGTERM', async () => {
  await kubelet.stop();
  connection.close();
});
await kubelet.ready;
console.log(JSON.stringify({ ready: true, node: settings.node, pid: process.pid }));
