import { assign, setup } from 'xstate';
import { timestamp } from '../api/times.ts';
import { syncDueAt } from './aftermath.ts';
import type { Effect, ProposedResult, Seen } from './observation.ts';
import { APPROVABLE } from './rules.ts';
import {
  begin,
  beginAtHost,
  type Context,
  HOST_REASONS,
  proposalLost,
  proposed,
  replanRest,
  told,
  unproved,
  wayOf,
  writes,
} from './work.ts';

interface Observed {
  type: 'OBSERVED';
  seen: Seen;
}
interface Args {
  context: Context;
  event: Observed;
}

export const MOST_ATTEMPTS = 5;
/** Whether this observation brings that result of that work. */
const brings = (effect: Effect, kind: string) => (args: Args) => {
  const { work } = args.event.seen;
  return work?.effect === effect && work.result.kind === kind;
};

const proposalIs =
  (kind: ProposedResult['kind']) =>
  ({ event: { seen } }: Args) =>
    proposed(seen)?.kind === kind;

/** Whether the one call that may have written ended so. */
const writeEnds =
  (kind: string) =>
  ({ event: { seen } }: Args) =>
    writes(seen.work) && seen.work?.result.kind === kind;

/** What can be asked and done when something was observed, each by the name that the machine's table knows it by. */
export const chart = setup({
  types: { context: {} as Context, events: {} as Observed, input: {} as Context },
  guards: {
    isSuperseded: ({ event }) => event.seen.superseded !== undefined,
    policyDeclines: ({ event }) => event.seen.gate.kind === 'skip',
    policyAsksForPerson: ({ event }) => event.seen.gate.kind === 'person',
    policyIsOpen: ({ event }) => event.seen.gate.kind === 'open',
    personDeclines: ({ event: { seen } }) => seen.gate.kind === 'skip' && seen.gate.withdraw === true,
    isDryRun: ({ event }) => event.seen.gate.kind === 'open' && event.seen.gate.mode === 'DryRun',
    isPlanned: brings('plan', 'planned'),
    planFindsItGone: brings('plan', 'gone'),
    planIsSuperseded: brings('plan', 'superseded'),
    planDeclines: brings('plan', 'skipped'),
    planNeedsPerson: brings('plan', 'needsHuman'),
    isProved: brings('prove', 'proved'),
    proofDeclines: brings('prove', 'skipped'),
    proofNeedsPerson: brings('prove', 'needsHuman'),
    /** What is not proved can still be shown to a person as a proposal. */
    mayProposeUnproved: ({ event: { seen } }) =>
      seen.work?.effect === 'prove' &&
      seen.work.result.kind === 'needsHuman' &&
      seen.work.result.mayPropose === true &&
      (seen.gate.kind === 'wait' || (seen.gate.kind === 'open' && seen.gate.mode !== 'DryRun')),
    proofFindsBranchMoved: brings('prove', 'moved'),
    lookFindsRevert: brings('look', 'found'),
    lookFindsBranchMoved: brings('look', 'moved'),
    lookFindsNothing: brings('look', 'clear'),
    lookNeedsPerson: brings('look', 'needsHuman'),
    isWritten: brings('write', 'written'),
    writeIsForbidden: writeEnds('protected'),
    mayPropose: ({ event: { seen } }) =>
      seen.work?.effect === 'write' && seen.work.result.kind === 'protected' && seen.work.result.mayPropose === true,
    writeFindsBranchMoved: writeEnds('stale'),
    proposalIsOpen: proposalIs('open'),
    proposalIsMerged: proposalIs('merged'),
    proposalIsClosed: proposalIs('closed'),
    proposalIsWithdrawn: brings('withdraw', 'closed'),
    proposalIsLost: ({ event: { seen } }) => proposalLost(seen.work),
    watchFindsRevert: brings('watch', 'found'),
    isWanted: ({ event: { seen } }) => seen.superseded === undefined && seen.gate.kind === 'open',
    /** A person gave the word that it ended for, and nothing else is in the way by now. */
    isApproved: ({ context, event: { seen } }) =>
      seen.approved === true &&
      APPROVABLE.has(context.reason) &&
      seen.superseded === undefined &&
      (seen.gate.kind === 'open' || seen.gate.kind === 'wait'),
    /** The host may still merge what is not to be merged any more, and can be told. */
    mustCancelMerge: ({ context, event: { seen } }) =>
      seen.hasPolicy === true &&
      seen.gate.kind === 'skip' &&
      (proposed(seen)?.proposal ?? context.proposal)?.autoMerge === true,
    planWasMadeTooOften: ({ context }) => (context.plan?.attempt ?? 0) >= MOST_ATTEMPTS,
    isObserved: ({ event }) => event.seen.observed,
  },
  actions: {
    beginPlan: assign(({ event }) => begin('plan', event.seen)),
    beginProof: assign(({ event }) => begin('prove', event.seen)),
    beginLook: assign(({ event }) => begin('look', event.seen)),
    chooseWay: assign(({ context, event: { seen } }) => ({ way: wayOf(context, seen) })),
    /** The way is persisted, and looked along, before anything is written on it. */
    beginWrite: assign(({ context, event: { seen } }) => {
      if (seen.busy) return {};
      const way = wayOf(context, seen);
      if (way !== context.way) return { way, effect: 'look' as const };
      return { effect: way === 'Direct' ? ('write' as const) : ('propose' as const) };
    }),
    proposeInstead: assign(({ event: { seen } }) => ({
      ...told(seen.work),
      reason: HOST_REASONS.protected,
      way: 'PullRequest' as const,
      ...(seen.busy ? {} : { effect: 'look' as const }),
    })),
    beginWatch: assign(({ event }) => beginAtHost('watch', event.seen)),
    beginCancelMerge: assign(({ event }) => beginAtHost('cancelMerge', event.seen)),
    beginWithdraw: assign(({ event }) => beginAtHost('withdraw', event.seen)),
    keepProposal: assign(({ context, event: { seen } }) => {
      const result = proposed(seen);
      if (!result) return {};
      const commit = result.kind === 'merged' ? result.commit : context.commit;
      const { url, message } = result.proposal;
      const { gate } = seen;
      const isHeld = result.kind === 'open' && gate.kind === 'open' && gate.personMerges === true;
      return { proposal: result.proposal, commit, url, reason: isHeld ? gate.reason : undefined, message };
    }),
    sayVetoed: assign(({ context }) => ({
      reason: 'Vetoed',
      message: `pull request ${context.proposal?.number} was closed without being merged; it is not opened again`,
    })),
    sayLost: assign(({ event }) => ({ ...told(event.seen.work), reason: 'ProposalGone' })),
    sayResult: assign(({ event }) => told(event.seen.work)),
    sayProtected: assign(({ event }) => ({ ...told(event.seen.work), reason: HOST_REASONS.protected })),
    saySuperseded: assign(({ event }) => ({ reason: 'Superseded', message: event.seen.superseded ?? '' })),
    sayGate: assign(({ event: { seen } }) =>
      seen.gate.kind === 'open' ? {} : { reason: seen.gate.reason, message: seen.gate.message },
    ),
    /** Why it is less than the policy allows, where it is. */
    sayLimits: assign(({ event: { seen } }) =>
      seen.gate.kind === 'open' ? { reason: seen.gate.reason, message: seen.gate.message } : {},
    ),
    sayTooBusy: assign(() => ({
      reason: 'BranchTooBusy',
      message: `the branch moved ${MOST_ATTEMPTS} times between plan and write; revert by hand`,
    })),
    sayNothing: assign(() => ({ reason: undefined, message: undefined })),
    forgetPlan: assign(() => ({ plan: undefined })),
    keepPlan: assign(({ context, event: { seen } }) => {
      if (seen.work?.effect !== 'plan' || seen.work.result.kind !== 'planned') return {};
      const { expectedHead, tree, patchDigest, files, cautions = [] } = seen.work.result;
      const attempt = (context.plan?.attempt ?? 0) + 1;
      const plannedAt = timestamp(seen.now);
      const found = cautions.length > 0 && { cautions };
      return { plan: { expectedHead, tree, patchDigest, files, attempt, plannedAt, ...found } };
    }),
    /** Kept with the plan, so that whatever asks the policy from now on sees what is not proved. */
    keepProof: assign(({ context, event: { seen } }) => {
      const result = seen.work?.effect === 'prove' ? seen.work.result : undefined;
      if (!context.plan || (result?.kind !== 'proved' && result?.kind !== 'needsHuman')) return {};
      const { diff: _, ...plan } = context.plan;
      const diff = result.diff !== undefined && { diff: result.diff };
      if (result.kind === 'proved') return { plan: { ...plan, ...diff } };
      return { plan: { ...plan, cautions: [...(plan.cautions ?? []), unproved(result)], ...diff } };
    }),
    keepCommit: assign(({ event: { seen } }) => {
      const result = seen.work?.result;
      if (result?.kind === 'written')
        return { commit: result.commit, url: result.url, reason: undefined, message: result.message };
      const commit = result && 'commit' in result ? result.commit : undefined;
      return { commit, reason: 'AlreadyReverted', message: told(seen.work).message };
    }),
    lookForSync: assign(({ event: { seen } }) => {
      const due = syncDueAt(seen.status ?? {});
      return due !== undefined && seen.now < due ? { lookAgainAt: due } : {};
    }),
    restBeforePlan: assign(({ context, event: { seen } }) => ({
      reason: HOST_REASONS.stale,
      message: 'the branch has moved since the plan was made; planning again',
      lookAgainAt: seen.now + replanRest(context.plan?.attempt ?? 1, seen.jitter ?? 0),
    })),
  },
});
