/**
 * Which branch a proposal has. Every cluster counts by itself how often a change has failed, and names the branch after that: so
 * those of one key may have several names.
 */
import type { GitRevert } from '../../api/index.ts';
import { type ProposalBranches, proposalBranch, proposalTime } from '../../git/hosts/host.ts';
import { timeOf } from './record.ts';

/** Each is a call to the host. There are so many only where people keep the branches of what they closed. */
const MOST_BRANCHES = 20;

const HEADS = 'refs/heads/';

/** A record, and the policy that it is acted upon by. */
interface Concerned {
  revert: GitRevert;
  policy: { branch: string };
}

/** The branch of the proposal that this record opens by itself. */
export function ownBranches({ policy, revert }: Concerned): ProposalBranches {
  return { from: proposalBranch(revert.spec.key, timeOf(revert)), into: policy.branch };
}

/** The branch of the proposal that it goes by: its own, or that of another cluster. A status may be forged: no others are asked about. */
export function branchesOf(task: Concerned): ProposalBranches {
  const { spec, status } = task.revert;
  const known = status?.proposal?.branch;
  const own = ownBranches(task);
  return known !== undefined && proposalTime(spec.key, known) !== undefined ? { ...own, from: known } : own;
}

/** A pattern that the refs of all of a key's proposals are like. */
export function proposalRefs(key: string): string {
  return `${HEADS}${proposalBranch(key)}*`;
}

/** The branches of a key's proposals among the refs of the origin, the lowest time first. */
export function proposalBranches(key: string, refs: ReadonlyMap<string, string>): string[] {
  const names = [...refs.keys()].filter((ref) => ref.startsWith(HEADS)).map((ref) => ref.slice(HEADS.length));
  const timed = names.flatMap((name) => {
    const time = proposalTime(key, name);
    return time === undefined ? [] : [{ name, time }];
  });
  return timed
    .sort((one, other) => one.time - other.time)
    .slice(0, MOST_BRANCHES)
    .map(({ name }) => name);
}
