import { expect } from 'vitest';
import { rollouts } from '../../src/kube/resources.ts';
import { sandboxOnly } from '../worlds/index.ts';
import { GOOD, installed, isDegraded, rolloutYaml, serviceYaml } from './fixtures.ts';

const DEADLINE_SECONDS = 20;

const strategy = `
    blueGreen: { activeService: shop-active }
  template:`;

// Only where time is not real do the pods come up at such moments that some are always down.
sandboxOnly.describe('in the sandbox', () => {
  sandboxOnly.it(
    'counts no pod twice that comes up only to fall over again: the update times out',
    async ({ world }) => {
      const spec = `  progressDeadlineSeconds: ${DEADLINE_SECONDS}`;
      const rollout = rolloutYaml({ replicas: 24, spec }).replace(/\n {4}canary:[\s\S]*?\n {2}template:/, strategy);
      await installed(world, [serviceYaml('shop-active'), rollout].join('---'));
      const { spec: whole } = await world.rollout('shop');
      const [container] = whole.template?.spec?.containers ?? [];
      const containers = [{ ...container, image: GOOD, command: ['sh', '-c', 'sleep 1; exit 1'] }];
      await world.patch(rollouts, 'shop', { spec: { template: { spec: { containers } } } });
      // They are up for a second, a second later again, and then 10 s after that: so many of them never all at once.
      const { status } = await world.until('shop', isDegraded, DEADLINE_SECONDS + 9);
      expect(status?.message).toContain('ProgressDeadlineExceeded');
      expect(status?.availableReplicas).toBeGreaterThanOrEqual(24);
    },
  );
});
