import type { GitRevert } from '../../api/index.ts';
import type { PlanResult } from '../../revert/index.ts';

/** What a plan comes to; `doubt`: it could be written, and is not proved. */
export type Proof = { kind: 'proved' } | { kind: 'skipped' | 'doubt'; reason: string; message: string };

/**
 * What this process has found out about a revert by itself: the status may say anything. Lost with the process, and found out
 * again.
 */
export interface Findings {
  /** The spec that all of it is about, as text: it may be changed. */
  spec: string;
  /** Whether the verdict that it answers is proof against the release. */
  stands?: boolean;
  plan?: { head: string; result: PlanResult };
  proof?: { head: string; tree: string; result: Proof };
  /** The head of the proposal's branch that holds the planned change and nothing but that. */
  ours?: string;
}

export function noFindings(): Findings {
  return { spec: '' };
}

/** What is known of this very record. */
export function findingsOf({ findings, revert }: { findings: Findings; revert: GitRevert }): Findings {
  const spec = JSON.stringify(revert.spec);
  if (findings.spec !== spec) {
    for (const key of ['stands', 'plan', 'proof', 'ours'] as const) delete findings[key];
    findings.spec = spec;
  }
  return findings;
}
