import { createAzureHost } from '../../src/git/hosts/azure-devops/index.ts';
import { type AzureRules, azureOf, mergePullNow } from '../../src/sandbox/git/index.ts';
import { READ_TOKEN, send, startHostedWorld, viewOf, WRITE_TOKEN } from './git-hosts.ts';
import type { MergeRule, ProposalsHarness } from './proposals.ts';

const RULES: Record<MergeRule, AzureRules> = {
  atOnce: {},
  later: { missing: { policy: 'build', status: 'queued' } },
  never: { missing: { policy: 'workItems', status: 'rejected' } },
};

const STATES = { active: 'open', completed: 'merged', abandoned: 'closed' } as const;

/** Azure DevOps' API over a bare repository, and people who use its pages. `rules` hold besides those that a test sets. */
export async function startAzure(rules: AzureRules = {}): Promise<ProposalsHarness> {
  const hosted = await startHostedWorld();
  const { bare, world } = hosted;
  const url = hosted.url.replace('/team/shop', '/DefaultCollection/team/_git/shop');
  const repository = world.repositories.get('team/shop') ?? { bare };
  const azure = azureOf(repository);
  azure.rules = rules;
  world.tokens.set('token-of-a-reader', { login: 'headgate', write: true, scopes: ['vso.code'] });
  const one = (number: number) => {
    const found = azure.pulls.find(({ id }) => id === number);
    if (!found) throw new Error(`there is no pull request ${number}`);
    return found;
  };
  const { move, close } = hosted;
  return {
    host: createAzureHost({ send }),
    repository: viewOf(bare),
    access: { url, token: WRITE_TOKEN },
    readOnly: [
      { url: `${url}/`, token: READ_TOKEN },
      { url, token: 'token-of-a-reader', username: 'bearer' },
    ],
    missing: { url: `${url}-missing`, token: WRITE_TOKEN },
    move,
    close,
    async protect() {
      repository.protectedBranches?.add('main');
    },
    async statuses(commit) {
      const shown = (repository.statuses ?? []).filter((each) => each.commit === commit);
      return shown.map((each) => ({ ...each, state: each.state === 'failed' ? 'failure' : each.state }));
    },
    async seen() {
      return azure.pulls.map(({ id, status, title, description, from, into }) => ({
        number: id,
        state: STATES[status],
        title,
        body: description,
        from,
        into,
      }));
    },
    comments: async (number) => one(number).comments,
    mergeByHand: (number) => mergePullNow(world, repository, one(number), 'ann'),
    async closeByHand(number) {
      one(number).status = 'abandoned';
    },
    async deleteBranch(branch) {
      await bare.git(['update-ref', '-d', `refs/heads/${branch}`]);
    },
    async setRule(rule) {
      azure.rules = { ...rules, ...RULES[rule] };
      repository.protectedBranches?.add('main');
    },
    async fulfilRule() {
      azure.rules = rules;
    },
    loseAnswer(after = 0) {
      world.faults.beforeCut = after;
      world.faults.cutAfterWrite = 1;
    },
    beforeWrite(intrude) {
      world.beforeWrite = async () => {
        delete world.beforeWrite;
        await intrude();
      };
    },
    limitRate() {
      world.faults.rateLimited = 1;
    },
  };
}
