/** Arguments: `{{args.name}}` in the strings of a metric, and where their values come from. */
import type { Argument, JsonObject, RunArgument } from '../api/index.ts';
import type { Json } from '../api/kubernetes.ts';
import type { Problem } from '../errors.ts';

export type ArgumentValues = ReadonlyMap<string, string>;

const TAG = /\{\{([^{}]*)\}\}/g;

/** Replaces arguments in every string of a parsed value; those without a value stay as they are and are named as problems. */
export function substitute<T>(value: T, args: ArgumentValues, path = ''): { value: T; problems: Problem[] } {
  const problems: Problem[] = [];
  const visit = (part: unknown, at: string): unknown => {
    if (typeof part === 'string') {
      return part.replace(TAG, (whole: string, tag: string) => {
        const found = args.get(tag.trim().replace(/^args\./, ''));
        if (found !== undefined && tag.trim().startsWith('args.')) return found;
        problems.push({ path: at, message: unresolved(whole, args) });
        return whole;
      });
    }
    if (Array.isArray(part)) return part.map((item, index) => visit(item, `${at}[${index}]`));
    if (typeof part !== 'object' || part === null) return part;
    const entries = Object.entries(part).map(([key, item]) => [key, visit(item, at === '' ? key : `${at}.${key}`)]);
    return Object.fromEntries(entries);
  };
  return { value: visit(value, path) as T, problems };
}

function unresolved(tag: string, args: ArgumentValues): string {
  const known = [...args.keys()].map((name) => `{{args.${name}}}`).join(', ');
  return `failed to resolve ${tag}: ${known === '' ? 'there are no arguments' : `known are ${known}`}; add it to args`;
}

/** The names that the strings of a value use as `{{args.name}}`. */
export function namesIn(value: unknown): Set<string> {
  const tags = JSON.stringify(value ?? null).matchAll(TAG);
  return new Set([...tags].flatMap(([, tag = '']) => (tag.trim().startsWith('args.') ? [tag.trim().slice(5)] : [])));
}

/** The values that a run's own arguments have: all but those taken from secrets. */
export function plainValues(args: readonly Argument[]): ArgumentValues {
  return new Map(args.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])));
}

/** The arguments whose value is in a Secret of the run's namespace. */
export function secretArguments(args: readonly Argument[]): { name: string; secret: string; key: string }[] {
  return args.flatMap(({ name, valueFrom }) => {
    const ref = valueFrom?.secretKeyRef;
    return ref === undefined ? [] : [{ name, secret: ref.name, key: ref.key }];
  });
}

/** Arguments that a run cannot do without a value for. */
export function unresolvedArguments(args: readonly Argument[], path: string): Problem[] {
  return args.flatMap(({ name, value, valueFrom }, index) => {
    if (value !== undefined && valueFrom !== undefined) {
      return [{ path: `${path}[${index}]`, message: `arg ${name} has both value and valueFrom: keep one` }];
    }
    if (value !== undefined || valueFrom?.secretKeyRef !== undefined) return [];
    return [{ path: `${path}[${index}]`, message: `args.${name} was not resolved: give it a value` }];
  });
}

/** What a rollout knows when it makes a run. */
export interface ArgumentSources {
  stableHash: string;
  latestHash: string;
  /** The rollout as an object, for fieldRef. */
  rollout: JsonObject;
}

/** Turns a rollout's arguments into a run's: hashes and fields become values. */
export function resolveArguments(
  args: readonly RunArgument[],
  sources: ArgumentSources,
  path: string,
): { args: Argument[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const resolved = args.map(({ name, value, valueFrom }, index): Argument => {
    if (valueFrom?.podTemplateHashValue !== undefined) {
      return { name, value: valueFrom.podTemplateHashValue === 'Stable' ? sources.stableHash : sources.latestHash };
    }
    if (valueFrom?.fieldRef === undefined) return value === undefined ? { name } : { name, value };
    const { fieldPath } = valueFrom.fieldRef;
    const field = fieldAt(sources.rollout, fieldPath);
    if (field !== undefined) return { name, value: field };
    const at = `${path}[${index}].valueFrom.fieldRef.fieldPath`;
    problems.push({
      path: at,
      message: `the rollout has no ${fieldPath}: name a field with a value, as in metadata.labels['team']`,
    });
    return { name };
  });
  return { args: resolved, problems };
}

const SEGMENT = /^(?:\.?([\w-]+)|\['([^']+)'\]|\["([^"]+)"\]|\[(\d+)\])/;

/** The field at a path such as `metadata.labels['team']`, as text. */
export function fieldAt(object: JsonObject, path: string): string | undefined {
  let rest = path;
  let value: Json | undefined = object;
  while (rest !== '') {
    const match: RegExpExecArray | null = SEGMENT.exec(rest);
    if (match === null || typeof value !== 'object' || value === null) return undefined;
    const key: string = match[1] ?? match[2] ?? match[3] ?? match[4] ?? '';
    if (!Object.hasOwn(value, key)) return undefined;
    value = (value as JsonObject)[key];
    rest = rest.slice(match[0].length);
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
