import { stripVTControlCharacters, styleText } from 'node:util';

/** How a view is to be drawn. */
export interface Drawing {
  /** World time, milliseconds since the epoch: ages are counted from it. */
  now: number;
  colour: boolean;
  /** Columns of the terminal; lines that are longer are cut or wrapped. Without one, lines are as long as they are. */
  width?: number;
}

export type Colour = 'red' | 'green' | 'yellow' | 'blueBright' | 'bold';

export type Paint = (colour: Colour | undefined, text: string) => string;

export function painter({ colour }: Drawing): Paint {
  return (name, text) => (colour && name !== undefined ? styleText(name, text, { validateStream: false }) : text);
}

/** Text from objects, safe to show: no control character reaches a terminal. */
export function plain(text: string): string {
  return [...text].map((character) => (isControl(character.codePointAt(0) ?? 0) ? ' ' : character)).join('');
}

function isControl(code: number): boolean {
  return (
    code < 0x20 ||
    (code >= 0x7f && code < 0xa0) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}

export function visibleWidth(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

function cut(line: string, width: number | undefined): string {
  if (width === undefined || visibleWidth(line) <= width) return line;
  return `${[...stripVTControlCharacters(line)].slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Columns two spaces apart, each as wide as its widest cell or `minimum` asks. No trailing spaces. */
export function table(rows: string[][], width?: number, minimum: number[] = []): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(minimum[column] ?? 0, ...rows.map((row) => visibleWidth(row[column] ?? ''))),
  );
  const pad = (cell: string, column: number) => cell + ' '.repeat((widths[column] ?? 0) - visibleWidth(cell));
  return rows.map((row) => cut(row.map(pad).join('  ').trimEnd(), width));
}

/** A label and its value, in the stock plugin's columns; long values go on below. */
export function field(label: string, value: string, width?: number): string[] {
  const indent = 17;
  const lines = wrapped(value, width === undefined ? undefined : Math.max(20, width - indent));
  return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(indent)}${line}`.trimEnd());
}

function wrapped(value: string, width: number | undefined): string[] {
  if (width === undefined || visibleWidth(value) <= width) return [value];
  const lines = [''];
  for (const word of value.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && visibleWidth(last) + 1 + visibleWidth(word) > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
