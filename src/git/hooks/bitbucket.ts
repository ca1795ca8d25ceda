import type { Hook } from './hook.ts';
import { hintOf, listAt, textAt } from './payload.ts';
import { headerOf, isSignedInHeader } from './signatures.ts';

/** A change's branch: its new name, or its old one where it is gone. */
function changedBranch(change: unknown): string | undefined {
  const side = textAt(change, 'new', 'name') === undefined ? 'old' : 'new';
  return /branch$/.test(textAt(change, side, 'type') ?? '') ? textAt(change, side, 'name') : undefined;
}

/** Bitbucket Cloud: pushes, and pull requests by the branch that they are to go into. */
export const bitbucket: Hook = {
  isAuthentic: (request, secret) => isSignedInHeader(request, 'x-hub-signature', 'sha256=', secret),
  delivery: (request) => headerOf(request, 'x-request-uuid'),
  read(payload) {
    const name = textAt(payload, 'repository', 'full_name');
    return hintOf(
      [textAt(payload, 'repository', 'links', 'html', 'href'), name && `https://bitbucket.org/${name}`],
      [
        ...listAt(payload, 'push', 'changes').map(changedBranch),
        textAt(payload, 'pullrequest', 'destination', 'branch', 'name'),
      ],
    );
  },
};
