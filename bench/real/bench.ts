import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { aim, machine } from '../machine.ts';
import { partsOf } from '../parts.ts';
import { controllerProgram, type Program } from '../program.ts';
import type { Concurrent } from './concurrent.ts';
import type { Order, Part } from './measure.ts';

const PARTS = ['idle', 'steps', 'plain', 'routed'] as const;
const SHORT_PARTS = ['routed'] as const;

const HELP = `npm run bench:real -- [--short] [--sources] [--only idle|steps|plain|routed] [--rollouts N]
                      [--profile FOLDER] [--reference FILE]

Prints one JSON object: a controller against a real API server. See docs/benchmarks.md.

  --short           100 Rollouts instead of 1,000, and only the part with a route each: for CI
  --rollouts N      so many Rollouts
  --sources         run the controller from its sources instead of the image's bundle
  --only PART       one part: at rest, a release in five steps with ten pods and a route, many releases at once
                    without a router, and with a route each; may be repeated
  --profile FOLDER  leave the controller's CPU profile there
  --reference FILE  then the same once more with this build of the reference controller, which knows no HTTPRoute:
                    with --only idle or --only plain
`;

/** For the reader: measured once on such a machine, not by this bench. */
const REFERENCE = {
  plain: { seconds: 93, writesPerRollout: 11, controllerCpuSeconds: 33, rssMiB: 235, p50ShareOfAll: 0.9 },
  /** An estimate from its code, with two AnalysisRuns of five measurements each. */
  steps: { writesPerRollout: '60-80', eventsPerRollout: 30 },
  routed: { seconds: 195, writesPerRollout: 21, controllerCpuSeconds: 105, rssMiB: 306, p50ShareOfAll: 0.9 },
};

const AIMS = {
  plain: { seconds: 46, writesPerRollout: 9, eventsLost: 0 },
  routed: { seconds: 97, writesPerRollout: 18, eventsLost: 0 },
};

const LANE = fileURLToPath(new URL('lane.ts', import.meta.url));
/** As the lane says it: what did not run has neither passed nor failed. */
const SKIPPED = 77;

/** People see on standard error what happens; standard output stays one JSON object. */
async function measured(order: Omit<Order, 'file'>): Promise<object | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-figures-'));
  const file = join(folder, 'figures.json');
  try {
    const lane = spawn(process.execPath, [LANE, JSON.stringify({ ...order, file })], { stdio: ['ignore', 2, 2] });
    const code = await new Promise<number>((resolve) => lane.once('exit', (status) => resolve(status ?? 1)));
    if (code === SKIPPED) return undefined;
    if (code !== 0) throw new Error(`${order.part}: the lane ended with exit code ${code}`);
    return JSON.parse(await readFile(file, 'utf8')) as object;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function aimsOf(part: 'plain' | 'routed', figures: Concurrent) {
  const { seconds, writesPerRollout, eventsLost } = AIMS[part];
  return {
    seconds: aim(seconds, figures.seconds),
    writesPerRollout: aim(writesPerRollout, figures.writesPerRollout),
    eventsLost: aim(eventsLost, figures.eventsLost),
  };
}

function nameOf(part: Part, size: number): string {
  if (part === 'steps') return 'five_steps_ten_pods_routed';
  return part === 'idle' ? `idle_${size}` : `concurrent_${size}_${part}`;
}

async function bench(parts: readonly Part[], order: Omit<Order, 'file' | 'part'>) {
  const before = machine();
  const size = order.rollouts;
  const figures: Record<string, unknown> = {};
  const aims: Record<string, unknown> = {};
  for (const part of parts) {
    process.stderr.write(`${nameOf(part, size)} ...\n`);
    const found = await measured({ ...order, part });
    if (!found) return undefined;
    process.stderr.write(`${JSON.stringify(found)}\n`);
    figures[nameOf(part, size)] = found;
    // They are aims for 1,000 at once: fewer of them say nothing about the time.
    if ((part === 'plain' || part === 'routed') && size === 1000) aims[part] = aimsOf(part, found as Concurrent);
  }
  const { name, nodeOptions } = order.program;
  return {
    ...figures,
    aims,
    reference: REFERENCE,
    routesJudgedBy: 'contour',
    program: { name, nodeOptions },
    machine: { ...before, loadAfter: loadavg()[0] },
  };
}

function profiled(program: Program, folder: string | undefined): Program {
  if (!folder) return program;
  return { ...program, nodeOptions: [...program.nodeOptions, '--cpu-prof', `--cpu-prof-dir=${folder}`] };
}

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    sources: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rollouts: { type: 'string' },
    profile: { type: 'string' },
    reference: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) process.stdout.write(HELP);
else {
  const program = profiled(await controllerProgram(values.sources ? 'sources' : 'bundle'), values.profile);
  const rollouts = Number(values.rollouts ?? (values.short ? 100 : 1000));
  const programs = [program];
  if (values.reference) programs.push({ name: 'reference', file: resolve(values.reference), nodeOptions: [] });
  const parts = values.short && !values.only ? SHORT_PARTS : partsOf(PARTS, values.only);
  for (const each of programs) {
    const figures = await bench(parts, { program: each, short: values.short, rollouts });
    if (figures) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
    else process.exitCode = SKIPPED;
  }
}
