import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject, PodTemplateSpec, ReplicaSet, Rollout } from '../api/index.ts';
import { POD_TEMPLATE_HASH, REVISION } from '../api/index.ts';
import { givenTemplate, stepsHash, templateHash } from './template.ts';
import { sameTemplate } from './template-difference.ts';

function template(container: object = {}, spec: object = {}, labels: object = { app: 'web' }): PodTemplateSpec {
  return {
    metadata: { labels: labels as Record<string, string> },
    spec: { containers: [{ name: 'web', image: 'web:1', ...container }], ...spec },
  };
}

describe('hashes', () => {
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

  it('of no steps is the hash of nothing', () => expect(stepsHash(undefined)).toBe(stepsHash(null)));
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
