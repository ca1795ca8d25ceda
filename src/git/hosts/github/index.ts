import type { Clock } from '../../../clock.ts';
import type { Discussion, GitHost, ReportOutcome } from '../host.ts';
import { endedAs, orFailure, probeFailure, reportFailure, type SendRequest } from '../http.ts';
import { statusFailure } from './answers.ts';
import { openApi } from './api.ts';
import { createAppTokens } from './app.ts';
import { writeCommit } from './commit.ts';
import { createGitHubDiscussion } from './discussion.ts';
import { probe } from './probe.ts';
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
  const report: Discussion['report'] = async (access, { commit, state, context, description, url }) => {
    const short = description.slice(0, DESCRIPTION_CHARACTERS);
    const body = { state, context, description: short, target_url: url };
    const answer = await openApi(send, access).call('POST', `/statuses/${commit}`, body);
    return answer.status === 201 ? { ok: true } : reportFailure(statusFailure(answer));
  };
  return {
    signIn: ({ app, ...access }) => ({ ...access, tokens: tokensFor({ ...access, app }) }),
    probe: (access, branch, way = 'commit') =>
      endedAs(async () => probe(openApi(send, access), branch, way), probeFailure),
    commit: (access, request) => orFailure(async () => writeCommit(openApi(send, access), request)),
    proposals: createGitHubProposals(send),
    discussion: {
      report: (access, it) => endedAs<ReportOutcome>(() => report(access, it), reportFailure),
      ...createGitHubDiscussion(send),
    },
  };
}
