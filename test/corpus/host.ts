import { createBranch, createGitHost, type GitHostOptions } from '../../src/git/hosts/git/index.ts';
import type { GitHost, Proposal, ProposalRequest } from '../../src/git/hosts/host.ts';

/** A pull request as it was asked for. */
export interface Opened {
  request: Pick<ProposalRequest, 'branch' | 'from' | 'title'>;
  proposal: Proposal;
}

/**
 * A host that writes as `git` does, and knows pull requests: their branches are real, and nobody merges or closes them. What is
 * proposed in the corpus is for people, so that being asked for either is wrong.
 */
export function createProposingHost(options: GitHostOptions): { host: GitHost; opened: Opened[] } {
  const opened: Opened[] = [];
  const refuse = async (): Promise<never> => {
    throw new Error('what is for a person is merged, kept from it, or closed');
  };
  const host: GitHost = {
    ...createGitHost(options),
    proposals: {
      async find(_, { from, into }) {
        const found = opened.find(({ request }) => request.from === from && request.branch === into);
        return found ? { kind: 'proposal', proposal: found.proposal } : { kind: 'none' };
      },
      async open(access, request) {
        const outcome = await createBranch(options, access, request, request.from);
        if (outcome.kind !== 'written') return outcome;
        const number = opened.length + 1;
        const url = `https://git.example/pulls/${number}`;
        const proposal: Proposal = { number, url, state: 'open', head: outcome.commit };
        opened.push({ request, proposal });
        return { kind: 'proposal', proposal };
      },
      merge: refuse,
      cancelMerge: refuse,
      close: refuse,
    },
  };
  return { host, opened };
}
