/** What an older version of this controller, or another one, leaves behind. */
import { STATE } from '../../src/api/index.ts';
import type { World } from './world.ts';

/** ReplicaSets carry none of the notes that this controller makes for itself. */
export function withoutNotes({ replicaSets }: World): void {
  for (const { metadata } of replicaSets) {
    const { [STATE]: _, ...annotations } = metadata.annotations ?? {};
    metadata.annotations = annotations;
  }
}

/** Everything that speaks of a template by its hash does so by the hash that another library makes of it. */
export function hashedOtherwise(world: World, hash: string, other: string): void {
  const renamed = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(hash, other)) as T;
  world.replicaSets = world.replicaSets.map(renamed);
  world.runs = world.runs.map(renamed);
  world.services = renamed(world.services);
  world.pods = world.pods.map(renamed);
  world.endpoints = world.endpoints.map(renamed);
  if (world.rollout.status) world.rollout.status = renamed(world.rollout.status);
}
