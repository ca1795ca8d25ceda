import { createGitHubHost } from '../../src/git/hosts/github/index.ts';
import type { HostedRepository } from '../../src/sandbox/git/index.ts';
import type { HostHarness } from './git-host.ts';
import { clock, type HostedWorld, READ_TOKEN, send, startHostedWorld, viewOf, WRITE_TOKEN } from './git-hosts.ts';
import type { ProposalsHarness, SeenProposal } from './proposals.ts';

const CHECK = 'ci/build';

/** GitHub's host over the sandbox's GitHub. */
export function githubHarness(hosted: HostedWorld): HostHarness {
  const { world, bare, url } = hosted;
  return {
    host: createGitHubHost({ send, clock }),
    repository: viewOf(bare),
    access: { url, token: WRITE_TOKEN },
    readOnly: [{ url: `${url}.git`, token: READ_TOKEN }],
    move: () => hosted.move(),
    statuses: async (commit) =>
      (world.repositories.get('team/shop')?.statuses ?? []).filter((each) => each.commit === commit),
    missing: { url: `${url}-missing`, token: WRITE_TOKEN },
    async protect() {
      world.repositories.get('team/shop')?.protectedBranches?.add('main');
    },
    loseAnswer() {
      world.faults.cutAfterWrite = 1;
    },
    beforeWrite(intrude) {
      world.beforeWrite = async () => {
        delete world.beforeWrite;
        await intrude();
      };
    },
    close: hosted.close,
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
  const repository = world.repositories.get('team/shop');
  if (!repository) throw new Error('the world has no repository');
  Object.assign(repository, settings);
  const harness = githubHarness(hosted);
  const byHand = handsOn(url);
  return {
    ...harness,
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
    async deleteBranch(branch) {
      await bare.git(['update-ref', '-d', `refs/heads/${branch}`]);
    },
    async setRule(rule) {
      repository.protectedBranches?.add('main');
      repository.requiredChecks = new Map([['main', rule === 'atOnce' ? [] : [CHECK]]]);
      repository.allowsAutoMerge = rule === 'later';
    },
    async fulfilRule() {
      const heads = (repository.pulls ?? []).map(async ({ from }) => String(await bare.head(from)));
      for (const head of new Set(await Promise.all(heads))) {
        await byHand('POST', `statuses/${head}`, { state: 'success', context: CHECK });
      }
    },
    loseAnswer(after = 0) {
      world.faults.beforeCut = after;
      world.faults.cutAfterWrite = 1;
    },
    beforeWrite: harness.beforeWrite,
    limitRate() {
      world.faults.rateLimited = 1;
    },
  };
}
