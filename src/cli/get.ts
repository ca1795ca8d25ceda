import { rolloutTree } from '../view/index.ts';
import { followPicture, type Picture, readPicture } from './picture.ts';
import { drawingOf, showChanges, showFlags } from './showing.ts';
import { type Invocation, numericFlag, onlyName, type Verb, withCluster } from './verb.ts';

export const getRollout: Verb = {
  name: 'get',
  noun: ['rollout', 'rollouts', 'ro'],
  operands: 'NAME',
  summary: 'show a Rollout: its revisions, pods, analyses, reverts, and why it is where it is',
  flags: showFlags,
  async run(invocation) {
    const name = onlyName(getRollout, invocation.names);
    const show = await drawer(invocation);
    const seconds = numericFlag(getRollout, invocation, 'timeout-seconds');
    return withCluster(invocation, async (cluster) => {
      const picture = await readPicture(cluster, name);
      if (invocation.isSet('watch')) {
        const live = await followPicture(cluster, picture.rollout);
        return showChanges(invocation, live, { show, what: `rollout.argoproj.io "${name}"`, seconds });
      }
      invocation.world.stdout(show(picture));
      return 0;
    });
  },
};

async function drawer(invocation: Invocation): Promise<(picture: Picture) => string> {
  const explain = await invocation.world.explainer();
  const drawing = drawingOf(getRollout, invocation);
  return (picture) => {
    const now = drawing();
    return rolloutTree({ ...picture, why: explain(picture, now.now) }, now);
  };
}
