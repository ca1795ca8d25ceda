import { posix } from 'node:path';
import type { Clone } from './clone.ts';
import { decodeText } from './manifests.ts';
import { KUSTOMIZATION_FILES, readKustomization } from './render/kustomization.ts';

const MOST_BYTES = 1024 * 1024;

/** From the file's own folder to the root of the repository, which is ''. */
function foldersAbove(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/')).concat('');
}

function sourcesIn(file: string, content: Buffer | undefined): string[] {
  const source = content && decodeText(content);
  if (!source || !/secretgenerator/i.test(source)) return [];
  const named = readKustomization(file, source).references.filter(({ field }) => /^secretgenerator\b/i.test(field));
  return named.map(({ text }) => posix.join(posix.dirname(file), text.slice(text.indexOf('=') + 1)));
}

/**
 * Which of these files a kustomization makes a Secret of. It reads nothing from outside of its folder, so it stands beside or above
 * them. Throws `TooLong` for one that is too long to be looked into.
 */
export async function secretSources(clone: Clone, tree: string, files: readonly string[]): Promise<string[]> {
  const folders = [...new Set(files.flatMap(foldersAbove))];
  const wanted = new Set(folders.flatMap((folder) => KUSTOMIZATION_FILES.map((name) => posix.join(folder, name))));
  if (wanted.size === 0) return [];
  const found = await clone.files(tree, [...wanted]);
  const entries = found.filter(({ path, mode }) => wanted.has(path) && mode.startsWith('100'));
  const ids = entries.map(({ id }) => id);
  const contents = await clone.read(ids, MOST_BYTES);
  const sources = new Set(entries.flatMap(({ path, id }) => sourcesIn(path, contents.get(id))));
  return files.filter((file) => sources.has(file));
}
