import type { Hook } from './hook.ts';
import { branchOf, hintOf, textAt } from './payload.ts';
import { headerOf, isSignedAsStandard, isSigningKey, sameText } from './signatures.ts';

/**
 * GitLab: pushes, and merge requests by their target branch. A secret that begins with `whsec_` is a signing token, and then
 * only a signature counts; any other one is a secret token, which GitLab sends along as it is.
 */
export const gitlab: Hook = {
  isAuthentic(request, secret) {
    if (isSigningKey(secret)) return isSignedAsStandard(request, secret);
    return sameText(headerOf(request, 'x-gitlab-token') ?? '', secret);
  },
  delivery: (request) => headerOf(request, 'webhook-id') ?? headerOf(request, 'idempotency-key'),
  read(payload) {
    const isMergeRequest = textAt(payload, 'object_kind') === 'merge_request';
    const target = isMergeRequest ? textAt(payload, 'object_attributes', 'target_branch') : undefined;
    return hintOf(
      [
        textAt(payload, 'project', 'git_http_url'),
        textAt(payload, 'project', 'web_url'),
        textAt(payload, 'repository', 'git_http_url'),
      ],
      [branchOf(textAt(payload, 'ref')), target],
    );
  },
};
