/** The step that waits until Prometheus has seen the canary get its share, and what proves that it did wait. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { AnalysisRun } from '../../../src/api/index.ts';
import { PROMETHEUS } from '../../worlds/world.ts';
import { TOLERANCE } from './traffic.ts';

const EXAMPLE = readFileSync(new URL('../../../examples/measured-share.yaml', import.meta.url), 'utf8');

/** As people are shown it, but for where Prometheus is. */
export function measuredShareYaml(): string {
  return EXAMPLE.replace(/address: .*/, `address: http://${PROMETHEUS}`);
}

/** A step to come right after `setWeight`. */
export function shareSeen(weight: number) {
  const from = (name: string, valueFrom: object) => ({ name, valueFrom });
  const args = [
    { name: 'weight', value: String(weight) },
    from('namespace', { fieldRef: { fieldPath: 'metadata.namespace' } }),
    from('canary-hash', { podTemplateHashValue: 'Latest' }),
    from('stable-hash', { podTemplateHashValue: 'Stable' }),
  ];
  return { analysis: { templates: [{ templateName: 'measured-share' }], args } };
}

export interface Measured {
  /** What Prometheus said; undefined where it had nothing to say yet. */
  percent: number | undefined;
  isEnough: boolean;
  /** Milliseconds since the epoch, in whole seconds. */
  at: number;
}

/** What the step for a weight was told, in order; undefined where there was no such step. */
export function measuredAt(runs: readonly AnalysisRun[], weight: number): Measured[] | undefined {
  const isFor = ({ name, value }: { name: string; value?: string }) => name === 'weight' && value === String(weight);
  const run = runs.find(({ spec }) => spec.metrics[0]?.name === 'measured-share' && spec.args?.some(isFor));
  return run?.status?.metricResults?.[0]?.measurements?.map(({ value, phase, finishedAt }) => ({
    percent: value === undefined ? undefined : (JSON.parse(value) as number[])[0],
    isEnough: phase === 'Successful',
    at: Date.parse(finishedAt ?? ''),
  }));
}

/**
 * The step waited for nothing but the share: it was entered before that was there, no other share was enough, and it was
 * left with the second in a row that was.
 */
export function expectWaitedFor(weight: number, measured: readonly Measured[] = []): void {
  const told = JSON.stringify(measured);
  for (const { percent, isEnough } of measured) {
    const isNear = percent !== undefined && Math.abs(percent - weight) <= TOLERANCE;
    expect(isEnough, `${percent} % at ${weight}, of ${told}`).toBe(isNear);
  }
  const enough = measured.map(({ isEnough }) => isEnough);
  expect(enough[0], told).toBe(false);
  expect(enough.slice(-3), told).toEqual([false, true, true]);
}
