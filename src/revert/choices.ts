import type { GitRevert, GitRevertState, GitRevertStatus } from '../api/index.ts';
import { derive } from './decide.ts';

/** One thing that a person can do about a GitRevert. */
export interface RevertChoice {
  /** As it stands before the GitRevert's name; undefined where it is done elsewhere: in Git, on the host, on the policy. */
  command?: 'revert skip' | 'revert retry';
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
  const policy: RevertChoice = { does: `edit RevertPolicy ${spec.policy}: it says whether and how it is written` };
  const byHand: RevertChoice = { does: 'revert the change by hand, or fix it forward' };
  const reland: RevertChoice = { does: 'to land the change after all, fix it forward, or revert the revert' };
  const reopened: RevertChoice = {
    does: `reopen pull request ${number} on the host (${url}), then delete GitRevert ${metadata.name}: it is taken up anew`,
  };
  const anew = mayRetry(revert) ? [retry] : [reopened];
  const choices: Record<GitRevertState, RevertChoice[]> = {
    pending: [skip, policy],
    planned: [skip, policy],
    verified: [skip, policy],
    writing: [skip, policy],
    proposed: [
      { does: `merge pull request ${number}: ${url}` },
      { does: `close pull request ${number}: the change stays in Git, and it is not proposed again` },
      { ...skip, does: `${skip.does}, and closes the pull request` },
    ],
    landed: [reland],
    merged: [reland],
    observed: [reland],
    done: [reland],
    skipped: [...anew, byHand],
    needsHuman: [byHand, ...anew],
    vetoed: [byHand, reopened],
    superseded: anew,
    dryRun: [{ does: `${policy.does}; then` }, ...anew],
  };
  return choices[derive(status)];
}
