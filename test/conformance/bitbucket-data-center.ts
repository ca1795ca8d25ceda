import { createBitbucketDataCenterHost } from '../../src/git/hosts/bitbucket-data-center/index.ts';
import { dataCenterPullsOf, type MergeChecks, mergePull } from '../../src/sandbox/git/index.ts';
import { clock, READ_TOKEN, send, startHostedWorld, viewOf, WRITE_TOKEN } from './git-hosts.ts';
import type { MergeRule, ProposalsHarness } from './proposals.ts';

const CHECKS: Record<MergeRule, MergeChecks> = {
  atOnce: {},
  later: { veto: 'Not all required builds are successful yet' },
  never: { veto: 'Not all required reviewers have approved yet', autoMerge: false },
};
const STATES = { OPEN: 'open', MERGED: 'merged', DECLINED: 'closed' } as const;

/** Bitbucket Data Center below a path of its host, over a bare repository, and people who use its pages. */
export async function startBitbucketDataCenter(): Promise<ProposalsHarness> {
  const hosted = await startHostedWorld();
  const { bare, world, repositories, locate, move, close } = hosted;
  const repository = world.repositories.get('team/shop') ?? { bare };
  const url = `${new URL(hosted.url).origin}/bitbucket/scm/team/shop.git`;
  const pulls = dataCenterPullsOf(repository);
  const one = (number: number) => {
    const found = pulls.all.find(({ id }) => id === number);
    if (!found) throw new Error(`there is no pull request #${number}`);
    return found;
  };
  return {
    host: createBitbucketDataCenterHost({ repositories, locate, clock, send }),
    repository: viewOf(bare),
    access: { url, token: WRITE_TOKEN },
    readOnly: [
      { url, token: READ_TOKEN },
      { url, token: READ_TOKEN, username: 'reader' },
    ],
    missing: { url: url.replace('shop', 'missing'), token: WRITE_TOKEN },
    move,
    close,
    async protect() {
      repository.protectedBranches?.add('main');
    },
    async statuses(commit) {
      const shown = (repository.statuses ?? []).filter((each) => each.commit === commit);
      return shown.map((each) => ({ ...each, state: each.state === 'FAILED' ? 'failure' : each.state }));
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
    comments: async (number) => one(number).comments,
    mergeByHand: (number) =>
      mergePull({ bare, pulls, author: 'Ann <ann@example.com>', now: world.now(), pages: '' }, one(number)),
    async closeByHand(number) {
      Object.assign(one(number), { state: 'DECLINED', version: one(number).version + 1 });
    },
    async deleteBranch(branch) {
      await bare.git(['update-ref', '-d', `refs/heads/${branch}`]);
    },
    async setRule(rule) {
      pulls.checks = CHECKS[rule];
      repository.protectedBranches?.add('main');
    },
    async fulfilRule() {
      pulls.checks = {};
    },
    loseAnswer(after = 0) {
      Object.assign(world.faults, { cutAfterWrite: 1, beforeCut: after });
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
