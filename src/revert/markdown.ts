/** Text from outside within the Markdown of a Git host. What becomes of a pull request's text may also be a commit's message. */

/** Removed, because nobody sees it, or because it turns what is seen around. */
const UNSEEN = /[\p{Cf}\p{Variation_Selector}]/gu;
const BRACKETED = /\[([^[\]]*)\]/g;
/** Numbers, durations, and ranges of characters: nothing in brackets that a build system takes for an order. */
const HARMLESS_IN_BRACKETS = /NaN|Inf|\d+ms|[A-Za-z]-[A-Za-z]/g;

function isOrder(bracketed: string): boolean {
  return /[^\P{L}]{2}|\*/u.test(bracketed.replaceAll(HARMLESS_IN_BRACKETS, ''));
}

function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(UNSEEN, '')
    .replace(/\s+/g, ' ')
    .trim();
}

const SECRET_PARAMETER =
  /([?&](?:[\w-]*(?:token|secret|password|passwd|api[_-]?key|signature)|auth|key|sig)=)[^&#\s"'<>`)\]]+/gi;

/** Where an address holds credentials, before its host or in its query, they are left out. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^\s/@]*@/g, '//').replace(SECRET_PARAMETER, '$1...');
}

/** Mentions, references, addresses, trailers and orders, each with a space or other brackets in the middle. */
function disarmed(text: string): string {
  return text
    .replace(/@(?=\S)/g, '@ ')
    .replace(/([#!])(?=\d)/g, '$1 ')
    .replace(/\b(GH-)(?=\d)/gi, '$1 ')
    .replace(/:\/\/(?=\S)/g, ':// ')
    .replace(BRACKETED, (whole, inside: string) => (isOrder(inside) ? `(${inside})` : whole))
    .replace(/\*{2,}/g, '*')
    .replace(/\b(skip-checks|signed-off-by|co-authored-by)\s*:/gi, '$1');
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1).trimEnd()}…` : text;
}

/**
 * Text from outside as code, on one line and `longest` characters at most, that cannot end its own code span nor the cell of a
 * table. It may begin no line. A backtick is shown as an apostrophe; what a host or a build system would act upon is taken apart.
 */
export function codeSpan(text: string, longest: number): string {
  const line = disarmed(withoutCredentials(oneLine(text.slice(0, 4 * longest)))).replaceAll('`', "'");
  // Hosts differ in what a backslash before an escaped bar means.
  const bars = /\\\|/.test(line) ? line.replaceAll('|', '¦') : line.replaceAll('|', '\\|');
  const shown = cut(bars, longest).replace(/\\+…$/, '…').toWellFormed();
  return shown === '' ? '`(nothing)`' : `\`${shown}\``;
}

/** An address for a link; undefined for what is no address that one can be made of. */
export function linkTarget(url: string | undefined): string | undefined {
  const parsed = URL.parse(url ?? '');
  if (!url || !parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) return undefined;
  return /^[\w\-.~:/?#%&=+,;]+$/.test(url) && !/#\d/.test(url) ? url : undefined;
}

/** A link of words that are our own; the words alone where the address is not fit for one. */
export function link(words: string, url: string | undefined): string {
  const target = linkTarget(url);
  return target ? `[${words}](${target})` : words;
}
