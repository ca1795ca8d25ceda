/** The fault matrix of reverts: see docs/git.md, or --help. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/errors.ts';
import { type KilledStory, playKills } from './kills.ts';
import { type Baseline, clustersOf, deathsOf, doublesOf, errorsOf, type Run, STAGES, sampleOf } from './matrix.ts';
import { callsOf, callsText, reportOf, reportText } from './report.ts';
import { HOSTS, prepare } from './stage.ts';
import { type Outcome, outcomeOf, playAll } from './workers.ts';

const HELP = `npm run faults -- [--all | --runs N] [--hosts git,github,...] [--seed N] [--kills N] [--json FILE]

Plays reverts from the failed release to the end, in virtual time, on every host, directly and by pull requests, while
processes die and hosts misbehave at each of their calls; then looks into Git. Exits with 1 where anything is not as it must be.

  --runs N      about so many runs (default 2400): all deaths first, of the rest a sample; 0: none
  --all         every error at each call too, once and three times in a row
  --hosts LIST  only these, of ${HOSTS.join(', ')}
  --seed N      of the sample and of the random runs (default 1)
  --kills N     afterwards plays the demo's stories, until so many real controllers were killed by SIGKILL
  --json FILE   the report for programs
`;

const OPTIONS = {
  all: { type: 'boolean' },
  runs: { type: 'string' },
  hosts: { type: 'string' },
  seed: { type: 'string' },
  kills: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean' },
} as const;

function whole(text: string | undefined, flag: string, otherwise: number): number {
  const number = Number(text ?? otherwise);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new Error(`--${flag} ${text}: use a whole number from 0`);
}

const RANDOM_SHARE = 0.08;
const TOLD_EVERY = 50;

/** A run in which nothing goes wrong, on each stage: what there is to go wrong. */
async function baselinesOf(hosts: readonly string[]): Promise<Baseline[]> {
  const prepared = await prepare();
  try {
    const baselines: Baseline[] = [];
    for (const stage of STAGES.filter(({ host }) => hosts.includes(host))) {
      const { calls, wrong } = await outcomeOf(prepared, { ...stage, fault: 'none', troubles: [[]] });
      if (wrong !== undefined) throw new Error(`${stage.host} ${stage.mode}, without any fault: ${wrong}`);
      baselines.push({ ...stage, calls: calls[0] ?? [] });
    }
    return baselines;
  } finally {
    await prepared.saved.forget();
  }
}

function runsOf(baselines: readonly Baseline[], most: number, seed: number): Run[] {
  const deaths = baselines.flatMap(deathsOf);
  const random = Math.round(Math.min(most, 6000) * RANDOM_SHARE);
  const more = [...doublesOf(baselines, random, seed), ...clustersOf(baselines, random, seed + 1)];
  const errors = baselines.flatMap((each) => [...errorsOf(each, 1), ...errorsOf(each, 3)]);
  const rest = most - deaths.length - more.length;
  if (rest >= 0) return [...deaths, ...more, ...sampleOf(errors, rest, seed)];
  return sampleOf([...deaths, ...more], most, seed);
}

async function playMatrix(runs: readonly Run[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  if (runs.length === 0) return outcomes;
  const start = performance.now();
  await playAll(runs, (outcome) => {
    outcomes.push(outcome);
    if (outcome.wrong !== undefined)
      process.stderr.write(`WRONG ${JSON.stringify({ ...outcome, calls: undefined })}\n`);
    if (outcomes.length % TOLD_EVERY > 0) return;
    const seconds = Math.round((performance.now() - start) / 1000);
    process.stderr.write(`${outcomes.length} of ${runs.length} runs in ${seconds} s\n`);
  });
  return outcomes;
}

function killsText(stories: readonly KilledStory[]): string {
  const kills = stories.reduce((sum, each) => sum + each.kills, 0);
  const doubles = stories.reduce((sum, each) => sum + each.doubles, 0);
  const well = stories.filter(({ asExpected }) => asExpected).length;
  return `${kills} SIGKILLs in ${stories.length} stories, ${well} of which ended as they should; ${doubles} doubles`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS, allowPositionals: false });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const hosts = values.hosts?.split(',') ?? HOSTS;
  const unknown = hosts.find((host) => !STAGES.some((stage) => stage.host === host));
  if (unknown !== undefined) throw new Error(`--hosts ${unknown}: known are ${HOSTS.join(', ')}`);
  const most = values.all ? Number.POSITIVE_INFINITY : whole(values.runs, 'runs', 2400);
  const start = performance.now();
  const baselines = most === 0 ? [] : await baselinesOf(hosts);
  const runs = most === 0 ? [] : runsOf(baselines, most, whole(values.seed, 'seed', 1));
  const report = reportOf(await playMatrix(runs));
  const seconds = Math.round((performance.now() - start) / 1000);
  const calls = baselines.map(callsOf);
  if (most > 0) process.stdout.write(`${callsText(calls)}\n\n${reportText(report)}\nin ${seconds} s\n`);
  const tellStory = (story: KilledStory) => process.stderr.write(`${JSON.stringify(story)}\n`);
  const kills = values.kills === undefined ? [] : playKills(whole(values.kills, 'kills', 0), tellStory);
  if (kills.length > 0) process.stdout.write(`${killsText(kills)}\n`);
  if (values.json !== undefined)
    writeFileSync(values.json, JSON.stringify({ calls, ...report, elapsed: seconds, kills }));
  const isWell = report.wrong.length === 0 && kills.every(({ asExpected, doubles }) => asExpected && doubles === 0);
  return isWell ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`faults: ${messageOf(error)}\n`);
  process.exitCode = 2;
}
