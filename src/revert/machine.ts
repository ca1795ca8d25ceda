import { and, assign, setup } from 'xstate';
import type { GitRevertPlan } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import type { Effect, Seen, Work } from './observation.ts';

/** What is kept from one pass to the next is what status keeps; `effect` and `lookAgainAt` belong to one pass. */
export interface Context {
  plan?: GitRevertPlan | undefined;
  commit?: string | undefined;
  url?: string | undefined;
  reason?: string | undefined;
  message?: string | undefined;
  /** What may begin once this state is persisted. */
  effect?: Effect | undefined;
  /** World time, milliseconds since the epoch. */
  lookAgainAt?: number | undefined;
}

interface Observed {
  type: 'OBSERVED';
  seen: Seen;
}
interface Args {
  context: Context;
  event: Observed;
}

export const MOST_ATTEMPTS = 5;
const FIRST_REPLAN_SECONDS = 2;
/** Rejected credentials wait longest: hosts lock out addresses that keep failing. */
const RESTS = {
  noRights: { reason: 'CredentialsRejected', seconds: 300 },
  gone: { reason: 'RepositoryGone', seconds: 300 },
  unknown: { reason: 'OutcomeUnknown', seconds: 10 },
  stale: { reason: 'BranchMoved', seconds: 2 },
} as const;

/** Milliseconds: doubled with each attempt, and up to half as much again. */
function replanRest(attempt: number, jitter: number): number {
  return FIRST_REPLAN_SECONDS * 1000 * 2 ** (attempt - 1) * (1 + jitter / 2);
}

/** Whether this observation brings that result of that work. */
const brings = (effect: Effect, kind: string) => (args: Args) => {
  const { work } = args.event.seen;
  return work?.effect === effect && work.result.kind === kind;
};

function restOf({ work, gate, now }: Seen): Pick<Context, 'reason' | 'message' | 'lookAgainAt'> | undefined {
  const result = work?.result;
  if (result?.kind === 'failed') {
    return { reason: result.reason, message: result.message, lookAgainAt: now + result.retryAfterSeconds * 1000 };
  }
  if (result?.kind === 'rateLimited') {
    return { reason: 'RateLimited', message: result.message, lookAgainAt: now + result.retryAfterSeconds * 1000 };
  }
  if (work?.effect === 'write' && work.result.kind in RESTS) {
    const { reason, seconds } = RESTS[work.result.kind as keyof typeof RESTS];
    return { reason, message: told(work).message, lookAgainAt: now + seconds * 1000 };
  }
  return gate.kind === 'wait' ? { reason: gate.reason, message: gate.message, lookAgainAt: gate.until } : undefined;
}

/** Begins a state's work, unless something is under way or has to rest first. */
function begin(effect: Effect, seen: Seen): Partial<Context> {
  const rest = restOf(seen);
  if (rest) return rest;
  if (seen.busy) return {};
  if (seen.notBefore !== undefined && seen.now < seen.notBefore) return { lookAgainAt: seen.notBefore };
  return { effect };
}

function told(work: Work | undefined): { reason: string; message: string } {
  const result = work?.result;
  const message = result && 'message' in result ? result.message : '';
  return { reason: result && 'reason' in result ? result.reason : '', message };
}

const chart = setup({
  types: { context: {} as Context, events: {} as Observed, input: {} as Context },
  guards: {
    isSuperseded: ({ event }) => event.seen.superseded !== undefined,
    policyDeclines: ({ event }) => event.seen.gate.kind === 'skip',
    policyAsksForPerson: ({ event }) => event.seen.gate.kind === 'person',
    policyIsOpen: ({ event }) => event.seen.gate.kind === 'open',
    isDryRun: ({ event }) => event.seen.gate.kind === 'open' && event.seen.gate.mode === 'DryRun',
    isPlanned: brings('plan', 'planned'),
    planFindsItGone: brings('plan', 'gone'),
    planIsSuperseded: brings('plan', 'superseded'),
    planDeclines: brings('plan', 'skipped'),
    planNeedsPerson: brings('plan', 'needsHuman'),
    isProved: brings('prove', 'proved'),
    proofDeclines: brings('prove', 'skipped'),
    proofNeedsPerson: brings('prove', 'needsHuman'),
    proofFindsBranchMoved: brings('prove', 'moved'),
    lookFindsRevert: brings('look', 'found'),
    lookFindsBranchMoved: brings('look', 'moved'),
    lookFindsNothing: brings('look', 'clear'),
    lookNeedsPerson: brings('look', 'needsHuman'),
    isWritten: brings('write', 'written'),
    writeIsForbidden: brings('write', 'protected'),
    writeFindsBranchMoved: brings('write', 'stale'),
    isWanted: ({ event: { seen } }) => seen.superseded === undefined && seen.gate.kind === 'open',
    planWasMadeTooOften: ({ context }) => (context.plan?.attempt ?? 0) >= MOST_ATTEMPTS,
    isObserved: ({ event }) => event.seen.observed,
  },
  actions: {
    beginPlan: assign(({ event }) => begin('plan', event.seen)),
    beginProof: assign(({ event }) => begin('prove', event.seen)),
    beginLook: assign(({ event }) => begin('look', event.seen)),
    beginWrite: assign(({ event }) => (event.seen.busy ? {} : { effect: 'write' as const })),
    sayResult: assign(({ event }) => told(event.seen.work)),
    sayProtected: assign(({ event }) => ({ ...told(event.seen.work), reason: 'BranchProtected' })),
    saySuperseded: assign(({ event }) => ({ reason: 'Superseded', message: event.seen.superseded ?? '' })),
    sayGate: assign(({ event: { seen } }) =>
      seen.gate.kind === 'open' ? {} : { reason: seen.gate.reason, message: seen.gate.message },
    ),
    sayTooBusy: assign(() => ({
      reason: 'BranchTooBusy',
      message: `the branch moved ${MOST_ATTEMPTS} times between plan and write; revert by hand`,
    })),
    sayNothing: assign(() => ({ reason: undefined, message: undefined })),
    keepPlan: assign(({ context, event: { seen } }) => {
      if (seen.work?.effect !== 'plan' || seen.work.result.kind !== 'planned') return {};
      const { expectedHead, tree, patchDigest, files } = seen.work.result;
      const attempt = (context.plan?.attempt ?? 0) + 1;
      const plannedAt = timestamp(seen.now);
      return { plan: { expectedHead, tree, patchDigest, files, attempt, plannedAt } };
    }),
    keepCommit: assign(({ event: { seen } }) => {
      const result = seen.work?.result;
      if (result?.kind === 'written')
        return { commit: result.commit, url: result.url, reason: undefined, message: result.message };
      const commit = result && 'commit' in result ? result.commit : undefined;
      return { commit, reason: 'AlreadyReverted', message: told(seen.work).message };
    }),
    restBeforePlan: assign(({ context, event: { seen } }) => ({
      reason: 'BranchMoved',
      message: 'the branch has moved since the plan was made; planning again',
      lookAgainAt: seen.now + replanRest(context.plan?.attempt ?? 1, seen.jitter ?? 0),
    })),
  },
});

const wayOut = [
  { guard: 'isSuperseded', target: 'superseded', actions: 'saySuperseded' },
  { guard: 'policyDeclines', target: 'skipped', actions: 'sayGate' },
  { guard: 'policyAsksForPerson', target: 'needsHuman', actions: 'sayGate' },
] as const;

const ended = {} as const;

/**
 * A GitRevert from plan to done. Up to `verified` nothing can have been written, so it may be given up at once. In `writing`
 * a look comes before everything: only when it finds nothing may the revert be given up, or written.
 */
export const machine = chart.createMachine({
  id: 'gitRevert',
  context: ({ input }) => input,
  initial: 'pending',
  states: {
    pending: {
      on: {
        OBSERVED: [
          ...wayOut,
          { guard: 'planIsSuperseded', target: 'superseded', actions: 'sayResult' },
          { guard: 'planDeclines', target: 'skipped', actions: 'sayResult' },
          { guard: 'planNeedsPerson', target: 'needsHuman', actions: 'sayResult' },
          { guard: 'planFindsItGone', target: 'landed', actions: 'keepCommit' },
          { guard: 'isPlanned', target: 'planned', actions: ['keepPlan', 'sayNothing', 'beginProof'] },
          { actions: 'beginPlan' },
        ],
      },
    },
    planned: {
      on: {
        OBSERVED: [
          ...wayOut,
          { guard: 'proofDeclines', target: 'skipped', actions: 'sayResult' },
          { guard: 'proofNeedsPerson', target: 'needsHuman', actions: 'sayResult' },
          { guard: and(['proofFindsBranchMoved', 'planWasMadeTooOften']), target: 'needsHuman', actions: 'sayTooBusy' },
          { guard: 'proofFindsBranchMoved', target: 'pending', actions: 'restBeforePlan' },
          { guard: 'isProved', target: 'verified', actions: 'sayNothing' },
          { actions: 'beginProof' },
        ],
      },
    },
    verified: {
      on: {
        OBSERVED: [
          ...wayOut,
          { guard: 'isDryRun', target: 'dryRun' },
          { guard: 'policyIsOpen', target: 'writing', actions: ['sayNothing', 'beginLook'] },
          { actions: 'beginLook' },
        ],
      },
    },
    writing: {
      on: {
        OBSERVED: [
          { guard: 'isWritten', target: 'landed', actions: 'keepCommit' },
          { guard: 'lookFindsRevert', target: 'landed', actions: 'keepCommit' },
          { guard: 'writeIsForbidden', target: 'needsHuman', actions: 'sayProtected' },
          { guard: 'lookNeedsPerson', target: 'needsHuman', actions: 'sayResult' },
          { guard: and(['writeFindsBranchMoved', 'planWasMadeTooOften']), target: 'needsHuman', actions: 'sayTooBusy' },
          { guard: and(['writeFindsBranchMoved', 'isWanted']), target: 'pending', actions: 'restBeforePlan' },
          { guard: and(['lookFindsNothing', 'isSuperseded']), target: 'superseded', actions: 'saySuperseded' },
          { guard: and(['lookFindsBranchMoved', 'isSuperseded']), target: 'superseded', actions: 'saySuperseded' },
          { guard: and(['lookFindsBranchMoved', 'planWasMadeTooOften']), target: 'needsHuman', actions: 'sayTooBusy' },
          { guard: 'lookFindsBranchMoved', target: 'pending', actions: 'restBeforePlan' },
          { guard: and(['lookFindsNothing', 'policyDeclines']), target: 'skipped', actions: 'sayGate' },
          { guard: and(['lookFindsNothing', 'policyAsksForPerson']), target: 'needsHuman', actions: 'sayGate' },
          { guard: and(['lookFindsNothing', 'isDryRun']), target: 'dryRun' },
          { guard: and(['lookFindsNothing', 'policyIsOpen']), actions: ['sayNothing', 'beginWrite'] },
          { actions: 'beginLook' },
        ],
      },
    },
    landed: { on: { OBSERVED: { guard: 'isObserved', target: 'observed' } } },
    observed: { on: { OBSERVED: { target: 'done' } } },
    proposed: ended,
    merged: ended,
    done: ended,
    skipped: ended,
    needsHuman: ended,
    vetoed: ended,
    superseded: ended,
    dryRun: ended,
  },
});
