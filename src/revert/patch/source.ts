import { Composer, Parser } from 'yaml';
import { lineOf, tokensOf } from './guards.ts';
import { type Obstacle, type Problem, type Reading, scalarAt, type Tree, treeOf } from './tree.ts';
import { type DocumentName, refused, type SpliceRefusal } from './types.ts';

/** What is matched between versions of a file: a document, or an item of a `List`. */
export interface Part {
  name: DocumentName;
  tree: Tree;
  /** What is around it: of a document, nothing. */
  obstacle: Obstacle | undefined;
}

/** A file that can be read as YAML. */
export interface Source {
  text: string;
  /** All documents, the empty ones too. */
  roots: Tree[];
  parts: Part[];
}

function objectOf(tree: Tree): DocumentName['object'] {
  const [apiVersion, kind] = [scalarAt(tree, 'apiVersion'), scalarAt(tree, 'kind')];
  const name = scalarAt(tree, 'metadata', 'name');
  if (!apiVersion || !kind || !name) return undefined;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return { group, kind, namespace: scalarAt(tree, 'metadata', 'namespace') ?? '', name };
}

function nameOf(tree: Tree, index: number): DocumentName {
  const object = objectOf(tree);
  if (!object) return { label: `document ${index + 1}` };
  const { kind, namespace, name } = object;
  return { label: `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`.slice(0, 200), object };
}

function partsOf(tree: Tree, index: number): Part[] {
  if (tree.kind === 'scalar' && tree.start === tree.end) return [];
  const items = tree.kind === 'map' ? tree.entries.get('items')?.value : undefined;
  const isList = scalarAt(tree, 'kind') === 'List' && scalarAt(tree, 'apiVersion') === 'v1';
  if (!isList || items?.kind !== 'list') return [{ name: nameOf(tree, index), tree, obstacle: undefined }];
  const obstacle = tree.obstacle ?? items.obstacle;
  return items.items.map((item) => ({ name: nameOf(item, index), tree: item, obstacle }));
}

function* parse(tokens: readonly string[]) {
  const parser = new Parser();
  for (const token of tokens) yield* parser.next(token);
  yield* parser.end();
}

function compose(text: string, tokens: readonly string[]): { roots: Tree[]; problem: Problem | undefined } {
  const reading: Reading = { text, problems: [], anchors: new Set() };
  const roots: Tree[] = [];
  // Duplicate keys are looked for in treeOf: the composer takes quadratic time for them.
  const composer = new Composer({ keepSourceTokens: true, uniqueKeys: false, intAsBigInt: true });
  for (const { contents, errors } of composer.compose(parse(tokens))) {
    const [error] = errors;
    if (error) {
      const reason = error.code === 'TAB_AS_INDENT' ? 'tabs' : 'unparsable';
      // What follows a colon is a piece of the file.
      const message = error.message.replace(/(: |\n).*$/s, '');
      return { roots, problem: { reason, offset: error.pos[0], message: `cannot be parsed: ${message}` } };
    }
    reading.anchors.clear();
    roots.push(treeOf(contents, reading));
  }
  return { roots, problem: reading.problems[0] };
}

/** Reads a file as it can be spliced. Never throws for what is in it. `which` names it in messages. */
export function readSource(text: string, which: string): Source | SpliceRefusal {
  const tokens = tokensOf(text);
  if ('kind' in tokens) return refused(tokens.reason, `${which}: ${tokens.message}`);
  const { roots, problem } = compose(text, tokens);
  if (problem) return refused(problem.reason, `${which}: line ${lineOf(text, problem.offset)} ${problem.message}`);
  if (roots.some((root) => root.kind === 'map' && root.entries.has('sops'))) {
    return refused('encrypted', `${which}: it is encrypted with SOPS, whose checksum covers every value`);
  }
  return { text, roots, parts: roots.flatMap(partsOf) };
}
