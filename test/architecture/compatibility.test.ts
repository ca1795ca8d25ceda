/** docs/compatibility.md tells of every field of a Rollout, and tells the truth as far as names can show it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { undriven } from '../../src/api/driven.ts';
import { kinds } from '../../src/api/kinds.ts';
import type { Shape } from '../../src/api/shape.ts';
import { root } from './source.ts';

interface Row {
  /** `[]` stands for each item of a list, `.*` at the end for everything below. */
  path: string;
  verdict: string;
  words: string;
  tests: string[];
}

const NOT_YET = 'not yet';

/** Fields of the status that are written only for a field of the spec. */
const companions: Record<string, string> = {
  'status.restartedAt': 'spec.restartAt',
  'status.workloadObservedGeneration': 'spec.workloadRef',
  'status.canary.weights.additional': 'spec.strategy.canary.steps[].experiment',
  'status.canary.currentExperiment': 'spec.strategy.canary.steps[].experiment',
  'status.canary.stepPluginStatuses': 'spec.strategy.canary.steps[].plugin',
  'status.alb': 'spec.strategy.canary.trafficRouting.alb',
  'status.albs': 'spec.strategy.canary.trafficRouting.alb',
};

function leaves(path: string, shape: Shape): string[] {
  if (shape.items !== undefined) return leaves(`${path}[]`, shape.items);
  if (typeof shape.additionalProperties === 'object') return leaves(`${path}.*`, shape.additionalProperties);
  const below = Object.entries(shape.properties ?? {});
  return below.length === 0 ? [path] : below.flatMap(([name, each]) => leaves(`${path}.${name}`, each));
}

function rowsOf(page: string): Row[] {
  return [...page.matchAll(/^\| `((?:spec|status)\b[^`]*)` \| \*\*([^*]+)\*\*(?:: (.*?))? \| (.*) \|$/gm)].map(
    ([, path = '', verdict = '', words = '', tests = '']) => ({
      path,
      verdict,
      words,
      tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
    }),
  );
}

function covers({ path }: Row, leaf: string): boolean {
  return path.endsWith('.*') ? leaf.startsWith(path.slice(0, -1)) : leaf === path;
}

/** Whether a leaf is this field, or below it. */
function isWithin(leaf: string, field: string): boolean {
  return leaf === field || ['.', '[]'].some((next) => leaf.startsWith(`${field}${next}`));
}

function lastName({ path }: Row): string {
  return path.replace(/\.\*$/, '').split('.').at(-1)?.replace('[]', '') ?? '';
}

function mentions(file: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(readFileSync(join(root, file), 'utf8'));
}

const schema = kinds.find(({ kind }) => kind === 'Rollout')?.schema as Record<string, Shape>;
const fields = Object.entries(schema).flatMap(([name, shape]) => leaves(name, shape));
const page = readFileSync(join(root, 'docs/compatibility.md'), 'utf8');
const rows = rowsOf(page);
const driven = rows.filter(({ verdict }) => verdict !== NOT_YET);

/** What src/api/driven.ts refuses, and the fields of the status that go with it. */
const refused = (undriven.Rollout ?? []).map(({ field }) => field);
const withheld = [...refused, ...Object.keys(companions).filter((field) => refused.includes(companions[field] ?? ''))];

describe('docs/compatibility.md', () => {
  it('has rows that can be read, each once', () => {
    const lines = page.match(/^\| `(spec|status)\b.*$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(100);
    expect(rows).toHaveLength(lines.length);
    expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length);
    expect(rows.filter(({ verdict }) => !['as reference', 'better', NOT_YET].includes(verdict))).toEqual([]);
  });

  it('says how it is better, and what to use where a field is not driven yet', () => {
    expect(rows.filter(({ verdict, words }) => verdict !== 'as reference' && words === '')).toEqual([]);
  });

  it('tells of every field once', () => {
    const count = (leaf: string) => rows.filter((row) => covers(row, leaf)).length;
    expect(fields.filter((leaf) => count(leaf) !== 1)).toEqual([]);
  });

  it('tells of no field that is not there', () => {
    expect(rows.filter((row) => !fields.some((leaf) => covers(row, leaf))).map(({ path }) => path)).toEqual([]);
  });

  it('says "not yet" of what src/api/driven.ts refuses, and of nothing else', () => {
    const told = fields.filter((leaf) => rows.some((row) => row.verdict === NOT_YET && covers(row, leaf)));
    const known = fields.filter((leaf) => withheld.some((field) => isWithin(leaf, field)));
    expect(told).toEqual(known);
  });

  it('names tests that there are', () => {
    expect(rows.filter(({ tests }) => tests.length === 0).map(({ path }) => path)).toEqual([]);
    const files = new Set(rows.flatMap(({ tests }) => tests));
    expect([...files].filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('names tests that speak of the field', () => {
    const silent = driven.filter((row) => row.tests.some((file) => !mentions(file, lastName(row))));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});
