import type { Change } from './compare.ts';
import type { Edit, Inexpressible } from './edits.ts';
import type { Three } from './match.ts';
import type { Source } from './source.ts';
import type { MapTree } from './tree.ts';

type KeyChange = Exclude<Change, { kind: 'value' }>;

/** A key with its value on a line of its own. */
interface KeyLine {
  /** Where the line begins. */
  start: number;
  /** What is before the key: spaces, and dashes of the list whose item begins here. */
  lead: string;
  /** From the key on, with a comment behind the value. */
  text: string;
  /** Where the line ends, before its break. */
  end: number;
  /** '' at the end of the file. */
  lineBreak: string;
}

/** Undefined where the key is not alone on its line, or its value goes on below. */
function keyLine(text: string, map: MapTree, key: string): KeyLine | undefined {
  const entry = map.entries.get(key);
  if (map.flow || entry?.value.kind !== 'scalar') return undefined;
  const start = text.lastIndexOf('\n', entry.keyStart) + 1;
  const feed = text.indexOf('\n', entry.keyStart);
  const stop = feed === -1 ? text.length : feed;
  const end = text[stop - 1] === '\r' ? stop - 1 : stop;
  const isAlone = entry.value.end <= end && /^ *(#.*)?$/.test(text.slice(entry.value.end, end));
  const lead = text.slice(start, entry.keyStart);
  if (!isAlone || !/^ *(- +)*$/.test(lead)) return undefined;
  return { start, lead, text: text.slice(entry.keyStart, end), end, lineBreak: text.slice(end, stop + 1) };
}

/** The line as the culprit wrote it goes, with its break. */
function removal({ key, maps }: KeyChange, { after, head }: Three<Source, Source>): Edit | Inexpressible {
  const [now, was] = [keyLine(head.text, maps.head, key), keyLine(after.text, maps.after, key)];
  const isWhole = [...maps.head.entries.keys()].every((each) => !maps.before.entries.has(each));
  if (!now || !was || isWhole || now.lead.includes('-') || now.start === 0) {
    return { reason: 'structural', message: 'was added by the commit, and not as a line of its own' };
  }
  if (now.text !== was.text) {
    return { reason: 'structural', message: 'was added by the commit, and its line was changed since' };
  }
  // The break before it goes, so that a file whose last line has none stays one of these.
  const before = head.text[now.start - 2] === '\r' ? 2 : 1;
  if (now.lineBreak !== '' && now.lineBreak.length !== before) {
    return { reason: 'multiLine', message: 'was added by the commit, and lines end in two ways there' };
  }
  return { start: now.start - before, end: now.end, text: '' };
}

/** The key before it that is still there: every line between was taken away by the culprit too. */
function anchorOf({ key, maps }: KeyChange, text: string): string | undefined {
  const keys = [...maps.before.entries.keys()];
  let below = keyLine(text, maps.before, key);
  for (let index = keys.indexOf(key) - 1; index >= 0 && below; index -= 1) {
    const candidate = keys[index] ?? '';
    const line = keyLine(text, maps.before, candidate);
    if (!line || below.lead.includes('-') || line.end + line.lineBreak.length !== below.start) return undefined;
    if (maps.head.entries.has(candidate)) return candidate;
    if (maps.after.entries.has(candidate)) return undefined;
    below = line;
  }
  return undefined;
}

/** The line as it was comes back below the line that was above it. */
function insertion(change: KeyChange, { before, head }: Three<Source, Source>): Edit | Inexpressible {
  const anchor = anchorOf(change, before.text);
  const line = keyLine(before.text, change.maps.before, change.key);
  const above = anchor === undefined ? undefined : keyLine(head.text, change.maps.head, anchor);
  if (!line || !above) {
    return {
      reason: 'structural',
      message: 'was taken away by the commit, and its line has no certain place any more',
    };
  }
  const lineBreak = above.lineBreak || (head.text[above.start - 2] === '\r' ? '\r\n' : '\n');
  return { start: above.end, end: above.end, text: `${lineBreak}${' '.repeat(above.lead.length)}${line.text}` };
}

/** A key comes back or goes as a whole line, or not at all. */
export function keyEdits(change: KeyChange, sources: Three<Source, Source>): Edit[] | Inexpressible {
  const edit = change.kind === 'insert' ? insertion(change, sources) : removal(change, sources);
  return 'reason' in edit ? edit : [edit];
}
