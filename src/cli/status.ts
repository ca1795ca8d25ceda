import type { Rollout } from '../api/index.ts';
import { rollouts } from '../kube/resources.ts';
import { plain, rolloutPhase, statusLine } from '../view/index.ts';
import type { Cluster } from './cluster.ts';
import { readRollout } from './picture.ts';
import { clusterFlags, durationFlag, type Invocation, onlyName, type Verb, withCluster } from './verb.ts';
import { watching } from './watching.ts';

export const status: Verb = {
  name: 'status',
  operands: 'NAME',
  completes: rollouts,
  summary: 'say how a Rollout is, and wait until it is Healthy or Degraded',
  flags: {
    watch: { type: 'boolean', short: 'w', default: true, description: 'do not wait' },
    timeout: { type: 'string', short: 't', value: 'TIME', description: 'how long to wait at most, as in 90s or 5m' },
    ...clusterFlags,
  },
  async run(invocation) {
    const name = onlyName(status, invocation.names);
    const seconds = durationFlag(status, invocation, 'timeout') ?? 0;
    return withCluster(invocation, async (cluster) => {
      const rollout = await readRollout(cluster, name);
      if (invocation.isSet('watch')) return watch(cluster, rollout, invocation, seconds);
      const { phase } = rolloutPhase(rollout);
      const isSettled = phase === 'Healthy' || phase === 'Degraded';
      invocation.world.stdout(`${plain(isSettled ? phase : statusLine(rollout))}\n`);
      return verdict(rollout) ?? 0;
    });
  },
};

/** The exit code where the Rollout is where it will stay; Degraded is told as an error. */
function verdict(rollout: Rollout): number | undefined {
  const { phase, message } = rolloutPhase(rollout);
  if (phase === 'Degraded') throw new Error(`The rollout is in a degraded state with message: ${plain(message)}`);
  return phase === 'Healthy' ? 0 : undefined;
}

async function watch(cluster: Cluster, rollout: Rollout, { world }: Invocation, seconds: number): Promise<number> {
  const { namespace } = cluster;
  const { name } = rollout.metadata;
  const caches = cluster.caches(namespace);
  const cache = caches.cache(rollouts);
  await caches.start();
  let last = '';
  const draw = () => {
    const now = cache.get(namespace, name);
    if (now === undefined) throw new Error(`rollout.argoproj.io "${name}" was deleted`);
    const line = `${plain(statusLine(now))}\n`;
    if (line !== last) world.stdout(line);
    last = line;
    return verdict(now);
  };
  const signals = [world.interrupted(), ...(seconds > 0 ? [AbortSignal.timeout(seconds * 1000)] : [])];
  try {
    const { onChange } = cache;
    const code = await watching({ draw, onChange, ticking: false, signal: AbortSignal.any(signals) });
    if (code === undefined) throw new Error('Rollout status watch exceeded timeout');
    return code;
  } finally {
    await caches.stop();
  }
}
