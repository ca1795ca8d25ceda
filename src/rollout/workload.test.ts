import { describe, expect, it } from 'vitest';
import { POD_TEMPLATE_HASH, type ReplicaSet, type Rollout, SCALED_DOWN } from '../api/index.ts';
import { released, scaledDownOf, withLastTemplate, withWorkload } from './workload.ts';

const selector = { matchLabels: { app: 'web' } };
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
const commit = 'headgate.dev/git-commit';

function rollout(spec: Rollout['spec'] = {}, annotations: Record<string, string> = {}): Rollout {
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', scaleDown: 'onsuccess' as const };
  return {
    metadata: { name: 'web', namespace: 'shop', uid: 'one', annotations },
    spec: { workloadRef, ...spec },
    status: { currentPodHash: 'aaa' },
  };
}

describe('a Rollout with the pods of its workload', () => {
  it('has the template, and the selector where it has none itself', () => {
    const written = rollout();
    expect(withWorkload(written, { metadata: {}, selector, template }).spec).toEqual({
      ...written.spec,
      selector,
      template,
    });
    expect(written.spec.template).toBeUndefined();
    const own = { matchLabels: { tier: 'front' } };
    expect(withWorkload(rollout({ selector: own }), { metadata: {}, selector, template }).spec.selector).toBe(own);
    expect(withWorkload(written, { metadata: {}, selector: undefined, template }).spec).not.toHaveProperty('selector');
  });

  it('comes from where the template comes from, and keeps what else is written on it', () => {
    const written = rollout({}, { team: 'front', [commit]: 'of the Rollout' });
    const annotations = { [commit]: 'of the workload', 'deployment.kubernetes.io/revision': '4' };
    const known = withWorkload(written, { metadata: { annotations }, selector, template });
    expect(known.metadata.annotations).toEqual({ team: 'front', [commit]: 'of the workload' });
    const unknown = withWorkload(written, { metadata: {}, selector, template });
    expect(unknown.metadata.annotations).toEqual({ team: 'front' });
  });
});

describe('a Rollout whose workload cannot be read', () => {
  const labels = { app: 'web', [POD_TEMPLATE_HASH]: 'aaa' };
  const replicaSet: ReplicaSet = {
    metadata: { name: 'web-aaa', labels },
    spec: {
      selector: { matchLabels: labels, matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
      template: { ...template, metadata: { labels } },
    },
  };

  it('has the pods that it last had', () => {
    const { spec } = withLastTemplate(rollout(), [replicaSet]) as Rollout;
    expect(spec.template).toEqual(template);
    expect(spec.selector).toEqual({ ...selector, matchExpressions: [{ key: 'tier', operator: 'Exists' }] });
  });

  it('has none where nothing was made of it yet', () => {
    expect(withLastTemplate(rollout(), [])).toBeUndefined();
    expect(withLastTemplate({ ...rollout(), status: {} }, [replicaSet])).toBeUndefined();
  });
});

const mark = { rollout: 'web', uid: 'one', from: 5, to: 0, at: '2026-11-21T09:00:00Z' };

describe('what is left on a workload that was scaled', () => {
  const read = (text: string) => scaledDownOf({ annotations: { [SCALED_DOWN]: text } });

  it('is read back', () => {
    expect(read(JSON.stringify(mark))).toEqual(mark);
    expect(read(JSON.stringify({ ...mark, more: 1 }))).toEqual(mark);
  });

  it.each<object>([{ rollout: '' }, { uid: 5 }, { from: -1 }, { to: 1.5 }, { to: '0' }, { at: null }])(
    'counts for nothing with %j',
    (change) => {
      expect(read(JSON.stringify({ ...mark, ...change }))).toBeUndefined();
    },
  );

  it.each(['', 'yes', '[]', '{'])('counts for nothing as %j', (text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe('a workload that was scaled for a Rollout', () => {
  const workload = { kind: 'Deployment', name: 'web', replicas: 0, mark };
  const naming = (reference: object | undefined) => ({
    ...rollout(),
    spec: reference ? { workloadRef: reference } : {},
  });
  const own = { kind: 'Deployment', name: 'web', scaleDown: 'progressively' };

  it.each<[string, object, Rollout | undefined, object | undefined]>([
    ['stays with it', {}, naming(own), undefined],
    ['is let go when it is not to be scaled any more', {}, naming({ ...own, scaleDown: 'never' }), {}],
    ['is let go when nothing is said of scaling', {}, naming({ kind: 'Deployment', name: 'web' }), {}],
    ['is let go when another is named', {}, naming({ ...own, name: 'other' }), {}],
    ['is let go when one of another kind is named', {}, naming({ ...own, kind: 'ReplicaSet' }), {}],
    ['is let go when the Rollout has pods of its own', {}, naming(undefined), {}],
    ['gets its pods back when the Rollout is gone', {}, undefined, { replicas: 5 }],
    [
      'gets its pods back when another Rollout has come',
      { mark: { ...mark, uid: 'former' } },
      naming(own),
      { replicas: 5 },
    ],
    ['keeps the size that somebody else has given it since', { replicas: 2 }, undefined, {}],
  ])('%s', (_, change, after, expected) => {
    expect(released({ ...workload, ...change }, after)).toEqual(expected);
  });
});
