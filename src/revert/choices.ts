import { APPROVE, type GitRevert, type GitRevertState, type GitRevertStatus, SKIP } from '../api/index.ts';
import { derive, isFinal } from './decide.ts';
import { APPROVABLE } from './rules.ts';

/** One thing that a person can do about a GitRevert. */
export interface RevertChoice {
  /** As it stands before the GitRevert's name; undefined where it is done elsewhere: in Git, on the host, on the policy. */
  command?: 'revert skip' | 'revert retry' | 'revert approve' | 'revert diff';
  /** What comes of it, or what to do where there is no command. */
  does: string;
}

/** Nothing that counts is on the branch yet, so that the change can still stay there. */
const BEFORE_THE_END: ReadonlySet<GitRevertState> = new Set(['pending', 'planned', 'verified', 'writing', 'proposed']);
/** Ends in which nothing was written. */
const UNWRITTEN: ReadonlySet<GitRevertState> = new Set(['superseded', 'skipped', 'needsHuman', 'dryRun']);

/** Whether nothing was written, and another failure of the same change may begin anew. */
export function endedUnwritten(status: GitRevertStatus | undefined): boolean {
  return UNWRITTEN.has(derive(status));
}

/** Whether a person can still decide that the change stays in Git. */
export function maySkip({ status }: GitRevert): boolean {
  return BEFORE_THE_END.has(derive(status));
}

/** Whether a person asked that the change stays in Git. */
export function isSkipped({ metadata }: GitRevert): boolean {
  return metadata.annotations?.[SKIP] === 'true';
}

/** Whether a person has given their word on this very record. */
export function isApproved({ metadata }: GitRevert): boolean {
  return metadata.annotations?.[APPROVE] === 'true';
}

/** Whether it waits for no more than a person's word. */
export function mayApprove(revert: GitRevert): boolean {
  const { status } = revert;
  const state = derive(status);
  const isWaiting = BEFORE_THE_END.has(state) || state === 'needsHuman';
  return isWaiting && APPROVABLE.has(status?.reason) && !isApproved(revert);
}

/** Whether nothing more becomes of it: it has ended, and no person has given the word that it ended for. */
export function isOver(revert: GitRevert): boolean {
  const state = derive(revert.status);
  return isFinal(state) && !(state === 'needsHuman' && APPROVABLE.has(revert.status?.reason) && isApproved(revert));
}

/** Whether it can be taken up anew. A closed pull request would be found again, and be a veto. */
export function mayRetry({ status }: GitRevert): boolean {
  return endedUnwritten(status) && status?.proposal === undefined;
}

/** What a person can do about it now, the likeliest first. */
export function revertChoices(revert: GitRevert): RevertChoice[] {
  const { metadata, spec, status } = revert;
  const { number, url } = status?.proposal ?? {};
  const skip: RevertChoice = { command: 'revert skip', does: 'leaves the change in Git, for good' };
  const retry: RevertChoice = { command: 'revert retry', does: 'takes it up anew' };
  const approve: RevertChoice[] = mayApprove(revert)
    ? [{ command: 'revert approve', does: 'lets it pass: a person has looked at why it waits' }]
    : [];
  const diff: RevertChoice[] =
    status?.plan?.diff === undefined ? [] : [{ command: 'revert diff', does: 'prints what it would write' }];
  const policy: RevertChoice = { does: `edit RevertPolicy ${spec.policy}: it says whether and how it is written` };
  const byHand: RevertChoice = { does: 'revert the change by hand, or fix it forward' };
  const reland: RevertChoice = { does: 'to land the change after all, fix it forward, or revert the revert' };
  const reopened: RevertChoice = {
    does: `reopen pull request ${number} on the host (${url}), then delete GitRevert ${metadata.name}: it is taken up anew`,
  };
  const anew = mayRetry(revert) ? [retry] : [reopened];
  const choices: Record<GitRevertState, RevertChoice[]> = {
    pending: [...approve, skip, policy],
    planned: [...approve, skip, policy],
    verified: [...approve, skip, policy],
    writing: [...approve, skip, policy],
    proposed: [
      { does: `merge pull request ${number}: ${url}` },
      { does: `close pull request ${number}: the change stays in Git, and it is not proposed again` },
      ...approve,
      { ...skip, does: `${skip.does}, and closes the pull request` },
    ],
    landed: [reland],
    merged: [reland],
    observed: [reland],
    done: [reland],
    skipped: [...anew, byHand],
    needsHuman: [...approve, ...diff, byHand, ...anew],
    vetoed: [byHand, reopened],
    superseded: anew,
    dryRun: [...diff, { does: `${policy.does}; then` }, ...anew],
  };
  return choices[derive(status)];
}
