import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject, PodTemplateSpec, ReplicaSet, Rollout } from '../api/index.ts';
import { POD_TEMPLATE_HASH, REVISION } from '../api/index.ts';
import { givenTemplate, sameTemplate, stepsHash, templateHash } from './template.ts';

function template(container: object = {}, spec: object = {}, labels: object = { app: 'web' }): PodTemplateSpec {
  return {
    metadata: { labels: labels as Record<string, string> },
    spec: { containers: [{ name: 'web', image: 'web:1', ...container }], ...spec },
  };
}

describe('sameTemplate', () => {
  it.each<[string, PodTemplateSpec, PodTemplateSpec]>([
    ['the hash label', template(), template({}, {}, { app: 'web', [POD_TEMPLATE_HASH]: 'abc' })],
    [
      'what the API server fills in',
      template({ ports: [{ containerPort: 80 }] }),
      template(
        {
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
        {
          restartPolicy: 'Always',
          dnsPolicy: 'ClusterFirst',
          terminationGracePeriodSeconds: 30,
          schedulerName: 'default-scheduler',
          securityContext: {},
        },
      ),
    ],
    [
      'the pull policy of a latest image',
      template({ image: 'registry:5000/web' }),
      template({ image: 'registry:5000/web', imagePullPolicy: 'Always' }),
    ],
    [
      'spellings of one quantity',
      template({ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: 0.1, memory: '1e3' } } }),
      template({ resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: '100m', memory: '1k' } } }),
    ],
    ['the order of fields', template({ a: 1, b: 2 }), template({ b: 2, a: 1 })],
  ])('sees no difference in %s', (_, a, b) => {
    expect(sameTemplate(a, b)).toBe(true);
    expect(sameTemplate(b, a)).toBe(true);
  });

  it.each<[string, PodTemplateSpec, PodTemplateSpec]>([
    ['the image', template(), template({ image: 'web:2' })],
    ['a label', template(), template({}, {}, { app: 'web', tier: 'front' })],
    [
      'a quantity',
      template({ resources: { limits: { cpu: '1' } } }),
      template({ resources: { limits: { cpu: '2' } } }),
    ],
    ['a limit that was taken away', template({ resources: { limits: { cpu: '1' } } }), template()],
    ['a label without a value', template(), template({}, {}, { app: 'web', 'inject.example/off': '' })],
    ['a label that is called like a field', template(), template({}, {}, { app: 'web', restartPolicy: 'Always' })],
    ['the pull policy', template(), template({ imagePullPolicy: 'Always' })],
    ['the order of containers', template({ args: ['a', 'b'] }), template({ args: ['b', 'a'] })],
    [
      'a number of a probe',
      template({ livenessProbe: { periodSeconds: 10 } }),
      template({ livenessProbe: { periodSeconds: 5 } }),
    ],
    [
      'an env value that looks like a quantity',
      template({ env: [{ name: 'A', value: '1' }] }),
      template({ env: [{ name: 'A', value: '1000m' }] }),
    ],
  ])('sees a difference in %s', (_, a, b) => {
    expect(sameTemplate(a, b)).toBe(false);
    expect(sameTemplate(b, a)).toBe(false);
  });
});

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
