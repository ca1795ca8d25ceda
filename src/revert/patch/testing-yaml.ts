/** Models of random YAML files, in random styles. `testing-yaml-text.ts` writes them. */

/** A number from 0 to below the given one. */
export type Draw = (below: number) => number;

/** Lines as the file is to hold them; of a block scalar with its indicator. */
export interface Spelling {
  header?: string;
  lines: string[];
}

export interface Leaf {
  kind: 'leaf';
  spelled: Spelling;
  /** What the commit changed, and into what. */
  target?: { good: Spelling; bad: Spelling };
  /** Part of an identity: never changed. */
  fixed: boolean;
  below: boolean;
  trailing: string;
}

export interface Lead {
  blank: boolean;
  comment: string;
}

export interface MapNode {
  kind: 'map';
  flow: number;
  width: number;
  entries: { lead: Lead; key: string; spelledKey: string; value: Node }[];
}

export interface ListNode {
  kind: 'list';
  flow: number;
  width: number;
  /** Its items have unique names. */
  keyed: boolean;
  items: { lead: Lead; gap: number; value: Node }[];
}

export type Node = Leaf | MapNode | ListNode;

export interface File {
  documents: { separator: string; end: string; label: string; root: MapNode }[];
  mark: string;
  lineBreak: string;
  endsOpen: boolean;
}

const COMMENTS = ['', '', '', '# plain', '# a: 1', '# - {x: "y', "#it's", '# {{ x }} 日本 🚀', '#'];
const KEYS = [
  'image',
  'tag',
  'a',
  'value',
  'replicas',
  'limits',
  'cpu',
  'x-y',
  'a.b/c',
  'with space',
  'é',
  'args',
  'env',
  'q1',
  'q2',
];
const HEADERS = ['|', '|-', '>', '>-'];

let counter = 0;

/** Always the same numbers for a seed (a linear congruential generator). */
export function drawFrom(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function pick<T>(draw: Draw, all: readonly T[]): T {
  return all[draw(all.length)] as T;
}

function spellings(draw: Draw, isFlow: boolean): Spelling[] {
  counter += 1;
  const n = counter;
  const one = (...texts: string[]) => texts.map((text) => ({ lines: [text] }));
  const short = one(`w${n}`, `${n}`, `1.${n}`, `'${n}'`, `"w${n}\\u0041"`, `'it''s ${n}'`, `"a: b # ${n}"`, `日本${n}`);
  const long = one(
    `registry.io/web:${n}`,
    `"${'x'.repeat(draw(300))} ${n}"`,
    `'{{ ${n} }}'`,
    `-${n}`,
    `0${n}`,
    `${n}e3`,
  );
  if (isFlow || draw(4) > 0) return [...short, ...long];
  return [{ lines: [`plain ${n}`, 'goes on'] }, { lines: [`"quoted ${n}`, '', 'goes on"'] }, { lines: [`'${n}`, "'"] }];
}

function block(draw: Draw): Spelling {
  counter += 1;
  const more = pick(draw, ['# no comment', 'a: b', '', '  more', '{{ x }}', '- y']);
  const lines = [`text ${counter}`, more, 'end'].slice(0, 1 + 2 * draw(2));
  return { header: pick(draw, HEADERS), lines };
}

export function leaf(draw: Draw, isFlow: boolean): Leaf {
  const isBlock = !isFlow && draw(8) === 0;
  const spelled = isBlock ? block(draw) : pick(draw, spellings(draw, isFlow));
  return { kind: 'leaf', spelled, fixed: false, below: draw(9) === 0, trailing: trailing(draw) };
}

function named(text: string): Leaf {
  return { kind: 'leaf', spelled: { lines: [text] }, fixed: true, below: false, trailing: '' };
}

function trailing(draw: Draw): string {
  const comment = pick(draw, COMMENTS);
  return comment === '' ? ' '.repeat(draw(6) === 0 ? 2 : 0) : ` ${' '.repeat(draw(3))}${comment}`;
}

function lead(draw: Draw): Lead {
  return { blank: draw(8) === 0, comment: draw(3) === 0 ? pick(draw, COMMENTS) : '' };
}

function entry(draw: Draw, key: string, value: Node) {
  const isPlain = /^[a-z][\w.-]*$/.test(key) && draw(4) > 0;
  return { lead: lead(draw), key, spelledKey: isPlain ? key : pick(draw, [`"${key}"`, `'${key}'`]), value };
}

function mapOf(draw: Draw, entries: MapNode['entries'], isFlow: boolean): MapNode {
  return { kind: 'map', flow: isFlow ? 1 + draw(3) : 0, width: 1 + draw(4), entries };
}

function map(draw: Draw, depth: number, isFlow: boolean): MapNode {
  const first = draw(KEYS.length);
  const keys = Array.from({ length: 1 + draw(3) }, (_, index) => KEYS[(first + index) % KEYS.length] ?? '');
  const entries = keys.map((key) => entry(draw, key, node(draw, depth - 1, isFlow)));
  return mapOf(draw, entries, isFlow);
}

export function item(draw: Draw, depth: number, isFlow: boolean): MapNode {
  counter += 1;
  const isOwnFlow = isFlow || draw(3) === 0;
  const { entries } = map(draw, depth, isOwnFlow);
  return mapOf(draw, [entry(draw, 'name', named(`item-${counter}`)), ...entries], isOwnFlow);
}

function list(draw: Draw, depth: number, isFlow: boolean): ListNode {
  const keyed = draw(3) > 0;
  const values = Array.from({ length: 1 + draw(3) }, () =>
    keyed ? item(draw, depth - 1, isFlow) : leaf(draw, isFlow),
  );
  const items = values.map((value) => ({ lead: lead(draw), gap: 1 + draw(3), value }));
  return { kind: 'list', flow: isFlow ? 1 + draw(3) : 0, width: draw(3), keyed, items };
}

function node(draw: Draw, depth: number, isFlow: boolean): Node {
  const isOwnFlow = isFlow || draw(5) === 0;
  if (depth <= 0 || draw(3) === 0) return leaf(draw, isFlow);
  return draw(2) === 0 ? map(draw, depth, isOwnFlow) : list(draw, depth, isOwnFlow);
}

export function document(draw: Draw, isNamed: boolean): File['documents'][number] {
  counter += 1;
  const name = `object-${counter}`;
  const metadata = mapOf(
    draw,
    [entry(draw, 'name', named(name)), entry(draw, 'namespace', named('shop'))],
    draw(2) === 0,
  );
  const identity = [entry(draw, 'apiVersion', named('apps/v1')), entry(draw, 'kind', named('Deployment'))];
  const root = mapOf(draw, map(draw, 3, false).entries, false);
  if (isNamed) root.entries.unshift(...identity, entry(draw, 'metadata', metadata));
  const separator = pick(draw, ['---', '--- # doc', '---\n# nothing\n---', '---\n\n', '---  ']);
  const label = isNamed ? `Deployment shop/${name}` : `document ${separator.includes('nothing') ? 2 : 1}`;
  const end = pick(draw, ['', '', '', '...\n', '... # end\n']);
  return { separator, end, label, root };
}

export function file(draw: Draw): File {
  counter = 0;
  const isSingle = draw(2) === 0;
  const documents = Array.from({ length: isSingle ? 1 : 1 + draw(2) }, () => document(draw, !isSingle));
  const lineBreak = draw(4) === 0 ? '\r\n' : '\n';
  return { documents, mark: draw(8) === 0 ? '\uFEFF' : '', lineBreak, endsOpen: draw(6) === 0 };
}

/** Another value in a style of the same sort: a block scalar stays one. */
export function other(draw: Draw, { spelled }: Leaf, isFlow: boolean): Spelling {
  if (spelled.header !== undefined) return block(draw);
  return pick(draw, spellings(draw, isFlow));
}
