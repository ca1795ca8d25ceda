import type { Hook } from './hook.ts';
import { branchOf, hintOf, textAt } from './payload.ts';
import { headerOf, isSignedInHeader } from './signatures.ts';

/** GitHub and GitHub Enterprise: pushes, and pull requests by the branch that they are to go into. */
export const github: Hook = {
  isAuthentic: (request, secret) => isSignedInHeader(request, 'x-hub-signature-256', 'sha256=', secret),
  delivery: (request) => headerOf(request, 'x-github-delivery'),
  read: (payload) =>
    hintOf(
      [textAt(payload, 'repository', 'clone_url'), textAt(payload, 'repository', 'html_url')],
      [branchOf(textAt(payload, 'ref')), textAt(payload, 'pull_request', 'base', 'ref')],
    ),
};
