import { isScalar, LineCounter, parseDocument } from 'yaml';
import { isFields } from '../api/fields.ts';
import type { RevertCaution } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import { harmless } from './message.ts';

/** Words by which a team says how its failures are taken out of Git at most, the strictest first. */
export const autoRevertWords = ['disable', 'dry-run', 'pull-request'] as const;
export type AutoRevert = (typeof autoRevertWords)[number];

const ALLOWED = `autoRevert: ${autoRevertWords.join(' | ')}, and a reason`;
/** The names of the file, in each folder from the root of the repository to the app's. */
const OPT_OUT_FILES = ['.headgate.yaml', '.headgate.yml'] as const;
export const LONGEST_OPT_OUT_BYTES = 16 * 1024;
const REASON_CHARACTERS = 200;

/** What one place says; `place` is for people. */
export interface OptOut {
  word: AutoRevert;
  place: string;
  reason?: string | undefined;
}

export type OptOutFile = { kind: 'said'; optOut: OptOut } | { kind: 'unreadable'; message: string };

export function isAutoRevert(word: unknown): word is AutoRevert {
  return autoRevertWords.some((known) => known === word);
}

/** Where such a file may be for an app: the root's first. */
export function optOutPaths(appPath: string): string[] {
  const segments = appPath.split('/').filter(Boolean);
  const folders = ['', ...segments.map((_, index) => `${segments.slice(0, index + 1).join('/')}/`)];
  return folders.flatMap((folder) => OPT_OUT_FILES.map((name) => `${folder}${name}`));
}

export function unreadableOptOut(place: string, wrong: string): OptOutFile {
  const message = `${place} cannot be followed: ${harmless(wrong, REASON_CHARACTERS)}. Allowed is ${ALLOWED}. Nothing is written on a guess: correct the file, then take the revert up anew`;
  return { kind: 'unreadable', message };
}

/** The strictest that a text says. Never throws for what is in it. */
export function readOptOut(file: string, text: string): OptOutFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) => `${file}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  const [error] = document.errors;
  if (error) return unreadableOptOut(at(error.pos[0]), error.message);
  const value = contentOf(document);
  if (!isFields(value)) return unreadableOptOut(at(undefined), 'it is no mapping');
  const offsetOf = (key: string) => {
    const node = document.contents && 'items' in document.contents ? document.contents.items : [];
    const pair = node.find((each) => 'key' in each && isScalar(each.key) && each.key.value === key);
    return pair && 'key' in pair && isScalar(pair.key) ? pair.key.range?.[0] : undefined;
  };
  const unknown = Object.keys(value).find((key) => key !== 'autoRevert' && key !== 'reason');
  if (unknown !== undefined) return unreadableOptOut(at(offsetOf(unknown)), `${JSON.stringify(unknown)} is not known`);
  const { autoRevert: word, reason } = value;
  if (!isAutoRevert(word)) {
    const wrong = word === undefined ? 'autoRevert is missing' : `autoRevert ${JSON.stringify(word)} is not known`;
    return unreadableOptOut(at(offsetOf('autoRevert')), wrong);
  }
  if (reason !== undefined && typeof reason !== 'string') {
    return unreadableOptOut(at(offsetOf('reason')), 'reason is no text');
  }
  return { kind: 'said', optOut: { word, place: file, reason: reason && harmless(reason, REASON_CHARACTERS) } };
}

function contentOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (error) {
    return messageOf(error);
  }
}

/** Of several places the strictest counts; of equally strict ones the first. */
export function strictest(optOuts: readonly OptOut[]): OptOut | undefined {
  const rank = ({ word }: OptOut) => autoRevertWords.indexOf(word);
  return [...optOuts].sort((a, b) => rank(a) - rank(b))[0];
}

/** What a team's word comes to: nothing at all, or less than the policy allows. */
export function limitOf({ word, place, reason }: OptOut): { kind: 'disabled'; message: string } | RevertCaution {
  const why = reason ? ` (${reason})` : '';
  const says = `${place} says ${JSON.stringify(word)}${why}`;
  if (word === 'disable') {
    return { kind: 'disabled', message: `${says}: revert by hand, or take that word away and the revert up anew` };
  }
  return { reason: 'OptedOut', most: word === 'dry-run' ? 'DryRun' : 'PullRequest', message: says };
}
