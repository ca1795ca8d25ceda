/**
 * `npm run test:real [-- arguments of Vitest]`: every story that needs real servers. Those that break servers have worlds
 * of their own, and those of parts that are built on demand share one; several worlds stand at once, for their stories mostly
 * wait. Where arguments name tests by their path, only their worlds are made.
 */
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { partsOrAdvice, runInRealWorld, SKIPPED } from './enter.ts';
import { ON_DEMAND, ON_DEMAND_LANE } from './on-demand.ts';
import { runProgram } from './toolbox.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const VITEST = path('../../../node_modules/vitest/vitest.mjs');
const CIRCUMSTANCES = 'test/real/circumstances';
const FIRST = ['outages'];
/** The killings come last and take all there is of the machine: nothing is measured by then. */
const LATER = [['leaders', 'gitea', 'clocks'], ['killed']];

/** What is told in one world. */
interface Lane {
  program: string[];
  /** The name of its report. */
  name: string;
}

const stories: Lane = { name: 'stories', program: [path('stories.ts')] };

function onDemand(told: typeof ON_DEMAND): Lane {
  return { name: ON_DEMAND_LANE, program: [path('stories.ts'), ...told.map(({ file }) => file)] };
}

function breaking(names: string[]): Lane {
  const files = names.map((name) => `${CIRCUMSTANCES}/${name}`);
  return {
    name: names.join('-') || 'circumstances',
    program: [VITEST, 'run', '--config', path('circumstances.config.ts'), ...files],
  };
}

/** `output`: the file that is to hold what it tells; undefined: it is told as it comes. */
function run({ program, name }: Lane, given: string[], output?: string): Promise<number> {
  return runInRealWorld({
    command: [process.execPath, ...program, ...given],
    environment: { HEADGATE_LANE: name },
    withTraffic: true,
    kubeletFlags: ['--start-delay', '500,1500'],
    output,
  });
}

/** What one says is shown when it is over, so that several at once can be read. */
async function runBeside(lane: Lane, given: string[]): Promise<number> {
  const output = join(tmpdir(), `headgate-${lane.name}-${process.pid}.log`);
  const code = await run(lane, given, output);
  process.stdout.write(await readFile(output, 'utf8'));
  await rm(output);
  return code;
}

/**
 * Two worlds at once: more would be slower. That of the parts on demand is the third, for its stories wait nearly all the time;
 * but not before those stories are told that measure.
 */
async function runAll(given: string[], there: typeof ON_DEMAND): Promise<number[]> {
  const breakAll = async () => {
    const codes: number[] = [];
    for (const names of LATER) codes.push(await runBeside(breaking(names), given));
    return codes;
  };
  const breakServers = async () => {
    const code = await runBeside(breaking(FIRST), given);
    const codes = await Promise.all([breakAll(), there.length > 0 ? runBeside(onDemand(there), given) : 0]);
    return [code, ...codes.flat()];
  };
  const codes = await Promise.all([run(stories, given), breakServers()]);
  return codes.flat();
}

async function runChosen(paths: string[], given: string[]): Promise<number[]> {
  const isBreaking = (argument: string) => argument.startsWith(CIRCUMSTANCES);
  const named = ON_DEMAND.filter(({ file }) => paths.includes(file));
  const isOnDemand = (argument: string) => named.some(({ file }) => file === argument);
  const codes: number[] = [];
  if (!paths.every((argument) => isBreaking(argument) || isOnDemand(argument))) codes.push(await run(stories, given));
  if (named.length > 0) codes.push(await run(onDemand(named), given));
  if (paths.some(isBreaking)) codes.push(await run(breaking([]), given));
  return codes;
}

const given = process.argv.slice(2);
const paths = given.filter((argument) => argument.startsWith('test/'));
// Once for all worlds.
const parts = await partsOrAdvice(ON_DEMAND.filter(({ file }) => paths.includes(file)).map(({ part }) => part));
if (!parts) process.exit(SKIPPED);
await runProgram(process.execPath, [path('../../../scripts/build.ts')]);
const isThere = ({ part }: { part: string }) => parts.some(({ name }) => name === part);
const missing = paths.length > 0 ? [] : ON_DEMAND.filter((each) => !isThere(each));
for (const { file, part } of missing) console.log(`${file} is skipped: npm run world:real -- build ${part}`);
const codes = paths.length > 0 ? await runChosen(paths, given) : await runAll(given, ON_DEMAND.filter(isThere));
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
