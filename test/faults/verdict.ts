import { azureOf, dataCenterPullsOf, type HostedRepository, mergeRequestsOf } from '../../src/sandbox/git/index.ts';
import type { Loop } from '../git/loop.ts';
import type { ServedHost } from '../git/served.ts';
import type { Prepared } from './stage.ts';

type ProposalState = 'open' | 'merged' | 'closed';

/** What Git itself holds at the end, whatever Headgate says. */
export interface Found {
  /** Commits on the branch, along the first parents, after the one that failed. */
  commits: number;
  /** Commits with a Revert-Key that are no merges, wherever on the branch. */
  keyed: number;
  /** The branch holds the release that failed, what was before it, or something else. */
  holds: 'bad' | 'good' | 'foreign';
  /** Refs that nobody asked for. */
  strangeRefs: string[];
  proposals: ProposalState[];
}

const STATES: Record<string, ProposalState> = {
  opened: 'open',
  OPEN: 'open',
  active: 'open',
  MERGED: 'merged',
  completed: 'merged',
  DECLINED: 'closed',
  abandoned: 'closed',
};

function statesIn(host: ServedHost, hosted: HostedRepository): string[] {
  switch (host) {
    case 'gitlab':
      return mergeRequestsOf(hosted).all.map(({ state }) => state);
    case 'bitbucket-data-center':
      return dataCenterPullsOf(hosted).all.map(({ state }) => state);
    case 'azure-devops':
      return azureOf(hosted).pulls.map(({ status }) => status);
    default:
      return (hosted.pulls ?? []).map(({ state }) => state);
  }
}

export function proposalsIn({ host, hosted }: Loop): ProposalState[] {
  if (host === 'git' || !hosted) return [];
  return statesIn(host, hosted).map((state) => STATES[state] ?? (state as ProposalState));
}

const EXPECTED_REF =
  /^refs\/(heads\/main|heads\/headgate\/revert\/[0-9a-f]{12}(-2)?|headgate\/reverts\/[0-9a-f]{64}|headgate\/failed\/[0-9a-f]{64}\/cluster-[01])$/;

export async function lookAtGit(loop: Loop, { bad, revertedTree }: Prepared): Promise<Found> {
  const git = async (...args: string[]) => (await loop.bare.git(args)).toString();
  const linesOf = (text: string) => text.split('\n').filter(Boolean);
  const trees = linesOf(await git('log', '--first-parent', '--format=%T', `${bad}^..main`));
  const [badTree, last] = [trees.at(-1), trees[0]];
  const commits = trees.length - 1;
  const keyed = linesOf(
    commits === 0 ? '' : await git('log', '--no-merges', '--format=%H', '--grep=^Revert-Key: ', `${bad}..main`),
  );
  const refs = linesOf(await git('for-each-ref', '--format=%(refname)'));
  return {
    commits,
    keyed: keyed.length,
    holds: last === badTree ? 'bad' : last === revertedTree ? 'good' : 'foreign',
    strangeRefs: refs.filter((ref) => !EXPECTED_REF.test(ref)),
    proposals: proposalsIn(loop),
  };
}
