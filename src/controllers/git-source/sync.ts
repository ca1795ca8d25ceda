import { type GitSource, gitSourceDrift, type KubeObject } from '../../api/index.ts';
import type { Problem } from '../../errors.ts';
import { type AppContents, type Reading, readApp, stillEncrypted } from '../../git/app.ts';
import { identityOf, type Manifest } from '../../git/manifests.ts';
import type { Repository } from '../../git/repository.ts';
import type { Mode } from './apply.ts';
import { type AppliedAll, applyAll } from './apply-all.ts';
import type { Checked } from './check.ts';
import { checkCircles, holdOf, returningCommits } from './hold.ts';
import { entryOf, type Growth, grown, leftovers, shortList } from './inventory.ts';
import { leftoverVerdict, short, unreadableVerdict, waitingVerdict } from './leftovers.ts';
import type { Memory } from './memory.ts';
import type { GitSourceOptions } from './options.ts';
import { originsOf } from './origins.ts';
import { prune } from './prune.ts';
import { credentialsOf, openerFor } from './secrets.ts';
import { healthReport, type SyncResult } from './status.ts';
import { takersOf } from './takers.ts';
import type { Hold } from './windows.ts';

/** How soon it is looked again at what changes by itself. */
const SOON_SECONDS = 5;
const PROGRESSING_SECONDS = 15;
const HELD_SECONDS = 60;

export interface LookOptions {
  options: GitSourceOptions;
  source: GitSource;
  checked: Checked;
  memory: Memory;
  /** Puts the inventory down; resolves when the API server holds it. */
  persist: (inventory: string[]) => Promise<void>;
}

/** What one look found on the branch. */
interface Look extends LookOptions {
  repository: Repository;
  head: string;
  contents: AppContents;
  reading: Reading;
  /** Whether this commit, or this spec, was not applied as a whole yet. */
  isNews: boolean;
}

/** The first problem, for a condition. */
function summary([first, ...more]: readonly Problem[]): string {
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  return first ? `${first.path}: ${first.message}${others}` : '';
}

function unreadable({ source, head }: Pick<Look, 'source' | 'head'>, problems: Problem[]): SyncResult {
  const message = `commit ${short(head)} was not applied: ${summary(problems)}`;
  const result: SyncResult = { ready: false, reason: 'InvalidManifests', message, head, problems };
  return source.spec.prune === true ? { ...result, pruning: unreadableVerdict(head) } : result;
}

function entriesOf({ checked }: Look, manifests: readonly Manifest[]): string[] {
  return manifests.map(({ object }) => entryOf(object, checked.namespace));
}

/** Puts down what is about to be applied, before it is. */
async function putDown(look: Look, manifests: readonly Manifest[]): Promise<Growth> {
  const growth = grown(look.source.status?.inventory ?? [], entriesOf(look, manifests));
  if (growth.isNew) await look.persist(growth.inventory);
  return growth;
}

function applyLook(look: Look, modeOf: (manifest: Manifest) => Mode): Promise<AppliedAll> {
  const { repository, source, head, contents } = look;
  const { lastAppliedCommit: last, lastAppliedGeneration } = source.status ?? {};
  const wasApplied = async (commit: string) =>
    last !== undefined &&
    lastAppliedGeneration === source.metadata.generation &&
    (last === head || (await repository.isAncestor(commit, last)));
  return applyAll({ ...look, manifests: contents.set.manifests, modeOf, wasApplied });
}

/** Somebody waits for this source to be healthy. */
function isAwaited({ options, source }: Look): boolean {
  const { namespace, name } = source.metadata;
  return options.sources.list(namespace).some(({ spec }) => spec.dependsOn?.includes(name));
}

function reported(look: Look, { refused, live }: AppliedAll, inventory: string[]) {
  const { head } = look;
  const health = healthReport(live);
  return {
    head,
    inventory,
    health,
    problems: refused,
    ...(health.isProgressing && isAwaited(look) && { lookAgainSeconds: PROGRESSING_SECONDS }),
  };
}

const appliedMessage = ({ contents, head }: Look) =>
  `${contents.set.manifests.length} objects of commit ${short(head)} are applied`;

/**
 * While something holds it up, only what reverts have taken back is applied, and that only until it has been: nothing is healed. The rest
 * is looked at.
 */
async function syncHeld(look: Look, hold: Hold): Promise<SyncResult> {
  const { options, source, checked, memory, head, contents } = look;
  const returning = hold.holdsReverts ? new Set() : returningCommits(options.reverts.list(), source.spec);
  const commitOf = ({ object }: Manifest) => memory.origins?.commits.get(identityOf(object, checked.namespace));
  const returns = contents.set.manifests.filter((manifest) => returning.has(commitOf(manifest)));
  const { inventory } = await putDown(look, returns);
  const all = await applyLook(look, (manifest) => (returns.includes(manifest) ? 'report' : 'look'));
  const result = { ...reported(look, all, inventory), lookAgainSeconds: HELD_SECONDS };
  if (hold.reason === 'WaitingForDependencies') result.lookAgainSeconds = PROGRESSING_SECONDS;
  if (!look.isNews) return { ...result, ready: true, reason: 'Applied', message: appliedMessage(look) };
  const message = `commit ${short(head)} waits: ${hold.message}`;
  return { ...result, ready: false, reason: hold.reason, message };
}

/** What keeps a commit from being applied as a whole. */
function incomplete({ refused, postponed }: AppliedAll): Pick<SyncResult, 'reason' | 'message'> | undefined {
  if (refused.length > 0) {
    const isForbidden = refused.every((each) => each.reason === 'Forbidden');
    return { reason: isForbidden ? 'Forbidden' : 'ApplyFailed', message: summary(refused) };
  }
  if (postponed.length === 0) return undefined;
  const names = shortList(postponed.map(({ object }) => object));
  const definitions = shortList([...new Set(postponed.map(({ definition }) => definition))]);
  return { reason: 'WaitingForDefinitions', message: `${names} wait until ${definitions} is established` };
}

/** Once all of a commit is applied: deletes what is no longer in it. */
async function pruneLeft(
  look: Look,
  { inventory, beyond }: Growth,
  live: readonly KubeObject[],
): Promise<Partial<SyncResult>> {
  const { options, source, checked, repository, head } = look;
  const left = leftovers(inventory, entriesOf(look, look.contents.set.manifests));
  const commit = { head, objects: look.contents.set.manifests.length };
  const verdict = leftoverVerdict(source, commit, left, beyond);
  const isMeant = source.spec.prune === true && verdict?.reason !== 'PruneRefused';
  if (!isMeant) return { pruning: verdict };
  const waiting = waitingVerdict(left, live);
  if (waiting !== undefined) return { pruning: waiting };
  const others = options.sources.list().filter(({ metadata }) => metadata.uid !== source.metadata.uid);
  const elsewhere = () => others.flatMap(({ status }) => status?.inventory ?? []);
  // What others have encrypted is not opened, least of all with the keys of this one.
  const reading = { renderer: options.renderer, parsed: new Map() };
  const takenBy = takersOf({ source, others, clone: repository, head, reading });
  const done = await prune({ client: options.client.as(checked.user), source, inventory, left, takenBy, elsewhere });
  const dropped = new Set(done.dropped);
  return {
    inventory: inventory.filter((entry) => !dropped.has(entry)),
    deleted: done.deleted,
    pruning: done.verdict.holds ? (verdict ?? done.verdict) : done.verdict,
    ...(done.isGoing && { lookAgainSeconds: SOON_SECONDS }),
  };
}

async function syncAll(look: Look): Promise<SyncResult> {
  const { source, head, contents } = look;
  const growth = await putDown(look, contents.set.manifests);
  const mode = gitSourceDrift(source);
  const all = await applyLook(look, () => mode);
  const drift = mode === 'report' ? all.drift : undefined;
  const result = { ...reported(look, all, growth.inventory), drift };
  const missing = incomplete(all);
  if (missing !== undefined) {
    const soon = all.postponed.length > 0 && { lookAgainSeconds: SOON_SECONDS };
    return { ...result, ready: false, ...missing, ...soon };
  }
  const applied = { commit: head, objects: contents.set.manifests.length };
  const message = appliedMessage(look);
  return { ...result, ready: true, reason: 'Applied', message, applied, ...(await pruneLeft(look, growth, all.live)) };
}

/** One look: what Git holds is made to hold in the cluster. A commit that cannot be read whole is not applied at all. */
export async function sync(given: LookOptions): Promise<SyncResult> {
  const { options, source, checked, memory } = given;
  if (source.spec.suspend === true) {
    const message = 'nothing is applied or deleted while spec.suspend is true';
    return { ready: false, reason: 'Suspended', message };
  }
  checkCircles(source, options);
  const { location, branch, path, namespace, helm } = checked;
  const repository = options.repositories.open(location, branch, await credentialsOf(options, source, checked));
  const head = await repository.fetch();
  const app = { tree: head, path, namespace, helm };
  const open = openerFor(options, source, checked);
  const reading = { renderer: options.renderer, parsed: memory.parsed, open };
  const contents = memory.read?.head === head ? memory.read.contents : await readApp(repository, app, reading);
  const problems = [...contents.set.problems, ...stillEncrypted(contents.set.manifests)];
  if (problems.length > 0) return unreadable({ source, head }, problems);
  memory.read = { head, contents };
  if (memory.origins?.head !== head) {
    memory.origins = await originsOf(repository, contents, { ...reading, app, known: memory.origins });
  }
  const { lastAppliedCommit, lastAppliedGeneration } = source.status ?? {};
  const isNews = lastAppliedCommit !== head || lastAppliedGeneration !== source.metadata.generation;
  const hold = await holdOf(options, source, { clone: repository, head, isNews });
  const look = { ...given, repository, head, contents, reading, isNews };
  return hold === undefined ? syncAll(look) : syncHeld(look, hold);
}
