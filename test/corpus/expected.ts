import { type Branch, type Case, type CulpritFacts, culpritFacts, modelWith } from './cases.ts';
import { changedPaths, type Files, filesOf, isBelow, isBelowAny } from './files.ts';
import type { Edit, Model } from './model.ts';

/** What is not proved of a plan, so that it is at most a proposal to a person. */
export type Doubt = 'NotStable' | 'NotProved' | 'OutsideOfPath' | 'OtherRollout';

/** In which way the change is taken back: as single values, or as whole files. */
export type Scope = 'fields' | 'paths';

/** How the work on a failed release ends, in one word or two: what is written, or why nothing is. */
export type Outcome =
  | `written: ${Scope}`
  /** In a pull request that a person merges. */
  | `proposed: ${string}`
  /** No commit explains the change, or what it did cannot be told: there is no record. */
  | 'none: NotFromGit'
  | 'none: HistoryRewritten'
  | 'none: Unreadable'
  | 'landed: AlreadyReverted'
  | 'superseded: Superseded'
  | `skipped: ${string}`
  | `person: ${string}`;

/** What a commit must be that takes the change out, on the branch or in a pull request. */
export interface WantedCommit {
  /** The whole tree. */
  after: Files;
  /** What the culprit would have left, had it not touched what is taken back. */
  before: Files;
  scopes: readonly Scope[];
  /** Left out: it is proved. */
  doubt: Doubt | undefined;
}

/** What becomes of the case by the rules of docs/git.md. */
export interface Expectation {
  /** The first one, or, where git itself has come to know better, another one that is as right. */
  outcomes: readonly [Outcome, ...Outcome[]];
  /** Undefined where nothing may be written anywhere. */
  commit: WantedCommit | undefined;
}

/** What a revert takes back of the change. */
interface Taken {
  facts: CulpritFacts;
  /** The files of the change that it takes back; none where that is left to a person at once. */
  files: string[];
  /** Whether a file is among those that a revert may touch. */
  has(path: string): boolean;
  /** Whether it leaves something of the change in the pods. */
  leavesPods: boolean;
}

/** Whether the change, in this layout, makes other pods. */
function reachesPods({ change, repository: { layout } }: Case): boolean {
  if (layout.inert?.includes(change.name)) return false;
  if (change.reaches === 'config') return layout.hashesConfig === true;
  return change.reaches === 'template';
}

/** What the change says of pods in files outside of the path. */
function podsOutside({ repository: { layout } }: Case, { before, after }: CulpritFacts): boolean {
  const said = (model: Model) => JSON.stringify((layout.outside?.pods ?? []).map((field) => model[field] ?? null));
  return said(before) !== said(after);
}

/** The change, as far as it is another Rollout's of the app alone. */
function siblingsEdit({ repository: { layout } }: Case, { steps, culpritStep }: Branch): Edit {
  return (model) => {
    const after = steps[culpritStep]?.edit(model) ?? model;
    return { ...model, ...Object.fromEntries((layout.sibling?.alone ?? []).map((field) => [field, after[field]])) };
  };
}

/** The files of the change, but for those that are another Rollout's alone. */
function ownFiles(each: Case, branch: Branch, facts: CulpritFacts): CulpritFacts {
  const { layout, style } = each.repository;
  if (layout.sibling?.alone === undefined) return facts;
  const left = filesOf(layout, style, modelWith(branch, siblingsEdit(each, branch), branch.culpritStep + 1));
  const own = changedPaths(left, filesOf(layout, style, facts.after));
  return { ...facts, inside: facts.inside.filter((path) => own.includes(path)) };
}

/** Within the path, where that is enough for the pods; else, where the policy lets it, all that the app is made of. */
function takenOf(each: Case, branch: Branch): Taken {
  const facts = ownFiles(each, branch, culpritFacts(each, branch));
  const { path, outside } = each.repository.layout;
  const isPart = (file: string) => isBelowAny(file, outside?.folders ?? []);
  const used = facts.outside.filter(isPart);
  const needsMore = podsOutside(each, facts) && used.length > 0;
  const isWide = needsMore && !each.policy.isLimited;
  return {
    facts,
    files: isWide ? [...facts.inside, ...used] : facts.inside,
    has: (file) => isBelow(file, path) || (isWide && isPart(file)),
    leavesPods: needsMore && !isWide,
  };
}

/** Whether the line with the tag is among those that a merge would have to put back. */
function meetsOnOneLine({ history }: Case, { facts, files }: Taken): boolean {
  return history.needs === 'note' && facts.shapeOf(files) !== 'values';
}

/** What is found before anything is planned. */
function unplanned(each: Case, { facts: { inside } }: Taken): Outcome | undefined {
  const { history, repository } = each;
  if (history.rewritten) return 'none: HistoryRewritten';
  if (history.isBroken) return 'none: Unreadable';
  if (!reachesPods(each)) return 'none: NotFromGit';
  if (history.otherTemplateCommits) return 'person: SeveralCulprits';
  if (history.says === 'isRevert') return 'person: CulpritIsRevert';
  if (history.says === 'optedOut') return 'skipped: OptedOut';
  if (inside.some((path) => path.startsWith('.git'))) return 'person: NotExpressible';
  if (history.headHolds === 'stable') return 'landed: AlreadyReverted';
  const isOther = history.headHolds !== undefined || (history.changesConfig && repository.layout.hashesConfig);
  return isOther ? 'superseded: Superseded' : undefined;
}

/** Why there is nothing to write, or nothing that may be written. */
function refusal(each: Case, taken: Taken): Outcome | undefined {
  const { history, repository } = each;
  const found = unplanned(each, taken);
  if (found !== undefined) return found;
  // A person's revert counts for the apps whose folder, or whose planned files, it touched.
  if (history.isReverted && taken.files.length > 0) return 'skipped: RevertedBefore';
  if (taken.files.length === 0) return 'person: OutsideOfPath';
  if (meetsOnOneLine(each, taken)) return 'person: Conflict';
  const isOutside = taken.files.some((file) => !isBelow(file, repository.layout.path));
  const isOptedOut = history.says === 'folderOptedOut' || (history.says === 'outsideOptedOut' && isOutside);
  return isOptedOut ? 'skipped: OptedOut' : undefined;
}

/** Whether the ConfigMap is among what is taken back, and changed later too: it would be neither as it is nor as it was. */
function mixesConfig({ history, repository }: Case, { facts, files }: Taken): boolean {
  if (!history.changesConfig) return false;
  const { before, after } = facts;
  const sources = [before, { ...before, config: after.config }].map((model) =>
    filesOf(repository.layout, repository.style, model),
  );
  return files.some((path) => {
    const [one, other] = sources.map((all) => all.get(path)?.bytes.toString());
    return one !== other;
  });
}

function doubtAbout(each: Case, taken: Taken): Doubt | undefined {
  const { path, shared = [] } = each.repository.layout;
  if (taken.leavesPods) return 'NotStable';
  if (mixesConfig(each, taken)) return 'NotProved';
  const { before, after } = taken.facts;
  const isBoth = (field: keyof Model) => JSON.stringify(before[field]) !== JSON.stringify(after[field]);
  if (each.repository.layout.sibling?.too?.some(isBoth)) return 'OtherRollout';
  if (!taken.files.some((file) => isBelowAny(file, shared))) return undefined;
  return taken.files.every((file) => isBelow(file, path)) ? 'NotProved' : 'OutsideOfPath';
}

/** What makes less of a commit. Bots look for their marks in files named as YAML; styles without comments have none. */
function caution(
  { change }: Case,
  { facts, files }: Taken,
  culprit: Files,
): 'Sensitive' | 'ImageAutomation' | undefined {
  if (change.caution !== 'ImageAutomation') return change.caution;
  const isMarked = (path: string) =>
    /\.ya?ml$/.test(path) && culprit.get(path)?.bytes.includes('$imagepolicy') === true;
  const isBot = [...facts.inside, ...files].some(isMarked);
  return isBot ? change.caution : undefined;
}

/** Of two reasons for a person, the one that stays whatever a person lets pass. */
function reasonFor(found: 'Sensitive' | 'ImageAutomation' | undefined, doubt: Doubt | undefined): string | undefined {
  return found === 'Sensitive' ? (doubt ?? found) : (found ?? doubt);
}

function wantedCommit(each: Case, branch: Branch, taken: Taken): WantedCommit {
  const { layout, style } = each.repository;
  const shape = taken.facts.shapeOf(taken.files);
  const comments = (shape === 'values' && each.change.leaves) || ((model: Model) => model);
  const siblings = siblingsEdit(each, branch);
  const leaves: Edit = (model) => comments(siblings(model));
  const restored = filesOf(layout, style, modelWith(branch, leaves));
  const filesAt = (index: number) => branch.commits[index]?.files ?? new Map();
  const mixed = (inside: Files, others: Files): Files =>
    new Map([...[...others].filter(([path]) => !taken.has(path)), ...[...inside].filter(([path]) => taken.has(path))]);
  const parent = branch.commits[branch.culprit]?.parents[0] ?? 0;
  const isWhole = layout.sibling?.alone === undefined;
  const left = isWhole ? filesAt(parent) : filesOf(layout, style, modelWith(branch, siblings, branch.culpritStep + 1));
  return {
    after: mixed(restored, filesAt(branch.head)),
    before: mixed(left, filesAt(branch.culprit)),
    // A line that comes or goes is as right when it is merged.
    scopes: shape === 'structure' ? ['paths'] : shape === 'keys' ? ['fields', 'paths'] : ['fields'],
    doubt: doubtAbout(each, taken),
  };
}

export function expected(each: Case, branch: Branch): Expectation {
  const taken = takenOf(each, branch);
  const refused = refusal(each, taken);
  if (refused !== undefined) return { outcomes: [refused], commit: undefined };
  const wanted = wantedCommit(each, branch, taken);
  const [culprit, head] = [branch.culprit, branch.head].map((at) => branch.commits[at]?.files ?? (new Map() as Files));
  const moved = taken.files.filter((path) => culprit?.has(path) && !head?.has(path));
  // A merge by git before 2.50 follows a file to its new name, whatever it is told; a later one meets a conflict.
  if (moved.some((path) => !isBelow(path, each.repository.layout.path))) {
    return { outcomes: ['person: NotExpressible', 'person: Conflict'], commit: undefined };
  }
  const commit = moved.length > 0 ? { ...wanted, scopes: ['paths' as const] } : wanted;
  const why = caution(each, taken, culprit ?? new Map());
  const reason = reasonFor(why, wanted.doubt);
  const proposes = each.policy.host !== 'git';
  // Where nothing can be proposed, a person is asked as soon as there is a reason: before the proof, where the plan has one.
  if (!proposes && reason !== undefined) return { outcomes: [`person: ${why ?? reason}`], commit: undefined };
  const own: Outcome[] =
    reason === undefined ? commit.scopes.map((scope) => `written: ${scope}` as const) : [`proposed: ${reason}`];
  const outcomes = [...own, ...(moved.length > 0 ? ['person: Conflict' as const] : [])] as [Outcome, ...Outcome[]];
  return { outcomes, commit };
}
