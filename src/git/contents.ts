import type { ObjectMemory } from './object-memory.ts';
import { type Git, GitError, textOf } from './process.ts';

/** Contents that are not read, because they are too long. */
export class TooLong extends GitError {
  /** Those that are too long by themselves; none where it is all of them together. */
  readonly ids: readonly string[];

  constructor(message: string, ids: readonly string[]) {
    super(message);
    this.name = 'TooLong';
    this.ids = ids;
  }
}

/** Contents by id. Throws `TooLong` where one is longer than `maxBytes`, or all together than `maxTotalBytes`. */
export type ReadContents = (
  ids: readonly string[],
  maxBytes: number,
  maxTotalBytes?: number,
) => Promise<Map<string, Buffer>>;

/** The answer of `cat-file --batch`: per object a line `<id> <type> <size>`, the content and a line break. */
function parseBatch(output: Buffer): Map<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (let at = 0; at < output.length; ) {
    const lineEnd = output.indexOf(0x0a, at);
    const [id = '', type, size] = output.toString('utf8', at, lineEnd).split(' ');
    if (type === 'missing' || size === undefined) throw new GitError(`object ${id} is missing`);
    const start = lineEnd + 1;
    contents.set(id, output.subarray(start, start + Number(size)));
    at = start + Number(size) + 1;
  }
  return contents;
}

function entryOf(id: string, content: Buffer | undefined): [string, Buffer][] {
  return content === undefined ? [] : [[id, content]];
}

function sum(lengths: Iterable<number>): number {
  return [...lengths].reduce((total, length) => total + length, 0);
}

/** `lengths`: in bytes, by id. */
function checkLengths(lengths: ReadonlyMap<string, number>, maxBytes: number, maxTotalBytes: number) {
  const tooLong = [...lengths].filter(([, length]) => length > maxBytes).map(([id]) => id);
  if (tooLong.length > 0) throw new TooLong(`object ${tooLong[0]} is longer than ${maxBytes} bytes`, tooLong);
  if (sum(lengths.values()) > maxTotalBytes)
    throw new TooLong(`${lengths.size} objects are longer than ${maxTotalBytes} bytes`, []);
}

export interface ContentReaderOptions {
  git: Git['run'];
  /** Brings in contents that a partial clone does not hold yet. */
  prefetch: ((ids: readonly string[]) => Promise<void>) | undefined;
  memory: ObjectMemory;
}

/** Reads contents by their ids, and each of them once. */
export function createContentReader({ git, prefetch, memory }: ContentReaderOptions): ReadContents {
  const lengthsOf = async (ids: readonly string[]): Promise<Map<string, number>> => {
    if (ids.length === 0) return new Map();
    const args = ['cat-file', '--batch-check=%(objectsize)'];
    const lines = textOf(args, await git(args, { input: ids.join('\n') })).split('\n');
    const lengths = ids.map((id, index): [string, number] => [id, Number(lines[index])]);
    const [missing] = lengths.find(([, length]) => Number.isNaN(length)) ?? [];
    if (missing !== undefined) throw new GitError(`object ${missing} is missing`);
    return new Map(lengths);
  };
  const readUnknown = async (ids: readonly string[], maxOutputBytes: number): Promise<Map<string, Buffer>> => {
    if (ids.length === 0) return new Map();
    const { stdout } = await git(['cat-file', '--batch'], { input: ids.join('\n'), maxOutputBytes });
    const contents = parseBatch(stdout);
    for (const [id, content] of contents) memory.set(id, content);
    return contents;
  };

  return async (ids, maxBytes, maxTotalBytes = Number.POSITIVE_INFINITY) => {
    const wanted = [...new Set(ids)];
    const known = new Map(wanted.flatMap((id) => entryOf(id, memory.get(id))));
    const unknown = wanted.filter((id) => !known.has(id));
    if (unknown.length > 0) await prefetch?.(unknown);
    const lengths = await lengthsOf(unknown);
    for (const [id, content] of known) lengths.set(id, content.length);
    checkLengths(lengths, maxBytes, maxTotalBytes);
    const contents = await readUnknown(unknown, sum(lengths.values()) + unknown.length * 100);
    return new Map([...known, ...contents]);
  };
}
