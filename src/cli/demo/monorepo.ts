import type { ReplicaSet } from '../../api/index.ts';
import {
  commitOfOthers,
  endedRevert,
  type Finish,
  imagesOf,
  isSettledOn,
  isUnderWay,
  judgement,
  type Play,
  promoteWherePaused,
  release,
  revertsIn,
  versionOf,
  wait,
} from './play.ts';
import { commitLine, type Scene } from './stage.ts';

/** It has never had a second version. */
function isUntouched(scene: Scene): boolean {
  const { world, namespace } = scene;
  const replicaSets = world.api.store.list<ReplicaSet>('ReplicaSet', namespace);
  return replicaSets.length === 1 && revertsIn(scene).length === 0 && isSettledOn(scene, imagesOf(scene).first);
}

/**
 * One commit releases two of three apps, and one of them fails: its change is taken out, the other one's stays and is
 * promoted, and the third notices nothing.
 */
export async function playMonorepo(play: Play): Promise<Finish> {
  const { stage, tell } = play;
  const [failing, healthy, ...others] = stage.scenes;
  if (!failing || !healthy) throw new Error('a monorepo has several apps');
  const bad = imagesOf(failing);
  const good = imagesOf(healthy);
  tell({ type: 'chapter', title: `One commit, two apps: ${bad.next} is bad, ${good.next} is not` });
  tell({ type: 'log', commits: (await stage.repository.log()).map(commitLine) });
  stage.badImages.add(bad.next);
  const title = `Release ${failing.name} ${versionOf(bad.next)} and ${healthy.name} ${versionOf(good.next)}`;
  const images: [Scene, string][] = [
    [failing, bad.next],
    [healthy, good.next],
  ];
  const culprit = await release(play, images, `${title}\n\nNew payment library.`);
  await wait(play, () => images.every(([scene, image]) => isUnderWay(scene, image)));
  const bystander = await commitOfOthers(play, 'Search: rank by freshness', 'v2');
  const promote = () => {
    for (const [scene] of images) promoteWherePaused(scene, tell);
  };
  const judged = await wait(play, () => {
    promote();
    return judgement(failing, bad.next);
  });
  if (judged !== 'aborted') return { outcome: judged ?? 'stuck', culprit, revert: undefined, bystander };
  const record = await wait(play, () => {
    promote();
    return endedRevert(failing, culprit);
  });
  const ending = { culprit, revert: record?.status?.commit, bystander };
  if (record?.status?.state !== 'done') return { outcome: 'aborted', ...ending };
  const settled = await wait(play, () => {
    promote();
    return isSettledOn(failing, bad.first) && isSettledOn(healthy, good.next);
  });
  if (!settled) return { outcome: 'stuck', ...ending };
  const isWell = revertsIn(healthy).length === 0 && others.every(isUntouched);
  return { outcome: isWell ? 'reverted' : 'moved', ...ending };
}
