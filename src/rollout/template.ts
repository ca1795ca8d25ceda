import { fieldsOf, isFields, parsedFields } from '../api/fields.ts';
import { EPHEMERAL_METADATA, type PodTemplateSpec, type ReplicaSet } from '../api/index.ts';

function without(entries: Record<string, string> | undefined, added: unknown): Record<string, string> {
  const gone = fieldsOf(added);
  return Object.fromEntries(Object.entries(entries ?? {}).filter(([key, value]) => gone[key] !== value));
}

/** The template that a ReplicaSet was made from: without the metadata that a controller gave its pods for their part in an update. */
export function givenTemplate({ metadata, spec }: ReplicaSet): PodTemplateSpec {
  const { template } = spec;
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

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isFields(value)) return JSON.stringify(value ?? null);
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join(',')}}`;
}

/** The letters that a hash is spelled with: no vowels, so that no words arise. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

function fnv32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function spelled(hash: number): string {
  return [...String(hash)].map((digit) => SAFE[digit.charCodeAt(0) % SAFE.length]).join('');
}

/** The hash that names a template's ReplicaSet. `collisionCount` makes another one where the first name was taken. */
export function templateHash(template: PodTemplateSpec, collisionCount?: number): string {
  const suffix = collisionCount === undefined ? '' : `#${collisionCount}`;
  return spelled(fnv32(Buffer.from(canonical(template) + suffix)));
}

/** The hash of a canary's steps: a change of it starts the update over. */
export function stepsHash(steps: unknown): string {
  return spelled(fnv32(Buffer.from(canonical(steps ?? null))));
}
