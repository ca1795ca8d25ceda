import type { Hook } from './hook.ts';
import { branchOf, hintOf, listAt, textAt, valueAt } from './payload.ts';
import { headerOf, isSignedInHeader } from './signatures.ts';

/** By https and by ssh: the second is on another host or port, so one does not tell the other. */
function addressesOf(repository: unknown): (string | undefined)[] {
  return listAt(repository, 'links', 'clone').map((link) => textAt(link, 'href'));
}

/** Bitbucket Data Center: pushes, and pull requests by the branch that they are to go into. */
export const bitbucketDataCenter: Hook = {
  isAuthentic: (request, secret) => isSignedInHeader(request, 'x-hub-signature', 'sha256=', secret),
  delivery: (request) => headerOf(request, 'x-request-id'),
  read(payload) {
    const target = valueAt(payload, 'pullRequest', 'toRef');
    return hintOf(
      [...addressesOf(valueAt(payload, 'repository')), ...addressesOf(valueAt(target, 'repository'))],
      [
        ...listAt(payload, 'changes').map((change) => branchOf(textAt(change, 'ref', 'id') ?? textAt(change, 'refId'))),
        branchOf(textAt(target, 'id')),
      ],
    );
  },
};
