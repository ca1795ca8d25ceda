import { and } from 'xstate';
import { chart } from './machine-setup.ts';

const wayOut = [
  { guard: 'isSuperseded', target: 'superseded', actions: 'saySuperseded' },
  { guard: 'policyDeclines', target: 'skipped', actions: 'sayGate' },
  { guard: 'policyAsksForPerson', target: 'needsHuman', actions: 'sayGate' },
] as const;

const ended = {} as const;

/**
 * A GitRevert from plan to done, by a commit or by a proposal. A plan that is not proved goes the same way, with a caution that lets
 * it be no more than a proposal that a person merges. Up to `verified` nothing can have been written, so it may be given up at once. In `writing`
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
          { guard: 'mayProposeUnproved', target: 'verified', actions: ['keepProof', 'sayNothing'] },
          { guard: 'proofNeedsPerson', target: 'needsHuman', actions: ['keepProof', 'sayResult'] },
          { guard: and(['proofFindsBranchMoved', 'planWasMadeTooOften']), target: 'needsHuman', actions: 'sayTooBusy' },
          { guard: 'proofFindsBranchMoved', target: 'pending', actions: 'restBeforePlan' },
          { guard: 'isProved', target: 'verified', actions: ['keepProof', 'sayNothing'] },
          { actions: 'beginProof' },
        ],
      },
    },
    verified: {
      on: {
        OBSERVED: [
          ...wayOut,
          { guard: 'isDryRun', target: 'dryRun', actions: 'sayLimits' },
          { guard: 'policyIsOpen', target: 'writing', actions: ['sayLimits', 'chooseWay', 'beginLook'] },
          { actions: 'beginLook' },
        ],
      },
    },
    writing: {
      on: {
        OBSERVED: [
          { guard: 'isWritten', target: 'landed', actions: 'keepCommit' },
          { guard: 'lookFindsRevert', target: 'landed', actions: 'keepCommit' },
          { guard: 'proposalIsMerged', target: 'merged', actions: 'keepProposal' },
          { guard: 'proposalIsClosed', target: 'vetoed', actions: ['keepProposal', 'sayVetoed'] },
          { guard: 'proposalIsOpen', target: 'proposed', actions: 'keepProposal' },
          { guard: 'mayPropose', actions: 'proposeInstead' },
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
          { guard: and(['lookFindsNothing', 'isDryRun']), target: 'dryRun', actions: 'sayLimits' },
          { guard: and(['lookFindsNothing', 'policyIsOpen']), actions: ['sayLimits', 'beginWrite'] },
          { actions: 'beginLook' },
        ],
      },
    },
    landed: { on: { OBSERVED: [{ guard: 'isObserved', target: 'observed' }, { actions: 'lookForSync' }] } },
    observed: { on: { OBSERVED: { target: 'done' } } },
    proposed: {
      on: {
        OBSERVED: [
          { guard: 'proposalIsMerged', target: 'merged', actions: 'keepProposal' },
          { guard: 'watchFindsRevert', target: 'landed', actions: 'keepCommit' },
          {
            guard: and(['proposalIsWithdrawn', 'personDeclines']),
            target: 'skipped',
            actions: ['keepProposal', 'sayGate'],
          },
          { guard: 'proposalIsWithdrawn', target: 'superseded', actions: ['keepProposal', 'saySuperseded'] },
          { guard: 'proposalIsClosed', target: 'vetoed', actions: ['keepProposal', 'sayVetoed'] },
          { guard: and(['proposalIsLost', 'personDeclines']), target: 'skipped', actions: 'sayGate' },
          { guard: and(['proposalIsLost', 'isSuperseded']), target: 'superseded', actions: 'saySuperseded' },
          { guard: 'proposalIsLost', target: 'needsHuman', actions: 'sayLost' },
          { guard: 'personDeclines', actions: 'beginWithdraw' },
          { guard: 'mustCancelMerge', actions: ['keepProposal', 'sayGate', 'beginCancelMerge'] },
          {
            guard: and(['isSuperseded', 'policyDeclines']),
            target: 'superseded',
            actions: ['keepProposal', 'saySuperseded'],
          },
          { guard: 'isSuperseded', actions: 'beginWithdraw' },
          { guard: 'policyDeclines', target: 'skipped', actions: ['keepProposal', 'sayGate'] },
          { actions: ['keepProposal', 'beginWatch'] },
        ],
      },
    },
    merged: { on: { OBSERVED: [{ guard: 'isObserved', target: 'observed' }, { actions: 'lookForSync' }] } },
    done: ended,
    skipped: ended,
    needsHuman: { on: { OBSERVED: { guard: 'isApproved', target: 'pending', actions: ['forgetPlan', 'sayNothing'] } } },
    vetoed: ended,
    superseded: ended,
    dryRun: ended,
  },
});
