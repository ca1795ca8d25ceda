import { timestamp } from '../api/times.ts';
import { rollouts } from '../kube/resources.ts';
import { patchObject } from './patching.ts';
import { clusterFlags, durationFlag, toEachName, type Verb } from './verb.ts';

export const restart: Verb = {
  name: 'restart',
  operands: 'NAME...',
  completes: rollouts,
  summary: 'replace the pods of a Rollout, a few at a time',
  flags: {
    in: { type: 'string', short: 'i', value: 'TIME', description: 'how long to wait before, as in 30s, 5m or 1h' },
    ...clusterFlags,
  },
  async run(invocation) {
    const seconds = durationFlag(restart, invocation, 'in') ?? 0;
    const spec = { restartAt: timestamp(invocation.world.now() + seconds * 1000) };
    return toEachName(restart, invocation, {
      change: async (cluster, name) => {
        await patchObject(cluster, rollouts, name, { spec });
      },
      done: (name) => `rollout '${name}' restarts in ${invocation.text('in') ?? '0s'}`,
    });
  },
};
