import { readSource } from './source.ts';
import type { DocumentName } from './types.ts';

/** Where a document begins; no text of a value may stand there, not even in a block. */
const BEGIN = /^(?=---(?:[ \t\r\n]|$))/m;

/** A document with the line that it begins with. */
interface Chunk {
  /** What makes it the same on the other side. */
  id: string;
  text: string;
  names: DocumentName[];
}

/** Undefined where it cannot be told what is in the file, or two documents are the same. */
function chunksOf(text: string | undefined): Chunk[] | undefined {
  if (text === undefined || text === '') return [];
  const chunks: Chunk[] = [];
  let unnamed = 0;
  for (const each of text.split(BEGIN)) {
    const source = readSource(each, 'a document');
    if ('kind' in source) return undefined;
    const names = source.parts.map(({ name }) => name);
    const isNamed = names.length > 0 && names.every(({ object }) => object !== undefined);
    const id = isNamed ? JSON.stringify(names.map(({ object }) => object)) : `${unnamed++}`;
    chunks.push({ id, text: each, names });
  }
  return new Set(chunks.map(({ id }) => id)).size === chunks.length ? chunks : undefined;
}

/** What the documents of a file, and the items of its Lists, are named; none where that cannot be told. */
export function documentsIn(text: string | undefined): DocumentName[] {
  return (chunksOf(text) ?? []).flatMap(({ names }) => names);
}

/** The documents as one file again; undefined where one would run into the next. */
function joined(texts: readonly string[]): string | undefined {
  const isWhole = texts.every((text, index) => {
    const isLast = index === texts.length - 1;
    return (isLast || text.endsWith('\n')) && (index === 0 || text.startsWith('---'));
  });
  return isWhole ? texts.join('') : undefined;
}

/**
 * What a file is to be taken back to where some of its documents stay as a commit made them: text, undefined where there is no
 * file on a side. Undefined where none stays, or it cannot be told which document is which.
 */
export function takenBackBut(
  { before, after }: { before: string | undefined; after: string | undefined },
  stays: (document: DocumentName) => boolean,
): { text: string | undefined } | undefined {
  const [was, became] = [chunksOf(before), chunksOf(after)];
  if (!was || !became) return undefined;
  const isStaying = ({ names }: Chunk) => names.length > 0 && names.every(stays);
  if (![...was, ...became].some(isStaying)) return undefined;
  const good = new Map(was.map(({ id, text }) => [id, text]));
  const bad = new Set(became.map(({ id }) => id));
  // Nothing tells where a document that the commit took away belongs.
  if (was.some((chunk) => !bad.has(chunk.id) && !isStaying(chunk))) return undefined;
  const texts = became.flatMap((chunk) => (isStaying(chunk) ? chunk.text : (good.get(chunk.id) ?? [])));
  if (texts.length === 0) return { text: undefined };
  const text = joined(texts);
  return text === undefined ? undefined : { text };
}
