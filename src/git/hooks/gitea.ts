import { github } from './github.ts';
import type { Hook } from './hook.ts';
import { headerOf, isSignedInHeader } from './signatures.ts';

/** Gitea and Forgejo: what they say is said as GitHub says it; the signature stands in headers of their own. */
export const gitea: Hook = {
  isAuthentic: (request, secret) =>
    isSignedInHeader(request, 'x-gitea-signature', '', secret) ||
    isSignedInHeader(request, 'x-forgejo-signature', '', secret),
  delivery: (request) => headerOf(request, 'x-gitea-delivery') ?? headerOf(request, 'x-forgejo-delivery'),
  read: github.read,
};
