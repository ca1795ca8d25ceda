import { expect, it } from 'vitest';
import { explainPicture } from '../src/cli/explanation.ts';
import type { Picture } from '../src/cli/picture.ts';
import { explain } from '../src/rollout/index.ts';
import { settle } from './transcripts/passes.ts';
import { createWorld, observe, user, type World, type WorldOptions } from './transcripts/world.ts';

const owned = ({ metadata }: World['rollout']) => [
  { ...metadata, apiVersion: '', kind: 'Rollout', uid: metadata.uid ?? '', controller: true },
];

function told(world: World): string {
  const { rollout, replicaSets, runs } = world;
  const mine = <T extends { metadata: object }>(objects: T[]) =>
    objects.map((object) => ({ ...object, metadata: { ...object.metadata, ownerReferences: owned(rollout) } }));
  return explainPicture(
    { rollout, replicaSets: mine(replicaSets), analysisRuns: mine(runs) } as unknown as Picture,
    world.now,
  );
}

const worlds: [string, WorldOptions][] = [
  ['a canary', { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }],
  [
    'blue-green that waits for a person',
    { blueGreen: { activeService: 'a', previewService: 'p', autoPromotionEnabled: false } },
  ],
  ['blue-green that goes on by itself', { blueGreen: { activeService: 'a', autoPromotionSeconds: 30 } }],
  [
    'blue-green with few preview pods',
    { blueGreen: { activeService: 'a', previewReplicaCount: 1, autoPromotionEnabled: false } },
  ],
];

it.each(worlds)('a command says of %s what the controller says, at every rest of an update', (_, options) => {
  const world = createWorld(options);
  const compare = () => {
    settle(world);
    expect(told(world)).toBe(explain(observe(world)));
  };
  compare();
  world.podsFollow = false;
  world.now += 60_000;
  user.template(world, 'v2');
  compare();
  world.podsFollow = true;
  compare();
  user.abort(world);
  compare();
  user.retry(world);
  compare();
  user.promote(world);
  compare();
});
