import type { AppContents } from '../../git/app.ts';
import type { ParsedFiles } from '../../git/manifests.ts';
import type { Applied } from './apply.ts';
import type { Origins } from './origins.ts';

/** What is kept between two looks; all of it can be found out again. */
export interface Memory {
  generation: number | undefined;
  /** World time, milliseconds since the epoch. */
  nextLook: number;
  parsed: ParsedFiles;
  /** What was read without a problem, of the last head. */
  read: { head: string; contents: AppContents } | undefined;
  origins: Origins | undefined;
  applied: Map<string, Applied>;
}

export function newMemory(generation: number | undefined): Memory {
  return { generation, nextLook: 0, parsed: new Map(), read: undefined, origins: undefined, applied: new Map() };
}
