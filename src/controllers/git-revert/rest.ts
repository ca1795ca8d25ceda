/** What a plan does to everything but the workload that failed, by what all of it renders to. */
import type { GitRevertPlan } from '../../api/index.ts';
import { type AppContents, readApp } from '../../git/app.ts';
import { isWithin } from '../../git/inverse.ts';
import { findManifest, identityOf } from '../../git/manifests.ts';
import { type Root, rootsOf, sameRendering } from '../../git/roots.ts';
import { changesText, harmless, type Objects, otherChanges, ownChanges, type Sides } from '../../revert/index.ts';
import type { Task } from './task.ts';
import { workloadRefOf } from './templates.ts';

/** `isOther`: what stands in the way are other apps. */
export type Rest = { kind: 'proved' } | { kind: 'differs'; message: string; isOther: boolean };

const ROLLOUT = { group: 'argoproj.io', kind: 'Rollout' };

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

/** The Rollout, and the workload that it refers to where it does. */
function workloadIn(contents: readonly AppContents[], namespace: string, name: string): Set<string> {
  const found = contents.flatMap(({ set }) => {
    const rollout = findManifest(set, { ...ROLLOUT, namespace, name }, namespace)?.object;
    const reference = rollout && workloadRefOf(rollout);
    const workload = reference && findManifest(set, { ...reference, namespace }, namespace)?.object;
    return [rollout, workload].flatMap((object) => (object ? [identityOf(object, namespace)] : []));
  });
  return new Set(found);
}

/** Whether a root is the app itself, perhaps in another namespace: what is not a chart is the same for all. */
function isOwn({ root, head }: RootSides, own: Root): boolean {
  return root.path === own.path && (head.kind !== 'helm' || sameRendering(root, own));
}

/** What the app itself holds besides the workload that is neither as at the head nor as before the culprit. */
async function ownDoubts({ policy, revert, reading }: Task, own: RootSides, objects: Sides): Promise<string[]> {
  const { path, rollout, culprits } = revert.spec;
  const { repository } = policy;
  const parent = (await repository.commit(culprits[0] ?? ''))?.parents[0];
  const before = parent === undefined ? undefined : await readApp(repository, { ...own.root, tree: parent }, reading);
  const names = ownChanges({
    ...objects,
    before: before && problemIn(before) === undefined ? objectsOf(before, own.root) : undefined,
    workload: workloadIn([own.head, own.after], rollout.namespace, rollout.name),
  });
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
  if (found.kind === 'unknown') return { kind: 'differs', message: found.message, isOther: true };
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
  const all = [...wrong, ...others];
  if (all.length === 0) return { kind: 'proved' };
  return { kind: 'differs', message: all.join('; '), isOther: wrong.length === 0 };
}
