import { type CST, isAlias, isCollection, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import type { SpliceReason } from './types.ts';

/** Why nothing at or below a node may be spliced. */
export interface Obstacle {
  reason: SpliceReason;
  /** Goes on after the node's path. */
  message: string;
}

interface Common {
  obstacle: Obstacle | undefined;
  /** Anchor and tag, as written. */
  marks: string;
}

/** Offsets are those of the whole file. */
export interface ScalarTree extends Common {
  kind: 'scalar';
  /** Equal where value and type are. */
  meaning: string;
  /** The value as text. */
  value: string;
  /** As the file spells it. */
  source: string;
  start: number;
  /** Where the value ends; of a block scalar, behind its last line break. */
  end: number;
  /** The length of a block scalar's indicator, as in `|-`; undefined in other styles. */
  header: number | undefined;
  /** By how much the line is indented in which it begins. Of a block scalar: the collection around it. */
  indent: number;
  /** Where nothing but spaces may stand before the value: right behind the colon. */
  afterColon: number | undefined;
}

export interface Entry {
  keyStart: number;
  value: Tree;
}

export interface MapTree extends Common {
  kind: 'map';
  flow: boolean;
  entries: Map<string, Entry>;
}

export interface ListTree extends Common {
  kind: 'list';
  items: Tree[];
}

export type Tree = ScalarTree | MapTree | ListTree;

export interface Problem {
  reason: SpliceReason;
  offset: number;
  message: string;
}

/** A file that is being read, and what was found to be wrong with it. */
export interface Reading {
  text: string;
  problems: Problem[];
  /** Those of the document so far. */
  anchors: Set<string>;
}

const DEEPEST = 100;

const WORDS_OF_OLD = /^(y|yes|n|no|on|off)$/i;
const NUMBERS = [
  /^[-+]?(0b[01_]+|0o?[0-7_]+|0x[\da-f_]+)$/i,
  /^[-+]?(\.\d[\d_]*|\d[\d_]*(\.[\d_]*)?)(e[-+]?\d+)?$/i,
  /^[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?$/,
  /^\d{4}-\d\d?-\d\d?/,
];
const DECIMAL = /^-?(0|[1-9]\d*)$/;

/** Whether YAML 1.1, which Kubernetes reads, may take a plain scalar for something else than YAML 1.2 does. */
function isReadInTwoWays(source: string): boolean {
  if (WORDS_OF_OLD.test(source)) return true;
  return !DECIMAL.test(source) && NUMBERS.some((pattern) => pattern.test(source));
}

function meaningOf({ value, type, source = '', tag }: Scalar): string {
  const written = type === 'PLAIN' && isReadInTwoWays(source) ? source : undefined;
  return JSON.stringify([value === null ? 'null' : typeof value, String(value), written, tag]);
}

function obstacleOf({ anchor, tag }: { anchor?: string; tag?: string }): Obstacle | undefined {
  if (anchor !== undefined) return { reason: 'alias', message: `has an anchor (&${anchor}) by which others share it` };
  return tag === undefined ? undefined : { reason: 'tag', message: `has a tag (${tag})` };
}

function marksOf({ anchor = '', tag = '' }: { anchor?: string; tag?: string }): string {
  return `&${anchor} ${tag}`;
}

function scalarTree(node: Scalar, text: string, afterColon: number | undefined): ScalarTree {
  const [start, end] = node.range ?? [0, 0];
  const token = node.srcToken as CST.FlowScalar | CST.BlockScalar | undefined;
  const header = token?.type === 'block-scalar' ? token.props[0] : undefined;
  return {
    kind: 'scalar',
    obstacle: obstacleOf(node),
    marks: marksOf(node),
    meaning: meaningOf(node),
    value: String(node.value),
    source: text.slice(start, end),
    start,
    end,
    header: header && 'source' in header ? header.source.length : undefined,
    indent: token?.indent ?? 0,
    afterColon,
  };
}

/** A value that is not in the text as a scalar: an alias, or nothing at all. */
function standIn(at: number, obstacle: Obstacle): ScalarTree {
  const meaning = JSON.stringify([obstacle.message]);
  const where = { start: at, end: at, header: undefined, indent: 0, afterColon: undefined };
  return { kind: 'scalar', obstacle, marks: '', meaning, value: '', source: '', ...where };
}

/** Right behind the colon, where only spaces separate it from the value, or where there is no value. */
function afterColonOf({ srcToken, value }: Pair<unknown, unknown>): number | undefined {
  const sep = srcToken?.sep ?? [];
  const colon = sep.findIndex(({ type }) => type === 'map-value-ind');
  const isEmpty = isScalar(value) && value.range?.[0] === value.range?.[1];
  const isClose = isEmpty || sep.slice(colon + 1).every(({ type }) => type === 'space');
  return colon === -1 || !isClose ? undefined : (sep[colon]?.offset ?? 0) + 1;
}

function keyProblem(key: unknown): Obstacle | undefined {
  if (!isScalar(key)) return { reason: 'structural', message: 'has a key that is not a scalar' };
  if (key.value === '<<') return { reason: 'alias', message: 'takes fields from elsewhere by a merge key (<<)' };
  return obstacleOf(key);
}

function noteAnchor(node: unknown, { anchors }: Reading) {
  if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) anchors.add(node.anchor);
}

/** A node as plain values with their places. Adds what is wrong to the reading's problems: then the tree is not whole. */
export function treeOf(node: unknown, reading: Reading, depth = 0, afterColon?: number): Tree {
  noteAnchor(node, reading);
  if (isScalar(node)) return scalarTree(node, reading.text, afterColon);
  const [offset] = (node as Node | null)?.range ?? [0];
  if (isAlias(node)) {
    if (!reading.anchors.has(node.source)) {
      reading.problems.push({
        reason: 'unparsable',
        offset,
        message: 'has an alias of which there is no anchor above',
      });
    }
    return standIn(offset, { reason: 'alias', message: `is an alias (*${node.source})` });
  }
  if (depth > DEEPEST) {
    reading.problems.push({ reason: 'tooLarge', offset, message: `nests deeper than ${DEEPEST} levels` });
  } else if (isSeq(node)) {
    const items = node.items.map((item) => treeOf(item, reading, depth + 1));
    return { kind: 'list', obstacle: obstacleOf(node), marks: marksOf(node), items };
  } else if (isMap(node)) {
    const map = { obstacle: obstacleOf(node), marks: marksOf(node), flow: node.flow === true };
    return { kind: 'map', ...map, ...entriesOf(node.items, map.obstacle, reading, depth) };
  }
  return standIn(offset, { reason: 'structural', message: 'has no value' });
}

function entriesOf(
  pairs: readonly Pair<unknown, unknown>[],
  own: Obstacle | undefined,
  reading: Reading,
  depth: number,
): { entries: Map<string, Entry>; obstacle: Obstacle | undefined } {
  const entries = new Map<string, Entry>();
  let obstacle = own;
  for (const pair of pairs) {
    obstacle ??= keyProblem(pair.key);
    noteAnchor(pair.key, reading);
    const [keyStart] = (pair.key as Node | null)?.range ?? [0];
    const key = isScalar(pair.key) ? String(pair.key.value) : `(at ${entries.size})`;
    if (entries.has(key)) {
      reading.problems.push({ reason: 'duplicateKey', offset: keyStart, message: 'repeats a key of the same mapping' });
    }
    entries.set(key, { keyStart, value: treeOf(pair.value, reading, depth + 1, afterColonOf(pair)) });
  }
  return { entries, obstacle };
}

export function scalarAt(tree: Tree | undefined, ...path: string[]): string | undefined {
  const at = path.reduce((each, key) => (each?.kind === 'map' ? each.entries.get(key)?.value : undefined), tree);
  return at?.kind === 'scalar' ? at.value : undefined;
}

function sameEntries(left: MapTree, right: MapTree): boolean {
  if (left.entries.size !== right.entries.size) return false;
  return [...left.entries].every(([key, { value }]) => same(value, right.entries.get(key)?.value));
}

/** Whether both hold the same data: comments, styles, the order of keys and anchors' names aside. */
export function same(left: Tree | undefined, right: Tree | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  if (left.kind === 'scalar') return right.kind === 'scalar' && left.meaning === right.meaning;
  if (left.kind === 'map') return right.kind === 'map' && sameEntries(left, right);
  if (right.kind !== 'list' || left.items.length !== right.items.length) return false;
  return left.items.every((item, index) => same(item, right.items[index]));
}
