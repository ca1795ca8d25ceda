import { messageOf } from '../errors.ts';
import { abort } from './abort.ts';
import { delegates } from './delegates.ts';
import { get } from './get.ts';
import { helpOf, overview } from './help.ts';
import { lint } from './lint.ts';
import { list } from './list.ts';
import { promote } from './promote.ts';
import { retry } from './retry.ts';
import { status } from './status.ts';
import { clusterFlags, parseVerb, UsageError, type Verb } from './verb.ts';
import { version } from './version.ts';
import type { World } from './world.ts';

export const verbs: readonly Verb[] = [get, list, status, promote, abort, retry, lint, version];

/** Exit codes: what was asked for could not be done; the command line could not be understood. */
const FAILED = 1;
const MISUSED = 2;

/** Runs one command line and answers with the exit code. Never throws. */
export async function run(args: string[], world: World): Promise<number> {
  try {
    return await dispatch(args, world);
  } catch (error) {
    const { verb } = error instanceof UsageError ? error : {};
    world.stderr(`Error: ${told(error)}\n`);
    if (verb !== undefined) world.stderr(`\n${helpOf(verb, world)}`);
    return error instanceof UsageError ? MISUSED : FAILED;
  }
}

async function dispatch(args: string[], world: World): Promise<number> {
  const { leading, word, rest } = splitVerb(args);
  if (word === undefined || word === 'help' || word === '--help' || word === '-h') return help(rest[0], world);
  const delegate = delegates[word];
  if (delegate !== undefined) return delegate.run([...leading, ...rest]);
  const verb = verbNamed(word);
  const invocation = parseVerb(verb, world, [...leading, ...rest]);
  if (!invocation.isSet('help')) return verb.run(invocation);
  world.stdout(helpOf(verb, world));
  return 0;
}

function help(word: string | undefined, world: World): number {
  const delegate = delegates[word ?? ''];
  if (word === undefined) world.stdout(overview(verbs, world));
  else if (delegate === undefined) world.stdout(helpOf(verbNamed(word), world));
  else world.stdout(`${delegate.summary}; for its flags: ${world.program} ${word} --help\n`);
  return 0;
}

function verbNamed(word: string): Verb {
  const verb = verbs.find((candidate) => candidate.name === word);
  if (verb !== undefined) return verb;
  const known = [...verbs.map(({ name }) => name), ...Object.keys(delegates), 'help'];
  const what = word.startsWith('-') ? 'flag before the command' : 'command';
  throw new UsageError(`unknown ${what} "${word}"; known commands are ${known.join(', ')}`);
}

/** Flags that say which cluster is meant may come before the verb. */
function splitVerb(args: string[]): { leading: string[]; word: string | undefined; rest: string[] } {
  const withValue = Object.entries(clusterFlags).flatMap(([name, { short }]) => [
    `--${name}`,
    short ? `-${short}` : '',
  ]);
  let at = 0;
  for (let arg = args[at]; arg !== undefined; arg = args[at]) {
    if (withValue.includes(arg)) at += 2;
    else if (withValue.some((flag) => flag.startsWith('--') && arg.startsWith(`${flag}=`))) at += 1;
    else break;
  }
  return { leading: args.slice(0, at), word: args[at], rest: args.slice(at + 1) };
}

/** A refused connection comes as several errors, one per address, with no message of its own. */
function told(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}
