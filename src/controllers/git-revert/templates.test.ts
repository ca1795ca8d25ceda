import { expect, it } from 'vitest';
import type { ReplicaSet, Rollout } from '../../api/index.ts';
import { EPHEMERAL_METADATA, POD_TEMPLATE_HASH } from '../../api/index.ts';
import type { Clone } from '../../git/clone.ts';
import { createRenderer } from '../../git/render/renderer.ts';
import { silentLog } from '../../log.ts';
import { sameTemplate } from '../../rollout/index.ts';
import { ignoredMetadata, rolloutAt, templateOf } from './templates.ts';

const inGit = (labels: object = {}) => ({
  metadata: { labels: { app: 'web', ...labels } },
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
});

it.each([
  { canary: { canaryMetadata: { labels: { role: 'new' } }, stableMetadata: { annotations: { team: 'core' } } } },
  {
    blueGreen: {
      activeService: 'web',
      previewMetadata: { labels: { role: 'new' } },
      activeMetadata: { annotations: { team: 'core' } },
    },
  },
])('what the strategy gives pods for their part is nothing that Git holds: %j', (strategy) => {
  const rollout = { metadata: { name: 'web' }, spec: { strategy } } as Rollout;
  expect(ignoredMetadata(rollout)).toEqual({ labels: ['role'], annotations: ['team'] });
});

it('what ran is compared without what the controller added', () => {
  const labelSelector = { matchExpressions: [{ key: POD_TEMPLATE_HASH, operator: 'In', values: ['x'] }] };
  const term = { labelSelector, namespaces: ['shop'], topologyKey: 'kubernetes.io/hostname' };
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const { metadata, spec } = inGit({ role: 'new', [POD_TEMPLATE_HASH]: 'y' });
  const ran: ReplicaSet = {
    metadata: { name: 'web-y', annotations: { [EPHEMERAL_METADATA]: '{"labels":{"role":"new"}}' } },
    spec: { selector: {}, template: { metadata, spec: { ...spec, affinity } } },
  };
  expect(sameTemplate(inGit(), templateOf(ran))).toBe(true);
});

it('what Git holds is compared without what cannot be read of it, as it is in no pod', async () => {
  const resources = { requests: { memory: 'invalid' } };
  const template = { ...inGit(), spec: { containers: [{ name: 'web', image: 'web:1', resources }] } };
  const manifest = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web' },
    spec: { template },
  };
  const clone: Pick<Clone, 'branch' | 'files' | 'read'> = {
    branch: 'main',
    files: () => Promise.resolve([{ mode: '100644', id: 'blob', path: 'web.yaml' }]),
    read: () => Promise.resolve(new Map([['blob', Buffer.from(JSON.stringify(manifest))]])),
  };
  const rollout = { path: '', namespace: 'shop', name: 'web', helm: undefined };
  const reading = { renderer: createRenderer({ environment: {}, log: silentLog() }), parsed: new Map() };
  const { template: found } = await rolloutAt(clone as Clone, 'tree', rollout, reading);
  expect(found.kind === 'template' && sameTemplate(found.template, inGit())).toBe(true);
});
