import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { notDriven } from './driven.ts';
import type { KubeObject } from './kubernetes.ts';
import type { Rollout } from './rollout.ts';
import { shapeOf, typeProblems, unknownFields } from './shape.ts';
import { validate } from './validate.ts';
import { rolloutProblems } from './validate-rollout.ts';

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

  /** Argo Rollouts accepts every one of them, but this part of a Rollout, which is no object by itself. */
  const PATCH = 'gitops-repo/apps/webapp/overlays/production/patches/resources.yaml';
  const rollouts = ours.filter(({ object, name }) => object.kind === 'Rollout' && !name.startsWith(PATCH));

  it.each(rollouts)('$name is accepted, but for what is not driven yet', ({ object }) => {
    expect(rolloutProblems(object as Rollout)).toEqual([]);
    expect(validate(object)).toEqual(notDriven(object));
  });

  it('part of a Rollout is refused as one', () => {
    const part = ours.find(({ name }) => name.startsWith(PATCH));
    expect(rolloutProblems(part?.object as Rollout).map(({ path }) => path)).toEqual([
      'spec.selector',
      'spec.template.spec.containers[0].image',
      'spec.strategy',
    ]);
  });
});
