import { setImmediate } from 'node:timers/promises';
import type { RevertCaution } from '../../api/index.ts';
import { bothSides } from '../../git/both-sides.ts';
import type { Clone, TreeEntry } from '../../git/clone.ts';
import { TooLong } from '../../git/contents.ts';
import { type Change, difference } from '../../git/inverse.ts';
import { decodeText, identityOf, mayHoldObjects, parseManifests } from '../../git/manifests.ts';
import { secretSources } from '../../git/secret-sources.ts';
import {
  imageAutomation,
  imageSetters,
  isSensitiveObject,
  isSensitivePath,
  isUpdaterFile,
  kindsNamed,
  LONGEST_OPT_OUT_BYTES,
  liesBelow,
  limitOf,
  maySpellSensitive,
  type OptOutFile,
  objectName,
  optOutPaths,
  readOptOut,
  sensitive,
  strictest,
  type TouchedObject,
  unreadableOptOut,
} from '../../revert/index.ts';

const MOST_FILES = 200;
const MOST_BYTES = 1024 * 1024;
const MOST_BYTES_TOGETHER = 4 * MOST_BYTES;

async function readOptOutFile(clone: Clone, { path, id, mode }: TreeEntry): Promise<OptOutFile> {
  if (!mode.startsWith('100')) return unreadableOptOut(path, 'it is a symbolic link or a submodule');
  try {
    const content = (await clone.read([id], LONGEST_OPT_OUT_BYTES)).get(id);
    const text = content && decodeText(content);
    return text === undefined ? unreadableOptOut(path, 'it is not UTF-8 text') : readOptOut(path, text);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    return unreadableOptOut(path, `it is longer than ${LONGEST_OPT_OUT_BYTES} bytes`);
  }
}

/** What a plan is made for: the app's folder, and the files that change. */
interface Place {
  path: string;
  files: readonly string[];
}

/** The app's folder, and those of the files outside of it. */
function foldersOf({ path, files }: Place): string[] {
  const folders = files
    .filter((file) => !liesBelow(file, path))
    .map((file) => file.slice(0, file.lastIndexOf('/') + 1));
  return [...new Set([path, ...folders])];
}

/**
 * What files of the repository say, from its root to the app's folder, and to that of any file that changes outside of it. The
 * strictest counts, and one that cannot be read most of all.
 */
export async function optOutAt(
  clone: Clone,
  tree: string,
  place: Place,
): Promise<{ kind: 'unreadable' | 'disabled'; message: string } | RevertCaution | undefined> {
  const paths = [...new Set(foldersOf(place).flatMap(optOutPaths))];
  const entries = (await clone.files(tree, paths)).filter(({ path }) => paths.includes(path));
  const files = await Promise.all(entries.map((entry) => readOptOutFile(clone, entry)));
  const unreadable = files.find((file) => file.kind === 'unreadable');
  if (unreadable) return unreadable;
  const word = strictest(files.flatMap((file) => (file.kind === 'said' ? [file.optOut] : [])));
  return word && limitOf(word);
}

/** A file of which the culprit's two sides are looked into. */
interface Sides {
  path: string;
  before: Buffer | undefined;
  after: Buffer | undefined;
}

async function sidesOf(clone: Clone, changes: readonly Change[]): Promise<Sides[]> {
  const looked = changes.filter(({ path }) => mayHoldObjects(path));
  const sides = await bothSides(clone, looked, MOST_BYTES, MOST_BYTES_TOGETHER);
  return sides.map(({ change: { path }, before, after }) => ({ path, before, after }));
}

/** By what makes it the same object on the other side. */
type Objects = Map<string, { object: TouchedObject; text: string }>;

function objectsIn(file: string, content: Buffer | undefined): Objects {
  const objects: Objects = new Map();
  if (content === undefined) return objects;
  const { manifests, problems } = parseManifests(file, content);
  for (const { object } of manifests) {
    const { apiVersion = '', kind = '', metadata } = object;
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    const touched = { file, group, kind, name: metadata.name };
    objects.set(identityOf(object, ''), { object: touched, text: JSON.stringify(object) });
  }
  if (problems.length === 0) return objects;
  const text = content.toString('base64');
  for (const kind of kindsNamed(decodeText(content) ?? ''))
    objects.set(`? ${kind}`, { object: { file, group: '', kind, name: '' }, text });
  return objects;
}

function isOf(file: string, { path, files }: Place): boolean {
  return liesBelow(file, path) || files.includes(file);
}

/** The objects that differ between the two sides of a file. */
function touchedObjects({ path, before, after }: Sides): TouchedObject[] {
  const [was, is] = [objectsIn(path, before), objectsIn(path, after)];
  const changed = [...is].filter(([key, { text }]) => was.get(key)?.text !== text);
  const gone = [...was].filter(([key]) => !is.has(key));
  return [...changed, ...gone].map(([, { object }]) => object);
}

/** A file at a time: others get their turn in between. */
async function sensitiveObjects(sides: readonly Sides[]): Promise<string[]> {
  const found: string[] = [];
  const isSuspect = (content: Buffer | undefined) => content !== undefined && maySpellSensitive(content.toString());
  for (const each of sides.filter(({ before, after }) => isSuspect(before) || isSuspect(after))) {
    found.push(...touchedObjects(each).filter(isSensitiveObject).map(objectName));
    await setImmediate();
  }
  return found;
}

function settersIn(sides: readonly Sides[], place: Place) {
  const texts = sides.filter(({ path }) => isOf(path, place));
  return texts.flatMap(({ path, before, after }) =>
    imageSetters(path, (before && decodeText(before)) ?? '', (after && decodeText(after)) ?? ''),
  );
}

/** What the culprit does besides changing a workload, anywhere in the repository, and what would be done again by a bot. */
export async function culpritCautions(
  clone: Clone,
  { culprit, parent, ...place }: { culprit: string; parent: string } & Place,
): Promise<RevertCaution[]> {
  const changes = await difference(clone, parent, culprit, '');
  const paths = changes.map((change) => change.path);
  const byPath = paths.filter(isSensitivePath);
  const tooMuch = (what: string) => [sensitive(culprit, [...byPath, what])].filter((each) => each !== undefined);
  if (changes.length > MOST_FILES) return tooMuch(`${changes.length} files, more than are looked into`);
  try {
    const sides = await sidesOf(clone, changes);
    const objects = await sensitiveObjects(sides);
    const updaterFiles = paths.filter((each) => isOf(each, place) && isUpdaterFile(each));
    const others = paths.filter((path) => !mayHoldObjects(path) && !byPath.includes(path));
    const secretsOf = (tree: string) => secretSources(clone, tree, others);
    const sources = new Set([...(await secretsOf(parent)), ...(await secretsOf(culprit))]);
    const unnamed = byPath.filter((path) => !objects.some((named) => named.endsWith(` in ${path}`)));
    const found = [
      sensitive(culprit, [...unnamed, ...sources, ...objects]),
      imageAutomation(settersIn(sides, place), updaterFiles),
    ];
    return found.filter((each) => each !== undefined);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    return tooMuch('files that are too long to be looked into');
  }
}
