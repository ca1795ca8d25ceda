import { setup, transition } from 'xstate';
import type { AnalysisPhase } from '../api/index.ts';

/** What one pass knows about a run as a whole, once its metrics have been assessed. */
export interface RunFacts {
  /** The spec cannot be measured: a condition that does not parse, an argument without a value. */
  specIsInvalid: boolean;
  /** No metric is left to measure: each has its verdict, or the run was told to end. */
  everyMetricIsDone: boolean;
  /** The worst verdict of the metrics that count. */
  worst: AnalysisPhase;
}

/**
 * An AnalysisRun. All transitions are taken on the one event, from what was observed; the state is the phase in the
 * run's status.
 */
export const analysisRunMachine = setup({
  types: { events: {} as { type: 'OBSERVED'; seen: RunFacts } },
  guards: {
    specIsInvalid: ({ event }) => event.seen.specIsInvalid,
    aMetricFailed: ({ event }) => event.seen.everyMetricIsDone && event.seen.worst === 'Failed',
    aMetricErred: ({ event }) => event.seen.everyMetricIsDone && event.seen.worst === 'Error',
    aMetricIsInconclusive: ({ event }) => event.seen.everyMetricIsDone && event.seen.worst === 'Inconclusive',
    everyMetricIsGood: ({ event }) => event.seen.everyMetricIsDone && event.seen.worst === 'Successful',
  },
}).createMachine({
  id: 'analysisRun',
  initial: 'Pending',
  states: {
    Pending: {
      description: 'The run has been made; nothing has been measured yet.',
      on: {
        OBSERVED: [
          { guard: 'specIsInvalid', target: 'Error' },
          { guard: 'aMetricFailed', target: 'Failed' },
          { guard: 'aMetricErred', target: 'Error' },
          { guard: 'aMetricIsInconclusive', target: 'Inconclusive' },
          { guard: 'everyMetricIsGood', target: 'Successful' },
          { target: 'Running' },
        ],
      },
    },
    Running: {
      description: 'Metrics are being measured, and none has decided the run yet.',
      on: {
        OBSERVED: [
          { guard: 'specIsInvalid', target: 'Error' },
          { guard: 'aMetricFailed', target: 'Failed' },
          { guard: 'aMetricErred', target: 'Error' },
          { guard: 'aMetricIsInconclusive', target: 'Inconclusive' },
          { guard: 'everyMetricIsGood', target: 'Successful' },
        ],
      },
    },
    Successful: { type: 'final', description: 'Every metric was good, or the run was ended before one was bad.' },
    Failed: { type: 'final', description: 'A metric failed more often than its failureLimit allows.' },
    Error: { type: 'final', description: 'A metric could not be measured or judged, or the run is not valid.' },
    Inconclusive: { type: 'final', description: 'A metric was neither good nor bad more often than its limit allows.' },
  },
});

/** The phase after one observation. */
export function nextPhase(phase: AnalysisPhase, seen: RunFacts): AnalysisPhase {
  const state = analysisRunMachine.resolveState({ value: phase, context: {} });
  if (state.status === 'done') return phase;
  const [next] = transition(analysisRunMachine, state, { type: 'OBSERVED', seen });
  return next.value as AnalysisPhase;
}
