import { changedPaths, type Files, fileShape, filesOf, isBelow, type Shape, sourcesOf, widest } from './files.ts';
import { HISTORIES, type History, type Step } from './histories.ts';
import { LAYOUTS, type Layout } from './layouts.ts';
import { CHANGES, type Change, FIRST_RELEASE, type Model } from './model.ts';
import { STYLES, type Style } from './text.ts';

/** One repository: a layout in one spelling. */
export interface RepositoryPlan {
  name: string;
  layout: Layout;
  style: Style;
}

/** What an administrator lets be written: always commits, on one host or another, everywhere or below the app's path alone. */
export interface PolicyPlan {
  name: string;
  /** As a policy names it; `git` knows no pull requests. */
  host: 'git' | 'gitea';
  isLimited: boolean;
}

export const POLICIES = [
  { name: 'any host', host: 'git', isLimited: false },
  { name: 'a host with pull requests', host: 'gitea', isLimited: false },
  { name: 'the path alone', host: 'gitea', isLimited: true },
] as const satisfies readonly PolicyPlan[];

/** One branch of a repository, and what is to become of its failed release. */
export interface Case {
  repository: RepositoryPlan;
  change: Change;
  history: History;
  policy: PolicyPlan;
  name: string;
}

export const REPOSITORIES: readonly RepositoryPlan[] = LAYOUTS.flatMap((layout) =>
  layout.styles.map((name) => {
    const style = STYLES[name as keyof typeof STYLES];
    return { name: `${layout.name}, ${name}`, layout, style };
  }),
);

/** Whether the files of a layout differ by an edit of the first release, so that there is anything to try. */
function says({ layout, style }: RepositoryPlan, edit: (model: Model) => Model): boolean {
  const [one, other] = [FIRST_RELEASE, edit(FIRST_RELEASE)].map((model) => filesOf(layout, style, model));
  return one !== undefined && other !== undefined && changedPaths(one, other).length > 0;
}

/** Where a tag reaches no pod, most of what may happen later says nothing. */
const FOR_ALL = ['linear', 'others commit before and after', 'a later commit to the same file', 'a merge commit'];

function has(repository: RepositoryPlan, { needs, name }: History): boolean {
  const { layout } = repository;
  if (layout.inert && !FOR_ALL.includes(name)) return false;
  if (needs === undefined) return true;
  if (needs === 'parent') return layout.path !== '';
  if (needs === 'outside') return layout.outside !== undefined;
  if (needs === 'broken') return !layout.lacks?.includes('broken');
  if (needs === 'note') return says(repository, (model) => ({ ...model, note: 'x' }));
  if (needs === 'renamed') return says(repository, (model) => ({ ...model, renamed: { 'rollout.yaml': 'x.yaml' } }));
  return says(repository, (model) => ({ ...model, sharedFolder: 'x' }));
}

function speaksOf({ layout }: RepositoryPlan, { name }: Change): boolean {
  return !layout.lacks?.includes(name);
}

/** Whether it may hang on the policy what becomes of a change: others, or files elsewhere, may have to do with it. */
function isManifold({ layout }: RepositoryPlan, { caution }: Change, { changesConfig }: History): boolean {
  return caution !== undefined || changesConfig === true || (layout.outside ?? layout.shared) !== undefined;
}

/** Every change and history that a repository can have, by each policy, or by one of them in turn where that is all the same. */
export function casesOf(repository: RepositoryPlan): Case[] {
  const changes = CHANGES.filter((change) => speaksOf(repository, change));
  const histories = HISTORIES.filter((history) => has(repository, history));
  const pairs = histories.flatMap((history) =>
    changes
      .filter(({ name }) => history.changes?.includes(name) ?? true)
      .map((change): [Change, History] => [change, history]),
  );
  return pairs.flatMap(([change, history], index) => {
    const isAny = isManifold(repository, change, history);
    return POLICIES.filter((_, at) => isAny || at === index % POLICIES.length).map((policy) => {
      const name = `${repository.name}; ${change.name}; ${history.name}; ${policy.name}`;
      return { repository, change, history, policy, name };
    });
  });
}

/** A commit of a branch: its files, its parents by their places in the list, and what its message is made of. */
export interface PlannedCommit {
  files: Files;
  parents: readonly number[];
  message: Step['message'];
}

/** All of a case's commits, the stable release first. */
export interface Branch {
  commits: PlannedCommit[];
  culprit: number;
  /** Where the release that failed was noted. */
  failed: number;
  head: number;
  /** What each step on the first parents says, beginning with the stable release. */
  steps: Step[];
  /** Of the step with the change, in `steps`. */
  culpritStep: number;
}

function without(files: Files, folder: string): Files {
  return new Map([...files].filter(([path]) => !isBelow(path, folder)));
}

export function branchOf({ repository: { layout, style }, change, history }: Case): Branch {
  const culprit = history.culprit?.(change) ?? { edit: change.edit };
  const before = history.before ?? [];
  const steps = [
    { edit: (model: Model) => model, message: 'Release v1.4.0' },
    ...before,
    culprit,
    ...(history.after?.(change) ?? []),
  ];
  const commits: PlannedCommit[] = [];
  const add = (commit: PlannedCommit) => commits.push(commit) - 1;
  const culpritStep = before.length + 1;
  let [model, last, at] = [FIRST_RELEASE, -1, -1];
  for (const [index, { edit, message = 'Release', merges, removesApp }] of steps.entries()) {
    const isFork = history.rewritten === true && index === culpritStep + 1;
    if (isFork) [model, last] = [FIRST_RELEASE, 0];
    model = edit(model);
    let [side, sideModel] = [0, FIRST_RELEASE];
    for (const each of merges ?? []) {
      sideModel = each(sideModel);
      side = add({ files: filesOf(layout, style, sideModel), parents: [side], message: 'On the side' });
    }
    const files = filesOf(layout, style, model);
    const parents = [...(last === -1 ? [] : [last]), ...(merges ? [side] : [])];
    last = add({ files: removesApp ? without(files, layout.path) : files, parents, message });
    if (index === culpritStep) at = last;
  }
  return { commits, culprit: at, failed: history.failedAtHead ? last : at, head: last, steps, culpritStep };
}

/** What the branch would say if the step with the change had only had another edit. */
export function modelWith({ steps, culpritStep }: Branch, edit: Step['edit'], upTo = steps.length): Model {
  return steps
    .slice(0, upTo)
    .reduce((model, step, index) => (index === culpritStep ? edit : step.edit)(model), FIRST_RELEASE);
}

export interface CulpritFacts {
  /** What the branch says without it, and with it. */
  before: Model;
  after: Model;
  /** Below the app's path. */
  inside: string[];
  outside: string[];
  /** Of these files together. */
  shapeOf(paths: readonly string[]): Shape;
}

/** What the step with the change does to the files, told from what they were made of. */
export function culpritFacts({ repository: { layout, style } }: Case, branch: Branch): CulpritFacts {
  const { steps, culpritStep } = branch;
  const before = modelWith(branch, (model) => model, culpritStep);
  const after = steps[culpritStep]?.edit(before) ?? before;
  const paths = changedPaths(filesOf(layout, style, before), filesOf(layout, style, after));
  const [was, is] = [sourcesOf(layout, style, before), sourcesOf(layout, style, after)];
  const inside = paths.filter((path) => isBelow(path, layout.path));
  const outside = paths.filter((path) => !inside.includes(path));
  const shapeOf = (some: readonly string[]) => widest(some.map((path) => fileShape(path, was[path], is[path])));
  return { before, after, inside, outside, shapeOf };
}
