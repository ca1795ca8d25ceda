import { type Document, isMap, isPair, isSeq, LineCounter, type ParsedNode, parseAllDocuments } from 'yaml';
import { isFields } from '../../api/fields.ts';
import { messageOf } from '../../errors.ts';

/** Something to say about a place in a file. */
export interface Finding {
  file: string;
  line: number;
  /** The path in the object; '' for the file itself. */
  path: string;
  message: string;
  /** Worth knowing, but nothing that stops a release. */
  warning?: boolean;
}

export function findingLine({ file, line, path, message, warning }: Finding): string {
  return [`${file}:${line}`, ...(warning ? ['warning'] : []), ...(path === '' ? [] : [path]), message].join(': ');
}

/** An object as it stands in a file. */
export interface Source {
  file: string;
  object: Record<string, unknown>;
  /** Line of a path in the object; of its nearest parent where the path itself is not there. */
  lineOf(path: string): number;
}

export interface Parsed {
  sources: Source[];
  findings: Finding[];
}

/** All objects of a YAML or JSON file, those in Lists too. */
export function parseFile(file: string, text: string): Parsed {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const parsed: Parsed = { sources: [], findings: [] };
  if (!Array.isArray(documents)) return parsed;
  for (const document of documents) {
    const findings = document.errors.map(({ code, message, pos }) => ({
      file,
      line: lines.linePos(pos[0]).line,
      path: '',
      message: syntaxMessage(code, message, text.slice(pos[0])),
    }));
    parsed.findings.push(...findings);
    if (findings.length === 0) collect(parsed, file, document, lines);
  }
  return parsed;
}

function syntaxMessage(code: string, message: string, there: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab is used to indent; YAML allows spaces only: replace it';
  if (code === 'DUPLICATE_KEY') {
    return `the key ${/^[^:\s]+/.exec(there)?.[0] ?? ''} is there twice in the same object; keep one of them`;
  }
  return `this is not YAML: ${message}`;
}

function collect(parsed: Parsed, file: string, document: Document.Parsed, lines: LineCounter): void {
  const finding = (message: string, warning: boolean) =>
    parsed.findings.push({ file, line: lineAt(document.contents, lines), path: '', message, warning });
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    finding(`this cannot be read: ${messageOf(error)}`, false);
    return;
  }
  if (value === null || value === undefined) return;
  if (!isFields(value)) {
    finding('this is not an object; a manifest has apiVersion, kind and metadata', false);
    return;
  }
  const items = value.kind === 'List' && Array.isArray(value.items) ? value.items : undefined;
  const objects =
    items === undefined
      ? [{ object: value, prefix: '' }]
      : items.map((object, index) => ({ object, prefix: `items[${index}].` }));
  for (const { object, prefix } of objects) {
    if (!isFields(object) || typeof object.kind !== 'string' || typeof object.apiVersion !== 'string') {
      finding('there is no apiVersion and kind here: not a Kubernetes object, passed over', true);
      continue;
    }
    const lineOf = (path: string) => lineOfPath(document.contents, segments(prefix + path), lines);
    parsed.sources.push({ file, object, lineOf });
  }
}

/** The parts of a path such as `spec.steps[0]."a.b"`. */
export function segments(path: string): (string | number)[] {
  return [...path.matchAll(/"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.[\]"]+)/g)].map(([, quoted, index, word]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (word ?? '') : (JSON.parse(`"${quoted}"`) as string);
  });
}

function lineOfPath(root: ParsedNode | null, path: (string | number)[], lines: LineCounter): number {
  let line = lineAt(root, lines);
  let node: unknown = root;
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && String((item.key as { value?: unknown }).value) === segment,
      );
      if (pair === undefined) return line;
      line = lineAt(pair.key, lines, line);
      node = pair.value;
    } else if (isSeq(node) && typeof segment === 'number') {
      node = node.items[segment];
      line = lineAt(node, lines, line);
    } else return line;
  }
  return line;
}

function lineAt(node: unknown, lines: LineCounter, otherwise = 1): number {
  const { range } = (node ?? {}) as { range?: [number, number, number] | null };
  return range ? lines.linePos(range[0]).line : otherwise;
}
