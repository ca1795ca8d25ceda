import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { crd, objectSchema } from './crd.ts';
import { generatedFiles } from './generated.ts';
import { kinds } from './kinds.ts';
import type { Shape } from './shape.ts';

const root = join(import.meta.dirname, '../..');

describe('generated files', () => {
  it.each(generatedFiles())('$path is not stale (npm run generate)', ({ path, content }) => {
    const file = join(root, path);
    expect(existsSync(file) ? readFileSync(file, 'utf8') : 'missing').toBe(content);
  });

  it('are all there is in crds', () => {
    const paths = generatedFiles().map(({ path }) => path);
    expect(globSync('crds/*', { cwd: root }).sort()).toEqual(paths.filter((path) => path.startsWith('crds/')).sort());
  });

  it('are YAML that says what the definition says', () => {
    for (const kind of kinds) {
      const file = generatedFiles().find(({ path }) => path === `crds/${kind.group}_${kind.plural}.yaml`);
      expect(parse(file?.content ?? '')).toEqual(JSON.parse(JSON.stringify(crd(kind))));
    }
  });
});

function walk(path: string, shape: Shape, visit: (path: string, shape: Shape) => void): void {
  visit(path, shape);
  for (const [name, each] of Object.entries(shape.properties ?? {})) walk(`${path}.${name}`, each, visit);
  if (shape.items !== undefined) walk(`${path}[]`, shape.items, visit);
  if (typeof shape.additionalProperties === 'object') walk(`${path}.*`, shape.additionalProperties, visit);
}

describe.each(kinds)('schema of $kind', (kind) => {
  const shapes: { path: string; shape: Shape }[] = [];
  walk(kind.kind, objectSchema(kind), (path, shape) => shapes.push({ path, shape }));

  it('is structural: every place has a type, or says why not', () => {
    const free = ['x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields'] as const;
    const loose = shapes.filter(({ shape }) => shape.type === undefined && !free.some((word) => shape[word] === true));
    expect(loose.map(({ path }) => path)).toEqual([]);
  });

  it('describes every field', () => {
    const fields = shapes.filter(
      ({ path }) => /\.(spec|status)\./.test(path) && !path.endsWith('[]') && !path.endsWith('.*'),
    );
    expect(fields.filter(({ shape }) => !shape.description).map(({ path }) => path)).toEqual([]);
  });

  it('keeps to keywords that the API server knows', () => {
    const own = shapes.filter(({ shape }) =>
      Object.keys(shape).some((key) => key.startsWith('x-headgate') || key.startsWith('~')),
    );
    expect(own.map(({ path }) => path)).toEqual([]);
  });

  it('requires or presets the keys of its keyed lists', () => {
    for (const { path, shape } of shapes) {
      for (const key of shape['x-kubernetes-list-map-keys'] ?? []) {
        const item = shape.items ?? {};
        const given = item.required?.includes(key) || item.properties?.[key]?.default !== undefined;
        expect(given, `${path} by ${key}`).toBe(true);
      }
    }
  });
});

describe('subresources', () => {
  it('are those that clients of the stock kinds rely on', () => {
    const subresources = Object.fromEntries(kinds.map((kind) => [kind.kind, Object.keys(kind.subresources)]));
    expect(subresources).toEqual({
      Rollout: ['status', 'scale'],
      AnalysisTemplate: [],
      ClusterAnalysisTemplate: [],
      AnalysisRun: [],
      Experiment: [],
      RevertPolicy: ['status'],
      GitRevert: ['status'],
      GitSource: ['status'],
    });
  });
});
