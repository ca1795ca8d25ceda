import { maySpellSensitive } from './sensitive.ts';

/** Of a status, which is kept by the API server. */
export const LONGEST_DIFF_CHARACTERS = 64 * 1024;

/** One file's part of a unified diff; undefined where it is not to be shown. */
export interface FileDiff {
  path: string;
  text: string | undefined;
}

/** Whether a file may hold a Secret that is not encrypted, so that what changes in it is for nobody else. */
export function namesSecret(text: string): boolean {
  return maySpellSensitive(text) && (/\bSecret\b/.test(text) || /\\[ux]/i.test(text));
}

function shown({ path, text }: FileDiff): string {
  return text ?? `# ${JSON.stringify(path)} changes too. It may hold secrets, so it is not shown here\n`;
}

/** The whole diff, cut between lines where it is too long. */
export function boundedDiff(files: readonly FileDiff[]): string {
  const all = files.map(shown).join('');
  if (all.length <= LONGEST_DIFF_CHARACTERS) return all;
  const room = all.lastIndexOf('\n', LONGEST_DIFF_CHARACTERS - 100) + 1;
  const left = all.slice(room).split('\n').length - 1;
  return `${all.slice(0, room)}# ${left} more lines are not kept here\n`;
}
