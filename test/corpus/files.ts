import { posix } from 'node:path';
import type { FileSource, Layout, Sources } from './layouts.ts';
import type { Model } from './model.ts';
import { isFields, jsonText, Marked, type Node, type Style, yamlText } from './text.ts';

export interface File {
  bytes: Buffer;
  mode: '100644' | '100755';
}
/** By path from the root. */
export type Files = ReadonlyMap<string, File>;

export function isBelow(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}

export function isBelowAny(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isBelow(path, folder));
}

function placeOf({ path: own, outside }: Layout, path: string): string {
  if (path.startsWith('@/')) return posix.join(own, path.slice(2));
  return path.startsWith('^/') ? posix.join(outside?.folders[0] ?? '', path.slice(2)) : path;
}

/** What a model is in a layout, before it is spelled. */
export function sourcesOf(layout: Layout, style: Style, model: Model): Sources {
  const extra = Object.entries(model.extra).map(([path, text]): [string, FileSource] => [
    placeOf(layout, path),
    { text },
  ]);
  return { ...layout.files(model, style), ...Object.fromEntries(extra) };
}

/** Texts that no style spells: they end as they are. */
function bytesOf(source: FileSource, style: Style): Buffer {
  if ('text' in source) return Buffer.from(source.text);
  if (source.json) return jsonText(source.documents[0] ?? {}, style);
  return yamlText(source.documents, style, source.header);
}

const TAG = /v1\.4|v1\.5|base/;

export function filesOf(layout: Layout, style: Style, model: Model): Files {
  const files = new Map<string, File>();
  for (const [path, source] of Object.entries(sourcesOf(layout, style, model))) {
    const own = isBelow(path, layout.path);
    const bytes = bytesOf(source, style);
    const isPart = own || isBelowAny(path, layout.outside?.folders ?? []);
    const isBroken = model.broken && isPart && 'documents' in source && TAG.test(bytes.toString());
    const text = isBroken ? Buffer.concat([bytes, Buffer.from('\n}: {{ [\n')]) : bytes;
    files.set(path, { bytes: text, mode: style.executable && own ? '100755' : '100644' });
  }
  return files;
}

export function sameFile(one: File | undefined, other: File | undefined): boolean {
  if (!one || !other) return one === other;
  return one.mode === other.mode && one.bytes.equals(other.bytes);
}

/** The paths of files that differ, sorted. */
export function changedPaths(one: Files, other: Files): string[] {
  const paths = new Set([...one.keys(), ...other.keys()]);
  return [...paths].filter((path) => !sameFile(one.get(path), other.get(path))).sort();
}

const SHAPES = ['same', 'values', 'keys', 'structure'] as const;
/** What a change does to documents: nothing, other values in the same places, single values that come or go, or more. */
export type Shape = (typeof SHAPES)[number];

export const widest = (shapes: readonly Shape[]): Shape => SHAPES.findLast((shape) => shapes.includes(shape)) ?? 'same';

const isShared = (node: Node | undefined): boolean =>
  node instanceof Marked && (node.mark.anchor !== undefined || isShared(node.value));
const unmarked = (node: Node | undefined): Node | undefined => (node instanceof Marked ? unmarked(node.value) : node);

function keyShape(before: Node | undefined, after: Node | undefined): Shape {
  const [was, is] = [unmarked(before), unmarked(after)];
  if ((was === undefined) === (is === undefined)) return shapeOf(before, after);
  return typeof (was ?? is) === 'object' ? 'structure' : 'keys';
}

/** By what an entry of a list is known as the same one: a port without a name, by its number. */
function identityOf(item: Node | undefined): unknown {
  const fields = unmarked(item);
  return isFields(fields) ? unmarked(fields.name ?? fields.containerPort) : undefined;
}

function listShape(was: readonly Node[], is: readonly Node[]): Shape {
  const isSame = was.length === is.length && was.every((each, index) => identityOf(each) === identityOf(is[index]));
  return isSame ? widest(was.map((each, index) => shapeOf(each, is[index]))) : 'structure';
}

function shapeOf(before: Node | undefined, after: Node | undefined): Shape {
  const [was, is] = [unmarked(before), unmarked(after)];
  if (before instanceof Marked && before.mark.alias !== undefined) return 'same';
  if (Array.isArray(was) && Array.isArray(is)) return listShape(was, is);
  if (isFields(was) && isFields(is)) {
    const keys = new Set(
      [...Object.keys(was), ...Object.keys(is)].filter((key) => was[key] !== undefined || is[key] !== undefined),
    );
    return widest([...keys].map((key) => keyShape(was[key], is[key])));
  }
  if (was === is) return 'same';
  if (was === undefined || is === undefined || typeof was === 'object' || typeof is === 'object') return 'structure';
  return isShared(before) || isShared(after) ? 'structure' : 'values';
}

/** Of a changed file, as the documents say it: whether it is single values of YAML that changed. */
export function fileShape(path: string, before: FileSource | undefined, after: FileSource | undefined): Shape {
  if (!before || !after || 'text' in before || 'text' in after) return 'structure';
  if (before.json || !/\.ya?ml$/.test(path) || path.split('/').includes('templates')) return 'structure';
  if (before.documents.length !== after.documents.length) return 'structure';
  return widest(before.documents.map((document, index) => shapeOf(document, after.documents[index])));
}
