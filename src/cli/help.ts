import { delegates } from './delegates.ts';
import { type Flags, flagsOf, titleOf, type Verb } from './verb.ts';
import type { World } from './world.ts';

type Program = Pick<World, 'program'>;

function columns(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

function call(verb: Verb): string {
  return [titleOf(verb), verb.operands].filter(Boolean).join(' ');
}

/** All commands, one line each. */
export function overview(verbs: readonly Verb[], { program }: Program): string {
  const commands: [string, string][] = [
    ...verbs.map((verb): [string, string] => [call(verb), verb.summary]),
    ...Object.entries(delegates).map(([name, { summary }]): [string, string] => [`${name} [flags]`, summary]),
    ['help [COMMAND]', 'show this, or the flags of a command'],
  ];
  return `Headgate: progressive delivery in which a failed release never stays in Git.\n\nUsage: ${program} COMMAND\n\n${columns(commands)}`;
}

/** How one command is called. */
export function helpOf(verb: Verb, { program }: Program): string {
  const sentence = verb.summary.charAt(0).toUpperCase() + verb.summary.slice(1);
  return `${sentence}.\n\nUsage: ${program} ${call(verb)} [flags]\n\n${columns(flagRows(flagsOf(verb)))}`;
}

function flagRows(flags: Flags): [string, string][] {
  return Object.entries(flags).map(([name, flag]) => {
    // What is on unless told otherwise is shown as it is turned off.
    if (flag.default === true) return [`--no-${name}`, flag.description];
    const value = flag.value === undefined ? '' : ` ${flag.value}`;
    return [`${flag.short ? `-${flag.short}, ` : ''}--${name}${value}`, flag.description];
  });
}
