import { fieldsOf, parsedFields } from '../../../api/fields.ts';
import type { Clock } from '../../../clock.ts';
import type { Discussion, GitHost, ProbeOutcome, ReportOutcome } from '../host.ts';
import { endedAs, orFailure, probeFailure, reportFailure, type SendRequest } from '../http.ts';
import { statusFailure } from './answers.ts';
import { openApi } from './api.ts';
import { createAppTokens } from './app.ts';
import { writeCommit } from './commit.ts';
import { createGitHubDiscussion } from './discussion.ts';
import { createGitHubProposals } from './proposals.ts';

export interface GitHubOptions {
  send: SendRequest;
  /** By which the tokens of Apps end. */
  clock: Pick<Clock, 'now'>;
}

/** GitHub takes no longer ones. */
const DESCRIPTION_CHARACTERS = 140;

/** GitHub and GitHub Enterprise: one commit at a time, bound to the head it was planned on. */
export function createGitHubHost({ send, clock }: GitHubOptions): GitHost {
  const tokensFor = createAppTokens({ send, clock });
  const probe: GitHost['probe'] = async (access, branch): Promise<ProbeOutcome> => {
    const api = openApi(send, access);
    const { permissions, archived } = parsedFields(await api.get(''));
    if (archived === true) return { ok: false, reason: 'noRights', message: 'the repository is archived' };
    if (permissions !== undefined && fieldsOf(permissions).push !== true) {
      const message = 'the token may read the repository but not write to it (Contents: write)';
      return { ok: false, reason: 'noRights', message };
    }
    if (await api.head(branch)) return { ok: true };
    return { ok: false, reason: 'gone', message: `GitHub knows no branch ${branch}` };
  };
  const report: Discussion['report'] = async (access, { commit, state, context, description, url }) => {
    const short = description.slice(0, DESCRIPTION_CHARACTERS);
    const body = { state, context, description: short, target_url: url };
    const answer = await openApi(send, access).call('POST', `/statuses/${commit}`, body);
    return answer.status === 201 ? { ok: true } : reportFailure(statusFailure(answer));
  };
  return {
    signIn: ({ app, ...access }) => ({ ...access, tokens: tokensFor({ ...access, app }) }),
    probe: (access, branch) => endedAs(() => probe(access, branch), probeFailure),
    commit: (access, request) => orFailure(async () => writeCommit(openApi(send, access), request)),
    proposals: createGitHubProposals(send),
    discussion: {
      report: (access, it) => endedAs<ReportOutcome>(() => report(access, it), reportFailure),
      ...createGitHubDiscussion(send),
    },
  };
}
