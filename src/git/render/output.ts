import { posix } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { decodeText, type ManifestSet, NO_TEXT, parseText } from '../manifests.ts';
import { CHART_FILE } from './helm-graph.ts';

/** Parsed without letting anything else have its turn. */
const PARSED_AT_ONCE_CHARACTERS = 64 * 1024;
/** Helm says above each document which template it is from. */
const SOURCE = /^# Source: (?<path>\S.*)$/m;

/** The documents of a stream: no line of any text in it can begin with the marker that stands between them. */
export function documentsOf(stream: string): string[] {
  return stream.split(/^---(?=\s|$)/m).filter((document) => document.trim() !== '');
}

/** The template's path from the root of the repository, for a chart in `folder`. */
function templateOf(document: string, folder: string): string | undefined {
  const path = SOURCE.exec(document)?.groups?.path;
  const inside = path?.slice(path.indexOf('/') + 1);
  return inside === undefined ? undefined : folder === '' ? inside : `${folder}/${inside}`;
}

/** What a program rendered, as the parser of plain YAML reads it; each document with the file that it is from. */
export async function parseRendered(output: Buffer, fileOf: (document: string) => string): Promise<ManifestSet> {
  const stream = decodeText(output);
  if (stream === undefined) return { manifests: [], problems: [{ path: fileOf(''), message: NO_TEXT }] };
  const set: ManifestSet = { manifests: [], problems: [] };
  let atOnce = 0;
  for (const document of documentsOf(stream)) {
    const file = fileOf(document);
    const { manifests, problems } = parseText(document, () => ({ file, line: undefined }));
    set.manifests.push(...manifests);
    set.problems.push(...problems);
    atOnce += document.length;
    if (atOnce < PARSED_AT_ONCE_CHARACTERS) continue;
    atOnce = 0;
    await setImmediate();
  }
  return set;
}

/** The file of a chart that a document is from: its template, as far as Helm says so. */
export function chartFileOf(document: string, folder: string): string {
  return templateOf(document, folder) ?? posix.join(folder, CHART_FILE);
}
