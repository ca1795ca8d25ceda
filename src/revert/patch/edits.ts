import type { Change } from './compare.ts';
import { keyEdits } from './key-lines.ts';
import type { Three } from './match.ts';
import { placeText } from './place.ts';
import type { Source } from './source.ts';
import type { ScalarTree } from './tree.ts';
import { refused, type SpliceReason, type SpliceRefusal } from './types.ts';

/** A piece of text that takes the place of another. */
export interface Edit {
  start: number;
  /** The same as `start` where something is put in. */
  end: number;
  text: string;
}

/** Why a change cannot be made as an edit; the message goes on after the change's path. */
export interface Inexpressible {
  reason: SpliceReason;
  message: string;
}

/** A scalar as its pieces: a block scalar's indicator apart from its lines, because a comment may stand between. */
function pieces({ start, end, header, source }: ScalarTree): { start: number; end: number }[] {
  if (header === undefined) return [{ start, end }];
  const firstBreak = source.indexOf('\n');
  const lines = firstBreak === -1 ? source.length : firstBreak + 1;
  const last = /\r?\n$/.exec(source.slice(lines))?.[0].length ?? 0;
  return [
    { start, end: start + header },
    { start: start + lines, end: Math.max(start + lines, end - last) },
  ];
}

function breaksOf(text: string): string[] {
  return [...new Set(text.match(/\r?\n/g) ?? [])];
}

/** Whether a block scalar has any line below its indicator. */
function hasLines({ source }: ScalarTree): boolean {
  return /\n./s.test(source);
}

function linesProblem(before: ScalarTree, now: ScalarTree, head: string): string | undefined {
  const isBlock = before.header !== undefined;
  if (isBlock !== (now.header !== undefined)) return 'is a block scalar on one side of the commit only';
  if (isBlock && hasLines(before) !== hasLines(now)) return 'is a block scalar without lines on one side of the commit';
  if (!before.source.includes('\n')) return undefined;
  if (before.indent !== now.indent) return 'has several lines, which are indented otherwise by now';
  if (isBlock && before.source.endsWith('\n') !== now.source.endsWith('\n')) {
    return 'has several lines, of which the last has no line break on one side';
  }
  const known = breaksOf(head);
  const isOther = known.length > 0 && breaksOf(before.source).some((each) => !known.includes(each));
  return isOther ? 'has several lines, which end otherwise by now' : undefined;
}

/** Where one of the two is no text at all, the spaces behind the colon come and go with it. */
function emptyEdit(before: ScalarTree, now: ScalarTree, good: string): Edit | Inexpressible {
  if ([before, now].some(({ source }) => source.includes('\n'))) {
    return { reason: 'multiLine', message: 'has several lines on one side of the commit, and no text on the other' };
  }
  if (before.afterColon === undefined || now.afterColon === undefined) {
    return {
      reason: 'structural',
      message: 'has no text on one side of the commit, and does not stand beside its key',
    };
  }
  const text = before.source === '' ? '' : good.slice(before.afterColon, before.end);
  return { start: now.afterColon, end: now.source === '' ? now.afterColon : now.end, text };
}

function valueEdits(before: ScalarTree, now: ScalarTree, { good, head }: { good: string; head: string }) {
  if (before.source === '' || now.source === '') {
    const edit = emptyEdit(before, now, good);
    return 'reason' in edit ? edit : [edit];
  }
  const message = linesProblem(before, now, head);
  if (message) return { reason: 'multiLine', message } as const;
  const from = pieces(before);
  return pieces(now).map(({ start, end }, index) => {
    return { start, end, text: good.slice(from[index]?.start, from[index]?.end) };
  });
}

/** The edits that make the changes in the head's text, or why one cannot be made. */
export function editsOf(changes: readonly Change[], sources: Three<Source, Source>): Edit[] | SpliceRefusal {
  const [good, head] = [sources.before.text, sources.head.text];
  const edits: Edit[] = [];
  for (const change of changes) {
    const found =
      change.kind === 'value' ? valueEdits(change.before, change.head, { good, head }) : keyEdits(change, sources);
    if ('reason' in found) return refused(found.reason, `${placeText(change.place)} ${found.message}`);
    edits.push(...found);
  }
  return edits;
}

/** The text with the edits made, and those that would make it what it was; undefined where two of them overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): { text: string; undo: Edit[] } | undefined {
  const undo: Edit[] = [];
  let [result, at] = ['', 0];
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at || edit.end < edit.start || edit.end > text.length) return undefined;
    const start = result.length + edit.start - at;
    result += text.slice(at, edit.start) + edit.text;
    undo.push({ start, end: result.length, text: text.slice(edit.start, edit.end) });
    at = edit.end;
  }
  return { text: result + text.slice(at), undo };
}
