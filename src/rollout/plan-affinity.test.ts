import { describe, expect, it } from 'vitest';
import { webFacts } from '../../test/web-facts.ts';
import type { ReplicaSet, Rollout, RolloutStatus } from '../api/index.ts';
import { POD_TEMPLATE_HASH, REVISION } from '../api/index.ts';
import type { PlanInput } from './effects.ts';
import { type AntiAffinityRule, withInjected, withoutInjected } from './injected-affinity.ts';
import { affinityEffects, withAffinity } from './plan-affinity.ts';
import { newReplicaSet } from './plan-revision.ts';
import { givenTemplate, templateHash } from './template.ts';
import { sameTemplate } from './template-difference.ts';

const template = (version: string, affinity?: object) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: `web:${version}` }], ...(affinity && { affinity }) },
});
const hash = (version: string) => templateHash(template(version));
const at = (stable: string, current = stable): RolloutStatus => ({
  stableRS: hash(stable),
  currentPodHash: hash(current),
});

const REQUIRED: AntiAffinityRule = { requiredDuringSchedulingIgnoredDuringExecution: {} };
const PREFERRED: AntiAffinityRule = { preferredDuringSchedulingIgnoredDuringExecution: { weight: 30 } };

/** As the reference controller writes it. */
const term = (version: string) => ({
  labelSelector: {
    matchExpressions: [{ key: 'rollouts-pod-template-hash', operator: 'In', values: [hash(version)] }],
  },
  namespaces: ['shop'],
  topologyKey: 'kubernetes.io/hostname',
});
const required = (...versions: string[]) => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: versions.map(term) },
});
const preferred = (version: string, weight = 30) => ({
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term(version) }],
  },
});

/** An affinity that a team wrote. */
const OWN = {
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [] }] } },
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'topology.kubernetes.io/zone' },
    ],
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 1,
        podAffinityTerm: {
          labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] },
          topologyKey: 'kubernetes.io/hostname',
        },
      },
    ],
  },
};

function replicaSet(version: string, affinity?: object, revision = version.slice(1)): ReplicaSet {
  return {
    metadata: {
      name: `web-${version}`,
      labels: { app: 'web', [POD_TEMPLATE_HASH]: hash(version) },
      annotations: { [REVISION]: revision },
    },
    spec: { replicas: 2, selector: {}, template: template(version, affinity) },
  };
}

interface Scene {
  wants: string;
  status?: RolloutStatus;
  sets?: ReplicaSet[];
  /** null: none. */
  rule?: AntiAffinityRule | null;
  own?: object;
}

function factsIn({ wants, status, sets = [], rule = REQUIRED, own }: Scene) {
  const strategy = { canary: rule ? { antiAffinity: rule } : {} } as NonNullable<Rollout['spec']['strategy']>;
  return webFacts({ template: template(wants, own), strategy, status, replicaSets: sets });
}

describe('a new ReplicaSet', () => {
  it.each<[string, Scene, object | undefined]>([
    ['is the first', { wants: 'v1' }, undefined],
    ['is what is stable, made again', { wants: 'v1', status: at('v1') }, undefined],
    ['keeps away from the stable pods', { wants: 'v2', status: at('v1') }, required('v1')],
    ['prefers to', { wants: 'v2', status: at('v1'), rule: PREFERRED }, preferred('v1')],
    ['is not asked to', { wants: 'v2', status: at('v1'), rule: null }, undefined],
  ])('%s', (_, scene, expected) => {
    const facts = factsIn(scene);
    const made = withAffinity(facts, newReplicaSet(facts).spec.template);
    expect(made.spec?.affinity).toEqual(expected);
  });

  it("adds to the template's own affinity, after what is there", () => {
    const facts = factsIn({ wants: 'v2', status: at('v1'), own: OWN, rule: PREFERRED });
    const made = withAffinity(facts, newReplicaSet(facts).spec.template);
    expect(made.spec?.affinity).toEqual({
      nodeAffinity: OWN.nodeAffinity,
      podAntiAffinity: {
        ...OWN.podAntiAffinity,
        preferredDuringSchedulingIgnoredDuringExecution: [
          ...OWN.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution,
          { weight: 30, podAffinityTerm: term('v1') },
        ],
      },
    });
    expect(
      sameTemplate(givenTemplate({ ...replicaSet('v2'), spec: { selector: {}, template: made } }), template('v2', OWN)),
    ).toBe(true);
  });
});

describe('a ReplicaSet that is there', () => {
  it.each<[string, Scene, object | null | undefined]>([
    [
      'is right: nothing',
      { wants: 'v2', status: at('v1', 'v2'), sets: [replicaSet('v1'), replicaSet('v2', required('v1'))] },
      undefined,
    ],
    [
      'comes back beside another stable revision than before',
      { wants: 'v2', status: at('v3', 'v2'), sets: [replicaSet('v2', required('v1'), '4'), replicaSet('v3')] },
      required('v3'),
    ],
    [
      'comes back beside what followed it',
      { wants: 'v1', status: at('v2'), sets: [replicaSet('v1'), replicaSet('v2', required('v1'))] },
      required('v2'),
    ],
    [
      'is to prefer what it was required to do',
      {
        wants: 'v2',
        status: at('v1', 'v2'),
        sets: [replicaSet('v1'), replicaSet('v2', required('v1'))],
        rule: PREFERRED,
      },
      preferred('v1'),
    ],
    [
      'was promoted: keeps what its pods were made with',
      { wants: 'v2', status: at('v2'), sets: [replicaSet('v1'), replicaSet('v2', required('v1'))] },
      undefined,
    ],
    [
      'is stable and called back: as its template says',
      {
        wants: 'v1',
        status: at('v1', 'v2'),
        sets: [replicaSet('v1', required('v0')), replicaSet('v2', required('v1'))],
      },
      null,
    ],
  ])('%s', (_, scene, expected) => {
    const effects = affinityEffects({ facts: factsIn(scene) } as PlanInput);
    expect(effects).toEqual(
      expected === undefined ? [] : [{ kind: 'setAffinity', name: `web-${scene.wants}`, affinity: expected }],
    );
  });
});

describe('what was injected', () => {
  it.each<[string, unknown, object | undefined]>([
    ['is all there is', required('v1'), undefined],
    ['is preferred', preferred('v1'), undefined],
    ['is beside an own affinity', withInjected(OWN, REQUIRED, { hash: 'x', namespace: 'shop' }), OWN],
    [
      'came from a controller without a namespace',
      withInjected(undefined, REQUIRED, { hash: 'x', namespace: undefined }),
      undefined,
    ],
    ['is nothing', OWN, OWN],
    ['is no affinity', 'x', undefined],
    ['is no list', { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: 5 } }, undefined],
    [
      'looks at other labels too, so a team wrote it',
      {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { ...term('v1'), labelSelector: { ...term('v1').labelSelector, matchLabels: { app: 'web' } } },
          ],
        },
      },
      {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { ...term('v1'), labelSelector: { ...term('v1').labelSelector, matchLabels: { app: 'web' } } },
          ],
        },
      },
    ],
  ])('%s', (_, affinity, left) => {
    expect(withoutInjected(affinity)).toEqual(left);
  });
});

it('adopts a ReplicaSet by the meaning of its template whatever was injected', () => {
  const taken = {
    ...replicaSet('v2', required('v1')),
    metadata: { name: 'web-other', labels: { app: 'web', [POD_TEMPLATE_HASH]: 'other' } },
  };
  expect(factsIn({ wants: 'v2', status: at('v1'), sets: [replicaSet('v1'), taken] }).newReplicaSet).toBe(taken);
});
