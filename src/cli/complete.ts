import type { Resource } from '../kube/client.ts';
import { delegates } from './delegates.ts';
import { clusterFlags, type Flag, type Flags, flagsOf, type Verb, withValue } from './verb.ts';
import type { World } from './world.ts';

/** The hidden word that the shells' scripts call: the words of the line follow it, the one under the cursor last. */
export const COMPLETE = '__complete';

/** How a shell goes on where nothing fits: by file names, or not at all. The numbers are those of kubectl's own protocol. */
const FILES = 0;
const NOTHING_ELSE = 4;

/** Machine time after which a cluster is not waited for: somebody's hand is on the Tab key. */
const PATIENCE = 2000;

interface Candidate {
  word: string;
  description?: string;
}

interface Answer {
  candidates?: Candidate[];
  /** Names of such objects are candidates too; `taken` are there already. */
  named?: { resource: Resource; taken: string[] };
  files?: boolean;
}

/** What a command line is made of, up to the word under the cursor. */
interface Line {
  /** What stands there besides flags and their values. */
  words: string[];
  /** The flag whose value is to come. */
  open: Flag | undefined;
  values: Record<string, string>;
}

/** Reads words as far as they can be understood: half a line is no error. */
function readLine(given: string[], flags: Flags): Line {
  const valued = withValue(flags);
  const line: Line = { words: [], open: undefined, values: {} };
  const nameOf = (flag: Flag) => Object.keys(flags).find((name) => flags[name] === flag) ?? '';
  for (const word of given) {
    const [name = '', ...value] = word.split('=');
    if (line.open) {
      line.values[nameOf(line.open)] = word;
      line.open = undefined;
    } else if (!word.startsWith('-')) line.words.push(word);
    else if (value.length > 0 && valued.has(name)) line.values[name.slice(2)] = value.join('=');
    else line.open = valued.get(word);
  }
  return line;
}

function flagWords(flags: Flags): Candidate[] {
  return Object.entries(flags).map(([name, { default: isOn, description }]) => ({
    word: isOn === true ? `--no-${name}` : `--${name}`,
    description,
  }));
}

function commandWords(verbs: readonly Verb[]): Candidate[] {
  const first = verbs.filter(({ name }, index) => verbs.findIndex((verb) => verb.name === name) === index);
  return [
    ...first.map(({ name, summary }) => ({ word: name, description: summary })),
    ...Object.entries(delegates).map(([word, { summary }]) => ({ word, description: summary })),
    { word: 'help', description: 'show the flags of a command' },
  ];
}

function isFile({ value = '' }: Flag): boolean {
  return ['FILE', 'PATH'].includes(value);
}

/** A flag: its name, or its value where one follows. */
function flagAnswer(flags: Flags, current: string): Answer {
  const valued = current.includes('=') ? withValue(flags).get(current.split('=')[0] ?? '') : undefined;
  return valued ? { files: isFile(valued) } : { candidates: flagWords(flags) };
}

/** The operands of a verb: words, or names of objects, as many as it takes. */
function operandAnswer({ completes, operands, flags }: Verb, given: string[]): Answer {
  if (completes === undefined) return { files: Object.values(flags).some(isFile) };
  if (!('kind' in completes)) return given.length > 0 ? {} : { candidates: completes.map((word) => ({ word })) };
  const takesMore = given.length === 0 || operands === 'NAME...';
  return takesMore ? { named: { resource: completes, taken: given } } : {};
}

function verbAnswer(candidates: readonly Verb[], given: string[], current: string): Answer {
  const nouns = candidates.filter(({ noun }) => noun !== undefined);
  const all: Flags = Object.assign({}, ...candidates.map(flagsOf));
  const [noun = '', ...names] = readLine(given, all).words;
  const chosen = candidates.find((verb) => verb.noun?.includes(noun)) ?? candidates.find((verb) => !verb.noun);
  const flags = chosen ? flagsOf(chosen) : all;
  const { open, words } = readLine(given, flags);
  if (open) return { files: isFile(open) };
  if (current.startsWith('-')) return flagAnswer(flags, current);
  if (words.length === 0 && nouns.length > 0) {
    const found = nouns.map(({ noun: forms = [], summary }) => ({ word: forms[0] ?? '', description: summary }));
    return { candidates: found };
  }
  if (chosen === undefined) return {};
  return operandAnswer(chosen, chosen.noun ? names : words);
}

/** What may stand in the place of the last word. */
function answerTo(line: string[], verbs: readonly Verb[]): Answer {
  const given = line.slice(0, -1);
  const current = line.at(-1) ?? '';
  const { words, open } = readLine(given, clusterFlags);
  const [word] = words;
  if (word === undefined) {
    if (open) return { files: isFile(open) };
    return current.startsWith('-') ? flagAnswer(clusterFlags, current) : { candidates: commandWords(verbs) };
  }
  if (word === 'help') return words.length > 1 ? {} : { candidates: commandWords(verbs) };
  if (delegates[word]) return { files: true };
  const at = given.indexOf(word);
  const found = verbs.filter(({ name }) => name === word);
  return found.length === 0 ? {} : verbAnswer(found, given.toSpliced(at, 1), current);
}

/** Names of objects, from the cluster that the flags on the line mean; none where it does not answer soon. */
async function namesOf({ resource, taken }: NonNullable<Answer['named']>, line: string[], world: World) {
  const { kubeconfig, context, namespace } = readLine(line, clusterFlags).values;
  const cluster = await world.connect({ kubeconfig, context, namespace });
  try {
    const tooLate = Promise.withResolvers<never>();
    const timer = setTimeout(() => tooLate.reject(new Error('too late')), PATIENCE);
    const listing = cluster.client.list(resource, { namespace: cluster.namespace });
    const found = await Promise.race([listing, tooLate.promise]).finally(() => clearTimeout(timer));
    return found.map(({ metadata }) => ({ word: metadata.name })).filter(({ word }) => !taken.includes(word));
  } finally {
    cluster.close();
  }
}

/**
 * Answers a shell: one candidate per line, with a tab and a description where there is one, and at last how to go on. What goes
 * wrong is no word of the line, so nothing is said of it.
 */
export async function complete(line: string[], verbs: readonly Verb[], world: World): Promise<number> {
  const { candidates = [], named, files = false } = answerTo(line, verbs);
  const names: Candidate[] = named ? await namesOf(named, line.slice(0, -1), world).catch(() => []) : [];
  const current = line.at(-1) ?? '';
  for (const { word, description } of [...candidates, ...names]) {
    if (word.startsWith(current)) world.stdout(description === undefined ? `${word}\n` : `${word}\t${description}\n`);
  }
  world.stdout(`:${files ? FILES : NOTHING_ELSE}\n`);
  return 0;
}
