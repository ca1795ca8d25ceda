import { describe, expect, it } from 'vitest';
import type { AnalysisPhase } from '../api/index.ts';
import { analysisRunMachine, nextPhase, type RunFacts } from './machine.ts';

const WORST: AnalysisPhase[] = ['Successful', 'Inconclusive', 'Error', 'Failed'];
const everything: RunFacts[] = [true, false].flatMap((specIsInvalid) =>
  [true, false].flatMap((everyMetricIsDone) => WORST.map((worst) => ({ specIsInvalid, everyMetricIsDone, worst }))),
);

describe('the machine of an AnalysisRun', () => {
  it.each(['Pending', 'Running'] as const)('leaves %s as the facts say, for all facts', (phase) => {
    for (const seen of everything) {
      const expected = seen.specIsInvalid ? 'Error' : seen.everyMetricIsDone ? seen.worst : 'Running';
      expect(nextPhase(phase, seen)).toBe(expected);
    }
  });

  it.each(WORST)('never leaves %s', (phase) => {
    for (const seen of everything) expect(nextPhase(phase, seen)).toBe(phase);
  });

  it('reaches every state, and each has its sentence', () => {
    const reached = new Set(everything.map((seen) => nextPhase('Pending', seen)));
    expect([...reached, 'Pending'].sort()).toEqual(Object.keys(analysisRunMachine.states).sort());
    for (const state of Object.values(analysisRunMachine.states)) expect(state.description).toMatch(/\.$/);
  });
});
