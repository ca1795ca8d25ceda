import { describe, expect, it } from 'vitest';
import { later, settle } from './transcripts/passes.ts';
import { createWorld, user, type World, type WorldOptions } from './transcripts/world.ts';

const TEN_SECONDS = { pause: { duration: '10s' } };

function updated(options: WorldOptions): World {
  const world = createWorld(options);
  settle(world);
  expect(world.rollout.status?.duration).toBeUndefined();
  world.now += 60_000;
  user.template(world, 'v2');
  settle(world);
  return world;
}

describe('status.duration', () => {
  it('counts the time for which only a person can go on, and says how the update ended', () => {
    const world = updated({ canary: { steps: [{ setWeight: 50 }, { pause: {} }, TEN_SECONDS] } });
    expect(world.rollout.status?.duration).toEqual({
      rolloutStartedAt: '2026-11-21T09:01:00Z',
      manualPauseStartedAt: '2026-11-21T09:01:00Z',
    });
    world.now += 30_000;
    user.promote(world);
    settle(world);
    expect(world.rollout.status?.duration).toEqual({
      rolloutStartedAt: '2026-11-21T09:01:00Z',
      totalManualPauseDurationSeconds: 30,
    });
    later(world, 10);
    expect(world.rollout.status?.duration).toEqual({
      rolloutStartedAt: '2026-11-21T09:01:00Z',
      totalManualPauseDurationSeconds: 30,
      finishedAt: '2026-11-21T09:01:40Z',
      completionStatus: 'Promoted',
    });
  });

  it.each<[string, (world: World) => void]>([
    ['Aborted', (world) => user.abort(world)],
    ['FastPromoted', (world) => user.promoteFull(world)],
    ['FastRolledBack', (world) => user.template(world, 'v1')],
  ])('ends as %s', (completionStatus, act) => {
    const world = updated({ canary: { steps: [{ setWeight: 50 }, { pause: {} }] } });
    world.now += 5_000;
    act(world);
    settle(world);
    expect(world.rollout.status?.duration).toMatchObject({
      completionStatus,
      finishedAt: '2026-11-21T09:01:05Z',
      totalManualPauseDurationSeconds: 5,
    });
  });

  it('ends as RolledBack where a former revision went through the steps', () => {
    const world = updated({ canary: { steps: [{ setWeight: 50 }] } });
    expect(world.rollout.status?.duration?.completionStatus).toBe('Promoted');
    world.now += 60_000;
    user.template(world, 'v1');
    settle(world);
    expect(world.rollout.status?.duration?.completionStatus).toBe('RolledBack');
  });

  it('begins anew with a new template, a retry included, and counts spec.paused and the preview too', () => {
    const world = updated({ blueGreen: { activeService: 'web-active', autoPromotionEnabled: false } });
    expect(world.rollout.status?.duration?.manualPauseStartedAt).toBe('2026-11-21T09:01:00Z');
    user.abort(world);
    settle(world);
    world.now += 60_000;
    user.retry(world);
    settle(world);
    expect(world.rollout.status?.duration).toEqual({
      rolloutStartedAt: '2026-11-21T09:02:00Z',
      manualPauseStartedAt: '2026-11-21T09:02:00Z',
    });
    const held = updated({ canary: { steps: [TEN_SECONDS] }, spec: {} });
    user.pause(held);
    settle(held);
    expect(held.rollout.status?.duration?.manualPauseStartedAt).toBe('2026-11-21T09:01:00Z');
  });
});
