import { createGitHubHost } from '../../src/git/hosts/github/index.ts';
import type { HostedRepository } from '../../src/sandbox/git/index.ts';
import type { HostHarness } from './git-host.ts';
import {
  COLLEAGUES,
  clock,
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
import type { ProposalsHarness, SeenProposal } from './proposals.ts';

const CHECK = 'ci/build';

/** GitHub's host over the sandbox's GitHub. */
export function githubHarness(hosted: HostedWorld): HostHarness & ReturnType<typeof hostedStage> {
  const { url } = hosted;
  return {
    ...hostedStage(hosted),
    host: createGitHubHost({ send, clock }),
    access: { url, token: WRITE_TOKEN },
    readOnly: [{ url: `${url}.git`, token: READ_TOKEN }],
    statuses: statusesOf(hosted),
    closeProposals: closingProposals(hosted),
    missing: { url: `${url}-missing`, token: WRITE_TOKEN },
  };
}

/** A person's hands: what the host's pages do, by the API below them. */
export function handsOn(url: string, token = WRITE_TOKEN) {
  const api = url.replace('/team/shop', '/api/v3/repos/team/shop');
  return async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${token}` };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${api}/${path}`, { method, headers, ...text });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return answer === '' ? (undefined as T) : JSON.parse(answer);
  };
}

interface ShownPull {
  number: number;
  state: string;
  merged_at: string | null;
  title: string;
  body: string;
  head: { ref: string };
  base: { ref: string };
}

export async function startGitHubProposals(
  settings: Partial<HostedRepository> = {},
  given?: HostedWorld,
): Promise<ProposalsHarness> {
  const hosted = given ?? (await startHostedWorld());
  const { world, bare, url } = hosted;
  const repository = shopOf(hosted);
  Object.assign(repository, { collaborators, ...settings });
  const harness = githubHarness(hosted);
  const byHand = handsOn(url);
  return {
    ...harness,
    colleagues: COLLEAGUES,
    async asked(number) {
      const { reviews = [] } = repository.pulls?.[number - 1] ?? {};
      return reviews.filter(({ state }) => state === 'REQUESTED').map(({ login }) => login);
    },
    labels: async (number) => repository.pulls?.[number - 1]?.labels ?? [],
    badLabel: 'x'.repeat(51),
    async seen() {
      if (!world.repositories.has('team/shop')) return [];
      const pulls = await byHand<ShownPull[]>('GET', 'pulls?state=all&direction=asc');
      return pulls.map(({ number, state, merged_at, title, body, head, base }): SeenProposal => {
        const isOpen = state === 'open';
        return {
          number,
          title,
          body,
          state: isOpen ? 'open' : merged_at ? 'merged' : 'closed',
          from: head.ref,
          into: base.ref,
        };
      });
    },
    async comments(number) {
      return (await byHand<{ body: string }[]>('GET', `issues/${number}/comments`)).map(({ body }) => body);
    },
    mergeByHand: (number) => byHand('PUT', `pulls/${number}/merge`, {}),
    closeByHand: (number) => byHand('PATCH', `pulls/${number}`, { state: 'closed' }),
    async setRule(rule) {
      await harness.protect();
      repository.requiredChecks = new Map([['main', rule === 'atOnce' ? [] : [CHECK]]]);
      repository.allowsAutoMerge = rule === 'later';
    },
    async fulfilRule() {
      const heads = (repository.pulls ?? []).map(async ({ from }) => String(await bare.head(from)));
      for (const head of new Set(await Promise.all(heads))) {
        await byHand('POST', `statuses/${head}`, { state: 'success', context: CHECK });
      }
    },
  };
}
