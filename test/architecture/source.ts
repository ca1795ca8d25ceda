/** What the rules of the house look at in a file: its imports, and what it uses of the language and of the process. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

export const root = join(import.meta.dirname, '../..');

/** A node of the syntax tree; which fields there are depends on the type. */
export interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

export interface SourceFile {
  /** Below src/. */
  path: string;
  text: string;
  tree: Node;
}

export interface Import {
  /** As it is written. */
  from: string;
  typeOnly: boolean;
  node: Node;
}

export function parse(path: string, text: string): SourceFile {
  return { path, text, tree: parseAst(text, { lang: 'ts' }) as unknown as Node };
}

/** Tests and what only tests use. */
export function isTest(path: string): boolean {
  return /(\.test|\/conformance|\/test-[a-z-]+|\/testing-[a-z-]+)\.ts$/.test(path) || path.includes('/testdata/');
}

export function sourceFiles(): SourceFile[] {
  const folder = join(root, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !isTest(path))
    .sort()
    .map((path) => parse(path, readFileSync(join(folder, path), 'utf8')));
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** Every node of the tree, parents first. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* nodesOf(child);
  }
}

export function lineOf({ text }: SourceFile, { start }: Node): number {
  return text.slice(0, start).split('\n').length;
}

function isTypeOnly(node: Node): boolean {
  if (node.importKind === 'type' || node.exportKind === 'type') return true;
  const names = Array.isArray(node.specifiers) ? (node.specifiers as Node[]) : [];
  const kinds = names.map((name) => name.importKind ?? name.exportKind);
  return kinds.length > 0 && kinds.every((kind) => kind === 'type');
}

const IMPORTS = ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression'];

export function importsOf({ tree }: SourceFile): Import[] {
  return [...nodesOf(tree)].flatMap((node) => {
    const source = node.source;
    if (!IMPORTS.includes(node.type) || !isNode(source) || typeof source.value !== 'string') return [];
    return [{ from: source.value, typeOnly: isTypeOnly(node), node }];
  });
}

/** `process.env` for a member of a plain name. */
export function memberOf(node: Node): string | undefined {
  const { object, property } = node;
  if (node.type !== 'MemberExpression' || !isNode(object) || !isNode(property)) return undefined;
  return object.type === 'Identifier' && property.type === 'Identifier' ? `${object.name}.${property.name}` : undefined;
}
