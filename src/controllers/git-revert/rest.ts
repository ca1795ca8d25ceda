/** What a plan does to everything but the workload that failed, by what all of it renders to. */
import type { GitRevertPlan } from '../../api/index.ts';
import { type AppContents, readApp } from '../../git/app.ts';
import { isWithin } from '../../git/inverse.ts';
import { findManifest, identityOf } from '../../git/manifests.ts';
import { type Root, rootsOf, sameRendering } from '../../git/roots.ts';
import {
  changedObjects,
  changesText,
  harmless,
  type Objects,
  otherChanges,
  ownChanges,
  type Sides,
} from '../../revert/index.ts';
import type { Task } from './task.ts';
import { otherRollouts, ROLLOUT, workloadRefOf } from './templates.ts';

/** `by`: what stands in the way is nothing but other apps, or nothing but other Rollouts of the app. */
export type Rest = { kind: 'proved' } | { kind: 'differs'; message: string; by: 'apps' | 'rollouts' | 'more' };

interface RootSides {
  root: Root;
  head: AppContents;
  after: AppContents;
}

function objectsOf({ set }: AppContents, { namespace }: Root): Objects {
  return new Map(set.manifests.map(({ object }) => [identityOf(object, namespace), JSON.stringify(object)]));
}

function problemIn(contents: AppContents): string | undefined {
  const [problem] = contents.set.problems;
  return problem && harmless(`${problem.path}: ${problem.message}`, 400);
}

/** The Rollout, the workload that it refers to where it does, and what makes them. */
function workloadIn(contents: readonly AppContents[], namespace: string, name: string): Set<string> {
  const found = contents.flatMap(({ set }) => {
    const rollout = findManifest(set, { ...ROLLOUT, namespace, name }, namespace);
    const reference = rollout && workloadRefOf(rollout.object);
    const workload = reference && findManifest(set, { ...reference, namespace }, namespace);
    const objects = [rollout, workload].flatMap((manifest) => [manifest?.object, manifest?.madeBy]);
    return objects.flatMap((object) => (object ? [identityOf(object, namespace)] : []));
  });
  return new Set(found);
}

/** Whether a root is the app itself, perhaps in another namespace: what is not a chart is the same for all. */
function isOwn({ root, head }: RootSides, own: Root): boolean {
  return root.path === own.path && (head.kind !== 'helm' || sameRendering(root, own));
}

/** The other Rollouts of the app that would not stay as at the head: each has a verdict of its own. */
function rolloutDoubts({ revert }: Task, { head, after }: RootSides): string[] {
  const { path, rollout } = revert.spec;
  const names = changedObjects({ head: otherRollouts(head.set, rollout), after: otherRollouts(after.set, rollout) });
  if (names.length === 0) return [];
  return [
    `${changesText(names, path)}, with verdicts of their own, and nothing tells their part of the change from that of ${rollout.name}`,
  ];
}

/** What the app itself holds besides Rollouts that is neither as at the head nor as before the culprit. */
async function ownDoubts({ policy, revert, reading }: Task, own: RootSides, objects: Sides): Promise<string[]> {
  const { path, rollout, culprits } = revert.spec;
  const { repository } = policy;
  const parent = (await repository.commit(culprits[0] ?? ''))?.parents[0];
  const before = parent === undefined ? undefined : await readApp(repository, { ...own.root, tree: parent }, reading);
  const others = new Set([own.head, own.after].flatMap(({ set }) => [...otherRollouts(set, rollout).keys()]));
  const names = ownChanges({
    ...objects,
    before: before && problemIn(before) === undefined ? objectsOf(before, own.root) : undefined,
    workload: workloadIn([own.head, own.after], rollout.namespace, rollout.name),
  }).filter((name) => !others.has(name));
  return names.length === 0
    ? []
    : [`${changesText(names, path)}, which would be neither as it is nor as it was before`];
}

/** What would change of another app; undefined where nothing does. */
function otherDoubt({ root, head, after }: RootSides, own: RootSides, ownObjects: Sides): string | undefined {
  const problem = problemIn(head) ?? problemIn(after);
  if (problem !== undefined) return `what becomes of ${harmless(root.path || '/', 160)} cannot be told (${problem})`;
  const holdsApp = own.head.inputs.every((input) => isWithin(input, head.inputs));
  const sides = { head: objectsOf(head, root), after: objectsOf(after, root), holdsApp };
  const names = otherChanges(sides, ownObjects);
  return names.length === 0 ? undefined : changesText(names, root.path);
}

/** Compares everything that is made of a planned file: at the branch's head, and with the plan. */
export async function proveRest(task: Task, { expectedHead, tree, files }: GitRevertPlan): Promise<Rest> {
  const { policy, revert, reading, helm, known } = task;
  const { path, rollout } = revert.spec;
  const clone = policy.repository;
  const app: Root = { path, namespace: rollout.namespace, helm };
  const request = { trees: [expectedHead, tree], files, known: [app, ...known], namespace: rollout.namespace };
  const found = await rootsOf(clone, request);
  if (found.kind === 'unknown') return { kind: 'differs', message: found.message, by: 'apps' };
  const sidesOf = async (root: Root): Promise<RootSides> => ({
    root,
    head: await readApp(clone, { ...root, tree: expectedHead }, reading),
    after: await readApp(clone, { ...root, tree }, reading),
  });
  const own = await sidesOf(app);
  const objects = { head: objectsOf(own.head, app), after: objectsOf(own.after, app) };
  const wrong = await ownDoubts(task, own, objects);
  const others: string[] = [];
  for (const root of found.roots) {
    const sides = await sidesOf(root);
    const doubt = isOwn(sides, app) ? undefined : otherDoubt(sides, own, objects);
    if (doubt !== undefined) others.push(doubt);
  }
  const rollouts = rolloutDoubts(task, own);
  const all = [...wrong, ...rollouts, ...others];
  if (all.length === 0) return { kind: 'proved' };
  const by = all.length === others.length ? 'apps' : all.length === rollouts.length ? 'rollouts' : 'more';
  return { kind: 'differs', message: all.join('; '), by };
}
