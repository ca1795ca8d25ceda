import type { Work } from '../../revert/index.ts';
import type { Places } from './budget.ts';
import { type Findings, noFindings } from './findings.ts';
import type { GitRevertOptions } from './options.ts';
import type { Pool } from './pool.ts';

/** What all reverts are driven with. */
export type Context = GitRevertOptions & { pool: Pool; places: Places; again: (key: string) => void };

/** What one revert has under way; lost with the process, and begun again. */
export interface Job {
  running: boolean;
  work: Work | undefined;
  notBefore: number | undefined;
  /** The rest until then may be cut short: it is not one that a host or a failure has asked for. */
  mayHurry: boolean;
  /** A hint says that what is proposed may have changed since it was looked at last. */
  hinted: boolean;
  findings: Findings;
}

export function newJob(): Job {
  const findings = noFindings();
  return { running: false, work: undefined, notBefore: undefined, mayHurry: false, hinted: false, findings };
}
