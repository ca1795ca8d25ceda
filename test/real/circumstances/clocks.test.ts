import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Clock, machineClock } from '../../../src/clock.ts';
import { BAD, GOOD, isAborted, isHealthy, released } from '../../behaviour/fixtures.ts';
import { expectAborted, expectPromoted } from '../../behaviour/judged.ts';
import { startController } from '../../worlds/controller.ts';
import { connect } from '../../worlds/real/connect.ts';
import type { ControllerPlace } from '../../worlds/real/test-world.ts';
import { tellFigures } from '../figures.ts';
import { ALL_STEPS, follow, LONG_PAUSE, openWorld, PAUSE, pausesOf, shopYaml, stepsOf } from './shop.ts';

const FIVE_MINUTES = 300_000;

/** A clock that somebody has set wrong by so many milliseconds. */
function shiftedClock(ahead: number): Clock {
  const machine = machineClock();
  return { ...machine, now: () => machine.now() + ahead, at: (time, wake) => machine.at(time - ahead, wake) };
}

function startWithClock(ahead: number) {
  return ({ state, namespace, folder, resolve }: ControllerPlace) => {
    const connection = connect(state.controllerKubeconfig);
    const clock = shiftedClock(ahead);
    const cache = join(folder.own, 'cache');
    return startController({ connection, clock, resolve, repositories: folder.root, cache, namespace });
  };
}

async function expectRightTimes(ahead: number): Promise<void> {
  const open = () => openWorld(startWithClock(ahead));
  const [good, bad] = await Promise.all([open(), open()]);
  // Shorter than the clock's error, longer than the release ever makes no progress.
  const spec = '  progressDeadlineSeconds: 60';
  await Promise.all([
    released(good, shopYaml(good, { spec }), GOOD),
    released(bad, shopYaml(bad, { spec, pause: LONG_PAUSE }), BAD),
  ]);
  const [promoted, aborted] = await Promise.all([follow(good, isHealthy, 45), follow(bad, isAborted, 45)]);
  const pauses = pausesOf(promoted, ahead);
  tellFigures('clock', { secondsAhead: ahead / 1000, pauses });
  expect(stepsOf(promoted)).toEqual(ALL_STEPS);
  expect(pauses).toHaveLength(2);
  for (const seconds of pauses) {
    expect(seconds).toBeGreaterThanOrEqual(PAUSE - 1);
    expect(seconds).toBeLessThanOrEqual(PAUSE + 10);
  }
  expect(stepsOf(aborted)).not.toContain(2);
  await good.pass(10);
  await Promise.all([expectPromoted(good), expectAborted(bad)]);
}

it('with a clock five minutes ahead or behind, releases go as with a right one', async () => {
  await Promise.all([FIVE_MINUTES, -FIVE_MINUTES].map(expectRightTimes));
});
