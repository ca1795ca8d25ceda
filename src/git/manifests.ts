import { setImmediate } from 'node:timers/promises';
import { isScalar, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { isFields } from '../api/fields.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { messageOf, type Problem } from '../errors.ts';
import type { Clone, TreeEntry } from './clone.ts';
import { TooLong } from './contents.ts';
import { type OpenEncrypted, openFiles } from './sops.ts';
import { plainValue, repeatedKey } from './yaml-limits.ts';

export const LARGEST_FILE_BYTES = 1024 * 1024;
export const MOST_FILES = 2_000;
/** What was read of the history, beside the largest folder itself. */
const MOST_PARSED = 2 * MOST_FILES;
/** Of all files of a folder that are read at once. */
const MOST_BYTES = 64 * 1024 * 1024;
const REGULAR = /^100/;

/** Where an object stands, or, of a rendered one, what it was rendered from. */
export interface Place {
  /** From the root of the repository. */
  file: string;
  /** From 1; undefined where no one line holds it. */
  line: number | undefined;
}

/** By its name: YAML, or JSON. */
export function isManifestFile(file: string): boolean {
  return /\.(ya?ml|json)$/i.test(file);
}

/** By its name: manifests, values, and what a chart makes manifests of. */
export function mayHoldObjects(file: string): boolean {
  return isManifestFile(file) || /\.tpl$/i.test(file);
}

/** One object as a file holds it, or as it was rendered. */
export interface Manifest extends Place {
  object: KubeObject;
  /** The object of the same set that it comes of: a HelmRelease. */
  madeBy?: KubeObject;
}

export interface ManifestSet {
  manifests: Manifest[];
  /** What is wrong, by file. Where there is anything, the set is not whole. */
  problems: Problem[];
}

/** What an object is known by. */
export interface Wanted {
  group: string;
  kind: string;
  namespace: string;
  name: string;
}

/** A folder of plain YAML at one commit or tree. */
export interface Folder {
  tree: string;
  path: string;
  /** The namespace of objects that name none. */
  namespace: string;
}

/** Parsed files and renderings by the ids of their contents: the same content is the same objects in every commit. */
export type ParsedFiles = Map<string, ManifestSet>;

/** How files are read, and what was read already. */
export interface ReadingFiles {
  parsed: ParsedFiles;
  /** Opens what SOPS has encrypted; left out, it is read as it is, as data. */
  open?: OpenEncrypted | undefined;
}

export const NOT_FOLLOWED = 'is a symbolic link or a submodule, which is not followed. Commit the file itself';
export const NO_TEXT = 'the file is not UTF-8 text';

/** What is wrong with a document, in words for its author. */
export function describe(error: YAMLError): string {
  const [first = ''] = error.message.split('\n');
  const said = first.replace(/ at line \d+, column \d+:?$/, '').replace(/\.$/, '');
  if (error.code === 'TAB_AS_INDENT') return `${said}. Indent with spaces`;
  return said;
}

/** For people: `apps/web/rollout.yaml:3`. */
export function placeOf({ file, line }: Place): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** What keeps a document from being an object that can be applied. */
function shapeProblem(value: unknown): string | undefined {
  if (!isFields(value))
    return 'this document is not a Kubernetes object: it must be a mapping with apiVersion, kind and metadata';
  if (typeof value.apiVersion !== 'string' || value.apiVersion === '') return 'apiVersion is missing';
  if (typeof value.kind !== 'string' || value.kind === '') return 'kind is missing';
  if (value.apiVersion.startsWith('kustomize.config.k8s.io/')) {
    return 'a Kustomize folder below the path is not rendered. Point path at this folder itself, or keep it out of the path';
  }
  const { metadata } = value;
  if (!isFields(metadata) || typeof metadata.name !== 'string' || metadata.name === '')
    return 'metadata.name is missing';
  if (metadata.namespace !== undefined && typeof metadata.namespace !== 'string')
    return 'metadata.namespace is not a string';
  return undefined;
}

function objectsOf(value: unknown): unknown[] {
  const list = isFields(value) && value.kind === 'List' && value.apiVersion === 'v1' && Array.isArray(value.items);
  return list ? (value.items as unknown[]) : [value];
}

/** Parses the documents of a text. Never throws for what is in it. */
export function parseText(source: string, placeAt: (line: number) => Place): ManifestSet {
  const lines = new LineCounter();
  const set: ManifestSet = { manifests: [], problems: [] };
  for (const document of parseAllDocuments(source, { lineCounter: lines, uniqueKeys: false, prettyErrors: true })) {
    const { line } = lines.linePos(document.contents?.range[0] ?? document.range[0]);
    const [error] = document.errors;
    if (error) {
      set.problems.push({ path: placeOf(placeAt(error.linePos?.[0].line ?? line)), message: describe(error) });
      continue;
    }
    const repeated = repeatedKey(document);
    if (repeated !== undefined) {
      const path = placeOf(placeAt(lines.linePos(repeated).line));
      set.problems.push({ path, message: 'Map keys must be unique. Remove one of the two' });
      continue;
    }
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) continue;
    addObjects(set, placeAt(line), () => plainValue(document));
  }
  return set;
}

/** The text of a file; undefined where it is none. `ignoreBOM`: a byte order mark stays part of it. */
export function decodeText(content: Buffer, { ignoreBOM = false } = {}): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM }).decode(content);
  } catch {
    return undefined;
  }
}

/** Parses one file. Never throws for what is in it. */
export function parseManifests(file: string, content: Buffer): ManifestSet {
  const source = decodeText(content);
  if (source === undefined) return { manifests: [], problems: [{ path: file, message: NO_TEXT }] };
  return parseText(source, (line) => ({ file, line }));
}

function addObjects(set: ManifestSet, place: Place, read: () => unknown) {
  try {
    for (const value of objectsOf(read())) {
      const wrong = shapeProblem(value);
      if (wrong) set.problems.push({ path: placeOf(place), message: wrong });
      else set.manifests.push({ object: value as KubeObject, ...place });
    }
  } catch (error) {
    set.problems.push({ path: placeOf(place), message: messageOf(error) });
  }
}

/** An object's name across files and commits. */
export function identityOf({ apiVersion = '', kind = '', metadata }: KubeObject, namespace: string): string {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return identity({ group, kind, namespace: metadata.namespace ?? namespace, name: metadata.name });
}

/** As `identityOf`, of what is only named. */
export function identity({ group, kind, namespace, name }: Wanted): string {
  return `${group}/${kind} ${namespace}/${name}`;
}

/** Objects that are in a set more than once. */
export function doubles(manifests: readonly Manifest[], namespace: string): Problem[] {
  const seen = new Map<string, Manifest>();
  return manifests.flatMap((manifest) => {
    const key = identityOf(manifest.object, namespace);
    const first = seen.get(key);
    seen.set(key, first ?? manifest);
    if (!first) return [];
    const { kind, metadata } = manifest.object;
    const message = `${kind} ${metadata.name} is also in ${placeOf(first)}. One object may be in one place only`;
    return [{ path: placeOf(manifest), message }];
  });
}

function isManifest({ path }: TreeEntry, folder: string): boolean {
  const below = folder === '' ? path : path.slice(folder.length + 1);
  return isManifestFile(path) && !below.split('/').some((part) => part.startsWith('.'));
}

/** What is in use stays, and what was not asked for the longest goes. */
function keepLately(parsed: ParsedFiles, used: readonly string[]): void {
  for (const key of used) {
    const set = parsed.get(key);
    if (set && parsed.delete(key)) parsed.set(key, set);
  }
  for (const key of parsed.keys()) {
    if (parsed.size <= MOST_PARSED) return;
    parsed.delete(key);
  }
}

/** The contents of files, or what is wrong with those that are too long. */
async function contentsOf(clone: Clone, entries: readonly TreeEntry[]): Promise<Map<string, Buffer> | Problem[]> {
  const ids = entries.map(({ id }) => id);
  try {
    return await clone.read(ids, LARGEST_FILE_BYTES, MOST_BYTES);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    const message = `is longer than ${LARGEST_FILE_BYTES} bytes, the most that is read of a file`;
    const tooLong = entries.filter(({ id }) => error.ids.includes(id)).map(({ path }) => ({ path, message }));
    const together = `and the ${entries.length - 1} other files are longer than ${MOST_BYTES} bytes together, the most that is read of a folder`;
    return tooLong.length > 0 ? tooLong : [{ path: entries[0]?.path ?? '', message: together }];
  }
}

/** Of one folder: what is not there yet is read, opened where it is encrypted, and parsed. What cannot be opened is not remembered. */
async function parseEntries(
  clone: Clone,
  entries: readonly TreeEntry[],
  { parsed, open }: ReadingFiles,
): Promise<ManifestSet[]> {
  const keyOf = ({ id, path }: TreeEntry) => `${id} ${path}`;
  const regular = entries.filter(({ mode }) => REGULAR.test(mode));
  const missing = regular.filter((entry) => !parsed.has(keyOf(entry)));
  const contents = await contentsOf(clone, missing);
  if (Array.isArray(contents)) return [{ manifests: [], problems: contents }];
  const files = new Map(missing.map(({ id, path }) => [path, contents.get(id) ?? Buffer.alloc(0)]));
  const opened = await openFiles(files, open);
  const closed = new Map(opened.problems.map((problem) => [problem.path, problem]));
  for (const entry of missing) {
    if (closed.has(entry.path)) continue;
    parsed.set(keyOf(entry), parseManifests(entry.path, opened.contents.get(entry.path) ?? Buffer.alloc(0)));
    // Others get their turn in between.
    await setImmediate();
  }
  keepLately(parsed, regular.map(keyOf));
  return entries.map((entry) => {
    const { path } = entry;
    const problem = closed.get(path) ?? { path, message: NOT_FOLLOWED };
    return parsed.get(keyOf(entry)) ?? { manifests: [], problems: [problem] };
  });
}

/** All objects of plain YAML among the files of a folder, with everything that is wrong with them. */
export async function readManifests(
  clone: Clone,
  folder: Folder,
  files: readonly TreeEntry[],
  reading: ReadingFiles,
): Promise<ManifestSet> {
  const entries = files.filter((entry) => isManifest(entry, folder.path));
  if (entries.length === 0) {
    const path = folder.path === '' ? '/' : folder.path;
    const message = `holds no YAML file on branch ${clone.branch}. The path names a folder from the root of the repository`;
    return { manifests: [], problems: [{ path, message }] };
  }
  if (entries.length > MOST_FILES) {
    const message = `holds ${entries.length} files; at most ${MOST_FILES} are read`;
    return { manifests: [], problems: [{ path: folder.path, message }] };
  }
  const sets = await parseEntries(clone, entries, reading);
  return { manifests: sets.flatMap(({ manifests }) => manifests), problems: sets.flatMap(({ problems }) => problems) };
}

/** The object of that kind and name; undefined where there is none. */
export function findManifest(set: ManifestSet, wanted: Wanted, defaultNamespace: string): Manifest | undefined {
  const key = identity(wanted);
  return set.manifests.find(({ object }) => identityOf(object, defaultNamespace) === key);
}
