/** The demo's scenarios of the closed loop, with a real API server and a real Git host. */
import { afterAll, describe, expect, it } from 'vitest';
import type { GitRevert } from '../../src/api/index.ts';
import { machineNow } from '../../src/clock.ts';
import { gitReverts } from '../../src/kube/resources.ts';
import { BAD, FIRST, GOOD, hashes, isAborted, isHealthy, rolloutYaml } from '../behaviour/fixtures.ts';
import { readRealWorld } from '../worlds/real/state.ts';
import { realWorld } from '../worlds/real/test-world.ts';
import { PROMETHEUS, type TestWorld } from '../worlds/world.ts';
import { startAsDeployed } from './loop/controller.ts';
import { type Following, followYaml, rightsYaml } from './loop/manifests.ts';
import { foundTeam, type Team } from './loop/team.ts';

const state = readRealWorld();
const STEPS = '[{ setWeight: 50 }, { analysis: { templates: [{ templateName: judge }] } }]';
const PROPOSES = 'mode: PullRequest';
const MERGES = 'mode: PullRequest\n  pullRequests: { autoMerge: true }';
/** Seconds from when the abort is seen to when the revert is on the branch. */
const abortToCommit: number[] = [];

/** An app that is judged by a query that asks nothing of its pods. */
function appYaml(name: string, image: string, query: string): string {
  const rollout = rolloutYaml({ replicas: 1, steps: STEPS.replace('judge', `judge-${name}`) });
  const named = rollout.replace('{ name: shop }', `{ name: ${name} }`).replaceAll('app: shop', `app: ${name}`);
  return `${named.replace(FIRST, image)}---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: judge-${name} }
spec:
  metrics:
  - name: judge
    successCondition: result[0] >= 1
    provider: { prometheus: { address: 'http://${PROMETHEUS}', query: '${query}' } }
`;
}

const file = (name: string) => `apps/${name}/all.yaml`;
const FAILS = 'vector(0)';
const PASSES = 'vector(1)';
const shop = (image: string) => ({ [file('shop')]: appYaml('shop', image, FAILS) });

async function follow(world: TestWorld, team: Team, following: Following): Promise<void> {
  await world.create(rightsYaml(world, team));
  await world.create(followYaml(world, team, following));
  for (const app of following.apps ?? ['shop']) await world.until(app, isHealthy, 60);
}

/** One cluster that follows a team's repository, for one story. */
async function staged(
  following: Following,
  first: Record<string, string>,
  story: (world: TestWorld, team: Team) => Promise<void>,
) {
  if (!state?.gitea) throw new Error('there is no Gitea');
  const [world, team] = await Promise.all([realWorld(startAsDeployed), foundTeam(state.gitea)]);
  try {
    await team.commit('Begin', first);
    await follow(world, team, following);
    await story(world, team);
    expect(await world.refused()).toEqual([]);
  } finally {
    await world.stop();
    await team.close();
  }
}

async function record(world: TestWorld): Promise<GitRevert | undefined> {
  const found = await world.list(gitReverts);
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0];
}

async function untilState(world: TestWorld, wanted: string): Promise<GitRevert> {
  await world.untilTrue(async () => (await record(world))?.status?.state === wanted, 120);
  return (await record(world)) as GitRevert;
}

/** Without merges of them, which have the same message. */
async function revertsOn(team: Team) {
  const commits = await team.log();
  return commits.filter(({ message, parents }) => parents.length === 1 && message.includes('\nRevert-Key: '));
}

/** From the abort to the revert on the branch. */
async function untilReverted(world: TestWorld, team: Team): Promise<void> {
  await world.until('shop', isAborted, 90);
  const begin = machineNow();
  await world.untilTrue(async () => (await revertsOn(team)).length > 0, 120);
  abortToCommit.push((machineNow() - begin) / 1000);
}

const gitIn = async (world: TestWorld) =>
  (await world.rollout('shop')).status?.conditions?.find(({ type }) => type === 'GitReverted');

describe.runIf(state?.gitea)('scenarios on a real Git host', () => {
  afterAll(() => {
    const seconds = abortToCommit.toSorted((a, b) => a - b).map((each) => Math.round(each * 10) / 10);
    const median = seconds[Math.floor((seconds.length - 1) / 2)];
    console.log(`figures ${JSON.stringify({ scenarios: { abortToCommitSeconds: { median, all: seconds } } })}`);
  });

  it('monorepo: of one commit to two apps, what failed is taken out, and the other app is promoted', () =>
    staged(
      { apps: ['shop', 'cart', 'search'] },
      {
        ...shop(FIRST),
        [file('cart')]: appYaml('cart', FIRST, PASSES),
        [file('search')]: appYaml('search', FIRST, PASSES),
      },
      async (world, team) => {
        const culprit = await team.commit('Release both', {
          ...shop(GOOD),
          [file('cart')]: appYaml('cart', GOOD, PASSES),
        });
        await untilReverted(world, team);
        await untilState(world, 'done');
        for (const app of ['shop', 'cart']) await world.until(app, isHealthy, 60);
        const [head, before] = await team.log();
        expect(before?.id).toBe(culprit);
        const [good, bad, after] = await Promise.all(
          [before?.parents[0], culprit, head?.id].map((id) => team.tree(id ?? '')),
        );
        expect(after).toEqual({ ...bad, [file('shop')]: good?.[file('shop')] });
        const image = async (app: string) => (await world.rollout(app)).spec.template?.spec?.containers?.[0]?.image;
        expect([await image('shop'), await image('cart'), await image('search')]).toEqual([FIRST, GOOD, FIRST]);
      },
    ));

  it('protected: a branch that nobody may push to gets a pull request, which is merged by itself', () =>
    staged({ way: MERGES }, shop(FIRST), async (world, team) => {
      await team.protect();
      await team.commit('Release bad', shop(BAD));
      await untilReverted(world, team);
      const { status } = await untilState(world, 'done');
      await world.until('shop', isHealthy, 60);
      expect(await team.pulls()).toMatchObject([{ number: status?.proposal?.number, merged: true }]);
      expect(await revertsOn(team)).toHaveLength(1);
      expect((await team.log())[0]?.id).toBe(status?.commit);
      await world.untilTrue(async () => (await gitIn(world))?.status === 'True', 30);
    }));

  it('veto: a pull request that a person closes is not opened again, and the cluster stays on stable', () =>
    staged({ way: PROPOSES }, shop(FIRST), async (world, team) => {
      const { stable } = await hashes(world);
      const culprit = await team.commit('Release bad', shop(BAD));
      const { status } = await untilState(world, 'proposed');
      await world.untilTrue(async () => (await gitIn(world))?.reason === 'Proposed', 30);
      expect(await gitIn(world)).toMatchObject({ status: 'False' });
      await team.closePull(status?.proposal?.number ?? 0);
      await untilState(world, 'vetoed');
      // Applied again and again by the sync, and not rolled out again.
      await world.pass(10);
      expect((await team.log())[0]?.id).toBe(culprit);
      expect(await team.pulls()).toHaveLength(1);
      expect((await world.rollout('shop')).status).toMatchObject({ abort: true, stableRS: stable });
      await world.untilTrue(async () => (await gitIn(world))?.reason === 'Vetoed', 30);
    }));

  it('two clusters: one commit that fails in both makes one revert', () =>
    staged({}, shop(FIRST), async (west, team) => {
      const east = await realWorld(startAsDeployed);
      try {
        await follow(east, team, {});
        const culprit = await team.commit('Release bad', shop(BAD));
        await Promise.all([west, east].map((world) => untilReverted(world, team)));
        for (const world of [west, east]) {
          await untilState(world, 'done');
          await world.until('shop', isHealthy, 60);
        }
        expect(await revertsOn(team)).toHaveLength(1);
        const [head] = await team.log();
        expect(head?.parents).toEqual([culprit]);
        expect(await east.refused()).toEqual([]);
      } finally {
        await east.stop();
      }
    }));
});
