import { describe, expect, it } from 'vitest';
import { webFacts } from '../../test/web-facts.ts';
import type { ReplicaSet, Rollout, RolloutStatus } from '../api/index.ts';
import { EPHEMERAL_METADATA, PENDING_METADATA, POD_TEMPLATE_HASH } from '../api/index.ts';
import type { Effect } from './effects.ts';
import { changesMetadata, metadataEffects, withMetadata } from './plan-metadata.ts';
import { newReplicaSet } from './plan-revision.ts';
import { givenTemplate, templateHash } from './template.ts';
import { sameTemplate } from './template-difference.ts';

const template = (version: string, labels: object = {}) => ({
  metadata: { labels: { app: 'web', ...labels } },
  spec: { containers: [{ name: 'web', image: `web:${version}` }] },
});
const hash = (version: string) => templateHash(template(version));

interface Given {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** A ReplicaSet whose pods were given this metadata. */
function replicaSet(
  version: string,
  given?: Given,
  { replicas = 2, pending }: { replicas?: number; pending?: string } = {},
) {
  const { metadata, spec } = template(version, { [POD_TEMPLATE_HASH]: hash(version), ...given?.labels });
  const annotations = {
    ...(given && { [EPHEMERAL_METADATA]: JSON.stringify(given) }),
    ...(pending && { [PENDING_METADATA]: pending }),
  };
  return {
    metadata: {
      name: `web-${version}`,
      uid: version,
      labels: { app: 'web', [POD_TEMPLATE_HASH]: hash(version) },
      annotations,
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web', [POD_TEMPLATE_HASH]: hash(version) } },
      template: { metadata: { ...metadata, ...(given?.annotations && { annotations: given.annotations }) }, spec },
    },
  } satisfies ReplicaSet;
}

const BOTH = {
  canaryMetadata: { labels: { role: 'canary' } },
  stableMetadata: { labels: { role: 'stable' }, annotations: { team: 'shop' } },
};
const STABLE = { labels: { role: 'stable' }, annotations: { team: 'shop' } };
const CANARY = { labels: { role: 'canary' } };

interface Scene {
  wants: string;
  status?: RolloutStatus;
  sets: ReplicaSet[];
  strategy?: NonNullable<Rollout['spec']['strategy']>;
}

function factsIn({ wants, status, sets, strategy = { canary: BOTH } }: Scene) {
  return webFacts({ template: template(wants), strategy, status, replicaSets: sets });
}

/** What becomes of each ReplicaSet: the patch in one line, and whether its pods are looked at. */
function planned(scene: Scene, scaling: Effect[] = []): Record<string, string> {
  const effects = metadataEffects({ facts: factsIn(scene) }, scaling);
  return Object.fromEntries(
    effects.flatMap((effect) => {
      if (effect.kind !== 'setMetadata') return [];
      const { labels, annotations } = effect.metadata;
      return [
        [effect.name, `${JSON.stringify({ ...labels, ...annotations })}${effect.podSelector ? ' and pods' : ''}`],
      ];
    }),
  );
}

const at = (stable: string, current = stable): RolloutStatus => ({
  stableRS: hash(stable),
  currentPodHash: hash(current),
});

describe('the metadata of pods follows the part that the persisted status gives their revision', () => {
  it.each<[string, Scene, Record<string, string>]>([
    ['at rest, as it should be: nothing', { wants: 'v1', status: at('v1'), sets: [replicaSet('v1', STABLE)] }, {}],
    [
      'at rest, before anything was given',
      { wants: 'v1', status: at('v1'), sets: [replicaSet('v1')] },
      { 'web-v1': '{"role":"stable","team":"shop"} and pods' },
    ],
    ['nobody is stable yet: the newest will be', { wants: 'v1', sets: [replicaSet('v1', STABLE)] }, {}],
    [
      'an update: each has its part already',
      { wants: 'v2', status: at('v1', 'v2'), sets: [replicaSet('v1', STABLE), replicaSet('v2', CANARY)] },
      {},
    ],
    [
      'promoted: the new pods change over, the former ones have no part',
      {
        wants: 'v2',
        status: at('v2'),
        sets: [replicaSet('v1', STABLE, { replicas: 0 }), replicaSet('v2', CANARY)],
      },
      { 'web-v2': '{"role":"stable","team":"shop"} and pods', 'web-v1': '{"role":null,"team":null}' },
    ],
    [
      'given up: the parts stay',
      {
        wants: 'v2',
        status: { ...at('v1', 'v2'), abort: true, abortedAt: '2026-11-21T09:00:00Z' },
        sets: [replicaSet('v1', STABLE), replicaSet('v2', CANARY)],
      },
      {},
    ],
    [
      'a newer template that the status does not speak of yet: nothing changes',
      {
        wants: 'v3',
        status: at('v1', 'v2'),
        sets: [replicaSet('v1', STABLE), replicaSet('v2', CANARY), replicaSet('v3')],
      },
      {},
    ],
    [
      'going back to a former revision: the parts change hands',
      {
        wants: 'v1',
        status: at('v3', 'v1'),
        sets: [replicaSet('v1', undefined, { replicas: 0 }), replicaSet('v2', CANARY), replicaSet('v3', STABLE)],
      },
      { 'web-v1': '{"role":"canary"}', 'web-v2': '{"role":null} and pods' },
    ],
    [
      'the strategy has none any more',
      { wants: 'v1', status: at('v1'), sets: [replicaSet('v1', STABLE)], strategy: { canary: {} } },
      { 'web-v1': '{"role":null,"team":null} and pods' },
    ],
    [
      'blue-green calls the parts otherwise',
      {
        wants: 'v2',
        status: at('v1', 'v2'),
        sets: [replicaSet('v1'), replicaSet('v2')],
        strategy: {
          blueGreen: {
            activeService: 'web',
            activeMetadata: { labels: { role: 'active' } },
            previewMetadata: { labels: { role: 'preview' } },
          },
        },
      },
      { 'web-v2': '{"role":"preview"} and pods', 'web-v1': '{"role":"active"} and pods' },
    ],
    [
      'what a crash left undone is done, also for keys of earlier parts',
      {
        wants: 'v1',
        status: at('v1'),
        sets: [replicaSet('v1', STABLE, { pending: '{"labels":["old","role"],"annotations":[]}' })],
      },
      { 'web-v1': '{"old":null,"role":"stable","team":"shop"} and pods' },
    ],
    [
      'nobody is left to do it for',
      {
        wants: 'v1',
        status: at('v1'),
        sets: [replicaSet('v1', STABLE, { replicas: 0, pending: '{"labels":["old"],"annotations":[]}' })],
      },
      { 'web-v1': '{"old":null,"role":"stable","team":"shop"}' },
    ],
    [
      'text that somebody else wrote there',
      {
        wants: 'v1',
        status: at('v1'),
        sets: [
          {
            ...replicaSet('v1', STABLE),
            metadata: {
              ...replicaSet('v1').metadata,
              annotations: {
                [EPHEMERAL_METADATA]: '{"labels":{"app":"web","x":5,"role":"y"},"annotations":["z"]}',
                [PENDING_METADATA]: 'yes',
              },
            },
          },
        ],
      },
      { 'web-v1': '{"role":"stable","team":"shop"} and pods' },
    ],
  ])('%s', (_, scene, expected) => {
    expect(planned(scene)).toEqual(expected);
  });

  it('pods that go in the same pass are left as they are', () => {
    const scene = {
      wants: 'v3',
      status: at('v1', 'v3'),
      sets: ['v1', 'v2', 'v3'].map((version) => replicaSet(version)),
    };
    const sets = [replicaSet('v1', STABLE), replicaSet('v2', CANARY), replicaSet('v3', CANARY)];
    const down = { kind: 'scaleReplicaSet', name: 'web-v2', revision: 2, from: 2, to: 0, annotations: {} } as const;
    expect(planned({ ...scene, sets }, [down])).toEqual({ 'web-v2': '{"role":null}' });
  });
});

describe('a key that the template itself sets', () => {
  const own = (version: string, labels: object) => ({ ...template(version, labels) });
  const facts = (role: string) =>
    factsIn({
      wants: 'v1',
      status: at('v1'),
      sets: [],
      strategy: { canary: { stableMetadata: { labels: { role } } } },
    });

  it("with the same value is the template's, and stays when the part ends", () => {
    const made = replicaSet('v1');
    const set = {
      ...made,
      spec: { ...made.spec, template: own('v1', { role: 'stable', [POD_TEMPLATE_HASH]: hash('v1') }) },
    };
    expect(withMetadata(facts('stable'), set)).toBe(set);
  });

  it('with another value gives way, and goes with the part, as in the reference', () => {
    const made = replicaSet('v1');
    const set = { ...made, spec: { ...made.spec, template: own('v1', { role: 'web' }) } };
    expect(withMetadata(facts('stable'), set).spec.template.metadata?.labels).toEqual({ app: 'web', role: 'stable' });
  });
});

describe('a new ReplicaSet', () => {
  const made = (scene: Omit<Scene, 'sets'>) => {
    const facts = factsIn({ ...scene, sets: [] });
    return { facts, set: withMetadata(facts, newReplicaSet(facts)) };
  };

  it.each<[string, Omit<Scene, 'sets'>, string | undefined]>([
    [
      'is stable from the start where it is the first',
      { wants: 'v1' },
      '{"labels":{"role":"stable"},"annotations":{"team":"shop"}}',
    ],
    ['is the canary beside a stable one', { wants: 'v2', status: at('v1', 'v2') }, '{"labels":{"role":"canary"}}'],
    [
      'is stable where what was stable is lost',
      { wants: 'v1', status: at('v1') },
      '{"labels":{"role":"stable"},"annotations":{"team":"shop"}}',
    ],
    ['says nothing where nothing is given', { wants: 'v1', strategy: { canary: { stableMetadata: {} } } }, undefined],
    [
      'writes text as Go does',
      { wants: 'v1', strategy: { canary: { stableMetadata: { annotations: { b: '<&>', a: 'x' } } } } },
      '{"annotations":{"a":"x","b":"\\u003c\\u0026\\u003e"}}',
    ],
  ])('%s', (_, scene, record) => {
    const { facts, set } = made(scene);
    expect(set.metadata.annotations?.[EPHEMERAL_METADATA]).toBe(record);
    expect(metadataEffects({ facts: { ...facts, newReplicaSet: set } }, [])).toEqual([]);
    expect(sameTemplate(givenTemplate(set), template(scene.wants))).toBe(true);
  });

  it('keeps the annotations of the template', () => {
    const { facts } = made({ wants: 'v1' });
    const plain = newReplicaSet(facts);
    const { metadata, ...rest } = plain.spec.template;
    const annotated = {
      ...plain,
      spec: { ...plain.spec, template: { ...rest, metadata: { ...metadata, annotations: { own: 'yes' } } } },
    };
    expect(withMetadata(facts, annotated).spec.template.metadata?.annotations).toEqual({ own: 'yes', team: 'shop' });
  });
});

it.each([
  [undefined, { a: 'b' }, true],
  [{ a: 'b' }, { a: 'b' }, false],
  [{ a: 'b' }, { a: null }, true],
  [{}, { a: null }, false],
  [{}, { constructor: null }, false],
])('whether %j is changed by %j: %j', (labels, patch, expected) => {
  const metadata = labels === undefined ? undefined : { labels };
  expect(changesMetadata(metadata, { labels: patch, annotations: {} })).toBe(expected);
});
