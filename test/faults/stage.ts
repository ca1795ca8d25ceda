import type { GitRevert, GitRevertState } from '../../src/api/index.ts';
import { isFinal } from '../../src/revert/index.ts';
import {
  abort,
  allow,
  failAgain,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  rolloutYaml,
  setStatus,
  startLoop,
} from '../git/loop.ts';
import { type SavedLoop, saveLoop } from '../git/saved.ts';
import type { ServedHost } from '../git/served.ts';
import { throughGitea } from './gitea.ts';
import { type Call, createLine, type Line, type Trouble } from './line.ts';
import { type Found, lookAtGit } from './verdict.ts';

export const HOSTS = [
  'git',
  'github',
  'gitlab',
  'gitea',
  'bitbucket-cloud',
  'bitbucket-data-center',
  'azure-devops',
] as const satisfies readonly (ServedHost | 'git')[];
export type HostName = (typeof HOSTS)[number];
export type Mode = 'Direct' | 'PullRequest';

/** `git` knows no pull requests. */
export function modesOf(host: HostName): Mode[] {
  return host === 'git' ? ['Direct'] : ['Direct', 'PullRequest'];
}

/** One revert that is to be played, and what goes wrong; of several clusters, in each. */
export interface Scene {
  host: HostName;
  mode: Mode;
  troubles: readonly (readonly Trouble[])[];
  /** The release was tried once more before, in the second cluster only: it counts another attempt. */
  apart?: boolean;
  /** Each waits until the others have seen it fail too. */
  quorum?: boolean;
}

/** How one cluster's record ended. */
export interface Ending {
  state: GitRevertState | 'none';
  reason: string;
  message: string;
}

export interface Played {
  endings: Ending[];
  /** Of each controller, in order, from the failure on. */
  calls: Call[][];
  struck: Line['struck'];
  git: Found;
  /** World seconds from the failure to the end. */
  seconds: number;
}

/** How a release stands that is about to fail: made once, copied for each run. */
export interface Prepared {
  saved: SavedLoop;
  bad: string;
  /** The tree of the branch once the release is taken out, and nothing else. */
  revertedTree: string;
}

export async function prepare(): Promise<Prepared> {
  const loop = await startLoop();
  try {
    const { bad } = await failedRelease(loop);
    const saved = await saveLoop(loop);
    await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') });
    const revertedTree = (await loop.bare.git(['rev-parse', 'main^{tree}'])).toString().trim();
    return { saved, bad, revertedTree };
  } finally {
    await loop.close();
  }
}

/** Longer than any rest that follows three errors in a row. */
const LONGEST_MINUTES = 45;
/** How long nothing more may happen at the end. */
const QUIET_MINUTES = 2;
/** The host is asked so long to show what became of a commit. */
const SHOWING_MINUTES = 16;

interface Cluster {
  loop: Loop;
  line: Line;
  /** The failed release was taken away again. */
  isBack: boolean;
}

async function raiseCluster({ saved }: Prepared, scene: Scene, index: number, beside?: Loop) {
  const { host, mode } = scene;
  const line = createLine(host, scene.troubles[index] ?? []);
  const { wrap, between } = line;
  const send = host === 'gitea' ? throughGitea(() => loop, between.send) : between.send;
  const served = host !== 'git' && { served: { host, settings: { pulls: [] } } };
  const common = { wrap, between: { ...between, send }, from: saved, appliesNothing: true };
  const loop: Loop = await startLoop({ ...common, ...served, ...(beside && { beside }) });
  const quorum = scene.quorum && { quorum: { clusters: scene.troubles.length, cluster: `cluster-${index}` } };
  allow(loop, { mode, pullRequests: { autoMerge: true }, ...quorum });
  return { loop, line, isBack: false };
}

const recordOf = ({ loop }: Cluster): GitRevert | undefined => loop.reverts()[0];
const stateOf = (cluster: Cluster) => recordOf(cluster)?.status?.state;

/** Ended, and told where there is something to tell. */
function isOver(cluster: Cluster): boolean {
  const { state = 'pending', commit, reported, finishedAt = '' } = recordOf(cluster)?.status ?? {};
  if (!isFinal(state)) return false;
  const isTold = commit === undefined || reported?.at !== undefined || cluster.loop.host === 'git';
  return isTold || cluster.loop.clock.now() - Date.parse(finishedAt) > SHOWING_MINUTES * MINUTE;
}

const isOut = (cluster: Cluster) => ['landed', 'merged'].includes(stateOf(cluster) ?? '');

/** As the sync and the Rollout's controller do once the branch holds the stable template again. */
function bringBack(cluster: Cluster) {
  setStatus(cluster.loop, { phase: 'Healthy', abort: false, currentPodHash: HASHES.stable, stableRS: HASHES.stable });
  cluster.isBack = true;
}

async function runUntilOver(clusters: Cluster[], until: number) {
  const [first] = clusters;
  if (!first) return;
  const { clock } = first.loop;
  const wantsHand = (each: Cluster) => each.line.isDead() || (isOut(each) && !each.isBack);
  while (clock.now() < until && !clusters.every(isOver)) {
    await clock.run({ until, done: () => clusters.some(wantsHand) || clusters.every(isOver) });
    for (const each of clusters) {
      if (each.line.isDead()) {
        await each.loop.restart();
        each.line.revive();
      }
      if (isOut(each) && !each.isBack) bringBack(each);
    }
  }
}

function endingOf(cluster: Cluster): Ending {
  const { state = 'none', reason = '', message = '' } = recordOf(cluster)?.status ?? {};
  return { state, reason, message };
}

/** Plays one revert from the failure until nothing happens any more, or for as long as any rest may take. */
export async function play(prepared: Prepared, scene: Scene): Promise<Played> {
  const clusters: Cluster[] = [];
  try {
    for (const index of scene.troubles.keys()) {
      clusters.push(await raiseCluster(prepared, scene, index, clusters[0]?.loop));
    }
    const [first] = clusters as [Cluster];
    const { clock } = first.loop;
    await first.loop.settle(1000);
    for (const { line, loop } of clusters) {
      line.open();
      if (scene.apart === true && loop !== first.loop) failSecondTime(loop);
      else abort(loop, HASHES);
    }
    const start = clock.now();
    await runUntilOver(clusters, start + LONGEST_MINUTES * MINUTE);
    const seconds = (clock.now() - start) / 1000;
    // A trouble of a call that comes late may still strike.
    await runUntilQuiet(clusters, clock.now() + QUIET_MINUTES * MINUTE);
    return {
      endings: clusters.map(endingOf),
      calls: clusters.map(({ line }) => line.calls),
      struck: clusters.flatMap(({ line }) => line.struck),
      git: await lookAtGit(first.loop, prepared),
      seconds,
    };
  } finally {
    for (const { loop } of clusters.reverse()) await loop.close();
  }
}

function failSecondTime(loop: Loop) {
  setStatus(loop, { phase: 'Progressing', currentPodHash: HASHES.canary, stableRS: HASHES.stable });
  failAgain(loop);
}

async function runUntilQuiet(clusters: Cluster[], until: number) {
  const clock = clusters[0]?.loop.clock;
  while (clock && clock.now() < until) {
    await clock.run({ until, done: () => clusters.some(({ line }) => line.isDead()) });
    for (const { line, loop } of clusters) {
      if (!line.isDead()) continue;
      await loop.restart();
      line.revive();
    }
  }
}
