import { describe, expect, it } from 'vitest';
import { pass, settle } from './transcripts/passes.ts';
import { createWorld, user, type World } from './transcripts/world.ts';

function annotate(world: World, annotations: Record<string, string>): void {
  const { metadata } = world.rollout;
  world.rollout = {
    ...world.rollout,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
  };
}

function installed(): World {
  const world = createWorld({ canary: { steps: [{ setWeight: 25 }, { pause: {} }] } });
  settle(world);
  return world;
}

function newest(world: World): Record<string, string> {
  return world.replicaSets.at(-1)?.metadata.annotations ?? {};
}

describe('annotations of a Rollout', () => {
  it('come to its newest ReplicaSet in one write, and then nothing is left to do', () => {
    const world = installed();
    annotate(world, { team: 'shop', tier: 'web' });
    const { effects } = pass(world);
    const [only] = world.replicaSets;
    const annotations = { team: 'shop', tier: 'web' };
    expect(effects).toEqual([{ kind: 'annotateReplicaSet', name: only?.metadata.name, annotations }]);
    expect(newest(world)).toMatchObject(annotations);
    expect(pass(world).busy).toBe(false);
    annotate(world, { team: 'checkout' });
    settle(world);
    expect(newest(world)).toMatchObject({ team: 'checkout', tier: 'web' });
  });

  it('go along with a write that is due anyway', () => {
    const world = installed();
    annotate(world, { team: 'shop' });
    user.scale(world, 6);
    const { effects } = pass(world);
    const carriers = effects.filter((effect) => 'annotations' in effect && effect.annotations.team !== undefined);
    expect(carriers).toMatchObject([
      { kind: 'scaleReplicaSet', to: 6, annotations: { team: 'shop', 'rollout.argoproj.io/desired-replicas': '6' } },
    ]);
  });

  it('come to the canary while it is paused, and leave the stable ReplicaSet as it is', () => {
    const world = installed();
    user.template(world, 'v2');
    settle(world);
    annotate(world, { team: 'shop' });
    settle(world);
    expect(world.replicaSets.map(({ metadata }) => metadata.annotations?.team)).toEqual([undefined, 'shop']);
  });

  it('stay there when the Rollout drops them', () => {
    const world = installed();
    annotate(world, { team: 'shop' });
    settle(world);
    world.rollout = {
      ...world.rollout,
      metadata: { ...world.rollout.metadata, annotations: { 'rollout.argoproj.io/revision': '1' } },
    };
    expect(pass(world).busy).toBe(false);
    expect(newest(world)).toMatchObject({ team: 'shop' });
  });

  it.each([
    'kubectl.kubernetes.io/last-applied-configuration',
    'notified.notifications.argoproj.io',
    'rollout.argoproj.io/revision-history',
    'rollout.argoproj.io/desired-replicas',
    'rollout.argoproj.io/ephemeral-metadata',
    'scale-down-deadline',
    'headgate.dev/state',
    'headgate.dev/pending-metadata',
    'headgate.dev/git-commit',
  ])('never change what a ReplicaSet says of itself: %s', (key) => {
    const world = installed();
    const before = newest(world);
    annotate(world, { [key]: '5' });
    expect(pass(world).effects).toEqual([]);
    expect(newest(world)).toEqual(before);
  });
});
