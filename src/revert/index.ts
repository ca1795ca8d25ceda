export type { RevertChoice } from './choices.ts';
export { endedUnwritten, mayRetry, maySkip, revertChoices } from './choices.ts';
export type { Candidate, Classification, TemplateInGit } from './culprit.ts';
export { findCulprit } from './culprit.ts';
export type { Decision } from './decide.ts';
export { decide, derive, explain, isFinal } from './decide.ts';
export type { Gate, GateFacts, Origin, Policy, Selection } from './gates.ts';
export { gate, liesBelow, selectPolicy } from './gates.ts';
export type { KeyParts } from './key.ts';
export { revertKey, revertName } from './key.ts';
export { machine } from './machine.ts';
export type { MessageFacts } from './message.ts';
export { harmless, neverReverted, proposalText, revertMessage, takesOut } from './message.ts';
export type {
  Effect,
  FailedResult,
  LookResult,
  PlanResult,
  ProofResult,
  ProposedResult,
  ProposeResult,
  Seen,
  WatchResult,
  WithdrawResult,
  Work,
  WriteResult,
} from './observation.ts';
export { spliceBack } from './patch/splice.ts';
export type { DocumentName, PlaceInFile, Splice, SplicedField, SpliceReason, SpliceRequest } from './patch/types.ts';
export { HOST_REASONS } from './work.ts';
