/** What of a diff is kept from those who may read a GitRevert, and perhaps not the repository. */

const MASK = '***';
/** What is longer is no line that a person reads, and would take long to look through. */
const LONGEST_LINE = 1000;
const SECRET_WORD =
  /pass(?:word|wd|phrase)|secret|token|credential|(?:api|access|private|signing|encryption)[-_.]?key|auth(?!or)|\bdsn\b|connection[-_.]?string/i;
const SECRET_INSIDE = new RegExp(`(?:${SECRET_WORD.source})[\\w.-]{0,40}(?:\\s?=|\\s?:\\s|["']\\s?:)`, 'i');
/** What is a secret by its looks, wherever it stands. */
const SECRET_TEXT =
  /\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abpr]-[\w-]{10,}|AKIA[A-Z0-9]{16}|eyJ[\w-]{8,400}\.[\w-]{8,400}\.[\w-]{0,400})|-----BEGIN .*|(?<=:\/\/)[^/@\s]+(?=@)/g;
/** The beginning of a line of YAML or JSON: what comes before the name, the name, and what is said of it. */
const FIELD = /^(\s*(?:- +)*)(["']?)([\w./-]+)\2\s*:(?:\s+(.*)|$)/;

function indentOf(text: string): number {
  return text.search(/[^\s-]|$/);
}

/** Everything after what names it; all of it where nothing does. */
function withoutValue(text: string): string {
  const at = text.search(/[:=]/);
  return at === -1 ? `${text.slice(0, indentOf(text))}${MASK}` : `${text.slice(0, at + 1)} ${MASK}`;
}

/** Goes through one file's lines in order: what a line holds may be named by one before it. */
function masker(): (text: string) => string {
  /** All that is indented deeper than this belongs to something secret. */
  let below: number | undefined;
  /** What is said next of an environment variable, or comes next in a list of arguments, is secret. */
  let isNextSecret = false;
  const field = (text: string, [, before = '', , name = '', value = '']: RegExpExecArray): string => {
    if (name === 'name') isNextSecret = SECRET_WORD.test(value);
    if (name === 'name' && !/[{,]/.test(value)) return text;
    if (!SECRET_WORD.test(name) && !(isNextSecret && name.startsWith('value')))
      return SECRET_INSIDE.test(value) ? withoutValue(text) : text;
    below = before.length;
    return value === '' ? text : withoutValue(text);
  };
  const item = (text: string): string => {
    const isSecret = isNextSecret && /^\s*-\s/.test(text);
    isNextSecret = SECRET_WORD.test(text) && !/[:=]/.test(text);
    if (isSecret) return `${text.slice(0, indentOf(text))}${MASK}`;
    return SECRET_WORD.test(text) && !isNextSecret ? withoutValue(text) : text;
  };
  return (text) => {
    if (text.trim() === '') return text;
    if (below !== undefined && indentOf(text) > below) return `${text.slice(0, indentOf(text))}${MASK}`;
    below = undefined;
    const found = FIELD.exec(text);
    return found ? field(text, found) : item(text);
  };
}

/** One file's part of a unified diff, without the values that are secrets by their names or looks. */
export function maskedDiff(diff: string): string {
  const lines = diff.split('\n');
  const begin = lines.findIndex((line) => line.startsWith('@@'));
  if (begin === -1) return diff;
  const mask = masker();
  const shown = lines.slice(begin).map((line) => {
    // What stands behind the second @@ is a line of the file.
    if (line.startsWith('@@')) return line.replace(/^(@@ .*? @@).*/, '$1');
    if (line === '' || line.startsWith('\\')) return line;
    if (line.length > LONGEST_LINE) return `${line[0]}${MASK}`;
    return `${line[0]}${mask(line.slice(1))}`.replace(SECRET_TEXT, MASK);
  });
  return [...lines.slice(0, begin), ...shown].join('\n');
}
