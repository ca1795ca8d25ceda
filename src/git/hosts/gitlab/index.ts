import { parsedFields } from '../../../api/fields.ts';
import type { CommitOutcome, CommitRequest, Discussion, GitHost, RepositoryAccess } from '../host.ts';
import {
  endedAs,
  type Failure,
  type HttpResponse,
  orFailure,
  probeFailure,
  reportFailure,
  type SendRequest,
} from '../http.ts';
import { failureOf, openApi } from './api.ts';
import { writeCommit } from './commit.ts';
import { createGitLabDiscussion } from './discussion.ts';
import { createGitLabProposals } from './proposals.ts';

export interface GitLabOptions {
  send: SendRequest;
}

/** GitLab takes no longer ones; a longer address is left out. */
const STATUS_CHARACTERS = 255;

/** What GitLab names, beside the scope that is missing, are lesser ones that would do for reading. */
function probed(answer: HttpResponse): Failure {
  const failure = failureOf(answer);
  if (parsedFields(answer.body).error !== 'insufficient_scope') return failure;
  return { ...failure, message: `${failure.message} (give the token the scope api)` };
}

/**
 * GitLab: one commit by the API for many files. The API knows no expected head for a branch that is there, so the write is
 * bound by two things: the head is read right before it, and each file that changes is bound to the last commit that changed
 * it. What comes in between is refused where it touches the same files; where it touches others, the commit lies on it.
 */
export function createGitLabHost({ send }: GitLabOptions): GitHost {
  const write = async (access: RepositoryAccess, request: CommitRequest): Promise<CommitOutcome> => {
    const { id, parent, url } = await writeCommit(openApi(send, access), request);
    const between = parent !== undefined && parent !== request.expectedHead;
    const message = `it lies on ${parent?.slice(0, 7)}, which came in after the plan was made and changed none of its files`;
    return { kind: 'written', commit: id, ...(url && { url }), ...(between && { message }) };
  };
  const probe: GitHost['probe'] = async (access, name, way) => {
    const api = openApi(send, access);
    const { isArchived, onlyReads, takesMergeRequests } = await api.project();
    if (isArchived) return { ok: false, reason: 'noRights', message: 'the repository is archived' };
    if (way === 'proposal' && !takesMergeRequests) {
      const message = 'the project takes no merge requests: turn them on in its settings';
      return { ok: false, reason: 'noRights', message };
    }
    const { isProtected, mayPush } = await api.branch(name);
    if (onlyReads || (!mayPush && !(isProtected && way === 'proposal'))) {
      const rule = `${name} is protected: it takes changes by merge request only, or by others`;
      const reads = 'the token may read the repository but not write to it (Developer or more)';
      return { ok: false, reason: 'noRights', message: isProtected && !onlyReads ? rule : reads };
    }
    // What a token is for is asked first, and without message and actions nothing can be written.
    const answer = await api.post('/repository/commits', { branch: name });
    return answer.status === 400 ? { ok: true } : probeFailure(probed(answer));
  };
  const report: Discussion['report'] = async (access, { commit, state, context, description, url }) => {
    const answer = await openApi(send, access).post(`/statuses/${commit}`, {
      state: state === 'failure' ? 'failed' : state,
      name: context,
      description: description.slice(0, STATUS_CHARACTERS),
      ...(url && url.length <= STATUS_CHARACTERS && { target_url: url }),
    });
    if (answer.status === 201) return { ok: true };
    const failed = reportFailure(failureOf(answer));
    // Another status of the same commit is being written.
    return answer.status === 409 ? { ...failed, again: true } : failed;
  };
  return {
    probe: (access, branch, way) => endedAs(() => probe(access, branch, way), probeFailure),
    commit: (access, request) => orFailure(() => write(access, request)),
    proposals: createGitLabProposals(send),
    discussion: {
      report: (access, it) => endedAs(() => report(access, it), reportFailure),
      ...createGitLabDiscussion(send),
    },
  };
}
