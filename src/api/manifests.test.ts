import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from './kubernetes.ts';
import { shapeOf, typeProblems, unknownFields } from './shape.ts';

/** Published manifests and objects of clusters that another controller has served, beside the project. */
const data = join(import.meta.dirname, '../../../shared/data');

function objectsIn(file: string): Partial<KubeObject>[] {
  const documents = parseAllDocuments(readFileSync(join(data, file), 'utf8'));
  if (!Array.isArray(documents)) return [];
  const readable = documents.filter((document) => document.errors.length === 0).map((document) => document.toJS());
  return readable.flatMap((object) => (object?.kind === 'List' ? object.items : [object]));
}

const files = existsSync(data) ? globSync('**/*.{yaml,yml}', { cwd: data }).sort() : [];
const ours = files.flatMap((file) =>
  objectsIn(file)
    .filter((object) => object && shapeOf(object) !== undefined)
    .map((object) => ({
      name: `${file}: ${object.kind} ${object.metadata?.name ?? object.metadata?.generateName}`,
      object,
    })),
);

describe.skipIf(files.length === 0)('published manifests', () => {
  it('are there in numbers', () => {
    expect(ours.length).toBeGreaterThan(50);
    expect(new Set(ours.map(({ object }) => object.kind))).toEqual(
      new Set(['AnalysisRun', 'AnalysisTemplate', 'ClusterAnalysisTemplate', 'Experiment', 'Rollout']),
    );
  });

  it.each(ours)('$name has the types of the schema and no field that it does not know', ({ object }) => {
    expect(typeProblems(object)).toEqual([]);
    expect(unknownFields(object)).toEqual([]);
  });
});
