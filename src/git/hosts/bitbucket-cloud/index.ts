import { createHash } from 'node:crypto';
import type { CommitOutcome, CommitRequest, Discussion, GitHost, ProbeOutcome, RepositoryAccess } from '../host.ts';
import { formOf } from '../host-form.ts';
import { endedAs, type HttpResponse, orFailure, probeFailure, reportFailure, type SendRequest } from '../http.ts';
import { type Api, failureOf, isRestricted, openApi } from './api.ts';
import { writeCommit } from './commit.ts';
import { createBitbucketCloudDiscussion } from './discussion.ts';
import { createBitbucketCloudProposals } from './proposals.ts';

export interface BitbucketCloudOptions {
  send: SendRequest;
}

/** Bitbucket takes no longer ones; of a longer address another stands in. */
const KEY_CHARACTERS = 40;
const TEXT_CHARACTERS = 255;
const URL_CHARACTERS = 450;

/** No repository has a commit with this id. */
const UNKNOWN_COMMIT = '5'.repeat(40);

/** What is asked first is what the credential may do; what is sent is refused after that. */
function refusedLater(answer: HttpResponse): ProbeOutcome {
  return [400, 404, 409].includes(answer.status) ? { ok: true } : probeFailure(failureOf(answer));
}

async function probe(api: Api, name: string, way: 'commit' | 'proposal' | undefined): Promise<ProbeOutcome> {
  await api.branch(name);
  const form = formOf([
    { name: 'branch', value: name },
    { name: 'parents', value: UNKNOWN_COMMIT },
  ]);
  const answer = await api.post('/src', form);
  if (!isRestricted(answer)) {
    const written = refusedLater(answer);
    if (!written.ok) return written;
  } else if (way !== 'proposal') {
    const message = `${name} takes changes by pull request only, or by others (${failureOf(answer).message})`;
    return { ok: false, reason: 'noRights', message };
  }
  // Without source and title, no pull request can be opened.
  return way === 'proposal' ? refusedLater(await api.post('/pullrequests', {})) : { ok: true };
}

/** Bitbucket Cloud: one commit by the API for many files, which is bound to the branch's head. */
export function createBitbucketCloudHost({ send }: BitbucketCloudOptions): GitHost {
  const write = async (access: RepositoryAccess, request: CommitRequest): Promise<CommitOutcome> => {
    const { id, url } = await writeCommit(openApi(send, access), request);
    return { kind: 'written', commit: id, url };
  };
  const report: Discussion['report'] = async (access, { commit, state, context, description, url }) => {
    const api = openApi(send, access);
    const isShort = context.length <= KEY_CHARACTERS;
    const answer = await api.post(`/commit/${commit}/statuses/build`, {
      key: isShort ? context : createHash('sha256').update(context).digest('hex').slice(0, KEY_CHARACTERS),
      state: state === 'failure' ? 'FAILED' : 'SUCCESSFUL',
      name: context.slice(0, TEXT_CHARACTERS),
      description: description.slice(0, TEXT_CHARACTERS),
      url: url && url.length <= URL_CHARACTERS ? url : `${api.pages}/commits/${commit}`,
    });
    // Said again, it takes the place of what was said before.
    return answer.status === 201 || answer.status === 200 ? { ok: true } : reportFailure(failureOf(answer));
  };
  return {
    probe: (access, branch, way) => endedAs(() => probe(openApi(send, access), branch, way), probeFailure),
    commit: (access, request) => orFailure(() => write(access, request)),
    proposals: createBitbucketCloudProposals(send),
    discussion: {
      report: (access, it) => endedAs(() => report(access, it), reportFailure),
      ...createBitbucketCloudDiscussion(send),
    },
  };
}
