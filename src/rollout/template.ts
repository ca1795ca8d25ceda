import { fieldsOf, parsedFields } from '../api/fields.ts';
import { EPHEMERAL_METADATA, type PodTemplateSpec, type ReplicaSet } from '../api/index.ts';
import { goJson } from './go-json/encode.ts';
import { withoutInjected } from './injected-affinity.ts';

function without(entries: Record<string, string> | undefined, added: unknown): Record<string, string> {
  const gone = fieldsOf(added);
  return Object.fromEntries(Object.entries(entries ?? {}).filter(([key, value]) => gone[key] !== value));
}

/** Without the terms that keep pods away from those of another revision. */
function withoutInjectedAffinity(template: PodTemplateSpec): PodTemplateSpec {
  const { affinity: live, ...spec } = template.spec ?? { containers: [] };
  if (live === undefined) return template;
  const affinity = withoutInjected(live);
  return { ...template, spec: { ...spec, ...(affinity && { affinity }) } };
}

/** The template that a ReplicaSet was made from: without what a controller gave its pods for their part in an update. */
export function givenTemplate({ metadata, spec }: ReplicaSet): PodTemplateSpec {
  const template = withoutInjectedAffinity(spec.template);
  const text = metadata.annotations?.[EPHEMERAL_METADATA];
  if (!text) return template;
  const { labels, annotations } = parsedFields(text);
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: without(template.metadata?.labels, labels),
      annotations: without(template.metadata?.annotations, annotations),
    },
  };
}

/** The letters that a hash is spelled with: no vowels, so that no words arise. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';
const OFFSET_BASIS = 0x811c9dc5;

/** FNV-1a in 32 bits; what went before may be gone on from. */
function fnv32(bytes: Uint8Array, before = OFFSET_BASIS): number {
  let hash = before;
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  return hash >>> 0;
}

function spelled(hash: number): string {
  return [...String(hash)].map((digit) => SAFE[digit.charCodeAt(0) % SAFE.length]).join('');
}

/** A number as the reference controller adds it: four bytes, the least first, and four that are always zero. */
function countBytes(count: number): Uint8Array {
  return new Uint8Array([count, count >>> 8, count >>> 16, count >>> 24, 0, 0, 0, 0]);
}

/**
 * The hash that names a template's ReplicaSet: the reference controller's own, so that a Rollout can change hands without
 * new names. `collisionCount` makes another one where the first name was taken.
 */
export function templateHash(template: PodTemplateSpec, collisionCount?: number): string {
  const hash = fnv32(Buffer.from(goJson('PodTemplateSpec', template)));
  return spelled(typeof collisionCount === 'number' ? fnv32(countBytes(collisionCount), hash) : hash);
}

/**
 * The hash of a canary's steps: a change of it starts the update over. It is the reference controller's own, so that an
 * update that is under way when a Rollout changes hands goes on. An empty list is no steps, as for the reference.
 */
export function stepsHash(steps: unknown): string {
  const given = Array.isArray(steps) && steps.length > 0 ? steps : undefined;
  return spelled(fnv32(Buffer.from(goJson('[]CanaryStep', given))));
}
