import type { GitRevert, GitRevertStatus } from '../../api/index.ts';
import { nextReminder, reminderText } from '../../revert/index.ts';
import { type Addressee, type Errand, openFor, refused } from './addressee.ts';
import type { GitRevertOptions } from './options.ts';
import { branchesOf } from './proposal-branches.ts';

/** On the pull request of the revert, which a person has let wait: hosts notify those who follow it of a new comment. */
export function reminder(options: GitRevertOptions, revert: GitRevert, to: Addressee): Errand | undefined {
  const { discussion, proposals } = to.host;
  const { remind = false, mentionAuthor = false } = to.policy.spec.telling ?? {};
  const next = nextReminder(revert, options.clock.now());
  if (!discussion || !proposals || !remind || !next) return undefined;
  const said: GitRevertStatus = { reported: { reminders: next.number } };
  return {
    id: `reminder/${next.number}`,
    dueAt: next.dueAt,
    async run() {
      const policy = await openFor(options, revert, to);
      const { access } = policy;
      // A status may name any pull request: this asks for the one that is from the key's own branch.
      const found = await proposals.find(access, branchesOf({ revert, policy }));
      if (found.kind !== 'proposal' && found.kind !== 'none') return refused(found);
      if (found.kind === 'none' || found.proposal.state !== 'open') return { ok: true, status: said };
      const mark = `headgate/reminder/${revert.spec.key}/${next.number}`;
      const body = reminderText(revert, next.number, mentionAuthor);
      const outcome = await discussion.comment(access, found.proposal.number, { mark, body });
      return outcome.kind === 'commented' ? { ok: true, status: said } : refused(outcome);
    },
    givenUp: () => said,
  };
}
