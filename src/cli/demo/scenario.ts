import { setTimeout as sleep } from 'node:timers/promises';
import type { GitRevert, GitSource, Rollout } from '../../api/index.ts';
import { machineNow } from '../../clock.ts';
import { longestPause, type Manifests, nextImage, releaseSeconds, withImage } from './manifests.ts';
import type { Tell } from './observer.ts';
import type { Scenario } from './options.ts';
import { commitLine, type Stage } from './stage.ts';

/** `moved`: traffic rose although nothing could be measured. `vetoed`: a person kept the change in Git, and it stayed out of the cluster. */
export type Outcome = 'promoted' | 'reverted' | 'aborted' | 'stuck' | 'moved' | 'vetoed';

export interface Ending {
  outcome: Outcome;
  /** The commit that was bad, and the one that took it out. */
  culprit: string | undefined;
  revert: string | undefined;
  /** The other team's commit, which must live on. */
  bystander: string | undefined;
  /** Requests until the first release: those that came before any pod was there are nobody's fault. */
  before: { total: number; failed: number };
}

interface Play {
  stage: Stage;
  manifests: Manifests;
  tell: Tell;
  /** The canary's share of traffic, percent. */
  canaryShare: () => number;
  /** World seconds that one release may take. */
  patience: number;
}

const OWNERS = { name: 'Ada Park (shop team) <ada@shop.example>', other: 'Bo Reyes (search team) <bo@search.example>' };
const LOOK_MILLISECONDS = 20;

function rolloutOf({ world, namespace, name }: Stage): Rollout | undefined {
  return world.api.store.get<Rollout>('Rollout', namespace, name);
}

const NEVER_APPLIED = new Set(['InvalidManifests', 'ApplyFailed', 'Forbidden', 'InvalidSpec']);

/** Manifests that cannot be applied never lead anywhere: better to say so than to wait. */
function refuseBadManifests({ world, namespace }: Stage): void {
  for (const { status } of world.api.store.list<GitSource>('GitSource', namespace)) {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'False' && NEVER_APPLIED.has(ready.reason ?? '')) {
      throw new Error(`the manifests cannot be applied: ${ready.message}`);
    }
  }
}

/** A Rollout that has been invalid for this long is not waiting for another object to arrive. World time, milliseconds. */
const INVALID_FOR_GOOD = 60_000;

function refuseInvalidRollout(stage: Stage): void {
  const invalid = rolloutOf(stage)?.status?.conditions?.find(({ type }) => type === 'InvalidSpec');
  const since = Date.parse(invalid?.lastTransitionTime ?? '');
  if (stage.clock.now() - since > INVALID_FOR_GOOD) throw new Error(invalid?.message);
}

/** Waits until `done` answers something; gives up after a bounded machine time. */
async function wait<T>({ stage, patience }: Play, done: () => T | undefined | false): Promise<T | undefined> {
  const limit = machineNow() + (patience / stage.clock.time().speed) * 1000 + 60_000 + stage.controller.restarts * 4000;
  while (machineNow() < limit) {
    const answer = done();
    if (answer !== undefined && answer !== false) return answer;
    refuseBadManifests(stage);
    refuseInvalidRollout(stage);
    await sleep(LOOK_MILLISECONDS);
  }
  return undefined;
}

async function commit(
  { stage, tell }: Play,
  author: string,
  message: string,
  files: Record<string, string>,
): Promise<string> {
  const id = await stage.repository.commit({ author, message, time: stage.clock.now(), files });
  const [subject = ''] = message.split('\n');
  tell({ type: 'commit', author, subject, commit: id });
  return id;
}

function isHealthyOn(stage: Stage, image: string): boolean {
  const rollout = rolloutOf(stage);
  const { status, spec, metadata } = rollout ?? {};
  const current = spec?.template?.spec?.containers[0]?.image === image;
  return current && status?.phase === 'Healthy' && status.observedGeneration === String(metadata?.generation);
}

/** An indefinite pause waits for a person; the demo is that person. */
function promoteWherePaused({ stage, tell }: Play): void {
  const { status, spec } = rolloutOf(stage) ?? {};
  const step = spec?.strategy?.canary?.steps?.[status?.currentStepIndex ?? -1];
  const waits = status?.pauseConditions?.some(({ reason }) => reason === 'CanaryPauseStep');
  const began = Date.parse(status?.pauseConditions?.[0]?.startTime ?? '');
  if (!step?.pause || step.pause.duration !== undefined || !waits || stage.clock.now() < began + 90_000) return;
  tell({ type: 'event', reason: 'Promoted', message: 'someone promotes: kubectl headgate promote', warning: false });
  stage.world.api.store.patchStatus(
    'Rollout',
    { namespace: stage.namespace, name: stage.name },
    { pauseConditions: null },
  );
}

async function install(play: Play): Promise<boolean> {
  const { stage, manifests, tell } = play;
  tell({ type: 'chapter', title: 'First install' });
  const files = Object.fromEntries(
    Object.entries(manifests.files).map(([path, text]) => [`apps/${stage.name}/${path}`, text]),
  );
  await commit(play, OWNERS.name, `Deploy ${stage.name}`, files);
  await commit(play, OWNERS.other, 'Search: first settings', {
    'apps/search/settings.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: search-settings\ndata:\n  ranking: v1\n',
  });
  await stage.startController();
  return (await wait(play, () => isHealthyOn(stage, manifests.image))) === true;
}

async function release(play: Play, image: string, message: string): Promise<string> {
  const path = `apps/${play.stage.name}/${play.manifests.rolloutFile}`;
  const text = await play.stage.repository.read((await play.stage.repository.head()) ?? '', path);
  return commit(play, OWNERS.name, message, { [path]: withImage(text?.toString() ?? '', image) });
}

function versionOf(image: string): string {
  return image.split(':').at(-1) ?? image;
}

async function goodRelease(
  play: Play,
  image: string,
  during: () => Promise<boolean> = async () => true,
): Promise<Outcome> {
  play.tell({ type: 'chapter', title: `A good release: ${image}` });
  await release(play, image, `Release ${play.stage.name} ${versionOf(image)}\n\nFaster checkout.`);
  const begun = await wait(play, () => isUnderWay(play.stage, image));
  const held = begun ? await during() : true;
  const done = await wait(play, () => {
    promoteWherePaused(play);
    return isHealthyOn(play.stage, image) && play.canaryShare() === 0;
  });
  if (!done) return 'stuck';
  return held ? 'promoted' : 'moved';
}

/** The release has requests, or is past that already. */
function isUnderWay(stage: Stage, image: string): boolean {
  const { world, namespace, name } = stage;
  const { status } = rolloutOf(stage) ?? {};
  const { revisions } = world.traffic.summary(namespace, name);
  const isNew = status?.currentPodHash !== status?.stableRS;
  const served = revisions.some(
    ({ hash, requestsPerSecond }) => hash === status?.currentPodHash && requestsPerSecond > 0,
  );
  const past = status?.abort === true || isHealthyOn(stage, image);
  return (isNew && served) || past || world.api.store.list('GitRevert', namespace).length > 0;
}

function endedRevert({ world, namespace }: Stage, culprit: string): GitRevert | undefined {
  const ended = ['done', 'skipped', 'needsHuman', 'vetoed', 'superseded', 'dryRun'];
  return world.api.store
    .list<GitRevert>('GitRevert', namespace)
    .find(({ spec, status }) => spec.culprits.includes(culprit) && ended.includes(status?.state ?? ''));
}

async function badRelease(play: Play, image: string, stableImage: string): Promise<Omit<Ending, 'before'>> {
  const { stage, tell } = play;
  tell({ type: 'chapter', title: `A bad release: ${image}` });
  tell({ type: 'log', commits: (await stage.repository.log()).map(commitLine) });
  stage.badImages.add(image);
  const culprit = await release(play, image, `Release ${stage.name} ${versionOf(image)}\n\nNew payment provider.`);
  await wait(play, () => isUnderWay(stage, image));
  const bystander = await commit(play, OWNERS.other, 'Search: rank by freshness', {
    'apps/search/settings.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: search-settings\ndata:\n  ranking: v2\n',
  });
  const aborted = await wait(play, () => {
    promoteWherePaused(play);
    if (isHealthyOn(stage, image)) return 'promoted';
    const { store } = stage.world.api;
    return (rolloutOf(stage)?.status?.abort || store.list('GitRevert', stage.namespace).length > 0) && 'aborted';
  });
  // Manifests without an analysis that notices let a bad release through.
  if (aborted === 'promoted') return { outcome: 'promoted', culprit, revert: undefined, bystander };
  if (!aborted) return { outcome: 'stuck', culprit, revert: undefined, bystander };
  const isProposed = stage.hosted && (await wait(play, () => stage.hosted?.proposal()));
  if (isProposed) await answerProposal(play);
  const record = await wait(play, () => endedRevert(stage, culprit));
  if (record?.status?.state === 'vetoed')
    return { outcome: (await staysOut(play, image)) ? 'vetoed' : 'moved', culprit, revert: undefined, bystander };
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
async function staysOut({ stage, canaryShare }: Play, image: string): Promise<boolean> {
  await worldSeconds(stage, 120);
  return canaryShare() === 0 && !isHealthyOn(stage, image) && rolloutOf(stage)?.status?.abort === true;
}

function worldSeconds({ clock }: Stage, seconds: number): Promise<void> {
  return sleep((seconds / clock.time().speed) * 1000);
}

/** Prometheus goes away in mid-canary for longer than any pause, and comes back; answers whether the rollout held. */
async function outage({ stage, manifests, tell, canaryShare }: Play): Promise<boolean> {
  await worldSeconds(stage, 60);
  await stage.world.prometheus.outage(true);
  tell({ type: 'prometheus', up: false });
  const before = canaryShare();
  await worldSeconds(stage, longestPause(manifests.rollout) + 120);
  const held = canaryShare() <= before;
  await stage.world.prometheus.outage(false);
  tell({ type: 'prometheus', up: true });
  return held;
}

const NOTHING = { culprit: undefined, revert: undefined, bystander: undefined };

async function playReleases(scenario: Scenario, play: Play): Promise<Omit<Ending, 'before'>> {
  const first = play.manifests.image;
  const second = nextImage(first);
  if (scenario === 'bad' || play.stage.hosted) return badRelease(play, second, first);
  const outcome = await goodRelease(play, second, scenario === 'outage' ? () => outage(play) : undefined);
  if (scenario !== 'story' || outcome !== 'promoted') return { ...NOTHING, outcome };
  return badRelease(play, nextImage(second), second);
}

/** All requests to the app so far, and how many of them failed. */
export function requestsOf({ world, namespace, name }: Stage): { total: number; failed: number } {
  const { revisions, unserved } = world.traffic.summary(namespace, name);
  const sum = (of: (revision: (typeof revisions)[number]) => number) =>
    revisions.reduce((so, revision) => so + of(revision), unserved);
  return { total: sum(({ total }) => total), failed: sum(({ failed }) => failed) };
}

/** Plays a scenario to its end. */
export async function playScenario(scenario: Scenario, context: Omit<Play, 'patience'>): Promise<Ending> {
  const play: Play = { ...context, patience: releaseSeconds(context.manifests.rollout) * 5 + 1200 };
  const installed = await install(play);
  const before = requestsOf(play.stage);
  if (!installed) return { ...NOTHING, outcome: 'stuck', before };
  return { ...(await playReleases(scenario, play)), before };
}

/** What a scenario has to come to. */
export function expectedOutcome(scenario: Scenario): Outcome {
  if (scenario === 'veto') return 'vetoed';
  return scenario === 'good' || scenario === 'outage' ? 'promoted' : 'reverted';
}
