/** What the commands on GitReverts share. */
import type { GitRevert } from '../api/index.ts';
import { gitReverts } from '../kube/resources.ts';
import { explain } from '../revert/index.ts';
import { newestFirst, revertChoiceLines } from '../view/index.ts';
import type { Cluster } from './cluster.ts';
import { type Flags, type Invocation, UsageError, type Verb } from './verb.ts';

const MOST_NAMED = 10;

/** The flag by which something else than a text for people is printed: one of `formats`. */
export function outputFlag(...formats: string[]): Flags {
  return { output: { type: 'string', short: 'o', value: formats.join('|'), description: 'print it so instead' } };
}

/** The format that is asked for; undefined where none is. */
export function outputOf(verb: Verb, { text }: Invocation): string | undefined {
  const format = text('output');
  const known = verb.flags.output?.value?.split('|') ?? [];
  if (format === undefined || known.includes(format)) return format;
  throw new UsageError(`--output "${format}" is not known; known is ${known.join(', ')}`, verb);
}

/** Throws where there is none of that name, and says which there are. */
export async function readRevert({ client, namespace }: Cluster, name: string): Promise<GitRevert> {
  const found = await client.get(gitReverts, { namespace, name });
  if (found !== undefined) return found;
  const others = (await client.list(gitReverts, { namespace })).sort(newestFirst).map(({ metadata }) => metadata.name);
  const named = others.slice(0, MOST_NAMED).join(', ');
  const more = others.length > MOST_NAMED ? ` and ${others.length - MOST_NAMED} more` : '';
  const there = others.length === 0 ? 'there is none' : `there are ${named}${more}`;
  throw new Error(`gitrevert.headgate.dev "${name}" not found in namespace "${namespace}": ${there}`);
}

/** Why a command does nothing to this GitRevert, and what can be done instead. */
export function refusal(revert: GitRevert, why: string, { world }: Invocation): Error {
  const { metadata, status = {} } = revert;
  const lines = revertChoiceLines(revert, world.program, {});
  const is = `${status.state ?? 'pending'}: ${explain(status)}`;
  return new Error([`gitrevert '${metadata.name}' ${why}. It is ${is}`, ...lines].join('\n'));
}
