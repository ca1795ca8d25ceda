import { expect, it } from 'vitest';
import { machineNow } from '../../../src/clock.ts';
import { leases } from '../../../src/kube/resources.ts';
import { GOOD, isAtStep, isHealthy, NEWEST, released, routeWeights, runPhases } from '../../behaviour/fixtures.ts';
import { expectPromoted } from '../../behaviour/judged.ts';
import { auditEnd } from '../../worlds/real/audit.ts';
import type { ControllerPlace } from '../../worlds/real/test-world.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { secondsSince, tellFigures } from '../figures.ts';
import { makeHome } from '../loop/controller.ts';
import { type Controller, launch } from './controller.ts';
import { type Front, startApiFront } from './front.ts';
import { ALL_STEPS, follow, openWorld, shopYaml, stepsOf, theServers } from './shop.ts';
import { writesOf } from './writes.ts';

/** A look to see the lease renewed for the last time, the time for which it holds, a look to take it, and a moment to see that. */
const LONGEST_HANDOVER_SECONDS = 2.4 + 15 + 2.4 + 2;

/** What a process had sent when it was killed may still be on its way. */
const ON_ITS_WAY_MILLISECONDS = 1000;

/** Controllers of one namespace, each known to the audit log by its name. */
class Contenders {
  readonly #controllers: Controller[] = [];
  readonly #fronts: Front[] = [];
  #place: ControllerPlace | undefined;

  async open(place: ControllerPlace) {
    this.#place = place;
    await makeHome(place);
    return { kill: () => this.#close() };
  }

  async start(name: string): Promise<Controller> {
    if (!this.#place) throw new Error('there is no place yet');
    const front = await startApiFront(this.#place, { userAgent: name });
    const controller = launch(this.#place, front.kubeconfig, name);
    this.#fronts.push(front);
    this.#controllers.push(controller);
    return controller;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller.end()));
    await Promise.all(this.#fronts.map((front) => front.close()));
  }
}

async function untilLeads(world: TestWorld, name: string, seconds: number): Promise<void> {
  const leads = async () => (await world.list(leases)).some(({ spec }) => spec.holderIdentity === name);
  await world.untilTrue(leads, seconds);
}

/** What each wrote besides Leases, and since when it held the lease. */
async function writesBy(namespace: string, from: number, name: string) {
  const { renewals, others } = await writesOf(name, namespace, from);
  const times = others.map(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp));
  const leadsFrom = Date.parse(renewals[0]?.stageTimestamp ?? '');
  return { count: times.length, leadsFrom, begin: Math.min(...times), end: Math.max(...times) };
}

it('of several controllers one leads; killed or standing still, it is followed within the lease time', async () => {
  const logBegin = await auditEnd(theServers().auditLog);
  const contenders = new Contenders();
  const world = await openWorld((place) => contenders.open(place));
  const first = await contenders.start('first');
  await untilLeads(world, 'first', 20);
  const second = await contenders.start('second');

  await released(world, shopYaml(world), GOOD);
  const history = follow(world, isHealthy, 60);
  await world.until('shop', isAtStep(1), 60);
  first.signal('SIGKILL');
  const killedAt = machineNow();
  await untilLeads(world, 'second', LONGEST_HANDOVER_SECONDS);
  const killedHandoverSeconds = secondsSince(killedAt);
  expect(stepsOf(await history)).toEqual(ALL_STEPS);
  await world.pass(8);
  await expectPromoted(world);

  await contenders.start('third');
  await world.setImage('shop', NEWEST);
  const newest = follow(world, isHealthy, 60);
  await world.until('shop', isAtStep(1), 60);
  second.signal('SIGSTOP');
  const stoppedAt = machineNow();
  await untilLeads(world, 'third', LONGEST_HANDOVER_SECONDS);
  const stoppedHandoverSeconds = secondsSince(stoppedAt);
  await world.pass(2);
  second.signal('SIGCONT');
  expect(await second.ended, 'who comes to and no longer leads ends itself').toBe(1);
  expect(stepsOf(await newest)).toEqual(ALL_STEPS);
  await world.pass(8);
  expect(await runPhases(world)).toEqual(['Successful', 'Successful']);
  expect(await routeWeights(world)).toEqual({ 'shop-stable': 100, 'shop-canary': 0 });

  const [one, two, three] = await Promise.all(
    ['first', 'second', 'third'].map((name) => writesBy(world.namespace, logBegin, name)),
  );
  tellFigures('leaders', {
    killedHandoverSeconds,
    stoppedHandoverSeconds,
    writes: [one?.count, two?.count, three?.count],
  });
  for (const seconds of [killedHandoverSeconds, stoppedHandoverSeconds])
    expect(seconds).toBeLessThanOrEqual(LONGEST_HANDOVER_SECONDS);
  for (const contender of [one, two, three]) {
    expect(contender?.count).toBeGreaterThan(0);
    expect(contender?.begin).toBeGreaterThanOrEqual(contender?.leadsFrom ?? Number.NaN);
  }
  expect(one?.end).toBeLessThanOrEqual(killedAt + ON_ITS_WAY_MILLISECONDS);
  expect(one?.end).toBeLessThan(two?.leadsFrom ?? 0);
  expect(two?.end).toBeLessThan(three?.leadsFrom ?? 0);
});
