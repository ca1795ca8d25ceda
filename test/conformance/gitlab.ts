import { createGitLabHost } from '../../src/git/hosts/gitlab/index.ts';
import type { SendRequest } from '../../src/git/hosts/http.ts';
import { type MergeRequests, type MergeRules, mergeNow, mergeRequestsOf } from '../../src/sandbox/git/index.ts';
import {
  COLLEAGUES,
  closingProposals,
  collaborators,
  type HostedWorld,
  hostedStage,
  READ_TOKEN,
  send,
  shopOf,
  startHostedWorld,
  statusesOf,
  WRITE_TOKEN,
} from './git-hosts.ts';
import type { MergeRule, ProposalsHarness } from './proposals.ts';

const RULES: Record<MergeRule, MergeRules> = {
  atOnce: {},
  later: { missing: 'ci_still_running' },
  never: { missing: 'not_approved', mayWait: false },
};

/** What a network does to writes: something comes in before the next one, or the answer to a later one is lost. */
function spoiledNetwork() {
  const next: { before?: (() => Promise<void>) | undefined; answersUntilLoss: number } = {
    answersUntilLoss: Number.POSITIVE_INFINITY,
  };
  const spoiled: SendRequest = async (request) => {
    if (request.method === 'GET') return send(request);
    const { before } = next;
    next.before = undefined;
    await before?.();
    const answer = await send(request);
    if (next.answersUntilLoss-- > 0) return answer;
    next.answersUntilLoss = Number.POSITIVE_INFINITY;
    throw new Error('socket hang up');
  };
  return { next, send: spoiled };
}

/** GitLab, with what else a test may want to do to it. */
export interface GitLabStage extends ProposalsHarness {
  /** Of the project, for those who open merge requests on its pages. */
  asPerson(token: string, path: string, body: object): Promise<{ iid: number }>;
  hosted: HostedWorld;
  requests: MergeRequests;
}

/** GitLab's API over a bare repository, and people who use its pages. `rules` hold besides those that a test sets. */
export async function startGitLab(rules: MergeRules = {}): Promise<GitLabStage> {
  const hosted = await startHostedWorld();
  const { bare, world, url } = hosted;
  const stage = hostedStage(hosted);
  const network = spoiledNetwork();
  shopOf(hosted).collaborators = collaborators;
  const requests = mergeRequestsOf(shopOf(hosted));
  requests.rules = rules;
  world.tokens.set('token-of-a-reader', { login: 'headgate', write: true, scopes: ['read_api', 'write_repository'] });
  const one = (number: number) => {
    const found = requests.all.find(({ iid }) => iid === number);
    if (!found) throw new Error(`there is no merge request !${number}`);
    return found;
  };
  return {
    ...stage,
    hosted,
    requests,
    async asPerson(token, path, body) {
      const api = url.replace('/team/shop', '/api/v4/projects/team%2Fshop');
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await answer.json()) as { iid: number };
    },
    host: createGitLabHost({ send: network.send }),
    access: { url, token: WRITE_TOKEN },
    readOnly: [
      { url: `${url}.git`, token: READ_TOKEN },
      { url, token: 'token-of-a-reader' },
    ],
    closeProposals: closingProposals(hosted),
    missing: { url: `${url}-missing`, token: WRITE_TOKEN },
    statuses: statusesOf(hosted, 'failed'),
    colleagues: COLLEAGUES,
    async asked(number) {
      const { reviews = [] } = one(number) ?? {};
      return reviews.filter(({ state }) => state === 'REQUESTED').map(({ login }) => login);
    },
    labels: async (number) => one(number).labels,
    badLabel: 'x'.repeat(256),
    async seen() {
      return requests.all.map(({ iid, state, title, description, source_branch, target_branch }) => ({
        number: iid,
        state: state === 'opened' ? 'open' : state,
        title,
        body: description,
        from: source_branch,
        into: target_branch,
      }));
    },
    comments: async (number) => one(number).notes.map(({ body }) => body),
    mergeByHand: (number) =>
      mergeNow({ bare, requests, author: 'Ann <ann@example.com>', now: world.now() }, one(number)),
    async closeByHand(number) {
      one(number).state = 'closed';
    },
    async setRule(rule) {
      requests.rules = { ...rules, ...RULES[rule] };
      await stage.protect();
    },
    async fulfilRule() {
      requests.rules = rules;
    },
    loseAnswer(after = 0) {
      network.next.answersUntilLoss = after;
    },
    beforeWrite(intrude) {
      network.next.before = intrude;
    },
  };
}
