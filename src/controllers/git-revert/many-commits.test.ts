/** More commits between the stable and the failed revision than are each looked at. */
import { afterEach, expect, it } from 'vitest';
import {
  abort,
  allow,
  gitSource,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  raise,
  rolloutYaml,
  startLoop,
} from '../../../test/git/loop.ts';
import { gitSources } from '../../kube/resources.ts';

let loop: Loop;
afterEach(() => loop.close());

const COMMITS = 36;

/** What the commits after the first release make of the template, by their number; answers all of them. */
async function fail(turns: Record<number, string>): Promise<string[]> {
  loop = await startLoop();
  allow(loop);
  const web = (image: string) => ({ [`${PATH}/rollout.yaml`]: rolloutYaml(`web:${image}`) });
  await loop.commit(web('v1'), 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop) as never);
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  const commits: string[] = [];
  for (let at = 0; at < COMMITS; at++) {
    const image = turns[at];
    commits.push(await loop.commit({ [`${PATH}/notes-${at}.md`]: 'x', ...(image && web(image)) }, `Commit ${at}`));
  }
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  abort(loop, HASHES);
  await loop.settle(MINUTE);
  return commits;
}

it('leads to the one that changed the template', async () => {
  const commits = await fail({ 20: 'v2' });
  const [revert] = loop.reverts();
  expect(revert?.spec.culprits).toEqual([commits[20]]);
  expect(revert?.status).toMatchObject({
    state: 'landed',
    plan: { files: expect.arrayContaining([`${PATH}/rollout.yaml`]) },
  });
});

it('is for a person where several changed it', async () => {
  await fail({ 5: 'v2', 20: 'v3' });
  expect(loop.reverts()[0]?.status).toMatchObject({ state: 'needsHuman', reason: 'SeveralCulprits' });
});
