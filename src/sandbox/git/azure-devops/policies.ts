/** Policies of branches, as Azure DevOps shows them. */

import type { Answer, HostedRepository } from '../world.ts';
import { listed } from './call.ts';
import type { AzureRules } from './pulls.ts';

const TYPES = {
  build: { id: '0609b952-1397-4640-95ec-e00a01b2c241', displayName: 'Build' },
  workItems: { id: '40e92b44-2fe1-4dd6-b3d8-74a9c21d0c6e', displayName: 'Work item linking' },
  reviewers: { id: 'fa4e907d-c16b-4a4c-9dfa-4906e5d171dd', displayName: 'Minimum number of reviewers' },
  strategy: { id: 'fa4e907d-c16b-4a4c-9dfa-4916e5d171ab', displayName: 'Require a merge strategy' },
};

function policy(type: keyof typeof TYPES, branch: string, settings: object) {
  const scope = [{ repositoryId: 'shop', refName: `refs/heads/${branch}`, matchKind: 'Exact' }];
  return { isEnabled: true, isBlocking: true, type: TYPES[type], settings: { scope, ...settings } };
}

/** What applies to one branch. */
export function configurations({ protectedBranches }: HostedRepository, rules: AzureRules, branch: string): Answer {
  const isProtected = protectedBranches?.has(branch) === true;
  const allows = (strategy: string) => rules.strategies?.includes(strategy as 'squash') === true;
  const settings = {
    allowNoFastForward: allows('noFastForward'),
    allowSquash: allows('squash'),
    allowRebase: allows('rebase'),
    allowRebaseMerge: false,
  };
  return listed([
    ...(isProtected ? [policy('reviewers', branch, { minimumApproverCount: 0 })] : []),
    ...(rules.strategies ? [policy('strategy', branch, settings)] : []),
  ]);
}

/** How a pull request stands with them. */
export function evaluations({ missing }: AzureRules): Answer {
  const open = missing && { status: missing.status, configuration: policy(missing.policy, 'main', {}) };
  const fulfilled = { status: 'approved', configuration: policy('reviewers', 'main', {}) };
  return listed(open ? [fulfilled, open] : [fulfilled]);
}
