/** Plays the corpus: `npm run corpus -- --help`. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/errors.ts';
import { realPrograms } from '../git/tree.ts';
import { needs, openTable, type Result } from './corpus.ts';
import { type Machine, openMachine } from './machine.ts';
import { counted, isGood, type Report, reportText, writeJson, wrongText } from './report.ts';
import { type Extent, type Group, selected } from './selection.ts';

const HELP = `npm run corpus -- [--all | --sample] [--only TEXT] [--jobs N] [--verbose] [--json FILE]

Plays failed releases in generated repositories, from the search for the culprit to the write, and checks each revert that is
written or proposed without Headgate's own proof. Exits with 1 where anything is not as it must be.

  --all          every case there is (some 30,000, for hours) instead of a fixed part of each repository
  --sample       what the tests play
  --only TEXT    cases with this in their name: LAYOUT, STYLE; CHANGE; HISTORY; POLICY
  --jobs N       repositories at a time; otherwise as many as there are processors
  --verbose      each repository as it is done
  --json FILE    the report for programs, case by case
`;

const OPTIONS = {
  all: { type: 'boolean' },
  sample: { type: 'boolean' },
  only: { type: 'string' },
  jobs: { type: 'string' },
  json: { type: 'string' },
  verbose: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Programs = Awaited<ReturnType<typeof realPrograms>>;

const say = (text: string) => process.stdout.write(`${text}\n`);

async function playGroup({ cases }: Group, parts: { machine: Machine; programs: Programs }): Promise<Result[]> {
  const table = await openTable(cases, parts);
  try {
    const results: Result[] = [];
    for (const each of cases) results.push(await table.play(each));
    return results;
  } finally {
    await table.close();
  }
}

async function playGroups(
  groups: readonly Group[],
  { jobs, verbose }: { jobs: number; verbose: boolean | undefined },
): Promise<Omit<Report, 'seconds'>> {
  const programs = await realPrograms();
  const machine = openMachine(programs);
  const [waiting, results, skipped] = [[...groups], [] as Result[], [] as Report['skipped'][number][]];
  const work = async () => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      const { repository, cases } = group;
      const tool = needs(repository);
      if (tool && !programs[tool]) {
        skipped.push({ repository: repository.name, tool, cases: cases.length });
        continue;
      }
      const played = await playGroup(group, { machine, programs });
      results.push(...played);
      if (verbose) say(`${repository.name}: ${counted(played.map(({ outcome }) => outcome)).join('; ')}`);
      for (const each of played.filter(({ wrong }) => wrong.length > 0)) say(wrongText(each));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work)).finally(machine.close);
  return { results, skipped };
}

async function main(): Promise<number> {
  const { values: options } = parseArgs({ options: OPTIONS });
  if (options.help) {
    say(HELP);
    return 0;
  }
  const extent: Extent = options.all ? 'all' : options.sample ? 'sample' : 'usual';
  const groups = selected(extent)
    .map(({ repository, cases }) => ({
      repository,
      cases: cases.filter(({ name }) => name.includes(options.only ?? '')),
    }))
    .filter(({ cases }) => cases.length > 0);
  const jobs = Number(options.jobs ?? availableParallelism());
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs ${options.jobs}: use a whole number from 1`);
  const began = performance.now();
  const played = await playGroups(groups, { jobs, verbose: options.verbose });
  const report = { ...played, seconds: Math.round((performance.now() - began) / 1000) };
  say(reportText(report));
  if (options.json !== undefined) await writeJson(options.json, report);
  return isGood(report) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`corpus: ${messageOf(error)}\n`);
  process.exitCode = 2;
}
