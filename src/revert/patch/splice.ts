import { type Change, compareParts } from './compare.ts';
import { applyEdits, editsOf } from './edits.ts';
import { matchParts, type Three } from './match.ts';
import { placeInFile, shown } from './place.ts';
import { isProved } from './proof.ts';
import { readSource, type Source } from './source.ts';
import { refused, type Splice, type SplicedField, type SpliceRefusal, type SpliceRequest } from './types.ts';

/** More is not a narrow patch any more. */
const MOST_FIELDS = 200;

function readAll({ before, after, head }: SpliceRequest): Three<Source, Source> | SpliceRefusal {
  const now = readSource(head, 'the file as it is now');
  const was = readSource(before, 'the file before the commit');
  const became = after === head ? now : readSource(after, 'the file after the commit');
  if ('kind' in now) return now;
  if ('kind' in was) return was;
  return 'kind' in became ? became : { before: was, after: became, head: now };
}

function fieldOf(change: Change): SplicedField {
  const { place } = change;
  const said = shown(place, change.kind === 'value' ? change.before.source : change.value.source);
  if (change.kind === 'value') return { ...placeInFile(place), from: shown(place, change.head.source), to: said };
  const [from, to] = change.kind === 'insert' ? [undefined, said] : [said, undefined];
  return { ...placeInFile(place), from, to };
}

/** The head with the changes made, and proved to hold them and nothing else. */
function make(changes: readonly Change[], sources: Three<Source, Source>): string | SpliceRefusal {
  const edits = editsOf(changes, sources);
  if ('kind' in edits) return edits;
  const made = applyEdits(sources.head.text, edits);
  if (!made) return refused('unproved', 'two of the fields to be taken back share a piece of the text');
  if (applyEdits(made.text, made.undo)?.text !== sources.head.text) {
    return refused('unproved', 'more of the text would change than the fields to be taken back');
  }
  const result = readSource(made.text, 'the result');
  if ('kind' in result) return refused('unproved', result.message);
  const isWhole = isProved(changes, sources.head, result);
  return isWhole ? made.text : refused('unproved', 'the result would not hold what was there before the commit');
}

/**
 * Takes single scalars of a commit back in a YAML file: each that the culprit changed and that still holds what the culprit
 * wrote gets the source text that it had before. Not one other byte changes. All of what is wanted is taken back, or
 * nothing: anything else is refused with a reason, and a wider way has to be taken. Never throws for what is in the files.
 */
export function spliceBack(request: SpliceRequest): Splice {
  if (request.before === request.after) return { kind: 'unchanged', already: [], left: [] };
  const sources = readAll(request);
  if ('kind' in sources) return sources;
  const parts = matchParts(sources);
  if ('kind' in parts) return parts;
  const { changes, refusals, already, left } = compareParts(parts, request.wanted ?? (() => true));
  const [refusal] = refusals;
  if (refusal) return refusal;
  if (changes.length > MOST_FIELDS) {
    return refused('tooLarge', `${changes.length} fields would be taken back; at most ${MOST_FIELDS} are`);
  }
  if (changes.length === 0) return { kind: 'unchanged', already, left };
  const content = make(changes, sources);
  if (typeof content !== 'string') return content;
  return { kind: 'spliced', content, fields: changes.map(fieldOf), already, left };
}
