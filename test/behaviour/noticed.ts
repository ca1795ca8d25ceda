/** What users and people would notice of a story. */
import type { Rollout } from '../../src/api/index.ts';
import { events, pods, rollouts } from '../../src/kube/resources.ts';
import type { TestWorld } from '../worlds/world.ts';
import { installed } from './fixtures.ts';

/** Installs the shop; answers with how many requests find no pod from then on. */
export async function watched(world: TestWorld, yaml: string): Promise<() => number> {
  await installed(world, yaml);
  await world.pass(1);
  const { unserved } = world.requests();
  return () => world.requests().unserved - unserved;
}

/** The UIDs of all pods that are not on their way out: a name may come again. */
export async function livePods(world: TestWorld): Promise<string[]> {
  const all = await world.list(pods);
  return all.flatMap(({ metadata }) => (metadata.deletionTimestamp ? [] : (metadata.uid ?? ''))).toSorted();
}

/** The messages of the Rollout's Events of a reason. */
export async function told(world: TestWorld, reason: string): Promise<string[]> {
  const all = await world.list(events);
  return all.flatMap((event) => (event.reason === reason ? [event.message ?? ''] : []));
}

/** Lets time pass until the condition holds; answers with the fewest pods that were available meanwhile. */
export async function fewestUntil(
  world: TestWorld,
  condition: (rollout: Rollout) => boolean,
  seconds = 60,
): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  await world.until(
    'shop',
    (rollout) => {
      fewest = Math.min(fewest, rollout.status?.availableReplicas ?? 0);
      return condition(rollout);
    },
    seconds,
  );
  return fewest;
}

/** As an autoscaler does, by the scale subresource. */
export async function scale(world: TestWorld, replicas: number): Promise<void> {
  const change = { type: 'merge', subresource: 'scale', body: { spec: { replicas } } } as const;
  await world.client.patch(rollouts, { namespace: world.namespace, name: 'shop' }, change);
}

export const promote = (world: TestWorld) => world.patchStatus('shop', { pauseConditions: null });
export const abort = (world: TestWorld) => world.patchStatus('shop', { abort: true });
