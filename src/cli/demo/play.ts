import { setTimeout as sleep } from 'node:timers/promises';
import type { GitRevert, GitSource, Rollout } from '../../api/index.ts';
import { machineNow } from '../../clock.ts';
import { nextImage, withImage } from './manifests.ts';
import { canaryShare, type Tell, tellOf } from './observer.ts';
import type { Scene, Stage } from './stage.ts';

/**
 * `moved`: traffic rose although nothing could be measured, or something changed that nobody had touched. `vetoed`: a person
 * kept the change in Git, and it stayed out of the cluster. `doubled`: one change was taken out more than once.
 */
export type Outcome = 'promoted' | 'reverted' | 'aborted' | 'stuck' | 'moved' | 'vetoed' | 'doubled';

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

/** What playing the releases comes to. */
export type Finish = Omit<Ending, 'before'>;

export interface Play {
  stage: Stage;
  tell: Tell;
  /** World seconds that one release may take. */
  patience: number;
}

export const OWNERS = {
  name: 'Ada Park (shop team) <ada@shop.example>',
  other: 'Bo Reyes (search team) <bo@search.example>',
};
const LOOK_MILLISECONDS = 20;

export function rolloutOf({ world, namespace, name }: Scene): Rollout | undefined {
  return world.api.store.get<Rollout>('Rollout', namespace, name);
}

const NEVER_APPLIED = new Set(['InvalidManifests', 'ApplyFailed', 'Forbidden', 'InvalidSpec']);

/** Manifests that cannot be applied never lead anywhere: better to say so than to wait. */
function refuseBadManifests({ world, namespace }: Scene): void {
  for (const { status } of world.api.store.list<GitSource>('GitSource', namespace)) {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'False' && NEVER_APPLIED.has(ready.reason ?? '')) {
      throw new Error(`the manifests cannot be applied: ${ready.message}`);
    }
  }
}

/** A Rollout that has been invalid for this long is not waiting for another object to arrive. World time, milliseconds. */
const INVALID_FOR_GOOD = 60_000;

function refuseInvalidRollout(scene: Scene): void {
  const invalid = rolloutOf(scene)?.status?.conditions?.find(({ type }) => type === 'InvalidSpec');
  const since = Date.parse(invalid?.lastTransitionTime ?? '');
  if (scene.clock.now() - since > INVALID_FOR_GOOD) throw new Error(invalid?.message);
}

/** How often the controllers were restarted, all together. */
export function restartsOf({ clusters }: Stage): number {
  return clusters.reduce((sum, { controller }) => sum + controller.restarts, 0);
}

/** Waits until `done` answers something; gives up after a bounded machine time. */
export async function wait<T>({ stage, patience }: Play, done: () => T | undefined | false): Promise<T | undefined> {
  const limit = machineNow() + (patience / stage.clock.time().speed) * 1000 + 60_000 + restartsOf(stage) * 4000;
  while (machineNow() < limit) {
    const answer = done();
    if (answer !== undefined && answer !== false) return answer;
    for (const scene of stage.scenes) {
      refuseBadManifests(scene);
      refuseInvalidRollout(scene);
    }
    await sleep(LOOK_MILLISECONDS);
  }
  return undefined;
}

export function worldSeconds({ clock }: Scene, seconds: number): Promise<void> {
  return sleep((seconds / clock.time().speed) * 1000);
}

export async function commit(
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

/** Another team changes what is its own. */
export function commitOfOthers(play: Play, message: string, ranking: string): Promise<string> {
  const settings = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: search-settings\ndata:\n  ranking: ${ranking}\n`;
  return commit(play, OWNERS.other, message, { 'apps/search/settings.yaml': settings });
}

/** One commit with other images for these apps. */
export async function release(play: Play, images: [Scene, string][], message: string): Promise<string> {
  const { repository } = play.stage;
  const head = (await repository.head()) ?? '';
  const files = images.map(async ([{ name, manifests }, image]) => {
    const path = `apps/${name}/${manifests.rolloutFile}`;
    return [path, withImage((await repository.read(head, path))?.toString() ?? '', image)] as const;
  });
  return commit(play, OWNERS.name, message, Object.fromEntries(await Promise.all(files)));
}

export function versionOf(image: string): string {
  return image.split(':').at(-1) ?? image;
}

/** The images that an app is installed with and released to next. */
export function imagesOf({ manifests: { image } }: Scene): { first: string; next: string } {
  return { first: image, next: nextImage(image) };
}

export function isHealthyOn(scene: Scene, image: string): boolean {
  const rollout = rolloutOf(scene);
  const { status, spec, metadata } = rollout ?? {};
  const current = spec?.template?.spec?.containers[0]?.image === image;
  return current && status?.phase === 'Healthy' && status.observedGeneration === String(metadata?.generation);
}

/** Every request goes to this image, and that is how it is to be. */
export function isSettledOn(scene: Scene, image: string): boolean {
  return isHealthyOn(scene, image) && canaryShare(scene) === 0;
}

/** An indefinite pause waits for a person; the demo is that person. */
export function promoteWherePaused(scene: Scene, tell: Tell): void {
  const { world, clock, namespace, name } = scene;
  const { status, spec } = rolloutOf(scene) ?? {};
  const step = spec?.strategy?.canary?.steps?.[status?.currentStepIndex ?? -1];
  const waits = status?.pauseConditions?.some(({ reason }) => reason === 'CanaryPauseStep');
  const began = Date.parse(status?.pauseConditions?.[0]?.startTime ?? '');
  if (!step?.pause || step.pause.duration !== undefined || !waits || clock.now() < began + 90_000) return;
  const message = 'someone promotes: kubectl headgate promote';
  tellOf(scene, tell)({ type: 'event', reason: 'Promoted', message, warning: false });
  world.api.store.patchStatus('Rollout', { namespace, name }, { pauseConditions: null });
}

/** The release has requests, or is past that already. */
export function isUnderWay(scene: Scene, image: string): boolean {
  const { world, namespace, name } = scene;
  const { status } = rolloutOf(scene) ?? {};
  const { revisions } = world.traffic.summary(namespace, name);
  const isNew = status?.currentPodHash !== status?.stableRS;
  const served = revisions.some(
    ({ hash, requestsPerSecond }) => hash === status?.currentPodHash && requestsPerSecond > 0,
  );
  const past = status?.abort === true || isHealthyOn(scene, image);
  return (isNew && served) || past || revertsIn(scene).length > 0;
}

export function revertsIn({ world, namespace }: Scene): GitRevert[] {
  return world.api.store.list<GitRevert>('GitRevert', namespace);
}

/** What became of a bad release; a change that was taken out already leaves a record. */
export function judgement(scene: Scene, image: string): 'promoted' | 'aborted' | undefined {
  // Manifests without an analysis that notices let a bad release through.
  if (isHealthyOn(scene, image)) return 'promoted';
  return rolloutOf(scene)?.status?.abort || revertsIn(scene).length > 0 ? 'aborted' : undefined;
}

const ENDED = ['done', 'skipped', 'needsHuman', 'vetoed', 'superseded', 'dryRun'];

export function endedRevert(scene: Scene, culprit: string): GitRevert | undefined {
  return revertsIn(scene).find(
    ({ spec, status }) => spec.culprits.includes(culprit) && ENDED.includes(status?.state ?? ''),
  );
}
