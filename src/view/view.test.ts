import { describe, expect, it } from 'vitest';
import { experimentPicture } from '../../test/experiment-picture.ts';
import { expectGolden } from '../../test/golden.ts';
import { aborted, because, healthy, initial, invalid, lookedAt, paused } from '../../test/rollout-pictures.ts';
import {
  experimentList,
  experimentTree,
  humanDuration,
  rolloutList,
  rolloutPhase,
  rolloutTree,
  statusLine,
} from './index.ts';

const program = 'headgate';
const plainly = { now: lookedAt, colour: false };

describe('a Rollout in full', () => {
  it.each([
    ['healthy', healthy(), 'Revision 2 is stable: all traffic goes to it.'],
    ['paused', paused(), 'Step 2 of 4 waits until 02:03:25; 20 % of the traffic goes to revision 2.'],
    [
      'aborted',
      aborted(),
      'Revision 2 was given up because the analysis cart-d7bf7bfb6-2-3 failed; all traffic goes to revision 1.',
    ],
    ['invalid', invalid(), 'The spec cannot be followed; correct it.'],
    ['initial', initial(), ''],
  ])('is drawn: %s', (name, picture, why) => {
    expectGolden(
      import.meta.url,
      `get-rollout-${name}`,
      rolloutTree({ ...picture, why: because(why), program }, plainly),
    );
  });

  it('is drawn in colour', () => {
    expectGolden(
      import.meta.url,
      'get-rollout-colour',
      rolloutTree({ ...aborted(), why: because(''), program }, { ...plainly, colour: true }),
    );
  });

  it('fits a narrow terminal: long values wrap, long rows end in an ellipsis', () => {
    const drawn = rolloutTree({ ...aborted(), why: because('Because.'), program }, { ...plainly, width: 72 });
    for (const line of drawn.split('\n')) expect([...line].length).toBeLessThanOrEqual(72);
    expect(drawn).toContain('…');
    expectGolden(import.meta.url, 'get-rollout-narrow', drawn);
  });

  it('shows nothing that belongs to another Rollout', () => {
    const picture = aborted();
    picture.rollout.metadata.uid = 'another';
    const drawn = rolloutTree({ ...picture, why: because(''), program }, plainly);
    expect(drawn).not.toMatch(/ReplicaSet|AnalysisRun|GitRevert|revision:/);
  });

  it('lets no control character of an object reach the terminal', () => {
    const picture = aborted();
    const sequence = '\u001b[2J\u0007\u009b1m\u202e';
    picture.rollout.status = { ...picture.rollout.status, message: `a${sequence}b` };
    for (const revert of picture.gitReverts) revert.status = { state: 'needsHuman', message: sequence };
    for (const pod of picture.pods) pod.status = { phase: sequence };
    const drawn = rolloutTree({ ...picture, why: because(sequence), program }, plainly).replaceAll('\n', '');
    expect([...drawn].filter((character) => /[\p{Cc}\p{Cf}]/u.test(character))).toEqual([]);
  });
});

describe('a list of Rollouts', () => {
  const rollouts = [paused().rollout, aborted().rollout, initial().rollout].map((rollout, index) => ({
    ...rollout,
    metadata: {
      ...rollout.metadata,
      namespace: index === 1 ? 'a-much-longer-namespace' : 'shop',
      name: `cart-${index}`,
    },
  }));

  it('has the columns that people know', () => {
    expectGolden(import.meta.url, 'list-rollouts', rolloutList(rollouts, {}));
    expectGolden(import.meta.url, 'list-rollouts-all-namespaces', rolloutList(rollouts, {}, { namespaces: true }));
  });

  it('has no step and weight for blue-green', () => {
    const { rollout } = healthy();
    rollout.spec.strategy = { blueGreen: { activeService: 'cart' } };
    expect(rolloutList([rollout], {}, { header: false })).toMatch(/^cart +BlueGreen +Healthy +- +- +5\/5 /);
  });
});

describe('an Experiment', () => {
  it('is drawn with what belongs to it, and nothing else', () => {
    const drawn = experimentTree(experimentPicture(), plainly);
    expectGolden(import.meta.url, 'get-experiment', drawn);
    expect(drawn).not.toContain('cart-d7bf7bfb6');
  });

  it('has the columns that people know in a list', () => {
    const { experiment } = experimentPicture();
    const { status: _status, ...created } = experiment;
    const experiments = [
      experiment,
      {
        ...experiment,
        metadata: { ...experiment.metadata, name: 'done' },
        status: { ...experiment.status, phase: 'Failed' as const },
      },
      { ...created, metadata: { ...created.metadata, name: 'new' }, spec: { templates: [] } },
    ];
    const options = { namespaces: true, timestamp: '2026-11-21T02:00:00Z' };
    expectGolden(import.meta.url, 'list-experiments', experimentList(experiments, plainly));
    expectGolden(import.meta.url, 'list-experiments-all-namespaces', experimentList(experiments, plainly, options));
  });
});

describe('the phase', () => {
  it.each([
    ['is what the controller wrote', {}, 4, 'Paused - CanaryPauseStep'],
    ['is unknown for a spec not yet seen', {}, 5, 'Progressing - waiting for rollout spec update to be observed'],
    [
      'holds for a hash in place of the generation',
      { observedGeneration: '5bbd6564c7' },
      4,
      'Paused - CanaryPauseStep',
    ],
    [
      'is on the way once the pause was cleared',
      { pauseConditions: [] },
      4,
      'Progressing - waiting for rollout to unpause',
    ],
  ])('%s', (_, status, generation, expected) => {
    const { rollout } = paused();
    rollout.status = { ...rollout.status, ...status };
    rollout.metadata.generation = generation;
    expect(statusLine(rollout)).toBe(expected);
  });

  it('is Progressing before the controller wrote any', () => {
    const { rollout } = initial();
    delete rollout.status;
    expect(rolloutPhase(rollout)).toEqual({ phase: 'Progressing', message: 'more replicas need to be updated' });
  });

  it.each([
    ['5', '4', 'Progressing - waiting for rollout spec update to be observed for the reference workload'],
    ['5', '5', 'Healthy'],
    [undefined, '5', 'Healthy'],
    ['5', undefined, 'Healthy'],
  ])(
    'waits until the workload that it names is taken up: generation %s, observed %s',
    (generation, observed, expected) => {
      const { rollout } = healthy();
      rollout.spec.workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' };
      if (generation) rollout.metadata.annotations = { 'rollout.argoproj.io/workload-generation': generation };
      rollout.status = { ...rollout.status, ...(observed && { workloadObservedGeneration: observed }) };
      expect(statusLine(rollout)).toBe(expected);
      delete rollout.spec.workloadRef;
      expect(statusLine(rollout)).toBe('Healthy');
    },
  );

  it('is one word when there is nothing to say', () => {
    expect(statusLine(healthy().rollout)).toBe('Healthy');
  });
});

describe('ages', () => {
  it.each([
    [-5, '<invalid>'],
    [Number.NaN, '<invalid>'],
    [-0.5, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [185, '3m5s'],
    [3600, '60m'],
    [3 * 3600, '3h'],
    [4 * 3600 + 61, '4h1m'],
    [40 * 3600, '40h'],
    [50 * 3600, '2d2h'],
    [9 * 86_400 + 5, '9d'],
    [3 * 365 * 86_400, '3y'],
    [3 * 365 * 86_400 + 86_400, '3y1d'],
    [9 * 365 * 86_400, '9y'],
  ])('of %d seconds', (seconds, expected) => {
    expect(humanDuration(seconds * 1000)).toBe(expected);
  });
});
