import { messageOf } from '../errors.ts';
import { abort } from './abort.ts';
import { COMPLETE, complete } from './complete.ts';
import { completion } from './completion.ts';
import { create } from './create.ts';
import { createAnalysisRun } from './create-analysis-run.ts';
import { delegates } from './delegates.ts';
import { explain } from './explain.ts';
import { getRollout } from './get.ts';
import { getExperiment } from './get-experiment.ts';
import { helpOf, overview } from './help.ts';
import { lint } from './lint.ts';
import { listExperiments, listRollouts } from './list.ts';
import { pause } from './pause.ts';
import { promote } from './promote.ts';
import { restart } from './restart.ts';
import { retryExperiment, retryRollout } from './retry.ts';
import { approveRevert } from './revert-approve.ts';
import { diffRevert } from './revert-diff.ts';
import { listReverts } from './revert-list.ts';
import { retryRevert } from './revert-retry.ts';
import { showRevert } from './revert-show.ts';
import { skipRevert } from './revert-skip.ts';
import { setImage } from './set-image.ts';
import { status } from './status.ts';
import { terminateAnalysisRun, terminateExperiment } from './terminate.ts';
import { undo } from './undo.ts';
import { chosenVerb, clusterFlags, parseVerb, UsageError, type Verb, withValue } from './verb.ts';
import { version } from './version.ts';
import type { World } from './world.ts';

export const verbs: readonly Verb[] = [
  getRollout,
  explain,
  listRollouts,
  status,
  promote,
  pause,
  abort,
  retryRollout,
  undo,
  restart,
  setImage,
  create,
  createAnalysisRun,
  terminateAnalysisRun,
  listReverts,
  showRevert,
  diffRevert,
  skipRevert,
  approveRevert,
  retryRevert,
  getExperiment,
  listExperiments,
  retryExperiment,
  terminateExperiment,
  lint,
  completion,
  version,
];

/** Exit codes: what was asked for could not be done; the command line could not be understood. */
const FAILED = 1;
const MISUSED = 2;

/** Runs one command line and answers with the exit code. Never throws. */
export async function run(args: string[], world: World): Promise<number> {
  try {
    return await dispatch(args, world);
  } catch (error) {
    world.stderr(`Error: ${messageOf(error)}\n`);
    if (!(error instanceof UsageError)) return FAILED;
    for (const verb of error.verbs) world.stderr(`\n${helpOf(verb, world)}`);
    return MISUSED;
  }
}

async function dispatch(args: string[], world: World): Promise<number> {
  if (args[0] === COMPLETE) return complete(args.slice(1), verbs, world);
  const { leading, word, rest } = splitVerb(args);
  if (word === undefined || word === 'help' || word === '--help' || word === '-h') return help(rest, world);
  const delegate = delegates[word];
  if (delegate !== undefined) return delegate.run([...leading, ...rest]);
  const candidates = verbsNamed(word);
  const given = [...leading, ...rest];
  const verb = chosenVerb(candidates, given);
  if (verb === undefined) return help([word], world);
  const invocation = parseVerb(verb, world, given);
  if (!invocation.isSet('help')) return verb.run(invocation);
  world.stdout(helpOf(verb, world));
  return 0;
}

/** Of everything, of all verbs of a name, or of one with its noun. */
function help([word, noun = '']: string[], world: World): number {
  const delegate = delegates[word ?? ''];
  if (word === undefined) world.stdout(overview(verbs, world));
  else if (delegate === undefined) {
    const candidates = verbsNamed(word);
    const chosen = candidates.filter((verb) => verb.noun?.includes(noun));
    world.stdout((chosen.length > 0 ? chosen : candidates).map((verb) => helpOf(verb, world)).join('\n'));
  } else world.stdout(`${delegate.summary}; for its flags: ${world.program} ${word} --help\n`);
  return 0;
}

function verbsNamed(word: string): Verb[] {
  const found = verbs.filter((candidate) => candidate.name === word);
  if (found.length > 0) return found;
  const known = [...new Set(verbs.map(({ name }) => name)), ...Object.keys(delegates), 'help'];
  const what = word.startsWith('-') ? 'flag before the command' : 'command';
  throw new UsageError(`unknown ${what} "${word}"; known commands are ${known.join(', ')}`);
}

/** Flags that say which cluster is meant may come before the verb. */
function splitVerb(args: string[]): { leading: string[]; word: string | undefined; rest: string[] } {
  const valued = [...withValue(clusterFlags).keys()];
  let at = 0;
  for (let arg = args[at]; arg !== undefined; arg = args[at]) {
    if (valued.includes(arg)) at += 2;
    else if (valued.some((flag) => flag.startsWith('--') && arg.startsWith(`${flag}=`))) at += 1;
    else break;
  }
  return { leading: args.slice(0, at), word: args[at], rest: args.slice(at + 1) };
}
