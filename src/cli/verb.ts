import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { durationSeconds } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import type { Resource } from '../kube/client.ts';
import type { Cluster } from './cluster.ts';
import type { World } from './world.ts';

export interface Flag {
  type: 'boolean' | 'string';
  short?: string;
  default?: boolean;
  /** May be given more than once. */
  multiple?: boolean;
  /** For flags with a value: what stands in its place in the help. */
  value?: string;
  description: string;
}

export type Flags = Record<string, Flag>;

export interface Invocation {
  world: World;
  /** What stands on the command line besides flags, the noun not included. */
  names: string[];
  text(flag: string): string | undefined;
  /** Every value of a flag that may be given more than once. */
  texts(flag: string): string[];
  isSet(flag: string): boolean;
}

/** One command. Several may share a name: then the noun tells them apart. */
export interface Verb {
  name: string;
  /** The words that may come first, for verbs that need one, as in `get rollout`; the first is shown. */
  noun?: string[];
  /** What comes after verb and noun. */
  operands: string;
  /** What the operands may be, for shells that complete them: the kind of objects that they name, or the words. */
  completes?: Resource | readonly string[];
  summary: string;
  flags: Flags;
  /** Answers with the exit code. */
  run(invocation: Invocation): Promise<number>;
}

/** The command line is not one that can be understood; `verbs` are those whose help would. */
export class UsageError extends Error {
  readonly verbs: readonly Verb[];

  constructor(message: string, ...verbs: Verb[]) {
    super(message);
    this.name = 'UsageError';
    this.verbs = verbs;
  }
}

/** Understood before the verb, too. */
export const clusterFlags: Flags = {
  kubeconfig: { type: 'string', value: 'FILE', description: 'the kubeconfig; else as kubectl finds it' },
  context: { type: 'string', value: 'NAME', description: 'the context in the kubeconfig' },
  namespace: { type: 'string', short: 'n', value: 'NAME', description: "the namespace; else the context's own" },
};

const helpFlag: Flags = { help: { type: 'boolean', short: 'h', description: 'show this help' } };

export function flagsOf(verb: Verb): Flags {
  return { ...verb.flags, ...helpFlag };
}

/** The verb with its noun, as in `get rollout`. */
export function titleOf({ name, noun }: Verb): string {
  return noun === undefined ? name : `${name} ${noun[0]}`;
}

/** The verb that is meant, of those that share a name; undefined where it is not said which, and help is asked for. */
export function chosenVerb(candidates: readonly Verb[], args: string[]): Verb | undefined {
  const flags: Flags = Object.assign({}, ...candidates.map(flagsOf));
  const { values, positionals } = parseArgs({
    args: args.map((arg) => negated(arg, flags)),
    options: optionsOf(flags),
    strict: false,
    allowNegative: true,
  });
  const [noun] = positionals;
  const found = candidates.find((verb) => noun !== undefined && verb.noun?.includes(noun));
  if (found !== undefined || (candidates.length > 1 && values.help === true)) return found;
  const withoutNoun = candidates.find((verb) => verb.noun === undefined);
  if (withoutNoun !== undefined || values.help === true) return withoutNoun;
  const name = candidates[0]?.name;
  const what = noun === undefined ? `${name} needs to know what` : `"${noun}" cannot be used with ${name}`;
  throw new UsageError(`${what}; known is ${candidates.map((verb) => verb.noun?.[0]).join(', ')}`, ...candidates);
}

/** Reads a verb's arguments, its noun among them. Throws `UsageError` for whatever the verb does not know, listing what it does. */
export function parseVerb(verb: Verb, world: World, args: string[]): Invocation {
  const flags = flagsOf(verb);
  const { values, positionals } = parsed(
    verb,
    flags,
    args.map((arg) => negated(arg, flags)),
  );
  return {
    world,
    names: verb.noun === undefined ? positionals : positionals.slice(1),
    text: (flag) => (typeof values[flag] === 'string' ? values[flag] : undefined),
    texts: (flag) => [values[flag]].flat().filter((value) => typeof value === 'string'),
    isSet: (flag) => (values[flag] ?? flags[flag]?.default) === true,
  };
}

function parsed(verb: Verb, flags: Flags, args: string[]) {
  try {
    return parseArgs({ args, options: optionsOf(flags), allowPositionals: true, allowNegative: true });
  } catch (error) {
    const [problem] = messageOf(error).split('. To specify');
    const known = Object.keys(flags).map((name) => `--${name}`);
    throw new UsageError(`${problem}; known flags are ${known.join(', ')}`, verb);
  }
}

function optionsOf(flags: Flags): ParseArgsOptionsConfig {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, { type, short, multiple = false }] of Object.entries(flags)) {
    options[name] = { type, multiple, ...(short ? { short } : {}) };
  }
  return options;
}

/** Flags and the one-letter forms that are followed by a value of their own. */
export function withValue(flags: Flags): Map<string, Flag> {
  const all = Object.entries(flags).filter(([, { type }]) => type === 'string');
  return new Map(
    all.flatMap(
      ([name, flag]) => [[`--${name}`, flag], ...(flag.short ? [[`-${flag.short}`, flag]] : [])] as [string, Flag][],
    ),
  );
}

/** `--watch=false` as people write it is `--no-watch` here. */
function negated(arg: string, flags: Flags): string {
  const [, name = '', value] = /^--([a-z-]+)=(true|false)$/.exec(arg) ?? [];
  if (flags[name]?.type !== 'boolean') return arg;
  return value === 'true' ? `--${name}` : `--no-${name}`;
}

/** The one name that a verb needs; `what` it names, as in `a Rollout`. */
export function onlyName(verb: Verb, names: string[], what = 'a Rollout'): string {
  const [name, ...others] = someNames(verb, names, what);
  if (others.length > 0) {
    throw new UsageError(`${titleOf(verb)} takes one name, not also ${others.join(', ')}`, verb);
  }
  return name;
}

/** The names that a verb needs, at least one. */
function someNames(verb: Verb, names: string[], what: string): [string, ...string[]] {
  const [name, ...others] = names;
  if (name === undefined) throw new UsageError(`${titleOf(verb)} needs the name of ${what}`, verb);
  return [name, ...others];
}

/** Refuses names where a verb takes none. */
export function noNames(verb: Verb, names: string[]): void {
  if (names.length > 0) throw new UsageError(`${titleOf(verb)} takes no names, not ${names.join(', ')}`, verb);
}

export interface EachName {
  /** What is named, as in `a Rollout`. */
  what?: string;
  change(cluster: Cluster, name: string): Promise<unknown>;
  /** What to say once it is done. */
  done(name: string): string;
}

/** Does the same to each of the names, one after the other; the first that fails ends it. */
export function toEachName(
  verb: Verb,
  invocation: Invocation,
  { what = 'a Rollout', change, done }: EachName,
): Promise<number> {
  const names = someNames(verb, invocation.names, what);
  return withCluster(invocation, async (cluster) => {
    for (const name of names) {
      await change(cluster, name);
      invocation.world.stdout(`${done(name)}\n`);
    }
    return 0;
  });
}

/** Connects as the flags say, and lets go at the end. */
export async function withCluster(
  { world, text }: Invocation,
  use: (cluster: Cluster) => Promise<number>,
): Promise<number> {
  const cluster = await world.connect({
    kubeconfig: text('kubeconfig'),
    context: text('context'),
    namespace: text('namespace'),
  });
  try {
    return await use(cluster);
  } finally {
    cluster.close();
  }
}

/** A whole number above 0 given as a flag; undefined where it is not given. */
export function numericFlag(verb: Verb, { text }: Invocation, flag: string): number | undefined {
  const value = text(flag);
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError(`--${flag} "${value}" is not a whole number above 0`, verb);
  return Number(value);
}

/** A duration given as a flag, in seconds; undefined where it is not given. */
export function durationFlag(verb: Verb, { text }: Invocation, flag: string): number | undefined {
  const value = text(flag);
  if (value === undefined) return undefined;
  const seconds = durationSeconds(value);
  if (seconds === undefined || seconds < 0) {
    const help = 'write a number with its unit, as in 90s, 5m or 1h';
    throw new UsageError(`--${flag} "${value}" is not a time; ${help}`, verb);
  }
  return seconds;
}
