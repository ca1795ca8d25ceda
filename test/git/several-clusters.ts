import { gitSources } from '../../src/kube/resources.ts';
import { gitSource, HASHES, type Loop, MINUTE, PATH, raise, rolloutYaml } from './loop.ts';

/** The same release stands in several clusters that follow one branch, as after `failedRelease` in one: v1 is stable, and v2 is under way. */
export async function releaseInAll(loops: readonly [Loop, ...Loop[]]): Promise<void> {
  const [first] = loops;
  await first.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, 'Release v1');
  for (const each of loops) each.api.store.create(gitSources, gitSource(each) as never);
  await first.settle(1000);
  for (const each of loops) raise(each, HASHES.stable);
  await first.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') }, 'Release v2');
  await first.settle(MINUTE + 1000);
  for (const each of loops) raise(each, HASHES.canary);
}
