import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { spliceBack } from './splice.ts';
import {
  type Draw,
  document,
  drawFrom,
  type File,
  file,
  item,
  type Leaf,
  leaf,
  type Node,
  other,
} from './testing-yaml.ts';
import { write } from './testing-yaml-text.ts';
import type { Path, SpliceRequest } from './types.ts';

interface Found {
  leaf: Leaf;
  isFlow: boolean;
  /** Document and path. */
  at: string;
}

function place(label: string, path: Path): string {
  return JSON.stringify([label, ...path]);
}

function leavesOf(value: Node, label: string, path: Path = [], isFlow = false): Found[] {
  if (value.kind === 'leaf') return [{ leaf: value, isFlow, at: place(label, path) }];
  const isOwnFlow = isFlow || value.flow > 0;
  if (value.kind === 'map') {
    return value.entries.flatMap(({ key, value: below }) => leavesOf(below, label, [...path, key], isOwnFlow));
  }
  return value.items.flatMap(({ value: below }, index) => {
    const name = below.kind === 'map' ? below.entries.find(({ key }) => key === 'name')?.value : undefined;
    const part = name?.kind === 'leaf' ? `name=${name.spelled.lines[0]}` : `${index}`;
    return leavesOf(below, label, [...path, `[${part}]`], isOwnFlow);
  });
}

function allLeaves({ documents }: File): Found[] {
  return documents.flatMap(({ root, label }) => leavesOf(root, label));
}

function hasTarget(value: Node): boolean {
  return leavesOf(value, '').some(({ leaf: { target } }) => target !== undefined);
}

function hasFixed(value: Node): boolean {
  return leavesOf(value, '').some(({ leaf: { fixed } }) => fixed);
}

/** Marks scalars that the commit changed; at least one, where there is any. */
function change(draw: Draw, of: File): void {
  const free = allLeaves(of).filter((each) => !each.leaf.fixed);
  const sure = draw(Math.max(free.length, 1));
  free.forEach(({ leaf: each, isFlow }, index) => {
    if (index !== sure && draw(4) > 0) return;
    each.target = { good: each.spelled, bad: other(draw, each, isFlow) };
  });
}

function shuffle<T>(draw: Draw, all: T[]): void {
  for (let at = all.length - 1; at > 0; at -= 1) {
    const from = draw(at + 1);
    [all[at], all[from]] = [all[from] as T, all[at] as T];
  }
}

function putIn<T>(draw: Draw, all: T[], one: T): void {
  all.splice(draw(all.length + 1), 0, one);
}

function takeOut<T extends { value: Node }>(draw: Draw, all: T[]): void {
  const at = draw(all.length);
  const victim = all[at];
  if (victim && all.length > 1 && !hasTarget(victim.value) && !hasFixed(victim.value)) all.splice(at, 1);
}

/** What others did since: everything but the targets themselves may be another. */
function edit(draw: Draw, value: Node, isFlow: boolean): void {
  if (value.kind === 'leaf') {
    if (!value.target && !value.fixed && draw(4) === 0) value.spelled = other(draw, value, isFlow);
    if (draw(6) === 0) value.trailing = value.trailing === '' ? ' # later' : '';
    return;
  }
  const isOwnFlow = isFlow || value.flow > 0;
  const children = value.kind === 'map' ? value.entries : value.items;
  for (const child of children) {
    edit(draw, child.value, isOwnFlow);
    if (draw(6) === 0) child.lead = { blank: draw(2) === 0, comment: '# later' };
  }
  const lead = { blank: false, comment: '' };
  if (value.kind === 'map') {
    if (draw(4) === 0) takeOut(draw, value.entries);
    if (draw(4) === 0)
      putIn(draw, value.entries, { lead, key: 'later', spelledKey: 'later', value: leaf(draw, isOwnFlow) });
    if (draw(6) === 0) shuffle(draw, value.entries);
  } else if (value.keyed) {
    if (draw(4) === 0) takeOut(draw, value.items);
    if (draw(4) === 0) putIn(draw, value.items, { lead, gap: 1, value: item(draw, 1, isOwnFlow) });
    if (draw(6) === 0) shuffle(draw, value.items);
  } else if (!hasTarget(value) && draw(4) === 0) {
    putIn(draw, value.items, { lead, gap: 1, value: leaf(draw, isOwnFlow) });
  }
}

function editFile(draw: Draw, of: File): void {
  for (const { root } of of.documents) edit(draw, root, false);
  if (draw(4) === 0) putIn(draw, of.documents, document(draw, true));
  if (draw(4) === 0) shuffle(draw, of.documents);
  if (draw(6) === 0) of.mark = '\uFEFF';
  const isOneLined = allLeaves(of).every(({ leaf: { target, spelled } }) => {
    return !target || [target.good, target.bad, spelled].every(({ header, lines }) => !header && lines.length === 1);
  });
  if (isOneLined && draw(2) === 0) of.lineBreak = '\r\n';
}

interface Story {
  draw: Draw;
  before: string;
  after: string;
  now: File;
}

/** A smaller seed makes no smaller file. */
const stories = fc.noShrink(fc.nat()).map((seed): Story => {
  const draw = drawFrom(seed);
  const made = file(draw);
  change(draw, made);
  const now = structuredClone(made);
  if (draw(8) > 0) editFile(draw, now);
  return { draw, before: write(made, 'good'), after: write(made, 'bad'), now };
});

function told(request: SpliceRequest): string {
  const splice = spliceBack(request);
  return splice.kind === 'spliced' ? splice.content : JSON.stringify(splice);
}

function targetsOf(of: File): (Found & { target: NonNullable<Leaf['target']> })[] {
  return allLeaves(of).flatMap((each) => (each.leaf.target ? [{ ...each, target: each.leaf.target }] : []));
}

describe('scalars of any file, whatever happened to it since', () => {
  it('are written as YAML that says what was meant', () => {
    const check = ({ before, after, now }: Story) => {
      for (const text of [before, after, write(now, 'bad')]) {
        expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
      }
    };
    fc.assert(fc.property(stories, check), { numRuns: 100 });
  });

  it('get their good text back, and no other byte changes', () => {
    const check = ({ before, after, now }: Story) => {
      expect(told({ before, after, head: write(now, 'bad') })).toBe(write(now, 'good'));
    };
    fc.assert(fc.property(stories, check), { numRuns: 1200 });
  });

  it('are named as they were written, and only those that are wanted change', () => {
    const check = ({ draw, before, after, now }: Story) => {
      const targets = targetsOf(now);
      const wanted = new Set(targets.filter(() => draw(2) === 0).map(({ at }) => at));
      const head = write(now, 'bad');
      const asked = new Set<string>();
      const splice = spliceBack({
        before,
        after,
        head,
        wanted: ({ label }, path) => {
          asked.add(place(label, path));
          return wanted.has(place(label, path));
        },
      });
      expect([...asked].toSorted()).toEqual(targets.map(({ at }) => at).toSorted());
      for (const { leaf: each, at, target } of targets) {
        if (!wanted.has(at)) Object.assign(each, { target: undefined, spelled: target.bad });
      }
      expect(splice.kind === 'refused' ? splice : splice.left).toHaveLength(targets.length - wanted.size);
      if (splice.kind === 'spliced') expect(splice.content).toBe(write(now, 'good'));
      else expect([splice.kind, wanted.size]).toEqual(['unchanged', 0]);
    };
    fc.assert(fc.property(stories, check), { numRuns: 200 });
  });

  it('that are good again stay as they are spelled now', () => {
    const check = ({ draw, before, after, now }: Story) => {
      for (const { leaf: each, target } of targetsOf(now)) {
        if (draw(2) === 0) Object.assign(each, { target: undefined, spelled: target.good });
      }
      const splice = spliceBack({ before, after, head: write(now, 'bad') });
      if (targetsOf(now).length === 0) expect(splice).toMatchObject({ kind: 'unchanged', left: [] });
      else expect(splice).toMatchObject({ kind: 'spliced', content: write(now, 'good') });
    };
    fc.assert(fc.property(stories, check), { numRuns: 200 });
  });

  it('are all left alone where one was changed since', () => {
    const check = ({ draw, before, after, now }: Story) => {
      const targets = targetsOf(now);
      const one = targets[draw(targets.length)];
      if (one) one.target.bad = other(draw, { ...one.leaf, spelled: one.target.bad }, one.isFlow);
      const splice = spliceBack({ before, after, head: write(now, 'bad') });
      expect(splice).toMatchObject({ kind: 'refused', reason: 'changedSince' });
    };
    fc.assert(fc.property(stories, check), { numRuns: 200 });
  });

  it('never make it throw, whatever the three texts are', () => {
    const spoil = (draw: Draw, text: string) => {
      const at = draw(text.length);
      const piece =
        ['', '"', '\n', ' ', '- ', ': ', '#', '&x ', '*x', '{', '\t', '|\n', '---\n', '[', '!t '][draw(15)] ?? '';
      return text.slice(0, at) + piece + text.slice(at + draw(3));
    };
    const check = ({ draw, before, after, now }: Story) => {
      const head = spoil(draw, write(now, 'bad'));
      const splice = spliceBack({ before: draw(2) ? before : spoil(draw, before), after, head });
      if (splice.kind === 'refused') expect(splice.message).not.toBe('');
      if (splice.kind === 'refused') expect(splice.reason).not.toBe('unproved');
    };
    fc.assert(fc.property(stories, check), { numRuns: 300 });
  });
});
