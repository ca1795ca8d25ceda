import type { GitSource, KubeObject } from '../../api/index.ts';
import type { Problem } from '../../errors.ts';
import { identityOf, type Manifest, placeOf } from '../../git/manifests.ts';
import { applyObject, desiredObject, isRefusal, type Mode } from './apply.ts';
import { type Owned, ownedBy } from './carry-over.ts';
import type { Checked } from './check.ts';
import { definedBy, isEstablished } from './definitions.ts';
import { entryOf, nameOfEntry } from './inventory.ts';
import { groupKindOf } from './kinds.ts';
import type { Memory } from './memory.ts';
import type { GitSourceOptions } from './options.ts';
import { stageOf } from './order.ts';

/** Something that the API server refused. */
export interface Refused extends Problem {
  /** The server's reason, in one word: Forbidden, Invalid, ... */
  reason: string;
}

export interface Drifted {
  object: string;
  fields: string[];
}

export interface AppliedAll {
  refused: Refused[];
  /** As the API server now holds them. */
  live: KubeObject[];
  drift: Drifted[];
  /** What has to wait for the definition of its kind, and for which. */
  postponed: { object: string; definition: string }[];
}

export interface ApplyAllOptions {
  options: GitSourceOptions;
  source: GitSource;
  checked: Checked;
  memory: Memory;
  /** All of the commit. */
  manifests: readonly Manifest[];
  modeOf: (manifest: Manifest) => Mode;
  /** Whether the content of this commit is what was applied as a whole, or was part of it. */
  wasApplied: (commit: string) => Promise<boolean>;
}

/** What Rollouts own in a namespace: those that run, and those that are about to. Each namespace is looked at once. */
function ownership({ options, checked, manifests }: ApplyAllOptions): (namespace: string) => Owned {
  const inGit = manifests.map(({ object }) => object).filter(({ kind }) => kind === 'Rollout');
  const known = new Map<string, Owned>();
  return (namespace) => {
    const here = inGit.filter(({ metadata }) => (metadata.namespace ?? checked.namespace) === namespace);
    const owned = known.get(namespace) ?? ownedBy([...options.rollouts.list(namespace), ...here]);
    known.set(namespace, owned);
    return owned;
  };
}

/** Applies one object and enters what came of it; throws what is no refusal. */
async function applyOne(
  { options, source, checked, memory, modeOf, wasApplied }: ApplyAllOptions,
  manifest: Manifest,
  ownedIn: (namespace: string) => Owned,
  { result, awaited }: Progress,
): Promise<void> {
  const identity = identityOf(manifest.object, checked.namespace);
  const commit = memory.origins?.commits.get(identity) ?? '';
  const desired = desiredObject(manifest, source, checked.path, commit);
  const { live, applied, drift } = await applyObject(options.client.as(checked.user), desired, {
    mode: modeOf(manifest),
    owned: ownedIn(desired.metadata.namespace ?? ''),
    applied: memory.applied.get(identity),
    wasApplied: () => wasApplied(commit),
  });
  if (applied) memory.applied.set(identity, applied);
  if (drift) result.drift.push({ object: nameOfEntry(entryOf(manifest.object, checked.namespace)), fields: drift });
  if (live) result.live.push(live);
  const defined = definedBy(live ?? desired);
  if (defined !== undefined && !(live && isEstablished(live))) awaited.set(defined, desired.metadata.name);
}

interface Progress {
  result: AppliedAll;
  /** Definitions of this commit that are not served yet, by what they define. */
  awaited: Map<string, string>;
}

/** Of what is in Git no more, nothing is remembered. */
function forgetOthers({ memory, checked, manifests }: ApplyAllOptions): void {
  const wanted = new Set(manifests.map(({ object }) => identityOf(object, checked.namespace)));
  for (const identity of memory.applied.keys()) if (!wanted.has(identity)) memory.applied.delete(identity);
}

/** Applies all in their order, whatever becomes of each. */
export async function applyAll(given: ApplyAllOptions): Promise<AppliedAll> {
  const { checked, manifests } = given;
  forgetOthers(given);
  const result: AppliedAll = { refused: [], live: [], drift: [], postponed: [] };
  const awaited = new Map<string, string>();
  const ownedIn = ownership(given);
  for (const manifest of [...manifests].sort((a, b) => stageOf(a.object) - stageOf(b.object))) {
    const { object } = manifest;
    const definition = awaited.get(groupKindOf(object));
    if (definition !== undefined) {
      result.postponed.push({ object: nameOfEntry(entryOf(object, checked.namespace)), definition });
      continue;
    }
    try {
      await applyOne(given, manifest, ownedIn, { result, awaited });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const message = `${object.kind} ${object.metadata.name} was refused: ${error.message}`;
      result.refused.push({ path: placeOf(manifest), message, reason: error.reason });
    }
  }
  return result;
}
