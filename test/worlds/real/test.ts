/**
 * `npm run test:real [-- arguments of Vitest]`: every story that needs real servers. Those that break servers have worlds
 * of their own; several worlds stand at once, for their stories mostly wait. Where arguments name tests by their path,
 * only their world is made.
 */
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { partsOrAdvice, runInRealWorld, SKIPPED } from './enter.ts';
import { runProgram } from './toolbox.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const VITEST = path('../../../node_modules/vitest/vitest.mjs');
const CIRCUMSTANCES = 'test/real/circumstances';
/** The killings begin last and take all there is of the machine: nothing is measured by then. */
const BREAKING = [['outages'], ['leaders', 'gitea', 'clocks'], ['killed']];
const WORLDS_AT_ONCE = 3;

/** What is told in one world. */
interface Lane {
  program: string[];
  /** The name of its report. */
  name: string;
}

const stories: Lane = { name: 'stories', program: [path('stories.ts')] };

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

async function runAll(given: string[]): Promise<number[]> {
  const lanes = [stories, ...BREAKING.map(breaking)];
  const codes: number[] = [];
  const work = async () => {
    for (let lane = lanes.shift(); lane; lane = lanes.shift()) {
      codes.push(await (lane === stories ? run(lane, given) : runBeside(lane, given)));
    }
  };
  await Promise.all(Array.from({ length: WORLDS_AT_ONCE }, work));
  return codes;
}

async function runChosen(paths: string[], given: string[]): Promise<number[]> {
  const isBreaking = (argument: string) => argument.startsWith(CIRCUMSTANCES);
  const codes: number[] = [];
  if (!paths.every(isBreaking)) codes.push(await run(stories, given));
  if (paths.some(isBreaking)) codes.push(await run(breaking([]), given));
  return codes;
}

// Once for all worlds.
if (!(await partsOrAdvice())) process.exit(SKIPPED);
await runProgram(process.execPath, [path('../../../scripts/build.ts')]);
const given = process.argv.slice(2);
const paths = given.filter((argument) => argument.startsWith('test/'));
const codes = paths.length > 0 ? await runChosen(paths, given) : await runAll(given);
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
