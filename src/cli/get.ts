import { rolloutTree } from '../view/index.ts';
import type { Cluster } from './cluster.ts';
import { followPicture, type Picture, readPicture } from './picture.ts';
import { clusterFlags, type Invocation, numericFlag, onlyName, type Verb, withCluster } from './verb.ts';
import { watching } from './watching.ts';

/** Home, and everything below cleared; what was printed before stays to be scrolled back to. */
const CLEAR = '\u001b[H\u001b[2J';

export const get: Verb = {
  name: 'get',
  noun: ['rollout', 'rollouts', 'ro'],
  operands: 'NAME',
  summary: 'show a Rollout: its revisions, pods, analyses, reverts, and why it is where it is',
  flags: {
    watch: { type: 'boolean', short: 'w', description: 'show it again whenever something changes' },
    'timeout-seconds': { type: 'string', value: 'N', description: 'with --watch: end after so many seconds' },
    color: { type: 'boolean', default: true, description: 'no colours' },
    width: { type: 'string', value: 'COLUMNS', description: "columns to fit; else the terminal's" },
    ...clusterFlags,
  },
  async run(invocation) {
    const name = onlyName(get, invocation.names);
    const show = await drawer(invocation);
    const seconds = numericFlag(get, invocation, 'timeout-seconds');
    return withCluster(invocation, async (cluster) => {
      const picture = await readPicture(cluster, name);
      if (invocation.isSet('watch')) return watch(cluster, picture, invocation, show, seconds);
      invocation.world.stdout(show(picture));
      return 0;
    });
  },
};

async function drawer(invocation: Invocation): Promise<(picture: Picture) => string> {
  const { world } = invocation;
  const explain = await world.explainer();
  const asked = numericFlag(get, invocation, 'width');
  const colour = world.colour && invocation.isSet('color');
  return (picture) => {
    const width = asked ?? world.width;
    const now = world.now();
    const drawing = { now, colour, ...(width === undefined ? {} : { width }) };
    return rolloutTree({ ...picture, why: explain(picture, now) }, drawing);
  };
}

async function watch(
  cluster: Cluster,
  { rollout }: Picture,
  { world }: Invocation,
  show: (picture: Picture) => string,
  seconds: number | undefined,
): Promise<number> {
  const live = await followPicture(cluster, rollout);
  const draw = () => {
    const picture = live.read();
    if (picture === undefined) throw new Error(`rollout.argoproj.io "${rollout.metadata.name}" was deleted`);
    world.stdout(world.terminal ? CLEAR + show(picture) : `${show(picture)}\n`);
    return undefined;
  };
  const signals = [world.interrupted(), ...(seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1000)])];
  try {
    const { onChange } = live;
    return (await watching({ draw, onChange, ticking: world.terminal, signal: AbortSignal.any(signals) })) ?? 0;
  } finally {
    await live.stop();
  }
}
