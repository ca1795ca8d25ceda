/** A sample of the fault matrix that `npm run faults` plays in full. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { Blow, Trouble } from './line.ts';
import { type HostName, type Mode, type Prepared, play, prepare } from './stage.ts';

let prepared: Prepared;
beforeAll(async () => {
  prepared = await prepare();
});
afterAll(() => prepared.saved.forget());

const at = (what: string, blow: Blow, times = 1): Trouble => ({ at: 1, what, blow, times });

async function played(host: HostName, mode: Mode, ...troubles: Trouble[][]) {
  const scene = { host, mode, troubles };
  const result = await play(prepared, scene);
  expect(result.struck.length).toBeGreaterThan(0);
  return judge(scene, result);
}

describe('the write itself', () => {
  it.each([
    ['git', 'Direct', at('git push', 'diesAfter')],
    ['github', 'Direct', at('POST /api/graphql', 'cutAfter')],
    ['gitlab', 'Direct', at('/repository/commits', 'diesAfter')],
    ['gitea', 'Direct', at('POST /api/v1/repos/team/shop/contents', 'diesAfter')],
    ['bitbucket-cloud', 'Direct', at('POST /2.0/repositories/team/shop/src', 'diesAfter')],
    ['bitbucket-data-center', 'PullRequest', at('POST /bitbucket', 'diesAfter')],
    ['azure-devops', 'Direct', at('/pushes', 'cutAfter')],
    ['github', 'PullRequest', at('POST /api/v3/repos/team/shop/pulls', 'diesAfter')],
    ['gitlab', 'PullRequest', at('PUT ', 'cutAfter', 3)],
  ] as const)('%s, %s: %o, and there is one effect', async (host, mode, trouble) => {
    expect(await played(host, mode, [trouble])).toEqual({ ending: 'done', doubles: 0 });
  });
});

it('a branch that takes no push is left to a person, once and for all', async () => {
  const judged = await played('git', 'Direct', [at('git push', 'protected')]);
  expect(judged).toEqual({ ending: 'needsHuman BranchProtected', doubles: 0 });
});

it('two clusters that die at their writes share one effect', async () => {
  const judged = await played('git', 'Direct', [at('git push', 'diesAfter')], [at('git push', 'diesBefore')]);
  expect(judged).toEqual({ ending: 'done | done', doubles: 0 });
});

it.each(['git', 'github'] as const)(
  '%s: two clusters that wait for each other, and die as they tell it, share one effect',
  async (host) => {
    const scene = {
      host,
      mode: 'Direct' as const,
      troubles: [[at('git push', 'diesAfter')], [at('git push', 'diesBefore')]],
    };
    const result = await play(prepared, { ...scene, quorum: true });
    expect(result.struck.length).toBe(2);
    expect(judge(scene, result)).toEqual({ ending: 'done | done', doubles: 0 });
  },
);

// Either cluster may be the one that opens: the other then sees that proposal and asks for none of its own.
// So whoever opens dies, or a trouble is at a call that every cluster makes.
describe('two clusters on different attempts share one effect', () => {
  const opened = (host: string) => at(`POST /api/${host}/repos/team/shop/pulls`, 'diesAfter');

  it.each([
    ['github', [opened('v3')], [opened('v3')]],
    ['gitlab', [at('merge_requests', 'cutAfter')], [at('merge_requests', 'diesAfter')]],
    ['gitea', [opened('v1')], [opened('v1')]],
    ['bitbucket-cloud', [at('POST ', 'diesBefore')], [at('POST ', 'diesAfter')]],
    ['bitbucket-data-center', [at('git ls-remote', 'diesAfter')], []],
    ['azure-devops', [], [at('git ls-remote', 'broken', 3)]],
  ] as const)('%s: %o, %o', async (host, first, second) => {
    const scene = { host, mode: 'PullRequest' as const, troubles: [first, second], apart: true };
    const result = await play(prepared, scene);
    expect(result.struck.length).toBeGreaterThan(0);
    expect(judge(scene, result)).toEqual({ ending: 'done | done', doubles: 0 });
    expect(result.git.proposals.filter((state) => state !== 'closed')).toEqual(['merged']);
  });
});

it.each([
  { commits: 2, keyed: 2, proposals: [], doubles: 2 - 1 },
  { commits: 1, keyed: 1, proposals: ['open'] as const, doubles: 1 },
  { commits: 0, keyed: 0, proposals: ['open', 'open'] as const, doubles: 1 },
])('what Git holds twice counts: %o', ({ commits, keyed, proposals, doubles }) => {
  const git = { commits, keyed, proposals: [...proposals], holds: 'good' as const, strangeRefs: [] };
  const endings = [{ state: 'done' as const, reason: '', message: '' }];
  const judged = judge(
    { host: 'github', mode: 'Direct', troubles: [[]] },
    { endings, git, calls: [[]], struck: [], seconds: 0 },
  );
  expect(judged).toMatchObject({ doubles, wrong: 'more than one effect' });
});
