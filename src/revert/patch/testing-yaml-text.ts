/**
 * Writes models of YAML files, without any YAML library: the same model written twice, once with the good and once with the
 * bad spelling of its targets, differs in these alone.
 */
import type { File, Lead, Leaf, ListNode, MapNode, Node, Spelling } from './testing-yaml.ts';

function pad(width: number): string {
  return ' '.repeat(width);
}

type Version = 'good' | 'bad';

function spellingOf({ target, spelled }: Leaf, version: Version): Spelling {
  return target?.[version] ?? spelled;
}

function flowText(value: Node, version: Version): string {
  if (value.kind === 'leaf') return spellingOf(value, version).lines.join(' ');
  const [space, comma] = [value.flow === 2 ? ' ' : '', value.flow === 3 ? ',' : ', '];
  if (value.kind === 'list') {
    return `[${space}${value.items.map((each) => flowText(each.value, version)).join(comma)}${space}]`;
  }
  const pairs = value.entries.map(({ spelledKey, value: below }) => `${spelledKey}: ${flowText(below, version)}`);
  return `{${space}${pairs.join(comma)}${space}}`;
}

function leadText({ blank, comment }: Lead, column: number): string {
  return `${blank ? '\n' : ''}${comment === '' ? '' : `${pad(column)}${comment}\n`}`;
}

/** The value with its line break. `column` is that of the collection around it; `isInline`: it may begin on this line. */
function valueText(value: Node, column: number, version: Version, isInline: boolean): string {
  if (value.kind !== 'leaf') {
    if (value.flow > 0) return `${isInline ? '' : ' '}${flowText(value, version)}\n`;
    if (isInline) return collectionText(value, column, version, true);
    return `\n${collectionText(value, column + value.width, version, false)}`;
  }
  const { header, lines } = spellingOf(value, version);
  const indented = lines.map((line) => (line === '' ? '' : `${pad(column + 2)}${line}`)).join('\n');
  if (header !== undefined) return `${isInline ? '' : ' '}${header}${value.trailing}\n${indented}\n`;
  if (value.below && !isInline) return `\n${indented}${value.trailing}\n`;
  return `${isInline ? '' : ' '}${indented.trimStart()}${value.trailing}\n`;
}

function collectionText(value: MapNode | ListNode, column: number, version: Version, isInline: boolean): string {
  const before = (own: Lead, index: number) =>
    isInline && index === 0 ? '' : `${leadText(own, column)}${pad(column)}`;
  if (value.kind === 'map') {
    const pairs = value.entries.map((each, index) => {
      return `${before(each.lead, index)}${each.spelledKey}:${valueText(each.value, column, version, false)}`;
    });
    return pairs.join('');
  }
  const items = value.items.map(({ lead: own, gap, value: below }, index) => {
    const isScalar = below.kind === 'leaf';
    const text = valueText(below, isScalar ? column : column + 1 + gap, version, true);
    return `${before(own, index)}-${pad(gap)}${text}`;
  });
  return items.join('');
}

/** The file's text. Its line breaks are within scalars too. */
export function write({ documents, mark, lineBreak, endsOpen }: File, version: Version): string {
  const texts = documents.map(({ separator, end, root }, index) => {
    const isBare = index === 0 && separator === '---';
    return `${isBare ? '' : `${separator}\n`}${collectionText(root, 0, version, false)}${end}`;
  });
  const text = texts.join('');
  const isOpen = endsOpen && !/(: |- +)[|>]/.test(text);
  return mark + (isOpen ? text.slice(0, -1) : text).replaceAll('\n', lineBreak);
}
