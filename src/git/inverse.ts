import { type Clone, isLfsPointer, SUBMODULE, SYMBOLIC_LINK } from './clone.ts';
import type { FileChange } from './hosts/host.ts';
import { decodeText } from './manifests.ts';
import { GitError } from './process.ts';
import { isBelow } from './render/tree.ts';
import { type NewEntry, writeBlob, writeTree } from './write-tree.ts';

const MOST_FILES = 20;
const MOST_LINES = 500;
const MOST_BYTES = 1024 * 1024;
/** The mode of a file that is not there. */
export const ABSENT = '000000';
/** For commits that only ever live in the cache. */
const SYNTHETIC_IDENTITY = {
  GIT_AUTHOR_NAME: 'Headgate',
  GIT_AUTHOR_EMAIL: 'headgate@localhost',
  GIT_AUTHOR_DATE: '@0 +0000',
  GIT_COMMITTER_NAME: 'Headgate',
  GIT_COMMITTER_EMAIL: 'headgate@localhost',
  GIT_COMMITTER_DATE: '@0 +0000',
};

export interface InverseRequest {
  /** 40 hex digits. */
  culprit: string;
  /** The branch's head on which the revert is to lie. */
  head: string;
  /** Nothing else is touched: the app's path, or all that it is made of. A folder may end with `/`; '' is the root. */
  path: string | readonly string[];
  /** The narrower way, tried first. */
  splice?: Splice;
  /** Where less than what the culprit did is to be taken back. */
  share?: Share | undefined;
}

/**
 * Of files, by their paths, what is to be taken back of what a commit did to them, with another side before it; undefined:
 * nothing. Of all others all is.
 */
export type Share = ReadonlyMap<string, Change | undefined>;

/**
 * Takes what changed from `before` to `after` back in `head`, value by value: three versions of one file, with a byte order
 * mark where there is one. Undefined where that cannot be told, or is more than values.
 */
export type Splice = (versions: { before: string; after: string; head: string }) => string | undefined;

/** `fields`: single values of files. `paths`: the whole change of the files, merged. */
export type Scope = 'fields' | 'paths';

export type Inverse =
  | { kind: 'changes'; tree: string; scope: Scope; changes: FileChange[] }
  /** The head holds nothing of the culprit any more. */
  | { kind: 'nothing' }
  /** Later commits changed the same lines. */
  | { kind: 'conflict'; files: string[] }
  /** It could be made, but must not be. The message says why. */
  | {
      kind: 'refused';
      reason:
        | 'ParentMissing'
        | 'ShallowClone'
        | 'HistoryRewritten'
        | 'NotExpressible'
        | 'TooLarge'
        | 'DeletesForeignFile';
      message: string;
    };

/** What a commit or tree does to one file of another. */
export interface Change {
  path: string;
  oldMode: string;
  newMode: string;
  oldId: string;
  newId: string;
}

type Refusal = Extract<Inverse, { kind: 'refused' }>;

function refused(reason: Refusal['reason'], message: string): Refusal {
  return { kind: 'refused', reason, message };
}

/** By path; '' for all. */
export async function difference(
  clone: Clone,
  from: string,
  to: string,
  path: InverseRequest['path'],
): Promise<Change[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--end-of-options', from, to];
  const paths = [path].flat();
  const fields = (await clone.textOfObjects(paths.includes('') ? args : [...args, '--', ...paths])).split('\0');
  const changes: Change[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [oldMode = '', newMode = '', oldId = '', newId = ''] = (fields[at] ?? '').slice(1).split(' ');
    changes.push({ path: fields[at + 1] ?? '', oldMode, newMode, oldId, newId });
  }
  return changes;
}

async function changedLines(clone: Clone, from: string, to: string): Promise<number> {
  const args = ['diff-tree', '-r', '-z', '--numstat', '--no-renames', '--end-of-options', from, to];
  const text = await clone.textOfObjects(args);
  const counts = text
    .split('\0')
    .filter(Boolean)
    .map((line) => line.split('\t'));
  return counts.reduce((sum, [added, removed]) => sum + (Number(added) || 0) + (Number(removed) || 0), 0);
}

/** The culprit's tree with the app's folder as it was before: what a revert limited to that folder would restore. */
export function restoredTree(clone: Clone, culprit: string, changes: readonly Change[]): Promise<string> {
  const before = ({ path, oldMode, oldId }: Change): NewEntry =>
    oldMode === ABSENT ? { path } : { path, mode: oldMode, id: oldId };
  return writeTree(clone, culprit, changes.map(before));
}

/** Values can be taken back where the file was there before, is there still, and is read as it is written. */
export function isSpliceable({ path, oldMode, newMode }: Change): boolean {
  const isTemplate = path.split('/').includes('templates');
  return oldMode === newMode && oldMode.startsWith('100') && /\.ya?ml$/i.test(path) && !isTemplate;
}

function textOf(content: Buffer | undefined): string | undefined {
  return content && decodeText(content, { ignoreBOM: true });
}

/** The head's tree with the values of before; undefined where one file needs the wider way. */
async function splicedTree(clone: Clone, { head, path, splice }: InverseRequest, changes: readonly Change[]) {
  if (!splice || changes.length > MOST_FILES || !changes.every(isSpliceable)) return undefined;
  const entries = new Map((await clone.files(head, path)).map((entry) => [entry.path, entry]));
  const now = changes.map((change) => entries.get(change.path));
  const ids = changes.flatMap(({ oldId, newId }, index) => [oldId, newId, now[index]?.id ?? oldId]);
  const contents = await clone.read(ids, MOST_BYTES);
  const changed: NewEntry[] = [];
  for (const [index, change] of changes.entries()) {
    const entry = now[index];
    const [before, after] = [textOf(contents.get(change.oldId)), textOf(contents.get(change.newId))];
    const there = entry?.mode === change.newMode ? textOf(contents.get(entry.id)) : undefined;
    if (before === undefined || after === undefined || there === undefined) return undefined;
    const spliced = splice({ before, after, head: there });
    if (spliced === undefined) return undefined;
    if (spliced === there) continue;
    changed.push({ path: change.path, mode: change.newMode, id: await writeBlob(clone, spliced) });
  }
  return writeTree(clone, head, changed);
}

/**
 * Merges the restored tree into the head with the culprit as base, in the object store alone. A commit whose only parent
 * is the culprit makes the culprit the merge base: git 2.39 has no option to name one.
 */
async function mergeInto(clone: Clone, head: string, culprit: string, restored: string) {
  const commit = ['commit-tree', restored, '-p', culprit, '-m', 'restored'];
  const side = (await clone.text(commit, { env: SYNTHETIC_IDENTITY })).trim();
  return mergeCommits(clone, head, side);
}

/** Merges a commit into another one, in the object store alone. `files`: those that conflict. */
export async function mergeCommits(clone: Clone, head: string, side: string) {
  const merge = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', head, side];
  const { code, stdout, stderr } = await clone.git(merge);
  if (code !== 0 && code !== 1) throw new GitError(`git merge-tree failed (${code}): ${stderr}`, { code, stderr });
  const [tree = '', ...files] = stdout.toString('utf8').split('\0').filter(Boolean);
  return { clean: code === 0, tree: tree.trim(), files: [...new Set(files)].filter((file) => file.trim() !== '') };
}

function inexpressible({ path, oldMode, newMode }: Change): string | undefined {
  if (oldMode === SYMBOLIC_LINK || newMode === SYMBOLIC_LINK) return `${path} is a symbolic link`;
  if (oldMode === SUBMODULE || newMode === SUBMODULE) return `${path} is a submodule`;
  const own = path.split('/').find((part) => part.toLowerCase().startsWith('.git'));
  return own === undefined ? undefined : `${path} lies in ${own}, which configures Git or its host rather than the app`;
}

async function contentsOf(clone: Clone, changes: readonly Change[]): Promise<Map<string, Buffer>> {
  const ids = changes.flatMap(({ oldMode, oldId, newMode, newId }) => [
    ...(oldMode === ABSENT ? [] : [oldId]),
    ...(newMode === ABSENT ? [] : [newId]),
  ]);
  return clone.read(ids, MOST_BYTES);
}

function checkDeletions(changes: readonly Change[], culprits: readonly Change[]): Refusal | undefined {
  const added = new Set(culprits.filter((change) => change.oldMode === ABSENT).map((change) => change.path));
  const foreign = changes.find((change) => change.newMode === ABSENT && !added.has(change.path));
  if (!foreign) return undefined;
  return refused('DeletesForeignFile', `the revert would delete ${foreign.path}, which the culprit did not add`);
}

/** Whether a file is one of the paths, or lies below one. */
export function isWithin(file: string, path: InverseRequest['path']): boolean {
  return [path].flat().some((each) => isBelow(file, each.replace(/\/$/, '')));
}

function named(path: InverseRequest['path']): string {
  return typeof path === 'string' ? path : 'what the app is made of';
}

/** What may be taken back of the culprit, checked before anything is merged. */
async function checkCulprit(clone: Clone, { culprit, head, path }: InverseRequest): Promise<Change[] | Refusal> {
  const shallow = (await clone.text(['rev-parse', '--is-shallow-repository'])).trim();
  if (shallow !== 'false') return refused('ShallowClone', 'the clone holds no whole history');
  const parent = (await clone.commit(culprit))?.parents[0];
  if (parent === undefined || !(await clone.commit(parent))) {
    return refused('ParentMissing', `the parent of ${culprit} is not there, so what was before it is not known`);
  }
  if (!(await clone.isAncestor(culprit, head))) {
    return refused('HistoryRewritten', `${culprit} is not part of ${clone.branch} any more: its history was rewritten`);
  }
  const changes = await difference(clone, parent, culprit, path);
  const bad = changes.map(inexpressible).find(Boolean);
  return bad ? refused('NotExpressible', `the culprit touches what is not reverted by a program: ${bad}`) : changes;
}

async function checkResult(
  clone: Clone,
  head: string,
  tree: string,
  culprits: Change[],
  { path, scope }: { path: InverseRequest['path']; scope: Scope },
): Promise<Inverse> {
  const changes = await difference(clone, head, tree, '');
  if (changes.length === 0) return { kind: 'nothing' };
  const outside = changes.find((change) => !isWithin(change.path, path));
  const bad = outside ? `${outside.path} lies outside ${named(path)}` : changes.map(inexpressible).find(Boolean);
  if (bad) return refused('NotExpressible', `the revert touches what is not reverted by a program: ${bad}`);
  const foreign = checkDeletions(changes, culprits);
  if (foreign) return foreign;
  if (changes.length > MOST_FILES) {
    return refused(
      'TooLarge',
      `the revert touches ${changes.length} files; at most ${MOST_FILES} are written without a person`,
    );
  }
  const contents = await contentsOf(clone, changes);
  const pointer = changes.find(({ oldId, newId }) => [oldId, newId].some((id) => isLfsPointer(contents.get(id))));
  if (pointer) return refused('NotExpressible', `${pointer.path} is kept in Git LFS`);
  const lines = await changedLines(clone, head, tree);
  if (lines > MOST_LINES) {
    return refused('TooLarge', `the revert changes ${lines} lines; at most ${MOST_LINES} are written without a person`);
  }
  return {
    kind: 'changes',
    tree,
    scope,
    changes: changes.map(({ path: file, oldMode, newMode, newId }) => ({
      path: file,
      mode: newMode === ABSENT ? oldMode : newMode,
      content: newMode === ABSENT ? undefined : contents.get(newId),
    })),
  };
}

/**
 * What taking the culprit out of the head means, limited to the request's paths: value by value where that can be done, else a
 * three-way merge in the object store. What others committed later stays. Writes nothing outside the cache.
 */
export async function inverseOf(clone: Clone, request: InverseRequest): Promise<Inverse> {
  const all = await checkCulprit(clone, request);
  if (!Array.isArray(all)) return all;
  const { head, path, share } = request;
  const culprits = all.flatMap((change) => (share?.has(change.path) ? (share.get(change.path) ?? []) : [change]));
  const spliced = culprits.length > 0 ? await splicedTree(clone, request, culprits) : undefined;
  if (spliced !== undefined) return checkResult(clone, head, spliced, culprits, { path, scope: 'fields' });
  const restored = await restoredTree(clone, request.culprit, culprits);
  const merged = await mergeInto(clone, head, request.culprit, restored);
  if (!merged.clean) return { kind: 'conflict', files: merged.files };
  return checkResult(clone, head, merged.tree, culprits, { path, scope: 'paths' });
}
