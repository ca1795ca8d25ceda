import { createAzureHost } from '../../src/git/hosts/azure-devops/index.ts';
import { type AzureRules, azureOf, mergePullNow } from '../../src/sandbox/git/index.ts';
import {
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

const RULES: Record<MergeRule, AzureRules> = {
  atOnce: {},
  later: { missing: { policy: 'build', status: 'queued' } },
  never: { missing: { policy: 'workItems', status: 'rejected' } },
};

const STATES = { active: 'open', completed: 'merged', abandoned: 'closed' } as const;

/** Azure DevOps' API over a bare repository, and people who use its pages. `rules` hold besides those that a test sets. */
export async function startAzure(rules: AzureRules = {}): Promise<ProposalsHarness & { hosted: HostedWorld }> {
  const hosted = await startHostedWorld();
  const { world } = hosted;
  const stage = hostedStage(hosted);
  const url = hosted.url.replace('/team/shop', '/DefaultCollection/team/_git/shop');
  const repository = shopOf(hosted);
  const azure = azureOf(repository);
  azure.rules = rules;
  world.tokens.set('token-of-a-reader', { login: 'headgate', write: true, scopes: ['vso.code'] });
  const one = (number: number) => {
    const found = azure.pulls.find(({ id }) => id === number);
    if (!found) throw new Error(`there is no pull request ${number}`);
    return found;
  };
  return {
    ...stage,
    hosted,
    host: createAzureHost({ send }),
    access: { url, token: WRITE_TOKEN },
    readOnly: [
      { url: `${url}/`, token: READ_TOKEN },
      { url, token: 'token-of-a-reader', username: 'bearer' },
    ],
    missing: { url: `${url}-missing`, token: WRITE_TOKEN },
    statuses: statusesOf(hosted, 'failed'),
    labels: async (number) => one(number).labels,
    badLabel: 'human; needed',
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
    comments: async (number) => one(number).comments.map(({ body }) => body),
    mergeByHand: (number) => mergePullNow(world, repository, one(number), 'ann'),
    async closeByHand(number) {
      one(number).status = 'abandoned';
    },
    async setRule(rule) {
      azure.rules = { ...rules, ...RULES[rule] };
      await stage.protect();
    },
    async fulfilRule() {
      azure.rules = rules;
    },
  };
}
