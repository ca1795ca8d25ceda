/** What of a commit is one Rollout's, where the commit changed other Rollouts of the same app too. */

import type { Reading } from '../../git/app.ts';
import { bothSides, isOfRegularFile } from '../../git/both-sides.ts';
import type { Clone } from '../../git/clone.ts';
import { TooLong } from '../../git/contents.ts';
import {
  ABSENT,
  type Change,
  difference,
  isSpliceable,
  isWithin,
  restoredTree,
  type Share,
} from '../../git/inverse.ts';
import { decodeText, isManifestFile, LARGEST_FILE_BYTES } from '../../git/manifests.ts';
import { writeBlob } from '../../git/write-tree.ts';
import {
  changedObjects,
  type DocumentName,
  documentsIn,
  type Path,
  type PlaceInFile,
  pathText,
  spliceBack,
  takenBackBut,
} from '../../revert/index.ts';
import { sameTemplate } from '../../rollout/index.ts';
import { ROLLOUT, type RolloutInGit, type RolloutThere, rolloutAt } from './templates.ts';

/** What a commit of more files brings is not told apart. */
const MOST_FILES = 20;
/** Renderings by which values are told apart. */
const MOST_TRIALS = 12;

/** A file that the commit changed. */
interface Part {
  change: Change;
  /** What it is to be taken back to, as text; undefined where it is to be gone. */
  before: string | undefined;
  after: string | undefined;
  /** Whether that is less than what the commit did to it. */
  isLess: boolean;
}

function isRollout({ object }: DocumentName): boolean {
  return object?.group === ROLLOUT.group && object.kind === ROLLOUT.kind;
}

async function partsOf(clone: Clone, changes: readonly Change[]): Promise<Part[]> {
  const regular = changes.filter((change) => isManifestFile(change.path) && isOfRegularFile(change));
  const sides = await bothSides(clone, regular, LARGEST_FILE_BYTES);
  const textOf = (content: Buffer | undefined) => content && decodeText(content, { ignoreBOM: true });
  return sides.flatMap(({ change, ...contents }) => {
    const [before, after] = [textOf(contents.before), textOf(contents.after)];
    const isText =
      (before !== undefined || change.oldMode === ABSENT) && (after !== undefined || change.newMode === ABSENT);
    return isText ? [{ change, before, after, isLess: false }] : [];
  });
}

/** How surely a document is the Rollout itself: files may hold its name without what a kustomization puts around it. */
function likeness({ object }: DocumentName, { namespace, name }: RolloutInGit): number {
  if (object === undefined) return 0;
  if (object.name === name) return object.namespace === '' || object.namespace === namespace ? 3 : 2;
  return name.includes(object.name) ? 1 : 0;
}

/** Leaves the documents of other Rollouts. */
function byDocument(parts: readonly Part[], rollout: RolloutInGit): Part[] {
  const documents = parts.flatMap(({ before, after }) => [...documentsIn(before), ...documentsIn(after)]);
  const most = Math.max(1, ...documents.filter(isRollout).map((document) => likeness(document, rollout)));
  const isOther = (document: DocumentName) => isRollout(document) && likeness(document, rollout) < most;
  return parts.map((part) => {
    const found = takenBackBut(part, isOther);
    return found && found.text !== part.before ? { ...part, before: found.text, isLess: true } : part;
  });
}

/** A value, or all values beside it: of a kustomization's image there may be several. */
function unitsOf(file: string, { document, path }: PlaceInFile): string[] {
  const unit = (within: string) => JSON.stringify([file, document.label, within]);
  return [unit(path.replace(/[.[][^.[]*$/, '')), unit(path)];
}

/** The values besides Rollouts that can be taken back one by one: groups of them first. */
function valuesIn(parts: readonly Part[]): string[] {
  const fields = parts.flatMap(({ change, before, after }) => {
    if (!isSpliceable(change) || before === undefined || after === undefined) return [];
    const spliced = spliceBack({ before, after, head: after });
    if (spliced.kind !== 'spliced') return [];
    const others = spliced.fields.filter(({ document }) => !isRollout(document));
    return others.map((field) => unitsOf(change.path, field));
  });
  const [groups, values] = [fields.flatMap(([group = '']) => group), fields.flatMap(([, value = '']) => value)];
  return [...new Set([...groups, ...values])];
}

/** Leaves values. */
function butFor(part: Part, left: ReadonlySet<string>): Part {
  const { change, before, after } = part;
  if (!isSpliceable(change) || before === undefined || after === undefined) return part;
  const wanted = (document: DocumentName, path: Path) =>
    !unitsOf(change.path, { document, path: pathText(path) }).some((unit) => left.has(unit));
  const spliced = spliceBack({ before, after, head: after, wanted });
  if (spliced.kind === 'refused' || spliced.left.length === 0) return part;
  return { ...part, before: spliced.kind === 'spliced' ? spliced.content : after, isLess: true };
}

/** What becomes of a change to a file that is taken back to another text. */
async function changeOf(clone: Clone, { change, before, after }: Part): Promise<Change | undefined> {
  if (before === after) return undefined;
  if (before === undefined) return { ...change, oldMode: ABSENT, oldId: '0'.repeat(40) };
  const oldMode = change.oldMode === ABSENT ? change.newMode : change.oldMode;
  return { ...change, oldMode, oldId: await writeBlob(clone, before) };
}

/** A commit, looked at for one Rollout. */
interface Looked {
  clone: Clone;
  culprit: string;
  was: RolloutThere;
  became: RolloutThere;
  look(tree: string): Promise<RolloutThere>;
}

/** All that the commit changed of what the app is made of, with less of some files. */
async function shareWith({ clone }: Looked, changes: readonly Change[], parts: readonly Part[]): Promise<Share> {
  const share = new Map<string, Change | undefined>(changes.map((change) => [change.path, change]));
  for (const part of parts.filter(({ isLess }) => isLess)) share.set(part.change.path, await changeOf(clone, part));
  return share;
}

/**
 * How many of the other Rollouts a share would take back too; undefined where it would not take back all that it has to. Told at
 * the culprit itself, so that it is the same on whatever the revert is to lie.
 */
async function othersIn({ clone, culprit, was, became, look }: Looked, share: Share): Promise<number | undefined> {
  const changes = [...share.values()].filter((change) => change !== undefined);
  if (changes.length === 0) return undefined;
  const { template, others } = await look(await restoredTree(clone, culprit, changes));
  if (template.kind !== 'template' || was.template.kind !== 'template') return undefined;
  if (!sameTemplate(template.template, was.template.template)) return undefined;
  return changedObjects({ head: became.others, after: others }).length;
}

/** Leaves one value after the other, where fewer of the other Rollouts are taken back without it. */
async function byValue(
  looked: Looked,
  changes: readonly Change[],
  from: Part[],
  most: number,
): Promise<Share | undefined> {
  let [share, count, left] = [undefined as Share | undefined, most, new Set<string>()];
  for (const unit of valuesIn(from).slice(0, MOST_TRIALS)) {
    if (count === 0) break;
    const trial = new Set([...left, unit]);
    const less = await shareWith(
      looked,
      changes,
      from.map((part) => butFor(part, trial)),
    );
    const others = await othersIn(looked, less);
    if (others !== undefined && others < count) [share, count, left] = [less, others, trial];
  }
  return share;
}

async function narrowest(
  looked: Looked,
  rollout: RolloutInGit,
  changes: readonly Change[],
): Promise<Share | undefined> {
  const { clone, was, became } = looked;
  const whole = await partsOf(clone, changes);
  const parts = byDocument(whole, rollout);
  const most = changedObjects({ head: was.others, after: became.others }).length;
  if (!parts.some(({ isLess }) => isLess)) return byValue(looked, changes, whole, most);
  const share = await shareWith(looked, changes, parts);
  const others = await othersIn(looked, share);
  if (others === undefined) return byValue(looked, changes, whole, most);
  return (await byValue(looked, changes, parts, others)) ?? share;
}

/**
 * What is to be taken back of a commit for one Rollout, where the commit changed others of the app too, and something of it is
 * theirs alone: their documents, and values that nothing else of the Rollout is made of. Undefined where all of it is. `look`:
 * what is known of commits already.
 */
export async function shareOf(
  clone: Clone,
  culprit: string,
  rollout: RolloutInGit,
  reading: Reading,
  look = (tree: string) => rolloutAt(clone, tree, rollout, reading),
): Promise<Share | undefined> {
  const parent = (await clone.commit(culprit))?.parents[0];
  if (parent === undefined) return undefined;
  const [was, became] = [await look(parent), await look(culprit)];
  if (changedObjects({ head: was.others, after: became.others }).length === 0) return undefined;
  const inputs = [...was.inputs, ...became.inputs];
  const changes = (await difference(clone, parent, culprit, '')).filter(({ path }) => isWithin(path, inputs));
  if (changes.length > MOST_FILES) return undefined;
  try {
    return await narrowest({ clone, culprit, was, became, look }, rollout, changes);
  } catch (error) {
    if (error instanceof TooLong) return undefined;
    throw error;
  }
}
