import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxUnavailable, POD_TEMPLATE_HASH, type ReplicaSet, type Rollout, type RolloutStatus } from '../api/index.ts';
import type { Effect } from './effects.ts';
import { factsOf } from './facts.ts';
import { NOTHING_SEEN, type Observation, type ObservedPod } from './observation.ts';
import {
  besideRestart,
  explainRestart,
  needsPods,
  nextRestartLook,
  restartAt,
  restartEffects,
  restartedAt,
} from './plan-restart.ts';
import { stepsHash, templateHash } from './template.ts';

const NOW = Date.parse('2026-11-21T09:00:00Z');
const AT = '2026-11-21T08:59:30Z';
const OLD = NOW - 3_600_000;

const template = (version: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: `web:${version}` }] },
});
const hash = (version: string) => templateHash(template(version));

function replicaSet(version: string, replicas: number, counted = replicas): ReplicaSet {
  return {
    metadata: {
      name: `web-${version}`,
      uid: version,
      creationTimestamp: `2026-11-21T0${version.slice(1)}:00:00Z`,
      labels: { [POD_TEMPLATE_HASH]: hash(version) },
    },
    spec: { replicas, selector: {}, template: template(version) },
    status: { replicas: counted, availableReplicas: counted },
  };
}

/** `a`: old and available; `b`: old and not ready; `n`: new and available; `m`: new, not ready; `l`: old and leaving. */
function pods(owner: string, letters: string): ObservedPod[] {
  return [...letters].map((letter, index) => ({
    name: `${owner}${index}`,
    uid: `uid-${owner}${index}`,
    owner,
    createdAt: letter === 'n' || letter === 'm' ? NOW - 10_000 : OLD + index,
    isLeaving: letter === 'l',
    readySince: letter === 'b' || letter === 'm' ? undefined : OLD,
  }));
}

interface Scene {
  spec?: Partial<Rollout['spec']>;
  /** null: nobody has written any. */
  status?: RolloutStatus | null;
  sets?: ReplicaSet[];
  seen?: Partial<Observation>;
}

const settled: RolloutStatus = { stableRS: hash('v1'), currentPodHash: hash('v1'), currentStepHash: stepsHash([]) };

function observed({ spec = {}, status = settled, sets = [replicaSet('v1', 4)], seen = {} }: Scene): Observation {
  const strategy = { canary: { maxUnavailable: 2 } };
  return {
    ...NOTHING_SEEN,
    now: NOW,
    rollout: {
      metadata: { name: 'web', uid: 'u' },
      spec: { replicas: 4, restartAt: AT, template: template('v1'), strategy, ...spec },
      ...(status && { status }),
    },
    replicaSets: sets,
    ...seen,
  };
}

/** `2 of v10 v11`; nothing where nothing is evicted. */
function evicted(scene: Scene): string {
  const [effect] = restartEffects(factsOf(observed(scene)));
  return effect?.kind === 'evictPods' ? `${effect.most} of ${effect.pods.map(({ name }) => name).join(' ')}` : '';
}

const of = (letters: string) => ({ seen: { pods: pods('v1', letters) } });

describe('which pods are evicted', () => {
  it.each<[string, Scene, string]>([
    ['as many as may be missing, the oldest first', of('aaaa'), '2 of v10 v11 v12 v13'],
    ['fewer where some are missing already', of('ama'), ''],
    ['as many as are back', of('aanm'), '1 of v10 v11'],
    ['those first that serve nobody', of('aaba'), '1 of v12 v10 v11 v13'],
    ['none that is leaving', of('laan'), '1 of v11 v12'],
    ['none that is young enough', of('nnnn'), ''],
    [
      'one, where none may be missing',
      { ...of('aaaa'), spec: { strategy: { canary: { maxUnavailable: 0 } } } },
      '1 of v10 v11 v12 v13',
    ],
    [
      'never more than there should be',
      { ...of('aaaa'), spec: { strategy: { canary: { maxUnavailable: 9 } } } },
      '4 of v10 v11 v12 v13',
    ],
    [
      'a share, as blue-green understands it',
      { ...of('aaaa'), spec: { strategy: { blueGreen: { activeService: 'web', maxUnavailable: '75%' } } } },
      '3 of v10 v11 v12 v13',
    ],
    ['not before they have been ready for long enough', { ...of('aaaa'), spec: { minReadySeconds: 7200 } }, ''],
    ['the Rollout runs none', { ...of(''), sets: [replicaSet('v1', 0)], spec: { replicas: 0 } }, ''],
    ["not somebody else's", { seen: { pods: pods('other', 'aaaa') } }, ''],
    ['nobody has looked', {}, ''],
    ['it is not due', { ...of('aaaa'), spec: { restartAt: '2026-11-21T09:00:01Z' } }, ''],
    ['it is done', { ...of('aaaa'), status: { ...settled, restartedAt: AT } }, ''],
    [
      'it is done, written otherwise',
      { ...of('aaaa'), status: { ...settled, restartedAt: '2026-11-21T09:59:30+01:00' } },
      '',
    ],
    [
      'another one was done',
      { ...of('aaaa'), status: { ...settled, restartedAt: '2026-11-21T08:00:00Z' } },
      '2 of v10 v11 v12 v13',
    ],
    ['the time is no time', { ...of('aaaa'), spec: { restartAt: 'soon' } }, ''],
    ['a new template has come', { ...of('aaaa'), status: { ...settled, currentPodHash: 'other' } }, ''],
    ['the steps have changed', { ...of('aaaa'), status: { ...settled, currentStepHash: 'other' } }, ''],
    ['the spec is invalid', { seen: { pods: pods('v1', 'aaaa'), problems: [{ path: 'x', message: 'y' }] } }, ''],
  ])('%s', (_, scene, expected) => {
    expect(evicted(scene)).toBe(expected);
  });

  const update = { ...settled, currentPodHash: hash('v3') };
  const three = [replicaSet('v3', 2), replicaSet('v2', 1), replicaSet('v1', 3)];
  const all = [...pods('v2', 'a'), ...pods('v3', 'aa'), ...pods('v1', 'aaa')];
  it.each<[string, Scene, string]>([
    ['stable, newest, others', { sets: three, seen: { pods: all } }, '2 of v10 v11 v12 v30 v31 v20'],
    [
      'none of a ReplicaSet that is to have none',
      { sets: [replicaSet('v3', 2), replicaSet('v2', 0), replicaSet('v1', 3)], seen: { pods: all } },
      '2 of v10 v11 v12 v30 v31',
    ],
    [
      'those that are as good as gone count for nothing',
      { sets: [replicaSet('v3', 2), replicaSet('v2', 1), replicaSet('v1', 1)], seen: { pods: all } },
      '2 of v10 v11 v12 v30 v31 v20',
    ],
  ])('in this order: %s', (_, scene, expected) => {
    expect(evicted({ ...scene, spec: { template: template('v3') }, status: update })).toBe(expected);
  });
});

describe('a restart', () => {
  const done = (scene: Scene) => restartedAt(factsOf(observed(scene))).restartedAt;
  const look = (scene: Scene) => nextRestartLook(factsOf(observed(scene)));
  const LATER = NOW + 30_000;

  it.each<[string, Scene, string | undefined, number | undefined]>([
    ['is under way', of('anna'), undefined, LATER],
    ['is over when no old pod is left', of('nnnm'), AT, undefined],
    ['waits for pods that are leaving', of('nnnl'), undefined, LATER],
    ['of nothing is over', { ...of(''), sets: [] }, AT, undefined],
    ['nobody could look at', {}, undefined, LATER],
    ['begins at its time', { spec: { restartAt: '2026-11-21T10:00:00Z' } }, undefined, NOW + 3_600_000],
    ['begins at this very moment', { spec: { restartAt: '2026-11-21T09:00:00Z' } }, undefined, LATER],
    ['gives way to a new template', { ...of('aaaa'), status: { ...settled, currentPodHash: 'other' } }, AT, undefined],
    ['is of no use to a Rollout that is new', { status: null }, AT, undefined],
    ['was not asked for', { spec: { restartAt: undefined as never } }, undefined, undefined],
    ['was taken back', { spec: { restartAt: null as never } }, undefined, undefined],
    [
      'was done before: the status keeps what it says',
      { status: { ...settled, restartedAt: AT } },
      undefined,
      undefined,
    ],
    ['cannot be, of an invalid Rollout', { seen: { problems: [{ path: 'x', message: 'y' }] } }, undefined, undefined],
  ])('%s', (_, scene, restarted, next) => {
    expect([done(scene), look(scene)]).toEqual([restarted, next]);
  });

  it.each<[string, Scene, string | undefined]>([
    ['begins', { spec: { restartAt: '2026-11-21T10:00:00Z' } }, 'restarts its pods at 2026-11-21T10:00:00Z'],
    [
      'is under way',
      {},
      'restarts its pods from before 2026-11-21T08:59:30Z, 2 at a time, as disruption budgets allow',
    ],
    ['is over', { status: { ...settled, restartedAt: AT } }, undefined],
  ])('says when it %s', (_, scene, words) => {
    expect(explainRestart(factsOf(observed(scene)))).toBe(words);
  });

  it('looks at pods from its time on, and until it is over', () => {
    expect(
      [{}, { seen: { now: Date.parse(AT) - 1 } }, { status: { restartedAt: AT } }].map(observed).map(needsPods),
    ).toEqual([true, false, false]);
    expect(restartAt(observed({}).rollout, {})).toBe(Date.parse(AT));
  });
});

describe('beside a restart', () => {
  const scale = (from: number, to: number): Effect => ({
    kind: 'scaleReplicaSet',
    name: 'web-v1',
    revision: 1,
    from,
    to,
    annotations: {},
  });
  const both = [scale(4, 3), scale(1, 2)];
  const update = { ...settled, currentPodHash: hash('v2') };
  const scene = (letters: string, more: Scene = {}): Scene => ({
    spec: { template: template('v2') },
    sets: [replicaSet('v1', 4), replicaSet('v2', 0)],
    status: update,
    ...of(letters),
    ...more,
  });

  it.each<[string, Scene, Effect[]]>([
    ['everything, where the status counts what is there', scene('aaaa'), both],
    ['nothing is taken down while the status counts pods that were evicted', scene('laaa'), [scale(1, 2)]],
    ['everything, where the pods were given up', scene('laaa', { status: { ...update, abort: true } }), both],
    ['everything, where nobody has looked', scene('', { seen: {} }), both],
  ])('goes on: %s', (_, given, expected) => {
    expect(besideRestart(factsOf(observed(given)), both)).toEqual(expected);
  });
});

it('never leaves fewer pods than may be missing, and comes to its end', () => {
  const size = fc.integer({ min: 0, max: 6 });
  fc.assert(
    fc.property(size, size, fc.integer({ min: 0, max: 8 }), fc.array(fc.nat(3)), (stable, canary, missing, moves) => {
      const replicas = stable + canary;
      const sets = [replicaSet('v1', stable), replicaSet('v2', canary)];
      let there = [...pods('v1', 'a'.repeat(stable)), ...pods('v2', 'a'.repeat(canary))];
      const spec = { replicas, template: template('v2'), strategy: { canary: { maxUnavailable: missing } } };
      const status = { ...settled, currentPodHash: hash('v2') };
      const seen = () => observed({ spec, status, sets, seen: { pods: there } });
      const least = replicas - Math.max(1, Math.min(replicas, maxUnavailable(seen().rollout)));
      let born = 0;
      for (const move of [...moves, ...Array.from({ length: 60 }, (_, index) => index % 4)]) {
        const [effect] = move === 0 ? restartEffects(factsOf(seen())) : [];
        const chosen = effect?.kind === 'evictPods' ? effect.pods.slice(0, effect.most).map(({ uid }) => uid) : [];
        there = there.map((pod) => (chosen.includes(pod.uid) ? { ...pod, isLeaving: true } : pod));
        if (move === 1) there = there.filter(({ isLeaving }) => !isLeaving);
        if (move === 2) {
          for (const { metadata, spec } of sets) {
            const missed =
              (spec.replicas ?? 0) - there.filter((pod) => pod.owner === metadata.uid && !pod.isLeaving).length;
            const [fresh] = pods(metadata.uid ?? '', 'm');
            for (let count = 0; count < missed && fresh; count++) there.push({ ...fresh, uid: `new${++born}` });
          }
        }
        if (move === 3) there = there.map((pod) => ({ ...pod, readySince: pod.readySince ?? OLD }));
        const serving = there.filter(({ isLeaving, readySince }) => !isLeaving && readySince !== undefined);
        expect(serving.length).toBeGreaterThanOrEqual(Math.min(least, replicas));
      }
      expect(restartedAt(factsOf(seen()))).toEqual({ restartedAt: AT });
    }),
    { numRuns: 300 },
  );
});
