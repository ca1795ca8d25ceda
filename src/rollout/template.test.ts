import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject, PodTemplateSpec, ReplicaSet, Rollout } from '../api/index.ts';
import { POD_TEMPLATE_HASH, REVISION } from '../api/index.ts';
import { givenTemplate, stepsHash, templateHash } from './template.ts';
import { sameTemplate } from './template-difference.ts';

const NAMES = [
  'spec',
  'containers',
  'resources',
  'limits',
  'cpu',
  'env',
  'value',
  'ports',
  'volumes',
  'emptyDir',
  'sizeLimit',
].concat(['labels', 'creationTimestamp', 'httpGet', 'port', 'setWeight', 'plugin', 'config', 'pause', 'duration', 'x']);

function template(container: object = {}, spec: object = {}, labels: object = { app: 'web' }): PodTemplateSpec {
  return {
    metadata: { labels: labels as Record<string, string> },
    spec: { containers: [{ name: 'web', image: 'web:1', ...container }], ...spec },
  };
}

const measured = join(import.meta.dirname, 'testdata/hashes');

function documents<T>(file: string): T[] {
  return parseAllDocuments(readFileSync(join(measured, file), 'utf8')).flatMap((document) => {
    const value = document.toJS() as T | null;
    return value ? [value] : [];
  });
}

interface Measured {
  name: string;
  template: PodTemplateSpec;
  rewrittenTemplate?: PodTemplateSpec;
  collisionCount: number | null;
  hash: string;
}

interface MeasuredRollout {
  name: string;
  template: PodTemplateSpec;
  currentPodHash: string;
  steps?: unknown;
  currentStepHash?: string;
}

interface MeasuredInGo extends Measured {
  what: string;
  steps: unknown;
  stepHash: string;
}

describe('hashes', () => {
  it.each(documents<Measured>('templates.yaml').map((vector) => [vector.name, vector] as const))(
    "are the reference controller's: %s",
    (_, { template, rewrittenTemplate = template, collisionCount, hash }) => {
      expect(templateHash(template, collisionCount ?? undefined)).toBe(hash);
      expect(templateHash(rewrittenTemplate, collisionCount ?? undefined)).toBe(hash);
    },
  );

  it.each(documents<MeasuredRollout>('rollouts.yaml').map((vector) => [vector.name, vector] as const))(
    'are those in the status: %s',
    (_, { template, currentPodHash, steps, currentStepHash }) => {
      expect(templateHash(template)).toBe(currentPodHash);
      if (currentStepHash) expect(stepsHash(steps)).toBe(currentStepHash);
    },
  );

  // Made by a program of k8s.io/api v0.34.4 and the types of Argo Rollouts v1.10.0, which read them as the controller does.
  const made = readFileSync(join(measured, 'go.jsonl'), 'utf8').trim().split('\n');
  it.each(made.map((line) => JSON.parse(line) as MeasuredInGo).map((vector) => [vector.what, vector] as const))(
    'are those of the Go types: %s',
    (_, { template, steps, collisionCount, hash, stepHash }) => {
      expect(templateHash(template, collisionCount ?? undefined)).toBe(hash);
      expect(stepsHash(steps)).toBe(stepHash);
    },
  );

  it('follow the content, not the order of its fields', () => {
    expect(templateHash({ metadata: {}, spec: { containers: [] } })).toBe(
      templateHash({ spec: { containers: [] }, metadata: {} }),
    );
    expect(templateHash(template())).not.toBe(templateHash(template({ image: 'web:2' })));
  });

  it('differ by collision count, and are fit for a name', () => {
    expect(new Set([undefined, 0, 1, 2].map((count) => templateHash(template(), count))).size).toBe(4);
    expect(templateHash(template())).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });

  it('of no steps is the hash of nothing', () => {
    expect(stepsHash(undefined)).toBe(stepsHash(null));
    expect(stepsHash([])).toBe(stepsHash(undefined));
  });

  it('are there for anything that a tenant may write', () => {
    const anything = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(anything, anything, (spec, count) => {
        const hash = templateHash({ metadata: spec, spec } as PodTemplateSpec, count as number);
        expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
        expect(stepsHash([spec])).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
      }),
    );
  });
});

const takeover = join(import.meta.dirname, '../../../shared/data/takeover');
const dumps = existsSync(takeover) ? globSync(join(takeover, '[0-9]*.yaml')).sort() : [];

describe.skipIf(dumps.length === 0)('taken over from another controller', () => {
  it.each(dumps.map((file) => [basename(file), file]))('%s: the newest ReplicaSet runs the template', (_, file) => {
    const objects = parseAllDocuments(readFileSync(file, 'utf8')).map(
      (document) => document.toJS() as KubeObject | null,
    );
    const rollouts = objects.filter((object): object is Rollout => object?.kind === 'Rollout');
    const replicaSets = objects.filter((object): object is ReplicaSet => object?.kind === 'ReplicaSet');
    for (const { metadata, spec, status } of rollouts) {
      const own = replicaSets.filter((replicaSet) => replicaSet.metadata.ownerReferences?.[0]?.name === metadata.name);
      const current = own.filter(
        (replicaSet) => replicaSet.metadata.labels?.[POD_TEMPLATE_HASH] === status?.currentPodHash,
      );
      expect(current).toHaveLength(1);
      if (!spec.template || (spec as { workloadRef?: object }).workloadRef) continue;
      const alike = own.filter((replicaSet) => sameTemplate(givenTemplate(replicaSet), spec.template ?? {}));
      expect(alike.map((replicaSet) => replicaSet.metadata.annotations?.[REVISION])).toEqual([
        current[0]?.metadata.annotations?.[REVISION],
      ]);
    }
  });
});
