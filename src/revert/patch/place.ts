import type { DocumentName, Path, PlaceInFile } from './types.ts';

const LONGEST_VALUE = 100;
const LONGEST_PART = 80;
/** Names of fields and items whose values are nobody's business. */
const SECRET = /passw|secret|token|credential|(api|private|access).?key/i;

/** Where the comparison stands. */
export interface Place {
  document: DocumentName;
  path: Path;
}

function oneLine(text: string, longest: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

function partText(part: string): string {
  const short = oneLine(part, LONGEST_PART);
  if (part.startsWith('[') && part.endsWith(']')) return short.endsWith(']') ? short : `${short}]`;
  return /^[\w-]+$/.test(short) ? `.${short}` : `[${JSON.stringify(short)}]`;
}

/** As in `spec.containers[name=web].image`; keys with dots in quotes. */
export function pathText(path: Path): string {
  return path.map(partText).join('').replace(/^\./, '');
}

export function placeInFile({ document, path }: Place): PlaceInFile {
  return { document, path: pathText(path) };
}

/** For messages: the document and the path in it. */
export function placeText({ document, path }: Place): string {
  return path.length === 0 ? document.label : `${document.label}: ${pathText(path)}`;
}

/** A piece of the file for people: one line, cut, and nothing of what a Secret holds. */
export function shown({ document, path }: Place, source: string): string {
  if (document.object?.kind === 'Secret' || path.some((part) => SECRET.test(part))) return '(not shown)';
  return oneLine(source, LONGEST_VALUE);
}
