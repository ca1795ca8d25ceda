import type { Hook } from './hook.ts';
import { hintOf, textAt } from './payload.ts';
import { headerOf, isSignedInHeader } from './signatures.ts';

/** Anybody else, such as a `post-receive` script: `{"repository": "https://...", "branch": "main"}`. */
export const generic: Hook = {
  isAuthentic: (request, secret) => isSignedInHeader(request, 'x-headgate-signature', 'sha256=', secret),
  delivery: (request) => headerOf(request, 'x-headgate-delivery'),
  read: (payload) => hintOf([textAt(payload, 'repository')], [textAt(payload, 'branch')]),
};
