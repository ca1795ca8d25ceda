/** docs/api.md, from the descriptors of the kinds. */
import type { KindDescriptor } from './kinds.ts';
import { inside } from './problems.ts';
import type { Shape } from './shape.ts';

interface Row {
  path: string;
  type: string;
  required: boolean;
  description: string;
}

function typeOf(shape: Shape): string {
  const words = shape.enum ?? shape['x-headgate-words'];
  if (words !== undefined) return words.map((each) => `\`${each}\``).join(', ');
  if (shape['x-kubernetes-int-or-string'] === true) return 'number or text';
  if (shape.format === 'date-time') return 'instant';
  if (shape.type === 'array') return `list of ${plural(typeOf(shape.items ?? {}))}`;
  if (typeof shape.additionalProperties === 'object') return `map of ${plural(typeOf(shape.additionalProperties))}`;
  return shape.type === undefined ? 'any value' : (names[shape.type] ?? shape.type);
}

const names: Record<string, string> = { string: 'text', integer: 'number', boolean: 'true or false' };

function plural(type: string): string {
  return ['object', 'number', 'instant'].includes(type) ? `${type}s` : type;
}

function describe(shape: Shape): string {
  const preset = shape.default === undefined || shape.default === '' ? '' : ` Default: \`${shape.default}\`.`;
  return `${shape.description ?? ''}${preset}`;
}

/** A row for each field, its own fields after it. */
function rows(path: string, shape: Shape, required: boolean): Row[] {
  const own = { path, type: typeOf(shape), required, description: describe(shape) };
  return [own, ...below(path, shape)];
}

function below(path: string, shape: Shape): Row[] {
  if (shape.items !== undefined) return below(`${path}[]`, shape.items);
  if (typeof shape.additionalProperties === 'object') return below(`${path}.*`, shape.additionalProperties);
  const required = shape.required ?? [];
  return Object.entries(shape.properties ?? {}).flatMap(([name, each]) =>
    rows(inside(path, name), each, required.includes(name)),
  );
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function table(path: string, shape: Shape): string {
  const lines = rows(path, shape, true).map(
    (row) => `| \`${row.path}\` | ${cell(row.type)} | ${row.required ? 'yes' : ''} | ${cell(row.description)} |`,
  );
  return ['| Field | Type | Required | |', '|---|---|---|---|', ...lines].join('\n');
}

/** A line for each check that the API server makes itself. */
function checks(path: string, shape: Shape): string[] {
  const own = shape['x-kubernetes-validations'] ?? [];
  return [
    ...own.map(({ message }) => `- The API server checks \`${path}\`: ${message}`),
    ...Object.entries(shape.properties ?? {}).flatMap(([name, each]) => checks(inside(path, name), each)),
    ...(shape.items === undefined ? [] : checks(`${path}[]`, shape.items)),
  ];
}

function section(kind: KindDescriptor): string {
  const names = [kind.plural, kind.singular, ...kind.shortNames].map((name) => `\`${name}\``).join(', ');
  const subresources = Object.keys(kind.subresources).map((name) => `\`${name}\``);
  const facts = [
    `- API: \`${kind.group}/${kind.version}\``,
    `- Names: ${names}`,
    `- Scope: ${kind.scope === 'Cluster' ? 'the cluster' : 'a namespace'}`,
    `- Subresources: ${subresources.join(', ') || 'none'}`,
    `- Columns: ${kind.printerColumns.map(({ name }) => name).join(', ')}`,
    ...Object.entries(kind.schema).flatMap(([name, shape]) => checks(name, shape as Shape)),
  ];
  const tables = Object.entries(kind.schema).map(([name, shape]) => table(name, shape as Shape));
  return [`## ${kind.kind}`, kind.description, facts.join('\n'), ...tables].join('\n\n');
}

const INTRODUCTION = `# API

<!-- Generated from src/api by \`npm run generate\`. -->

Every field of every kind that Headgate serves. A duration is written as in Go: \`30s\`, \`5m\`, \`1h30m\`. An instant is RFC 3339.`;

function contents(kinds: readonly KindDescriptor[]): string {
  return kinds.map(({ kind, description }) => `- [${kind}](#${kind.toLowerCase()}): ${description}`).join('\n');
}

/** Where the reference lies, and its text. */
export function apiDocs(kinds: readonly KindDescriptor[]): { path: string; content: string } {
  const content = `${[INTRODUCTION, contents(kinds), ...kinds.map(section)].join('\n\n')}\n`;
  return { path: 'docs/api.md', content };
}
