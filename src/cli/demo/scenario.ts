import { longestPause, nextImage, releaseSeconds } from './manifests.ts';
import { playMonorepo } from './monorepo.ts';
import { canaryShare, type Tell } from './observer.ts';
import type { Scenario } from './options.ts';
import {
  commit,
  commitOfOthers,
  type Ending,
  endedRevert,
  type Finish,
  imagesOf,
  isHealthyOn,
  isSettledOn,
  isUnderWay,
  judgement,
  type Outcome,
  OWNERS,
  type Play,
  promoteWherePaused,
  release,
  rolloutOf,
  versionOf,
  wait,
  worldSeconds,
} from './play.ts';
import { commitLine, type Scene, type Stage } from './stage.ts';
import { playTwoClusters } from './two-clusters.ts';

/** The names in a sentence: `shop, cart and search`. */
function listed(names: string[]): string {
  return names.join(', ').replace(/, (?=[^,]*$)/, ' and ');
}

async function install(play: Play): Promise<boolean> {
  const { stage, tell } = play;
  tell({ type: 'chapter', title: 'First install' });
  const apps = [...new Map(stage.scenes.map(({ name, manifests }) => [name, manifests]))];
  const files = Object.fromEntries(
    apps.flatMap(([name, { files }]) =>
      Object.entries(files).map(([path, text]) => [`apps/${name}/${path}`, text] as const),
    ),
  );
  await commit(play, OWNERS.name, `Deploy ${listed(apps.map(([name]) => name))}`, files);
  await commitOfOthers(play, 'Search: first settings', 'v1');
  await stage.startControllers();
  const isInstalled = (scene: Scene) => isHealthyOn(scene, imagesOf(scene).first);
  return (await wait(play, () => stage.scenes.every(isInstalled))) === true;
}

async function goodRelease(
  play: Play,
  image: string,
  during: () => Promise<boolean> = async () => true,
): Promise<Outcome> {
  const { stage, tell } = play;
  tell({ type: 'chapter', title: `A good release: ${image}` });
  await release(play, [[stage, image]], `Release ${stage.name} ${versionOf(image)}\n\nFaster checkout.`);
  const begun = await wait(play, () => isUnderWay(stage, image));
  const held = begun ? await during() : true;
  const done = await wait(play, () => {
    promoteWherePaused(stage, tell);
    return isSettledOn(stage, image);
  });
  if (!done) return 'stuck';
  return held ? 'promoted' : 'moved';
}

async function badRelease(play: Play, image: string, stableImage: string): Promise<Finish> {
  const { stage, tell } = play;
  tell({ type: 'chapter', title: `A bad release: ${image}` });
  tell({ type: 'log', commits: (await stage.repository.log()).map(commitLine) });
  stage.badImages.add(image);
  const message = `Release ${stage.name} ${versionOf(image)}\n\nNew payment provider.`;
  const culprit = await release(play, [[stage, image]], message);
  await wait(play, () => isUnderWay(stage, image));
  const bystander = await commitOfOthers(play, 'Search: rank by freshness', 'v2');
  const judged = await wait(play, () => {
    promoteWherePaused(stage, tell);
    return judgement(stage, image);
  });
  if (judged !== 'aborted') return { outcome: judged ?? 'stuck', culprit, revert: undefined, bystander };
  const isProposed = stage.hosted && (await wait(play, () => stage.hosted?.proposal()));
  if (isProposed) await answerProposal(play);
  const record = await wait(play, () => endedRevert(stage, culprit));
  if (record?.status?.state === 'vetoed')
    return { outcome: (await staysOut(stage, image)) ? 'vetoed' : 'moved', culprit, revert: undefined, bystander };
  const home = record?.status?.state === 'done' && (await wait(play, () => isHealthyOn(stage, stableImage)));
  return { outcome: home ? 'reverted' : 'aborted', culprit, revert: record?.status?.commit, bystander };
}

/** World seconds until somebody or something looks at the pull request. */
const REACTION_SECONDS = 45;

/** What a host's people and programs do with the pull request. */
async function answerProposal({ stage, tell }: Play): Promise<void> {
  const { hosted } = stage;
  const { number, title } = hosted?.proposal() ?? {};
  const say = (reason: string, message: string) => tell({ type: 'event', reason, message, warning: false });
  say('PullRequest', `pull request ${number} was opened: ${title}`);
  await worldSeconds(stage, REACTION_SECONDS);
  if (hosted?.autoMerge) {
    await hosted.passCheck();
    say('PullRequest', `the check of pull request ${number} is green: the host merges it`);
  } else {
    await hosted?.closeByHand();
    say('PullRequest', `someone closes pull request ${number}: the change is to stay in Git`);
  }
}

/** The bad version gets no request, however long Git asks for it. */
async function staysOut(scene: Scene, image: string): Promise<boolean> {
  await worldSeconds(scene, 120);
  return canaryShare(scene) === 0 && !isHealthyOn(scene, image) && rolloutOf(scene)?.status?.abort === true;
}

/** Prometheus goes away in mid-canary for longer than any pause, and comes back; answers whether the rollout held. */
async function outage({ stage, tell }: Play): Promise<boolean> {
  await worldSeconds(stage, 60);
  await stage.world.prometheus.outage(true);
  tell({ type: 'prometheus', up: false });
  const before = canaryShare(stage);
  await worldSeconds(stage, longestPause(stage.manifests.rollout) + 120);
  const held = canaryShare(stage) <= before;
  await stage.world.prometheus.outage(false);
  tell({ type: 'prometheus', up: true });
  return held;
}

const NOTHING = { culprit: undefined, revert: undefined, bystander: undefined };

async function playReleases(scenario: Scenario, play: Play): Promise<Finish> {
  if (scenario === 'monorepo') return playMonorepo(play);
  if (scenario === 'two-clusters') return playTwoClusters(play);
  const { first, next } = imagesOf(play.stage);
  if (scenario === 'bad' || play.stage.hosted) return badRelease(play, next, first);
  const outcome = await goodRelease(play, next, scenario === 'outage' ? () => outage(play) : undefined);
  if (scenario !== 'story' || outcome !== 'promoted') return { ...NOTHING, outcome };
  return badRelease(play, nextImage(next), next);
}

/** All requests to the apps so far, and how many of them failed. */
export function requestsOf({ scenes }: Stage): { total: number; failed: number } {
  const summaries = scenes.map(({ world, namespace, name }) => world.traffic.summary(namespace, name));
  const unserved = summaries.reduce((sum, summary) => sum + summary.unserved, 0);
  const revisions = summaries.flatMap((summary) => summary.revisions);
  const sum = (of: (revision: (typeof revisions)[number]) => number) =>
    revisions.reduce((so, revision) => so + of(revision), unserved);
  return { total: sum(({ total }) => total), failed: sum(({ failed }) => failed) };
}

/** Plays a scenario to its end. */
export async function playScenario(scenario: Scenario, stage: Stage, tell: Tell): Promise<Ending> {
  const play: Play = { stage, tell, patience: releaseSeconds(stage.manifests.rollout) * 5 + 1200 };
  const installed = await install(play);
  const before = requestsOf(stage);
  if (!installed) return { ...NOTHING, outcome: 'stuck', before };
  return { ...(await playReleases(scenario, play)), before };
}

/** What a scenario has to come to. */
export function expectedOutcome(scenario: Scenario): Outcome {
  if (scenario === 'veto') return 'vetoed';
  return scenario === 'good' || scenario === 'outage' ? 'promoted' : 'reverted';
}
