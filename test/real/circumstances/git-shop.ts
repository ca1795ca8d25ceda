import { expect, onTestFinished } from 'vitest';
import type { GitRevert } from '../../../src/api/index.ts';
import { gitReverts, revertPolicies } from '../../../src/kube/resources.ts';
import { AT_HOME, FIRST, isHealthy, routeWeights } from '../../behaviour/fixtures.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { startAsDeployed } from '../loop/controller.ts';
import { followYaml, rightsYaml, shopFiles } from '../loop/manifests.ts';
import { foundTeam, type Team } from '../loop/team.ts';
import { type FrontOptions, startGiteaFront } from './front.ts';
import { openWorld, theServers } from './shop.ts';

/** A shop that a team deploys from its repository. */
export interface GitShop {
  world: TestWorld;
  team: Team;
}

async function isProbed(world: TestWorld): Promise<boolean> {
  const policy = await world.get(revertPolicies, world.namespace);
  return policy?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** A shop whose first release came from Git; the controller meets Gitea behind a front. */
export async function openGitShop(options: FrontOptions, start = startAsDeployed): Promise<GitShop> {
  const { gitea } = theServers();
  const [team, front] = await Promise.all([foundTeam(gitea), startGiteaFront(gitea.url, options)]);
  onTestFinished(async () => {
    await front.close();
    await team.close();
  });
  const world = await openWorld(start);
  const seen = { ...team, url: front.url + new URL(team.url).pathname };
  await team.commit('Begin', shopFiles(world, FIRST));
  await world.create([rightsYaml(world, team), followYaml(world, seen)].join('---'));
  await world.until('shop', isHealthy, 60);
  // A probe sends what looks like a write: stories wait for the writes of a revert.
  await world.untilTrue(() => isProbed(world), 60);
  return { world, team };
}

export async function revertOf({ world }: GitShop): Promise<GitRevert | undefined> {
  return (await world.list(gitReverts))[0];
}

export async function isReverted(shop: GitShop): Promise<boolean> {
  return (await revertOf(shop))?.status?.state === 'done';
}

/** The culprit was taken out once, and nothing else was. */
export async function expectOneRevert(shop: GitShop, culprit: string): Promise<void> {
  const log = await shop.team.log();
  const reverts = log.filter(({ message }) => message.includes(`Reverts-Commit: ${culprit}`));
  expect(reverts.map(({ id }) => id)).toEqual([(await revertOf(shop))?.status?.commit]);
  // What the repository began with, both releases and the revert.
  expect(log).toHaveLength(4);
  expect(await routeWeights(shop.world)).toEqual(AT_HOME);
}
