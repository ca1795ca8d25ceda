import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rollout } from '../api/index.ts';
import { decide } from './decide.ts';
import { explanation } from './explain.ts';
import type { Observation } from './observation.ts';

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const instants = fc.constantFrom('2026-11-21T09:00:00Z', '', 'yesterday');
const names = fc.constantFrom('', 'web', 'a"b', '__proto__');

const spec = fc.record(
  {
    replicas: fc.integer({ min: -1, max: 5 }),
    selector: fc.constantFrom({}, { matchLabels: { app: 'web' } }),
    template: fc.constantFrom({}, { spec: { containers: [] } }, { metadata: { labels: { app: 'web' } } }),
    paused: fc.boolean(),
    progressDeadlineAbort: fc.boolean(),
    restartAt: fc.constantFrom(null, '', 'soon', '2026-11-21T08:00:00Z', '2026-11-21T10:00:00Z'),
    strategy: fc.constantFrom(
      {},
      { blueGreen: { activeService: 'web' } },
      { blueGreen: { activeService: 'web', antiAffinity: {}, activeMetadata: null, previewMetadata: { labels: 5 } } },
      {
        canary: {
          antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: 5 },
          canaryMetadata: { labels: { a: 5, b: 'x' } },
          stableMetadata: [],
        },
      },
      { canary: {} },
      { canary: { steps: [{}, { setWeight: 5, pause: {} }, { pause: { duration: 'long' } }, { experiment: {} }] } },
      { canary: { steps: [{ pause: { duration: '1m' } }], maxSurge: 'half', maxUnavailable: -3 } },
      { canary: { steps: [{ analysis: {} }], analysis: { startingStep: 9 }, trafficRouting: { maxTrafficWeight: 0 } } },
    ),
  },
  { requiredKeys: [] },
);

const reasons = fc.constantFrom('', 'CanaryPauseStep', 'InconclusiveAnalysisRun');

const runStatus = fc.record({ name: names, status: fc.constantFrom('Pending', 'Failed', 'Odd') });
const status = fc.record(
  {
    abort: fc.boolean(),
    abortedAt: instants,
    promoteFull: fc.boolean(),
    controllerPause: fc.boolean(),
    pauseConditions: fc.array(fc.record({ reason: reasons, startTime: instants }), { maxLength: 2 }),
    currentStepIndex: fc.constantFrom(-1, 0, 1.5, 3, 1e9, Number.NaN),
    currentPodHash: names,
    currentStepHash: names,
    restartedAt: instants,
    stableRS: names,
    collisionCount: fc.integer(),
    conditions: fc.array(
      fc.record({
        type: fc.constantFrom('Progressing', 'InvalidSpec'),
        status: names,
        reason: reasons,
        lastUpdateTime: instants,
      }),
    ),
    canary: fc.record(
      {
        currentStepAnalysisRunStatus: runStatus,
        currentBackgroundAnalysisRunStatus: runStatus,
        weights: fc.constant({ canary: { weight: 7 }, stable: { weight: 7 } }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['stableRS', 'currentPodHash'] },
);

describe('decide', () => {
  it('has an answer for any spec and any status, whoever wrote them', () => {
    fc.assert(
      fc.property(spec, maybe(status), fc.boolean(), maybe(names), (spec, status, isInvalid, state) => {
        const seen: Observation = {
          now: Date.parse('2026-11-21T09:00:00Z'),
          rollout: { metadata: { name: 'web' }, spec, ...(status ? { status } : {}) } as unknown as Rollout,
          leftOut: [],
          replicaSets: [
            {
              metadata: {
                name: 'web-x',
                annotations: {
                  'headgate.dev/state': state ?? '[1]',
                  'headgate.dev/pending-metadata': state ?? '{"labels":5,"annotations":[[]]}',
                  'rollout.argoproj.io/ephemeral-metadata': state ?? '{"labels":["a"]}',
                },
              },
              spec: { selector: {}, template: {} },
            },
          ],
          runs: [],
          takenReplicaSetNames: [],
          takenRunNames: ['web'],
          services: {},
          stableEndpoints: [],
          templates: {},
          clusterTemplates: {},
          ...(isInvalid ? {} : { pods: [] }),
          problems: isInvalid ? [{ path: 'spec', message: 'is wrong' }] : [],
        };
        const decision = decide(seen);
        expect(decision.status.phase).toBeDefined();
        expect(JSON.stringify(decision)).not.toContain('NaN');
        expect(JSON.stringify(explanation(seen))).not.toMatch(/undefined|NaN/);
      }),
      { numRuns: 5000 },
    );
  });
});
