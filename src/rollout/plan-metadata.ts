import { fieldsOf, listOf, parsedFields, textOf } from '../api/fields.ts';
import { EPHEMERAL_METADATA, PENDING_METADATA, type ReplicaSet } from '../api/index.ts';
import type { Effect, MetadataPatch, PlanInput } from './effects.ts';
import { type Facts, wanted } from './facts.ts';
import { goJson } from './go-json/encode.ts';
import { selectorText } from './selector.ts';

interface Metadata {
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

type GivenMetadata = { labels?: unknown; annotations?: unknown } | undefined;

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([key, each]) => (textOf(each) === undefined ? [] : [[key, String(each)]])),
  );
}

function metadataOf(given: GivenMetadata): Metadata {
  return { labels: texts(given?.labels), annotations: texts(given?.annotations) };
}

/** What the strategy gives the pods of each of the two parts. */
function parts({ strategy, canary, blueGreen }: Facts): { newest: Metadata; stable: Metadata } {
  return strategy === 'canary'
    ? { newest: metadataOf(canary.canaryMetadata), stable: metadataOf(canary.stableMetadata) }
    : { newest: metadataOf(blueGreen.previewMetadata), stable: metadataOf(blueGreen.activeMetadata) };
}

/** What the pods of the newest revision should carry: they are stable once the status says so, and not before. */
function newestPart(facts: Facts): Metadata {
  const { newest, stable } = parts(facts);
  return facts.stableHash === undefined || facts.stableHash === facts.hash ? stable : newest;
}

function partOf(facts: Facts, replicaSet: ReplicaSet): Metadata {
  if (replicaSet === facts.newReplicaSet) return newestPart(facts);
  return replicaSet === facts.stableReplicaSet ? parts(facts).stable : metadataOf(undefined);
}

/** What a ReplicaSet says that its pods were given; nothing where it says none, or somebody wrote something else there. */
function givenBefore({ metadata }: ReplicaSet): Metadata {
  return metadataOf(parsedFields(metadata.annotations?.[EPHEMERAL_METADATA] ?? ''));
}

interface Keys {
  labels: string[];
  annotations: string[];
}

/** The keys that pods are to lose: what is not wanted of what they were given, and of what earlier passes left to do. */
function outdated({ metadata, spec }: ReplicaSet, before: Metadata, after: Metadata): Keys {
  const pending = parsedFields(metadata.annotations?.[PENDING_METADATA] ?? '');
  const selected = Object.keys(spec.selector.matchLabels ?? {});
  const keys = (field: keyof Metadata, kept: string[]) =>
    [...new Set([...listOf(pending[field]).map(String), ...Object.keys(before[field])])]
      .filter((key) => after[field][key] === undefined && !kept.includes(key))
      .sort();
  // Without the labels that select them, pods would belong to nobody.
  return { labels: keys('labels', selected), annotations: keys('annotations', []) };
}

function patchOf(after: Metadata, gone: Keys): MetadataPatch {
  const nulls = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, null]));
  return {
    labels: { ...nulls(gone.labels), ...after.labels },
    annotations: { ...nulls(gone.annotations), ...after.annotations },
  };
}

type Maps = { labels?: Record<string, string>; annotations?: Record<string, string> } | undefined;

/** Whether a merge patch would change labels or annotations. */
export function changesMetadata(metadata: Maps, patch: MetadataPatch): boolean {
  const differs = (map: Record<string, string> = {}, changes: Record<string, string | null>) =>
    Object.entries(changes).some(([key, value]) => (Object.hasOwn(map, key) ? map[key] : null) !== value);
  return differs(metadata?.labels, patch.labels) || differs(metadata?.annotations, patch.annotations);
}

/** The text that the reference controller writes, so that either can go on from it; null where nothing was given. */
function recordOf(given: Metadata): string | null {
  const isEmpty = Object.keys(given.labels).length + Object.keys(given.annotations).length === 0;
  return isEmpty ? null : goJson('PodTemplateMetadata', given);
}

/** A ReplicaSet that is made now has its pods' metadata from the start. */
export function withMetadata(facts: Facts, replicaSet: ReplicaSet): ReplicaSet {
  const given = newestPart(facts);
  const { metadata, spec } = replicaSet;
  const { template } = spec;
  if (!changesMetadata(template.metadata, given)) return replicaSet;
  const merged = {
    ...template.metadata,
    labels: { ...template.metadata?.labels, ...given.labels },
    ...(Object.keys(given.annotations).length > 0
      ? { annotations: { ...template.metadata?.annotations, ...given.annotations } }
      : {}),
  };
  return {
    ...replicaSet,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [EPHEMERAL_METADATA]: recordOf(given) ?? '' } },
    spec: { ...spec, template: { ...template, metadata: merged } },
  };
}

function change(facts: Facts, replicaSet: ReplicaSet, isGoing: boolean): Effect[] {
  const { metadata, spec } = replicaSet;
  const isPending = metadata.annotations?.[PENDING_METADATA] !== undefined;
  const after = partOf(facts, replicaSet);
  const gone = outdated(replicaSet, givenBefore(replicaSet), after);
  const patch = patchOf(after, gone);
  const isNew = changesMetadata(spec.template.metadata, patch);
  if (!isNew && !isPending) return [];
  const hasPods = wanted(replicaSet) > 0 && !isGoing;
  const due = hasPods ? JSON.stringify(gone) : null;
  return [
    {
      kind: 'setMetadata',
      name: metadata.name,
      uid: metadata.uid ?? '',
      metadata: patch,
      annotations: {
        ...(isNew ? { [EPHEMERAL_METADATA]: recordOf(after) } : {}),
        ...(hasPods || isPending ? { [PENDING_METADATA]: due } : {}),
      },
      ...(hasPods ? { podSelector: selectorText(spec.selector) } : {}),
    },
  ];
}

/**
 * Pods carry the metadata of the part that the persisted status gives their revision, and of no other. `scaling` is what
 * else happens in this pass: pods that go are left as they are.
 */
export function metadataEffects({ facts }: Pick<PlanInput, 'facts'>, scaling: Effect[]): Effect[] {
  const { newReplicaSet, stableReplicaSet, others, stableHash, status, hash } = facts;
  if (stableHash !== undefined && status.currentPodHash !== hash) return [];
  const going = scaling.flatMap((effect) =>
    effect.kind === 'scaleReplicaSet' && effect.to === 0 ? [effect.name] : [],
  );
  const all = new Set([newReplicaSet, stableReplicaSet, ...others]);
  return [...all].flatMap((replicaSet) =>
    replicaSet ? change(facts, replicaSet, going.includes(replicaSet.metadata.name)) : [],
  );
}
