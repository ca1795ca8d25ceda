import type { GitRevert } from '../../api/index.ts';
import type { Inverse, Share } from '../../git/inverse.ts';
import type { PlanResult } from '../../revert/index.ts';

/** `outside`: it lies in files that the app is made of outside of its path, and that the policy does not let be written. */
export type Chosen =
  | Inverse
  | { kind: 'outside'; files: string[] }
  | { kind: 'refused'; reason: 'SpecDiffers'; message: string };

/** What a plan comes to; `doubt`: it could be written, and is not proved. */
export type Proof = { kind: 'proved' } | { kind: 'skipped' | 'doubt'; reason: string; message: string };

/** What this process has found out about a revert by itself: the status may say anything. */
export interface Found {
  /** Whether the verdict that it answers is proof against the release. */
  stands?: boolean;
  /** `for`: all that it hangs on besides the spec, as text. */
  inverse?: { for: string; chosen: Chosen };
  /** As `inverse`: what of the culprit is the Rollout's. */
  share?: { for: string; share: Share | undefined };
  plan?: { head: string; result: PlanResult };
  proof?: { head: string; tree: string; result: Proof };
  /** The head of the proposal's branch that holds the planned change and nothing but that. */
  ours?: string;
  /** That head, and the branch's for which it is as good as one that would be made now. */
  fresh?: string;
}

/** Lost with the process, or when something goes wrong, and found out again. */
export interface Findings {
  /** The spec that all of it is about, as text: it may be changed. */
  spec: string;
  found: Found;
}

export function noFindings(): Findings {
  return { spec: '', found: {} };
}

/** What is known of this very record. */
export function findingsOf({ findings, revert }: { findings: Findings; revert: GitRevert }): Found {
  const spec = JSON.stringify(revert.spec);
  if (findings.spec !== spec) Object.assign(findings, { spec, found: {} });
  return findings.found;
}
