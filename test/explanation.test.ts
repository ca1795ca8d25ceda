import { expect, it } from 'vitest';
import { explainPicture } from '../src/cli/explanation.ts';
import type { Picture } from '../src/cli/picture.ts';
import { decide, explain } from '../src/rollout/index.ts';
import {
  createWorld,
  observe,
  perform,
  podsCatchUp,
  user,
  type World,
  type WorldOptions,
  writeStatus,
} from './transcripts/world.ts';

function pass(world: World): boolean {
  podsCatchUp(world);
  const { effects, status } = decide(observe(world));
  for (const effect of effects) perform(world, effect);
  podsCatchUp(world);
  return writeStatus(world, status) || effects.length > 0;
}

function rest(world: World): void {
  for (let passes = 0; passes < 30 && pass(world); passes++);
}

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
    rest(world);
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
