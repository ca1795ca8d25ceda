import type { Hook } from './hook.ts';
import { branchOf, hintOf, listAt, textAt } from './payload.ts';
import { headerOf, sameText } from './signatures.ts';

/**
 * Azure DevOps: pushes, and pull requests by their target branch. It signs nothing: the secret is the `user:password` of
 * basic authentication.
 */
export const azureDevOps: Hook = {
  isAuthentic(request, secret) {
    const [, encoded = ''] = /^basic +([\w+/]+=*)$/i.exec(headerOf(request, 'authorization') ?? '') ?? [];
    return sameText(Buffer.from(encoded, 'base64').toString('utf8'), secret);
  },
  delivery: (_, payload) => textAt(payload, 'id'),
  read: (payload) =>
    hintOf(
      [textAt(payload, 'resource', 'repository', 'remoteUrl'), textAt(payload, 'resource', 'repository', 'webUrl')],
      [
        ...listAt(payload, 'resource', 'refUpdates').map((update) => branchOf(textAt(update, 'name'))),
        branchOf(textAt(payload, 'resource', 'targetRefName')),
      ],
    ),
};
