/** The controller's passes over a world of transcripts. */
import { type Decision, decide } from '../../src/rollout/index.ts';
import { observe, perform, podsCatchUp, type World, writeStatus } from './world.ts';

/** One pass; not busy where there was nothing to do. */
export function pass(world: World): Decision & { busy: boolean } {
  podsCatchUp(world);
  const decision = decide(observe(world));
  for (const effect of decision.effects) perform(world, effect);
  const isWritten = writeStatus(world, decision.status);
  return { ...decision, busy: isWritten || decision.effects.length > 0 };
}

/** Passes until nothing is left to do. */
export function settle(world: World): void {
  for (let count = 0; count < 40; count++) if (!pass(world).busy) return;
  throw new Error('does not come to rest');
}

export function later(world: World, seconds: number): void {
  world.now += seconds * 1000;
  settle(world);
}
