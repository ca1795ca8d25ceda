import { describe, expect, it } from 'vitest';
import { machineNow } from '../../../src/clock.ts';
import {
  BAD,
  canaryWeight,
  FIRST,
  GOOD,
  hashes,
  installed,
  isAborted,
  isAtStep,
  isHealthy,
  isPausedAt,
  released,
  runPhases,
} from '../../behaviour/fixtures.ts';
import { expectAborted, expectPromoted } from '../../behaviour/judged.ts';
import { auditEnd } from '../../worlds/real/audit.ts';
import { actOn, type PartAction } from '../../worlds/real/state.ts';
import type { ControllerPlace } from '../../worlds/real/test-world.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { secondsSince, tellFigures } from '../figures.ts';
import { shopFiles } from '../loop/manifests.ts';
import { type Deployed, deploy } from './controller.ts';
import type { FrontOptions } from './front.ts';
import { expectOneRevert, isReverted, openGitShop } from './git-shop.ts';
import {
  ALL_STEPS,
  follow,
  LONG_PAUSE,
  openWorld,
  PAUSE,
  pausesOf,
  type Seen,
  shopYaml,
  stepsOf,
  theServers,
} from './shop.ts';
import { isDone, writesOf } from './writes.ts';

interface Outage {
  what: string;
  part: string;
  breaks: PartAction;
  mends: PartAction;
  seconds: number;
  /** What must be so at its end, where one can ask. */
  meanwhile?: (world: TestWorld) => Promise<void>;
}

/** From when the server answers again, on a busy machine: a watch is resumed within 5 s, and a verdict takes two looks. */
const LONGEST_RECOVERY_SECONDS = 25;

/** Longer than the pause: whoever guesses has gone on by now. */
async function expectHeld(world: TestWorld): Promise<void> {
  expect((await world.rollout('shop')).status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
  expect(await canaryWeight(world)).toBe(25);
  expect(await runPhases(world)).toEqual(['Running']);
}

const OUTAGES: Outage[] = [
  { what: 'API server, killed', part: 'kube-apiserver', breaks: 'kill', mends: 'start', seconds: 10 },
  { what: 'etcd, standing still', part: 'etcd', breaks: 'pause', mends: 'resume', seconds: 20 },
  { what: 'etcd, stopped', part: 'etcd', breaks: 'stop', mends: 'start', seconds: 20 },
  { what: 'Prometheus', part: 'prometheus', breaks: 'stop', mends: 'start', seconds: 30, meanwhile: expectHeld },
];

/** Whether the API server does, from its store. */
function answers(world: TestWorld): Promise<boolean> {
  return world.rollout('shop').then(
    () => true,
    () => false,
  );
}

function expectEachStepOnce(history: Seen[], pause = PAUSE): void {
  expect(stepsOf(history)).toEqual(ALL_STEPS);
  const pauses = pausesOf(history);
  expect(pauses).toHaveLength(2);
  // Written to the second.
  for (const seconds of pauses) expect(seconds).toBeGreaterThanOrEqual(pause - 1);
}

/** When the controller first wrote a state after that time. */
function firstAfter(history: Seen[], time: number): number {
  return history.find(({ at }) => at > time)?.at ?? Number.NaN;
}

describe('a server is away in mid-canary', () => {
  it.for(OUTAGES)('$what, for $seconds s: a good release goes on, a bad one is aborted', async (outage) => {
    const { part, breaks, mends, seconds, meanwhile, what } = outage;
    // Until it has read the roles, an API server that starts denies everything.
    const isExcused = (refusal: string) => part === 'kube-apiserver' && refusal.startsWith('403 ');
    const [good, bad] = await Promise.all([openWorld(undefined, isExcused), openWorld(undefined, isExcused)]);
    await Promise.all([released(good, shopYaml(good), GOOD), released(bad, shopYaml(bad, { pause: LONG_PAUSE }), BAD)]);
    let brokenAt = 0;
    let outageEnds = 0;
    let mendedAt = 0;
    let apiAnswersAfterSeconds = 0;
    const breakServer = async () => {
      await Promise.all([good, bad].map((world) => world.until('shop', isAtStep(1), 60)));
      await actOn(theServers(), part, breaks);
      brokenAt = machineNow();
      await good.pass(seconds);
      try {
        await Promise.all([good, bad].map((world) => meanwhile?.(world)));
      } finally {
        outageEnds = machineNow();
        await actOn(theServers(), part, mends);
        const answeredAt = machineNow();
        // The API server takes a while of its own to find its store again.
        await good.untilTrue(() => answers(good), 60);
        mendedAt = machineNow();
        apiAnswersAfterSeconds = secondsSince(answeredAt);
      }
    };
    const [promoted, aborted] = await Promise.all([
      follow(good, isHealthy, 90),
      follow(bad, isAborted, 90),
      breakServer(),
    ]);
    const goodGoesOnAfterSeconds = secondsSince(mendedAt, firstAfter(promoted, outageEnds));
    const badAbortedAfterSeconds = secondsSince(mendedAt, aborted.at(-1)?.at);
    tellFigures(`away: ${what}, ${seconds} s`, {
      apiAnswersAfterSeconds,
      goodGoesOnAfterSeconds,
      goodPromotedAfterSeconds: secondsSince(mendedAt, promoted.at(-1)?.at),
      badAbortedAfterSeconds,
      pauses: pausesOf(promoted),
    });
    for (const late of [goodGoesOnAfterSeconds, badAbortedAfterSeconds])
      expect(late).toBeLessThanOrEqual(LONGEST_RECOVERY_SECONDS);
    expectEachStepOnce(promoted);
    expect(stepsOf(aborted)).not.toContain(2);
    expect(aborted.at(-1)?.at, 'the verdict fell after the outage had begun').toBeGreaterThan(brokenAt);
    // Until the old pods are gone.
    await good.pass(10);
    await Promise.all([expectPromoted(good), expectAborted(bad)]);
  });
});

const AWAY_SECONDS = 20;
/** A lease that cannot be renewed is given up 10 s after the last time; the rest is the machine's. */
const LONGEST_HELD_SECONDS = 13;
/** A release is under way for longer than it takes to find another one bad and to revert that. */
const UNDER_WAY = 25;

/** Each controller ends itself once, as its lease is over; none that has not taken the lease again writes anything else. */
async function expectLeaseTakenAgain(
  { name, controller, namespace }: { name: string; controller: Deployed; namespace: string },
  { logBegin, brokenAt, backAt, answersAt }: Record<'logBegin' | 'brokenAt' | 'backAt' | 'answersAt', number>,
) {
  expect(controller.exits.map(({ code }) => code)).toEqual([1]);
  const [exit] = controller.exits;
  const endedAfterSeconds = secondsSince(brokenAt, exit?.at);
  expect(endedAfterSeconds).toBeLessThanOrEqual(LONGEST_HELD_SECONDS);
  const { renewals, others } = await writesOf(name, namespace, logBegin);
  const answered = ({ stageTimestamp }: (typeof renewals)[number]) => Date.parse(stageTimestamp);
  const sent = ({ requestReceivedTimestamp }: (typeof renewals)[number]) => Date.parse(requestReceivedTimestamp);
  const leadsFrom = Math.min(...renewals.map(answered).filter((time) => time > backAt));
  const [first = Number.NaN] = others.map(sent).filter((time) => time > (exit?.at ?? Number.NaN));
  expect(first).toBeGreaterThanOrEqual(leadsFrom);
  const landed = Math.min(...others.filter((write) => sent(write) > brokenAt && isDone(write)).map(sent));
  expect(secondsSince(answersAt, landed)).toBeLessThanOrEqual(LONGEST_RECOVERY_SECONDS);
  const leadsAfterSeconds = secondsSince(backAt, leadsFrom);
  return { endedAfterSeconds, leadsAfterSeconds, firstWriteAfterSeconds: secondsSince(backAt, landed) };
}

it('etcd, gone for 20 s just as a revert is made: the controllers lose their leases, end, and go on', async () => {
  const logBegin = await auditEnd(theServers().auditLog);
  const controllers: Record<string, Deployed> = {};
  const deployAs = (name: string) => async (place: ControllerPlace) => {
    const deployed = await deploy(place, name);
    controllers[name] = deployed;
    return deployed;
  };
  const broken = Promise.withResolvers<number>();
  let isArmed = false;
  // The revert lands, and its record cannot be written.
  const onWrite: FrontOptions['onWrite'] = (kind, moment) => {
    if (!isArmed || kind !== 'create contents in Gitea' || moment !== 'arrives') return false;
    isArmed = false;
    void actOn(theServers(), 'etcd', 'kill').then(() => broken.resolve(machineNow()), broken.reject);
    return false;
  };
  const [shop, good] = await Promise.all([
    openGitShop({ onWrite }, deployAs('reverting')),
    openWorld(deployAs('releasing')),
  ]);
  await installed(good, shopYaml(good, { pause: UNDER_WAY }));
  const { stable } = await hashes(shop.world);
  isArmed = true;
  const culprit = await shop.team.commit('Release bad', shopFiles(shop.world, BAD));
  await shop.world.until('shop', isPausedAt(1), 60);
  await good.setImage('shop', GOOD);
  const history = follow(good, isHealthy, 90);

  const brokenAt = await broken.promise;
  await good.pass(AWAY_SECONDS);
  const log = await shop.team.log().finally(() => actOn(theServers(), 'etcd', 'start'));
  const backAt = machineNow();
  const inGit = log.filter(({ message }) => message.includes(culprit));
  expect(inGit, 'reverts that landed while nobody could take note of it').toHaveLength(1);
  await good.untilTrue(() => answers(good), 60);
  const answersAt = machineNow();

  await Promise.all([history, shop.world.untilTrue(() => isReverted(shop), 60)]);
  const seen = await history;
  expect(seen.findLast(({ at }) => at <= brokenAt)?.step, 'the release was under way').toBeOneOf([1, 2, 3]);
  expectEachStepOnce(seen, UNDER_WAY);
  const { spec, status } = await shop.world.until('shop', isHealthy, 60);
  expect([status?.stableRS, status?.currentPodHash]).toEqual([stable, stable]);
  expect(spec.template?.spec?.containers[0]?.image).toBe(FIRST);
  // Until the old pods are gone, and the next heads of the branch are seen.
  await good.pass(10);
  await expectPromoted(good);
  await expectOneRevert(shop, culprit);

  const of = (name: string, { namespace }: TestWorld) => ({
    name,
    namespace,
    controller: controllers[name] as Deployed,
  });
  const times = { logBegin, brokenAt, backAt, answersAt };
  const [reverting, releasing] = await Promise.all([
    expectLeaseTakenAgain(of('reverting', shop.world), times),
    expectLeaseTakenAgain(of('releasing', good), times),
  ]);
  const apiAnswersAfterSeconds = secondsSince(backAt, answersAt);
  tellFigures('away: etcd, with an election', {
    apiAnswersAfterSeconds,
    reverting,
    releasing,
    pauses: pausesOf(seen),
  });
});
