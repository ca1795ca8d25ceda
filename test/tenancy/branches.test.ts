/** Whoever may push branches to the repository tries to have Headgate's token bring them to the branch that is released. */
import { afterEach, expect, it } from 'vitest';
import { proposalBranch } from '../../src/git/hosts/host.ts';
import { canonicalRepository } from '../../src/git/url.ts';
import { revertKey } from '../../src/revert/index.ts';
import { abort, allow, failedRelease, HASHES, type Loop, MINUTE, PATH, startLoop } from '../git/loop.ts';

let loop: Loop;
afterEach(() => loop.close());

it('does not merge a branch that was made before its own, with its key and with other files', async () => {
  loop = await startLoop({ github: { pulls: [] } });
  allow(loop, { mode: 'PullRequest', pullRequests: { autoMerge: true } });
  const { bad } = await failedRelease(loop);
  const parts = { repository: canonicalRepository(loop.url), branch: 'main', culprits: [bad], path: PATH };
  const key = revertKey(parts);
  const planted = await loop.commit({ 'infra/rights.yaml': 'everything: mine\n' }, `Revert "x"\n\nRevert-Key: ${key}`);
  await loop.bare.git(['update-ref', `refs/heads/${proposalBranch(key)}`, planted]);
  await loop.bare.git(['update-ref', 'refs/heads/main', bad]);
  abort(loop, HASHES);
  await loop.settle(5 * MINUTE);
  const [revert] = loop.reverts();
  const message = expect.stringContaining('does not hold the planned change');
  expect(revert?.status).toMatchObject({ state: 'proposed', proposal: { message } });
  expect(await loop.bare.head('main')).toBe(bad);
});
