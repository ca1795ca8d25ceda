export { type Cluster, NOT_SYNCED, STABLE_NOT_SERVING } from './aftermath.ts';
export { isFound, type Looked, lastTurn, nextLook } from './bisect.ts';
export type { KnownFailure } from './breaker.ts';
export type { RevertChoice } from './choices.ts';
export {
  endedUnwritten,
  isApproved,
  isOver,
  isSkipped,
  mayApprove,
  mayRetry,
  maySkip,
  revertChoices,
} from './choices.ts';
export { behindText, type CommentFacts, commentDue, commentText } from './comment.ts';
export type { Candidate, Classification, TemplateInGit } from './culprit.ts';
export { findCulprit } from './culprit.ts';
export type { Decision } from './decide.ts';
export { decide, derive, explain, isFinal } from './decide.ts';
export { boundedDiff, type FileDiff, LONGEST_DIFF_CHARACTERS, namesSecret } from './diff.ts';
export { type Evidence, type EvidenceSources, evidenceOf, evidenceTable } from './evidence.ts';
export type { Gate, GateFacts } from './gates.ts';
export { gate } from './gates.ts';
export { heldForPerson, type Measured, type PersonMerges } from './held.ts';
export type { ImageSetter } from './image-automation.ts';
export { applicationAutomation, imageAutomation, imageSetters, isUpdaterFile } from './image-automation.ts';
export type { KeyParts } from './key.ts';
export { revertKey, revertName } from './key.ts';
export { machine } from './machine.ts';
export { maskedDiff } from './masked-diff.ts';
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
export type { OptOut, OptOutFile } from './opt-out.ts';
export {
  LONGEST_OPT_OUT_BYTES,
  limitOf,
  optOutPaths,
  readOptOut,
  strictest,
  unreadableOptOut,
} from './opt-out.ts';
export { documentsIn, takenBackBut } from './patch/documents.ts';
export { pathText } from './patch/place.ts';
export { spliceBack } from './patch/splice.ts';
export type {
  DocumentName,
  Path,
  PlaceInFile,
  Splice,
  SplicedField,
  SpliceReason,
  SpliceRequest,
} from './patch/types.ts';
export { pausedBy, SWITCH_CONFIG_MAP } from './pause.ts';
export { nextReminder, reminderText } from './reminder.ts';
export type { Objects, Sides } from './rest.ts';
export { changedObjects, changesText, otherChanges, ownChanges } from './rest.ts';
export { QUORUM_NOT_REACHED, SKIPPED_BY_PERSON, STABLE_FAILS_TOO } from './rules.ts';
export type { Origin, Policy, Selection } from './select.ts';
export { liesBelow, selectPolicy } from './select.ts';
export type { TouchedObject } from './sensitive.ts';
export {
  isSecretPath,
  isSensitiveObject,
  isSensitivePath,
  kindsNamed,
  maySpellSensitive,
  objectName,
  securityFix,
  sensitive,
} from './sensitive.ts';
export { HOST_REASONS, isUnproved, unproved } from './work.ts';
