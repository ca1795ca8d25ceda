import { endFreeze } from './furnish.ts';
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
  rolloutOf,
  versionOf,
  wait,
} from './play.ts';
import { commitLine, type Scene } from './stage.ts';

/** The analysis has failed here too, and what is to be written is known. */
function hasFailed(scene: Scene, culprit: string): boolean {
  const isRecorded = revertsIn(scene).some(({ spec }) => spec.culprits.includes(culprit));
  return rolloutOf(scene)?.status?.abort === true && isRecorded;
}

/** How many commits of the branch take this one out. */
async function revertsOf({ stage }: Play, culprit: string): Promise<number> {
  const log = await stage.repository.log();
  return log.filter(({ message }) => message.includes(`This reverts commit ${culprit}.`)).length;
}

/**
 * The same commit fails in two clusters that know nothing of each other. A freeze keeps both from writing until both have
 * seen it fail, so that they write in the same moment: the hardest case for "exactly once".
 */
export async function playTwoClusters(play: Play): Promise<Finish> {
  const { stage, tell } = play;
  const { scenes } = stage;
  const { first, next } = imagesOf(stage);
  tell({ type: 'chapter', title: `A bad release in two clusters: ${next}` });
  tell({ type: 'log', commits: (await stage.repository.log()).map(commitLine) });
  stage.badImages.add(next);
  const message = `Release ${stage.name} ${versionOf(next)}\n\nNew payment provider.`;
  const culprit = await release(play, [[stage, next]], message);
  await wait(play, () => scenes.every((scene) => isUnderWay(scene, next)));
  const bystander = await commitOfOthers(play, 'Search: rank by freshness', 'v2');
  const judged = await wait(play, () => {
    for (const scene of scenes) promoteWherePaused(scene, tell);
    if (scenes.some((scene) => judgement(scene, next) === 'promoted')) return 'promoted';
    return scenes.every((scene) => hasFailed(scene, culprit)) && 'aborted';
  });
  if (judged !== 'aborted') return { outcome: judged ?? 'stuck', culprit, revert: undefined, bystander };
  const words = 'both clusters have seen it fail, and the freeze of launch day ends: now both may write';
  tell({ type: 'event', reason: 'FreezeEnded', message: words, warning: false });
  for (const { world } of scenes) endFreeze(world);
  const records = await wait(play, () => {
    const ended = scenes.map((scene) => endedRevert(scene, culprit));
    return ended.every((record) => record !== undefined) && ended;
  });
  const [revert, ...others] = new Set(records?.map(({ status }) => status?.commit));
  const ending = { culprit, revert, bystander };
  if (!records?.every(({ status }) => status?.state === 'done')) return { outcome: 'aborted', ...ending };
  const home = await wait(play, () => scenes.every((scene) => isSettledOn(scene, first)));
  if (!home) return { outcome: 'stuck', ...ending };
  const once = others.length === 0 && (await revertsOf(play, culprit)) === 1;
  return { outcome: once ? 'reverted' : 'doubled', ...ending };
}
