/** Every field of spec.strategy.blueGreen, its analyses aside. */
import { describe } from 'vitest';
import type { BlueGreenStrategy } from '../../src/api/index.ts';
import { later, pass, settle } from '../transcripts/passes.ts';
import { user, type World } from '../transcripts/world.ts';
import { afterAbort, afterInstall } from './delays.ts';
import { install, matters, pods, update } from './matter.ts';

const strategy = 'spec.strategy.blueGreen';

function given(more: Partial<BlueGreenStrategy>) {
  return { blueGreen: { activeService: 'active', previewService: 'preview', ...more } };
}

/** Whether the Services lead to the newest and to the stable pods. */
function served(world: World) {
  install(world);
  const { currentPodHash, blueGreen } = world.rollout.status ?? {};
  return {
    active: blueGreen?.activeSelector === currentPodHash,
    preview: blueGreen?.previewSelector === currentPodHash,
  };
}

/** How many of four pods a restart takes at once. */
function evictedAtOnce(world: World) {
  settle(world);
  world.now += 60_000;
  user.restart(world, 0);
  return pass(world).effects.map((effect) => (effect.kind === 'evictPods' ? effect.most : undefined));
}

describe('the switch', () => {
  matters([
    { field: `${strategy}.activeService`, given: given({}), play: served, told: { active: true, preview: true } },
    {
      field: `${strategy}.previewService`,
      given: given({ autoPromotionEnabled: false }),
      play: served,
      told: { active: false, preview: true },
    },
    {
      field: `${strategy}.previewReplicaCount`,
      given: given({ autoPromotionEnabled: false, previewReplicaCount: 1 }),
      play: (world) => pods(install(world)),
      told: { v1: 4, v2: 1 },
    },
    {
      field: `${strategy}.previewReplicaCount`,
      when: 'of 0',
      given: given({ autoPromotionEnabled: false, previewReplicaCount: 0 }),
      play: (world) => pods(install(world)),
      told: { v1: 4, v2: 0 },
    },
    {
      field: `${strategy}.autoPromotionEnabled`,
      given: given({ autoPromotionEnabled: false }),
      play: served,
      told: { active: false, preview: true },
    },
    {
      field: `${strategy}.autoPromotionSeconds`,
      given: given({ autoPromotionSeconds: 60 }),
      play: (world) => {
        const before = served(world).active;
        const { lookAgainAt } = pass(world);
        const wait = ((lookAgainAt ?? 0) - world.now) / 1000;
        later(world, 59);
        const almost = world.rollout.status?.phase;
        later(world, 1);
        return [before, wait, almost, world.rollout.status?.phase];
      },
      told: [false, 60, 'Paused', 'Healthy'],
    },
    {
      field: `${strategy}.maxUnavailable`,
      given: given({ maxUnavailable: 3 }),
      play: evictedAtOnce,
      told: [3],
    },
  ]);
});

describe('delays', () => {
  matters([
    {
      field: `${strategy}.scaleDownDelaySeconds`,
      given: given({ scaleDownDelaySeconds: 100 }),
      play: afterInstall(99),
      told: { v1: 4, v2: 4 },
    },
    {
      field: `${strategy}.scaleDownDelaySeconds`,
      when: 'of 0',
      given: given({ scaleDownDelaySeconds: 0 }),
      play: afterInstall(0),
      told: { v1: 0, v2: 4 },
    },
    {
      field: `${strategy}.scaleDownDelayRevisionLimit`,
      given: given({ scaleDownDelaySeconds: 1000, scaleDownDelayRevisionLimit: 1 }),
      play: (world) => {
        install(world);
        update(world, 'v3');
        return pods(world);
      },
      told: { v1: 0, v2: 4, v3: 4 },
    },
    {
      field: `${strategy}.scaleDownDelayRevisionLimit`,
      when: 'of 0 keeps none',
      given: given({ scaleDownDelaySeconds: 1000, scaleDownDelayRevisionLimit: 0 }),
      play: (world) => pods(install(world)),
      told: { v1: 0, v2: 4 },
    },
    {
      field: `${strategy}.abortScaleDownDelaySeconds`,
      given: given({ autoPromotionEnabled: false, abortScaleDownDelaySeconds: 100 }),
      play: afterAbort(99),
      told: { v1: 4, v2: 4 },
    },
    {
      field: `${strategy}.abortScaleDownDelaySeconds`,
      when: 'that is over',
      given: given({ autoPromotionEnabled: false, abortScaleDownDelaySeconds: 10 }),
      play: afterAbort(10),
      told: { v1: 4, v2: 0 },
    },
    {
      field: `${strategy}.abortScaleDownDelaySeconds`,
      when: 'of 0 is for good',
      given: given({ autoPromotionEnabled: false, abortScaleDownDelaySeconds: 0 }),
      play: afterAbort(86_400),
      told: { v1: 4, v2: 4 },
    },
  ]);
});
