/** The worlds in which the stories of the loop are told: the sandbox, or with HEADGATE_REAL_WORLD the real servers. */
import { it as base, describe, expect } from 'vitest';
import { type SandboxWorld, sandboxWorld } from './sandbox.ts';
import type { TestWorld } from './world.ts';

const expected = new WeakMap<TestWorld, RegExp>();

/** In this story the API server is to refuse something: lines such as `422 create /apis/apps/v1/...`. */
export function expectRefusal(world: TestWorld, lines: RegExp): void {
  expected.set(world, lines);
}

/** `it`, with a world of the test's own that ends with it. */
function storiesIn<World extends TestWorld>(name: World['name'], open: () => Promise<World>) {
  const it = base
    .extend('open', () => open)
    .extend('world', async ({ open: opened }, { onCleanup }) => {
      const world = await opened();
      onCleanup(async () => {
        const refused = await world.refused();
        await world.stop();
        // Whatever the story: a controller asks for nothing that makes no sense or that it may not have.
        expect(refused.filter((line) => !expected.get(world)?.test(line))).toEqual([]);
      });
      return world;
    });
  return { name, it };
}

async function openReal(): Promise<TestWorld> {
  const { realWorld } = await import('./real/test-world.ts');
  return realWorld();
}

const isReal = Boolean(process.env.HEADGATE_REAL_WORLD);

/** For `describe.each`. */
export const worlds = [isReal ? storiesIn<TestWorld>('real', openReal) : storiesIn<TestWorld>('sandbox', sandboxWorld)];

/** For what only a world can do that is in the test's own process: faults of the API, a clock that leaps. */
export const sandboxOnly = {
  ...storiesIn<SandboxWorld>('sandbox', sandboxWorld),
  /** Skipped where the stories are told in the real world. */
  describe: describe.skipIf(isReal),
};
