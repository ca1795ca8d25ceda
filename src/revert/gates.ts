import { type AbortCause, type RevertCaution, type RevertWay, revertMode } from '../api/index.ts';
import type { KnownFailure } from './breaker.ts';
import { type Asked, decisiveOf, RULES } from './rules.ts';
import type { Policy } from './select.ts';

export interface GateFacts {
  cause: Pick<AbortCause, 'kind' | 'phase'>;
  /** When it failed; world time, milliseconds since the epoch. */
  failedAt: number;
  /** Anything but `annotations` stands for an object that was found and says the same. */
  learnt: 'GitSource' | 'ArgoCD' | 'Flux' | 'annotations';
  /** World time, milliseconds since the epoch. */
  now: number;
  /** Commits and proposals by Headgate in the same repository in the last 24 hours. */
  writtenToday: Record<RevertWay, number>;
  /** A person asked that the change stays in Git. */
  isSkipped: boolean;
  /** A person lets pass what only asks for a person's word. */
  isApproved: boolean;
  /** What the Rollout's own annotation says. */
  autoRevert: string | undefined;
  /** Why an administrator has nothing written at all. */
  paused: string | undefined;
  /** What the plan has found in Git, none of it before there is a plan; and what the tool that applies it says of itself. */
  cautions: readonly RevertCaution[];
  /** The GitRevert that took this very template out within the last day, and by which commit it came then; known once there is a plan. */
  revertedBefore: { name: string; culprit: string } | undefined;
  /** Why what would be gone back to does not serve; undefined before there is a record. */
  stableProblem: string | undefined;
  /** Of the whole cluster, this one too. */
  failures: readonly KnownFailure[];
}

export type OpenMode = 'Direct' | 'PullRequest' | 'DryRun';

export type Gate =
  /** `personMerges`: a proposal is not merged by itself. Where it is less than the policy allows, `reason` and `message` say why. */
  | { kind: 'open'; mode: OpenMode; personMerges?: true; reason?: string; message?: string }
  /** Nothing is written, and nobody is asked. `withdraw`: what is proposed already is closed first. */
  | { kind: 'skip'; reason: string; message: string; withdraw?: true }
  /** Milliseconds since the epoch; undefined: until something changes. */
  | { kind: 'wait'; until: number | undefined; reason: string; message: string }
  | { kind: 'person'; reason: string; message: string };

const STRICTNESS: readonly OpenMode[] = ['Direct', 'PullRequest', 'DryRun'];

const isLess = (one: OpenMode, other: OpenMode) => STRICTNESS.indexOf(one) > STRICTNESS.indexOf(other);

/** The policy's own mode; where it is off, nothing is asked that would write. */
function modeOf(policy: Policy): OpenMode {
  const mode = revertMode(policy);
  return mode === 'Off' ? 'DryRun' : mode;
}

function narrow(asked: Asked, limit: RevertCaution): Asked {
  if (!isLess(limit.most, modeOf(asked.policy)) && limit.personMerges !== true) return asked;
  const mode = isLess(limit.most, asked.mode) ? limit.most : asked.mode;
  return { ...asked, mode, limits: [...asked.limits, limit] };
}

function open({ mode, limits }: Asked): Gate {
  const holding = mode === 'PullRequest' ? limits.filter(({ personMerges }) => personMerges) : [];
  const isHeld = holding.length > 0;
  const decisive = decisiveOf(isHeld ? holding : limits);
  if (!decisive) return { kind: 'open', mode };
  const message = limits.map((limit) => limit.message).join('; ');
  return { kind: 'open', mode, ...(isHeld && { personMerges: true }), reason: decisive.reason, message };
}

/** Whether this policy lets this failure be taken out of Git now. Asked again before every step, the last time right before the write. */
export function gate(policy: Policy, facts: GateFacts): Gate {
  let asked: Asked = { policy, facts, mode: modeOf(policy), limits: [] };
  for (const rule of RULES) {
    const answer = rule(asked);
    if (Array.isArray(answer)) asked = answer.reduce(narrow, asked);
    else if (answer !== undefined) return answer;
  }
  return open(asked);
}
