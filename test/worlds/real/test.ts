/**
 * `npm run test:real [-- arguments of Vitest]`: every story that needs real servers. Those that break servers have worlds
 * of their own, and so has a Flux; several worlds stand at once, for their stories mostly wait. Where arguments name tests by
 * their path, only their worlds are made.
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
const FLUX = 'test/real/flux.test.ts';
/** Long to build: where Flux is not asked for by name, its stories are told only where it is there. */
const FLUX_PART = 'kustomize-controller';
/** The killings begin late and take all there is of the machine: nothing is measured by then. */
const BREAKING = [['outages'], ['leaders', 'gitea', 'clocks'], ['killed']];
const WORLDS_AT_ONCE = 2;

/** What is told in one world. */
interface Lane {
  program: string[];
  /** The name of its report. */
  name: string;
}

const stories: Lane = { name: 'stories', program: [path('stories.ts')] };
const flux: Lane = { name: 'flux', program: [path('stories.ts'), FLUX] };

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

async function runAll(given: string[], hasFlux: boolean): Promise<number[]> {
  const lanes = [stories, ...BREAKING.map(breaking), ...(hasFlux ? [flux] : [])];
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
  const isFlux = (argument: string) => argument === FLUX;
  const codes: number[] = [];
  if (!paths.every((argument) => isBreaking(argument) || isFlux(argument))) codes.push(await run(stories, given));
  if (paths.some(isFlux)) codes.push(await run(flux, given));
  if (paths.some(isBreaking)) codes.push(await run(breaking([]), given));
  return codes;
}

const given = process.argv.slice(2);
const paths = given.filter((argument) => argument.startsWith('test/'));
// Once for all worlds.
const parts = await partsOrAdvice(paths.includes(FLUX) ? [FLUX_PART] : []);
if (!parts) process.exit(SKIPPED);
await runProgram(process.execPath, [path('../../../scripts/build.ts')]);
const hasFlux = parts.some(({ name }) => name === FLUX_PART);
if (paths.length === 0 && !hasFlux) console.log(`${FLUX} is skipped: npm run world:real -- build ${FLUX_PART}`);
const codes = paths.length > 0 ? await runChosen(paths, given) : await runAll(given, hasFlux);
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
