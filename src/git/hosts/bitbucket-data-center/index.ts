import { createBranch, createGitHost, type GitHostOptions } from '../git/index.ts';
import type { CommitReport, Discussion, GitHost } from '../host.ts';
import { endedAs, orFailure, probeFailure, reportFailure, type SendRequest } from '../http.ts';
import { failureOf, openApi } from './api.ts';
import { createBitbucketDataCenterDiscussion } from './discussion.ts';
import { createBitbucketDataCenterProposals } from './proposals.ts';

export interface BitbucketDataCenterOptions extends GitHostOptions {
  send: SendRequest;
}

const STATUS_CHARACTERS = 255;
const ADDRESS_CHARACTERS = 450;

/** Bitbucket takes no status without an address: where there is none, the commit's own page. */
function statusOf({ commit, state, context, description, url }: CommitReport, pages: string) {
  return {
    key: context.slice(0, STATUS_CHARACTERS),
    name: context.slice(0, STATUS_CHARACTERS),
    state: state === 'failure' ? 'FAILED' : 'SUCCESSFUL',
    description: description.slice(0, STATUS_CHARACTERS),
    url: url && url.length <= ADDRESS_CHARACTERS ? url : `${pages}/commits/${commit}`,
  };
}

/**
 * Bitbucket Data Center, formerly Server. Its API edits one file in a commit, so commits are pushed as to any Git server, bound
 * to the head and with the marker; pull requests and statuses go by the API.
 */
export function createBitbucketDataCenterHost({ send, ...options }: BitbucketDataCenterOptions): GitHost {
  const git = createGitHost(options);
  const probe: GitHost['probe'] = async (access, branch) => {
    const { archived } = await openApi(send, access).get('');
    if (archived === true) return { ok: false, reason: 'noRights', message: 'the repository is archived' };
    // Branch permissions are shown to administrators only: the push meets them.
    return git.probe(access, branch);
  };
  const commit: GitHost['commit'] = async (access, request) => {
    const { pages } = openApi(send, access);
    const written = await git.commit(access, request);
    return written.kind === 'written' ? { ...written, url: `${pages}/commits/${written.commit}` } : written;
  };
  const report: Discussion['report'] = async (access, it) => {
    const api = openApi(send, access);
    const answer = await api.send('POST', `/commits/${it.commit}/builds`, statusOf(it, api.pages));
    return answer.status === 204 ? { ok: true } : reportFailure(failureOf(answer));
  };
  return {
    probe: (access, branch) => endedAs(() => probe(access, branch), probeFailure),
    commit: (access, request) => orFailure(() => commit(access, request)),
    proposals: createBitbucketDataCenterProposals((access) => ({
      ...openApi(send, access),
      createBranch: (request) => createBranch(options, access, request, request.from),
    })),
    discussion: {
      report: (access, it) => endedAs(() => report(access, it), reportFailure),
      ...createBitbucketDataCenterDiscussion(send),
    },
  };
}
