import type { CommitReport, GitHost, ReportOutcome, RepositoryAccess } from '../host.ts';
import { endedAs, orFailure, probeFailure, reportFailure, type SendRequest } from '../http.ts';
import { failureOf, openApi } from './api.ts';
import { writeCommit } from './commit.ts';
import { createAzureDiscussion } from './discussion.ts';
import { probe } from './probe.ts';
import { createAzureProposals } from './proposals.ts';

export interface AzureOptions {
  send: SendRequest;
}

/** Azure DevOps takes no longer ones; a longer address is left out. */
const NAME_CHARACTERS = 128;
const STATUS_CHARACTERS = 2048;

/** Whose word a status is has two parts, and the first must not be empty. */
function contextOf(context: string) {
  const [, genre = 'headgate', name = ''] = /^(?:([^/]+)\/)?(.+)$/s.exec(context) ?? [];
  return { genre: genre.slice(0, NAME_CHARACTERS), name: name.slice(0, NAME_CHARACTERS) };
}

/** Azure DevOps, Services and Server: one push of one commit, bound to the head it was planned on. */
export function createAzureHost({ send }: AzureOptions): GitHost {
  const report = async (access: RepositoryAccess, said: CommitReport): Promise<ReportOutcome> => {
    const { commit, state, context, description, url } = said;
    const answer = await openApi(send, access).post(`/commits/${commit}/statuses`, {
      state: state === 'success' ? 'succeeded' : 'failed',
      context: contextOf(context),
      description: description.slice(0, STATUS_CHARACTERS).toWellFormed(),
      ...(url && url.length <= STATUS_CHARACTERS && { targetUrl: url }),
    });
    return answer.status === 201 ? { ok: true } : reportFailure(failureOf(answer));
  };
  return {
    probe: (access, branch, way = 'commit') =>
      endedAs(async () => probe(openApi(send, access), branch, way), probeFailure),
    commit: (access, request) =>
      orFailure(async () => {
        const api = openApi(send, access);
        const commit = await writeCommit(api, request);
        return { kind: 'written', commit, url: `${api.page}/commit/${commit}` };
      }),
    proposals: createAzureProposals(send),
    discussion: {
      report: (access, said) => endedAs(() => report(access, said), reportFailure),
      ...createAzureDiscussion(send),
    },
  };
}
