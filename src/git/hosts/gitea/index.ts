import type { Discussion, GitHost } from '../host.ts';
import { endedAs, orFailure, probeFailure, reportFailure, type SendRequest } from '../http.ts';
import { failureOf, openApi } from './api.ts';
import { operationsFor, writeCommit } from './commit.ts';
import { createGiteaDiscussion } from './discussion.ts';
import { createGiteaProposals } from './proposals.ts';

export interface GiteaOptions {
  send: SendRequest;
  /** Between two looks at a pull request that Gitea may still be checking for conflicts; a second where it is not given. */
  pauseMilliseconds?: number;
}

const DESCRIPTION_CHARACTERS = 255;
const PAUSE_MILLISECONDS = 1_000;

const NO_PULLS =
  "the repository takes no pull requests, or none of the token's account: turn them on in its settings, or let the account's team see them";

/**
 * Gitea and Forgejo: one commit by the API for many files. The API knows no expected head, so the write is bound by two
 * things: the head is read right before it, and each file is bound to its content at that head. What comes in between is
 * refused where it touches the same files; where it touches others, the commit lies on it.
 */
export function createGiteaHost({ send, pauseMilliseconds = PAUSE_MILLISECONDS }: GiteaOptions): GitHost {
  const write: GitHost['commit'] = async (access, request) => {
    const api = openApi(send, access);
    return writeCommit(api, request, await operationsFor(api, request));
  };
  const probe: GitHost['probe'] = async (access, name, way) => {
    const api = openApi(send, access);
    const { isProtected, mayPush } = await api.branch(name);
    if (!mayPush && !(isProtected && way === 'proposal')) {
      const rule = `${name} is protected: it takes changes by pull request only, or by others`;
      const message = isProtected ? rule : 'the token may read the repository but not write to it';
      return { ok: false, reason: 'noRights', message };
    }
    // What a token is for is asked before the body is read, and a body that is no JSON can write nothing.
    for (const path of way === 'proposal' ? ['contents', 'pulls'] : ['contents']) {
      const answer = await api.send('POST', path, '{');
      if (path === 'pulls' && answer.status === 404) return { ok: false, reason: 'noRights', message: NO_PULLS };
      if (answer.status !== 422) return probeFailure(failureOf(answer));
    }
    return { ok: true };
  };
  const report: Discussion['report'] = async (access, { commit, state, context, description, url }) => {
    const short = description.slice(0, DESCRIPTION_CHARACTERS);
    const body = JSON.stringify({ state, context, description: short, target_url: url });
    const answer = await openApi(send, access).send('POST', `statuses/${commit}`, body);
    return answer.status === 201 ? { ok: true } : reportFailure(failureOf(answer));
  };
  return {
    probe: (access, branch, way) => endedAs(() => probe(access, branch, way), probeFailure),
    commit: (access, request) => orFailure(() => write(access, request)),
    proposals: createGiteaProposals((access) => openApi(send, access), pauseMilliseconds),
    discussion: {
      report: (access, it) => endedAs(() => report(access, it), reportFailure),
      ...createGiteaDiscussion(send),
    },
  };
}
