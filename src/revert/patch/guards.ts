import { Lexer } from 'yaml';
import { refused, type SpliceRefusal } from './types.ts';

const LARGEST_BYTES = 1024 * 1024;
/** What parsing costs follows these rather than the bytes: about 7,000 lines, and less than a second for all versions. */
const MOST_TOKENS = 50_000;
const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/** Control characters besides tab and line breaks, and what stands for bytes that are no text. */
const NO_TEXT = /[^\P{Cc}\t\n\r]|\p{Cs}|\uFFFD/u;
/** Line breaks to some parsers and text to others: what is a comment to one is a field to the other. */
const ODD_BREAK = /\r(?!\n)|[\u0085\p{Zl}\p{Zp}]/u;

/** What the lexer puts before the text of plain and block scalars. */
const SCALAR = '\u001F';
const BLOCK_HEADER = /^[|>]/;
/**
 * Helm's; in quoted and block scalars and in comments they do no harm to what YAML says. The reference replaces its own
 * `{{args.name}}` in the cluster: no file with these is rendered by Helm.
 */
const ACTION = /\{\{(?!\s*args\.)/;
/** ytt's, which are comments to YAML. */
const ANNOTATION = /^#@(\s|$|[a-z][\w-]*\/)/;

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function characterProblem(text: string): SpliceRefusal | undefined {
  if (Buffer.byteLength(text) > LARGEST_BYTES) return refused('tooLarge', 'it is larger than 1 MiB');
  if (text.startsWith(LFS_POINTER)) return refused('lfs', 'it is kept in Git LFS');
  const odd = ODD_BREAK.exec(text);
  if (odd)
    return refused('notText', `line ${lineOf(text, odd.index)} holds a line break that parsers read differently`);
  const control = NO_TEXT.exec(text);
  if (control) {
    return refused(
      'notText',
      `line ${lineOf(text, control.index)} holds a control character, or bytes that are no UTF-8`,
    );
  }
  const mark = text.indexOf('\uFEFF', 1);
  return mark === -1 ? undefined : refused('notText', `line ${lineOf(text, mark)} holds a byte order mark`);
}

/** What is wrong with a token that is not the text of a plain or block scalar; `previous` is the one before. */
function tokenProblem(token: string, previous: string): SpliceRefusal | undefined {
  if (/^[ \t]/.test(token) && token.includes('\t')) {
    return refused('tabs', 'has a tab between tokens, which parsers read differently. Use spaces');
  }
  if (token === '{' && previous === '{') return refused('template', 'has a template action ({{) that is not quoted');
  if (ANNOTATION.test(token)) return refused('template', 'has a ytt annotation (#@)');
  return token.startsWith('%') ? refused('directive', 'has a YAML directive') : undefined;
}

/** What the lexer adds to the text. */
function isMarker(token: string): boolean {
  return token === SCALAR || token === '\u0002' || token === '\u0018';
}

/** Looks at the tokens, not at what they mean: templates often parse as something that nobody meant. */
function tokensProblem(tokens: readonly string[]): { offset: number; problem: SpliceRefusal } | undefined {
  let [offset, isBlock, previous] = [0, false, ''];
  for (const token of tokens) {
    const isText = previous === SCALAR;
    const isAction = isText && !isBlock && ACTION.test(token);
    const action = isAction ? refused('template', 'has a template action ({{) that is not quoted') : undefined;
    const problem = isText ? action : tokenProblem(token, previous);
    if (problem) return { offset, problem };
    if (isText || BLOCK_HEADER.test(token)) isBlock = !isText;
    if (isText || !isMarker(token)) offset += token.length;
    previous = isText ? '' : token;
  }
  return undefined;
}

/**
 * A file's tokens, or what keeps it from being spliced before anybody asks what it says. The message goes on after the
 * file's name.
 */
export function tokensOf(text: string): string[] | SpliceRefusal {
  const unfit = characterProblem(text);
  if (unfit) return unfit;
  const tokens: string[] = [];
  for (const token of new Lexer().lex(text)) {
    if (tokens.push(token) > MOST_TOKENS) return refused('tooLarge', `it has more than ${MOST_TOKENS} tokens`);
  }
  const found = tokensProblem(tokens);
  if (!found) return tokens;
  return refused(found.problem.reason, `line ${lineOf(text, found.offset)} ${found.problem.message}`);
}
