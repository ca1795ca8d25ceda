/** How a team spells its files: everything that says the same to a cluster and is other bytes in Git. */
export interface Style {
  name: string;
  indent: 2 | 4;
  /** Whether the dashes of a list are indented below its key. */
  indentsLists: boolean;
  quotes: 'plain' | 'single' | 'double';
  /** What lies in lists is written in braces, on one line. */
  flow: boolean;
  /** Comments above keys and behind values, and empty lines. */
  comments: boolean;
  lineBreak: '\n' | '\r\n';
  byteOrderMark: boolean;
  /** Begins with `---`. */
  marker: boolean;
  /** Whether the last line ends with a line break. */
  isEnded: boolean;
  /** Which values are shared by an anchor. */
  anchors: 'none' | 'labels' | 'image';
  /** Files of the app may be run. */
  executable: boolean;
}

const PLAIN: Style = {
  name: 'plain',
  indent: 2,
  indentsLists: false,
  quotes: 'plain',
  flow: false,
  comments: false,
  lineBreak: '\n',
  byteOrderMark: false,
  marker: false,
  isEnded: true,
  anchors: 'none',
  executable: false,
};

export const STYLES = {
  plain: PLAIN,
  crlf: { ...PLAIN, name: 'crlf', lineBreak: '\r\n' },
  bom: { ...PLAIN, name: 'bom', byteOrderMark: true, lineBreak: '\r\n', comments: true },
  comments: { ...PLAIN, name: 'comments', comments: true },
  single: { ...PLAIN, name: 'single', quotes: 'single', indentsLists: true },
  double: { ...PLAIN, name: 'double', quotes: 'double', marker: true },
  wide: { ...PLAIN, name: 'wide', indent: 4, indentsLists: true, comments: true },
  flow: { ...PLAIN, name: 'flow', flow: true },
  anchors: { ...PLAIN, name: 'anchors', anchors: 'labels' },
  sharedImage: { ...PLAIN, name: 'sharedImage', anchors: 'image' },
  unended: { ...PLAIN, name: 'unended', isEnded: false, marker: true },
  executable: { ...PLAIN, name: 'executable', executable: true, comments: true },
} as const satisfies Record<string, Style>;

/** A value with what stands around it in a file. */
export class Marked {
  readonly value: Node;
  readonly mark: { note?: string | undefined; anchor?: string; alias?: string };

  constructor(value: Node, mark: Marked['mark']) {
    this.value = value;
    this.mark = mark;
  }
}
export type Scalar = string | number | boolean;
export type Node = Scalar | Marked | readonly Node[] | { readonly [key: string]: Node | undefined };
type Fields = Exclude<Node, Scalar | Marked | readonly Node[]>;

export function isFields(node: Node | undefined): node is Fields {
  return typeof node === 'object' && !Array.isArray(node) && !(node instanceof Marked);
}

/** Without what is only text around it. */
export function bare(node: Node | undefined): unknown {
  if (node instanceof Marked) return bare(node.value);
  if (Array.isArray(node)) return node.map(bare);
  if (!isFields(node)) return node;
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => (value === undefined ? [] : [[key, bare(value)]])),
  );
}

/** What every reader of YAML, old or new, takes for the same text without quotes. */
const PLAIN_TEXT = /^[A-Za-z/$][\w./:@=$-]*$/;
const WORDS = /^(y|n|yes|no|on|off|true|false|null)$/i;

function scalarText(value: Scalar, { quotes }: Style, isFlow: boolean): string {
  if (typeof value !== 'string') return String(value);
  const isPlain = PLAIN_TEXT.test(value) && !WORDS.test(value) && !value.endsWith(':');
  if (quotes === 'single' && /^[ -~]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  if (quotes === 'plain' && isPlain && !(isFlow && value.includes(':'))) return value;
  return JSON.stringify(value);
}

function flowText(node: Node, style: Style): string {
  if (node instanceof Marked) return node.mark.alias ? `*${node.mark.alias}` : flowText(node.value, style);
  if (Array.isArray(node)) return `[${node.map((item) => flowText(item, style)).join(', ')}]`;
  if (!isFields(node)) return scalarText(node as Scalar, style, true);
  const entries = Object.entries(node).flatMap(([key, value]) =>
    value === undefined ? [] : `${key}: ${flowText(value, style)}`,
  );
  return `{${entries.join(', ')}}`;
}

/** The value, with all that stands around it. */
function unmarked(node: Node): { value: Exclude<Node, Marked>; mark: Marked['mark'] } {
  if (!(node instanceof Marked)) return { value: node, mark: {} };
  const inner = unmarked(node.value);
  return { value: inner.value, mark: { ...inner.mark, ...node.mark } };
}

const isEmpty = (node: Node) =>
  Array.isArray(node) ? node.length === 0 : isFields(node) && Object.keys(node).length === 0;
const COMMENTED = ['image', 'env', 'newTag', 'tag', 'template', 'data'];
const NOTED = ['setWeight', 'memory', 'app'];

/** `key:` or `-`, with the value behind it or below. `column`: of the line on which the key stands. */
function entryLines(lead: string, node: Node, style: Style, column: number, key = ''): string[] {
  const { value, mark } = unmarked(node);
  const isOwnNote = style.comments && NOTED.includes(key);
  const note = mark.note === undefined ? (isOwnNote ? '   # agreed with the team' : '') : `  # ${mark.note}`;
  const anchor = mark.anchor === undefined ? '' : ` &${mark.anchor}`;
  if (mark.alias !== undefined) return [`${lead} *${mark.alias}${note}`];
  if (isEmpty(value)) return [`${lead}${anchor} ${Array.isArray(value) ? '[]' : '{}'}`];
  if (Array.isArray(value)) {
    return [`${lead}${anchor}`, ...listLines(value, style, column + (style.indentsLists ? style.indent : 0))];
  }
  if (isFields(value)) return [`${lead}${anchor}`, ...mapLines(value, style, column + style.indent)];
  if (typeof value === 'string' && value.includes('\n')) {
    const body = value.replace(/\n$/, '').split('\n');
    return [
      `${lead} |${value.endsWith('\n') ? '' : '-'}`,
      ...body.map((line) => ' '.repeat(column + style.indent) + line),
    ];
  }
  return [`${lead}${anchor} ${scalarText(value as Scalar, style, false)}${note}`];
}

function mapLines(fields: Fields, style: Style, column: number): string[] {
  return Object.entries(fields).flatMap(([key, node]) => {
    if (node === undefined) return [];
    const pad = ' '.repeat(column);
    const about =
      style.comments && COMMENTED.includes(key) ? [...(key === 'template' ? [''] : []), `${pad}# what ${key} is`] : [];
    return [...about, ...entryLines(`${pad}${key}:`, node, style, column, key)];
  });
}

function listLines(items: readonly Node[], style: Style, column: number): string[] {
  const pad = ' '.repeat(column);
  return items.flatMap((item) => {
    const value = item instanceof Marked ? item.value : item;
    if (!isFields(value) && !Array.isArray(value)) return entryLines(`${pad}-`, item, style, column);
    if (style.flow) return [`${pad}- ${flowText(value, style)}`];
    const lines = isFields(value) ? mapLines(value, { ...style }, column + 2) : listLines(value, style, column + 2);
    // The first key stands beside the dash, so a comment above it goes above the dash.
    const first = lines.findIndex((line) => line.trim() !== '' && !line.trim().startsWith('#'));
    return lines.map((line, index) => (index === first ? `${pad}- ${line.slice(column + 2)}` : line));
  });
}

/** A file of YAML documents. `header`: a comment above all. */
export function yamlText(documents: readonly Node[], style: Style, header?: string): Buffer {
  const texts = documents.map((document) =>
    (Array.isArray(document) ? listLines(document, style, 0) : mapLines(document as Fields, style, 0)).join('\n'),
  );
  const above = header === undefined ? '' : `# ${header}\n`;
  const text = `${style.marker ? '---\n' : ''}${above}${texts.join('\n---\n')}${style.isEnded ? '\n' : ''}`;
  return Buffer.from(`${style.byteOrderMark ? '\uFEFF' : ''}${text.replaceAll('\n', style.lineBreak)}`);
}

export function jsonText(document: Node, style: Style): Buffer {
  const text = `${JSON.stringify(bare(document), null, style.indent)}${style.isEnded ? '\n' : ''}`;
  return Buffer.from(text.replaceAll('\n', style.lineBreak));
}
