import { rollouts } from '../kube/resources.ts';
import { type Drawing, type RolloutView, rolloutTree } from '../view/index.ts';
import { followPicture, type Picture, readPicture } from './picture.ts';
import { drawingOf, showChanges, showFlags } from './showing.ts';
import { type Invocation, numericFlag, onlyName, type Verb, withCluster } from './verb.ts';

export const getRollout: Verb = {
  name: 'get',
  noun: ['rollout', 'rollouts', 'ro'],
  operands: 'NAME',
  completes: rollouts,
  summary: 'show a Rollout: its revisions, pods, analyses, reverts, and why it is where it is',
  flags: showFlags,
  run: (invocation) => showRollout(getRollout, invocation, rolloutTree),
};

/** Draws a Rollout, once or with every change; `draw` says what of it. */
export async function showRollout(
  verb: Verb,
  invocation: Invocation,
  draw: (view: RolloutView, drawing: Drawing) => string,
): Promise<number> {
  const name = onlyName(verb, invocation.names);
  const explain = await invocation.world.explainer();
  const drawing = drawingOf(verb, invocation);
  const { program } = invocation.world;
  const show = (picture: Picture) => {
    const now = drawing();
    return draw({ ...picture, why: explain(picture, now.now), program }, now);
  };
  const seconds = numericFlag(verb, invocation, 'timeout-seconds');
  return withCluster(invocation, async (cluster) => {
    const picture = await readPicture(cluster, name);
    if (invocation.isSet('watch')) {
      const live = await followPicture(cluster, picture.rollout);
      return showChanges(invocation, live, { show, what: `rollout.argoproj.io "${name}"`, seconds });
    }
    invocation.world.stdout(show(picture));
    return 0;
  });
}
