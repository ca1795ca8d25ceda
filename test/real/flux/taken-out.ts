/** A release that fails under Flux, followed until it is out of Git and out of the cluster. */
import { expect } from 'vitest';
import type { GitRevert } from '../../../src/api/index.ts';
import { machineNow } from '../../../src/clock.ts';
import { gitRepositories, gitReverts, kustomizations } from '../../../src/kube/resources.ts';
import {
  AT_HOME,
  BAD,
  canaryWeight,
  hashes,
  isAborted,
  isHealthy,
  isPausedAt,
  routeWeights,
} from '../../behaviour/fixtures.ts';
import { applyManifests, resourceOf } from '../../worlds/real/manifests.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { secondsSince } from '../figures.ts';
import { type Additions, shopFiles } from './manifests.ts';
import { applied, asked, expectFluxProvenance, type Shop } from './shop.ts';

/** Both Services and the route are Headgate's once they are there, as docs/git.md has it for Flux. */
const LEAVE = 'metadata: {annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}}';
export const LEFT_ALONE: Additions = {
  'HTTPRoute shop': LEAVE,
  'Service shop-stable': LEAVE,
  'Service shop-canary': LEAVE,
};

async function record(world: TestWorld): Promise<GitRevert | undefined> {
  const found = await world.list(gitReverts);
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0];
}

/** A bad release that waits at its first step, with all that Flux brought noted; answers its commit. */
export async function pushBad({ world, push }: Shop): Promise<string> {
  const culprit = await push('Release bad', shopFiles(world, BAD, { additions: LEFT_ALONE }));
  await world.until('shop', isPausedAt(1), 60);
  expect(await canaryWeight(world)).toBe(50);
  await expectFluxProvenance(world, (await hashes(world)).latest, culprit);
  return culprit;
}

/** Follows a failed release out of Git and out of the cluster; answers how many seconds after the abort. */
export async function untilTakenOut({ world, team }: Shop, culprit: string, meanwhile: () => Promise<void>) {
  await world.until('shop', isAborted, 90);
  const begin = machineNow();
  const seconds: Record<string, number> = {};
  const tell = (what: string) => {
    seconds[what] = secondsSince(begin);
  };
  expect(await routeWeights(world)).toEqual(AT_HOME);
  await world.untilTrue(async () => (await team.log())[0]?.parents[0] === culprit, 60);
  tell('committed');
  const commit = (await team.log())[0]?.id ?? '';
  await meanwhile();
  await world.untilTrue(async () => (await applied(world)) === `main@sha1:${commit}`, 60);
  tell('applied');
  await world.until('shop', isHealthy, 60);
  tell('healthy');
  await world.untilTrue(async () => (await record(world))?.status?.state === 'done', 30);
  return seconds;
}

export async function expectTakenOut({ world, team }: Shop, culprit: string, stable: string): Promise<void> {
  const revert = await record(world);
  expect(revert?.spec.culprits).toEqual([culprit]);
  const [head, before, good] = await team.log();
  expect(head?.id).toBe(revert?.status?.commit);
  expect(before?.id).toBe(culprit);
  expect(await team.tree(head?.id ?? '')).toEqual(await team.tree(good?.id ?? ''));
  expect((await team.log()).filter(({ message }) => message.includes('\nRevert-Key: '))).toHaveLength(1);
  expect(await hashes(world)).toEqual({ stable, latest: stable });
  expect(await routeWeights(world)).toEqual(AT_HOME);
  // Nobody but Headgate has asked since.
  const { requestedAt = '', heard } = await asked(world, gitRepositories, 'deploy');
  expect(Date.parse(requestedAt)).toBeGreaterThanOrEqual(Date.parse(revert?.status?.takenOutAt ?? ''));
  expect(heard).toBe(requestedAt);
}

/** Has the API server refuse to go back to an image, as a webhook that is down would, and Flux not try again; answers what ends that. */
export async function refusing({ world }: Shop, image: string): Promise<() => Promise<void>> {
  const { namespace: name, client } = world;
  await world.patch(kustomizations, 'shop', { spec: { retryInterval: '1h' } });
  const own = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name } };
  const rule = { apiGroups: ['argoproj.io'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['rollouts'] };
  const policy = {
    ...{ ...own, kind: 'ValidatingAdmissionPolicy' },
    spec: {
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
        resourceRules: [rule],
      },
      validations: [{ expression: `object.spec.template.spec.containers[0].image != '${image}'` }],
    },
  };
  const binding = {
    ...{ ...own, kind: 'ValidatingAdmissionPolicyBinding' },
    spec: { policyName: name, validationActions: ['Deny'] },
  };
  await applyManifests(client, [policy, binding]);
  return async () => {
    for (const each of [binding, policy]) await client.delete(resourceOf(each), { name });
  };
}
