import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf } from '../errors.ts';
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

/** One command. */
export interface Verb {
  name: string;
  /** The words that may come first, for verbs that need one, as in `get rollout`; the first is shown. */
  noun?: string[];
  /** What comes after verb and noun. */
  operands: string;
  summary: string;
  flags: Flags;
  /** Answers with the exit code. */
  run(invocation: Invocation): Promise<number>;
}

/** The command line is not one that can be understood. */
export class UsageError extends Error {
  readonly verb: Verb | undefined;

  constructor(message: string, verb?: Verb) {
    super(message);
    this.name = 'UsageError';
    this.verb = verb;
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

/** Reads a verb's arguments. Throws `UsageError` for whatever the verb does not know, listing what it does. */
export function parseVerb(verb: Verb, world: World, args: string[]): Invocation {
  const flags = flagsOf(verb);
  const { values, positionals } = parsed(
    verb,
    flags,
    args.map((arg) => negated(arg, flags)),
  );
  const names =
    verb.noun === undefined || values.help === true ? positionals : withoutNoun(verb, verb.noun, positionals);
  return {
    world,
    names,
    text: (flag) => (typeof values[flag] === 'string' ? values[flag] : undefined),
    texts: (flag) => [values[flag]].flat().filter((value) => typeof value === 'string'),
    isSet: (flag) => (values[flag] ?? flags[flag]?.default) === true,
  };
}

function parsed(verb: Verb, flags: Flags, args: string[]) {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, { type, short, multiple = false }] of Object.entries(flags)) {
    options[name] = { type, multiple, ...(short ? { short } : {}) };
  }
  try {
    return parseArgs({ args, options, allowPositionals: true, allowNegative: true });
  } catch (error) {
    const [problem] = messageOf(error).split('. To specify');
    const known = Object.keys(flags).map((name) => `--${name}`);
    throw new UsageError(`${problem}; known flags are ${known.join(', ')}`, verb);
  }
}

/** `--watch=false` as people write it is `--no-watch` here. */
function negated(arg: string, flags: Flags): string {
  const [, name = '', value] = /^--([a-z-]+)=(true|false)$/.exec(arg) ?? [];
  if (flags[name]?.type !== 'boolean') return arg;
  return value === 'true' ? `--${name}` : `--no-${name}`;
}

function withoutNoun(verb: Verb, nouns: string[], positionals: string[]): string[] {
  const [noun, ...names] = positionals;
  if (noun !== undefined && nouns.includes(noun)) return names;
  const what = noun === undefined ? `${verb.name} needs to know what` : `"${noun}" cannot be used with ${verb.name}`;
  throw new UsageError(`${what}; known is ${nouns[0]}`, verb);
}

/** The one name that a verb needs. */
export function onlyName(verb: Verb, names: string[]): string {
  const [name, ...others] = names;
  if (name === undefined) throw new UsageError(`${verb.name} needs the name of a Rollout`, verb);
  if (others.length > 0) throw new UsageError(`${verb.name} takes one name, not also ${others.join(', ')}`, verb);
  return name;
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

/** A number of seconds above 0 given as a flag; undefined where it is not given. */
export function numericFlag(verb: Verb, { text }: Invocation, flag: string): number | undefined {
  const value = text(flag);
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError(`--${flag} "${value}" is not a whole number above 0`, verb);
  return Number(value);
}
