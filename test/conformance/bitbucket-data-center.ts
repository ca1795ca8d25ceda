import { createBitbucketDataCenterHost } from '../../src/git/hosts/bitbucket-data-center/index.ts';
import { dataCenterPullsOf, type MergeChecks, mergePull } from '../../src/sandbox/git/index.ts';
import {
  COLLEAGUES,
  clock,
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

const CHECKS: Record<MergeRule, MergeChecks> = {
  atOnce: {},
  later: { veto: 'Not all required builds are successful yet' },
  never: { veto: 'Not all required reviewers have approved yet', autoMerge: false },
};
const STATES = { OPEN: 'open', MERGED: 'merged', DECLINED: 'closed' } as const;

/** Bitbucket Data Center below a path of its host, over a bare repository, and people who use its pages. */
export async function startBitbucketDataCenter(): Promise<ProposalsHarness & { hosted: HostedWorld }> {
  const hosted = await startHostedWorld();
  const { bare, world, repositories, locate } = hosted;
  const stage = hostedStage(hosted);
  const url = `${new URL(hosted.url).origin}/bitbucket/scm/team/shop.git`;
  shopOf(hosted).collaborators = collaborators;
  const pulls = dataCenterPullsOf(shopOf(hosted));
  const one = (number: number) => {
    const found = pulls.all.find(({ id }) => id === number);
    if (!found) throw new Error(`there is no pull request #${number}`);
    return found;
  };
  return {
    ...stage,
    hosted,
    host: createBitbucketDataCenterHost({ repositories, locate, clock, send }),
    access: { url, token: WRITE_TOKEN },
    readOnly: [
      { url, token: READ_TOKEN },
      { url, token: READ_TOKEN, username: 'reader' },
    ],
    missing: { url: url.replace('shop', 'missing'), token: WRITE_TOKEN },
    statuses: statusesOf(hosted, 'FAILED'),
    colleagues: COLLEAGUES,
    async asked(number) {
      const { reviews = [] } = one(number) ?? {};
      return reviews.filter(({ state }) => state === 'REQUESTED').map(({ login }) => login);
    },
    async seen() {
      return pulls.all.map(({ id, state, title, description, from, into }) => ({
        number: id,
        state: STATES[state],
        title,
        body: description,
        from,
        into,
      }));
    },
    comments: async (number) => one(number).comments.map(({ body }) => body),
    mergeByHand: (number) =>
      mergePull({ bare, pulls, author: 'Ann <ann@example.com>', now: world.now(), pages: '' }, one(number)),
    async closeByHand(number) {
      Object.assign(one(number), { state: 'DECLINED', version: one(number).version + 1 });
    },
    async setRule(rule) {
      pulls.checks = CHECKS[rule];
      await stage.protect();
    },
    async fulfilRule() {
      pulls.checks = {};
    },
  };
}
