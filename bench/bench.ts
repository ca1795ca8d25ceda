import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measureDecide } from './decide.ts';
import { type Idle, measureIdle } from './idle.ts';
import { aim, machine } from './machine.ts';
import { partsOf } from './parts.ts';
import { controllerProgram, type Program } from './program.ts';
import { measureReaction, type Reaction } from './reaction.ts';

const PARTS = ['decide', 'reaction', 'idle'] as const;
type Part = (typeof PARTS)[number];

const HELP = `npm run bench -- [--short] [--sources] [--only decide|reaction|idle]

Prints one JSON object: what was measured, what is aimed at, and what the reference controller does. See docs/benchmarks.md.

  --short      fewer samples, for CI
  --sources    run the controller from its sources instead of the image's bundle
  --only PART  one part; may be repeated
`;

/** For the reader: measured once on another day, not by this bench. First bad answer to weight 0, and memory at rest. */
const REFERENCE = {
  bad_sample_to_route_ms: { median: 320, worstOfTen: 574 },
  idle: { rssMiB: { least: 175, most: 208 } },
};

const AIMS = { reactionP99Milliseconds: 100, idleWritesPerMinute: 0, idleRssMiB: 250, eventsAtStart: 0 };

function reactionAims({ bad_sample_to_route_ms: { p99 } }: Reaction) {
  return { bad_sample_to_route_p99_ms: aim(AIMS.reactionP99Milliseconds, p99) };
}

function idleAims({ apiWritesPerMinute, rssMiB, eventsWrittenAtStart }: Idle) {
  return {
    idle_writes_per_minute: aim(AIMS.idleWritesPerMinute, apiWritesPerMinute),
    idle_rss_mib: aim(AIMS.idleRssMiB, rssMiB),
    events_at_start: aim(AIMS.eventsAtStart, eventsWrittenAtStart),
  };
}

/** People see that something happens; stdout stays one JSON object. */
function told<T>(what: string, figures: Promise<T>): Promise<T> {
  process.stderr.write(`${what} ...\n`);
  return figures;
}

async function bench(parts: readonly Part[], short: boolean, program: Program) {
  const before = machine();
  const decide = parts.includes('decide')
    ? await told('one pass', measureDecide(program, short ? 5_000 : 50_000))
    : undefined;
  const reaction = parts.includes('reaction')
    ? await told(
        'from a bad answer to the route',
        measureReaction({ program, samples: short ? 30 : 200, canaries: 10 }),
      )
    : undefined;
  const idle = parts.includes('idle')
    ? await told(
        '1,000 Rollouts at rest',
        measureIdle({
          program,
          rollouts: 1000,
          namespaces: 10,
          warmUpSeconds: short ? 5 : 20,
          seconds: short ? 15 : 60,
        }),
      )
    : undefined;
  return {
    ...decide,
    ...reaction,
    ...(idle && { idle_1000: idle }),
    aims: { ...(reaction && reactionAims(reaction)), ...(idle && idleAims(idle)) },
    reference: REFERENCE,
    program: { name: program.name, nodeOptions: program.nodeOptions },
    machine: { ...before, loadAfter: loadavg()[0] },
  };
}

const { values } = parseArgs({
  options: {
    short: { type: 'boolean' },
    sources: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  },
});
if (values.help) process.stdout.write(HELP);
else {
  const program = await controllerProgram(values.sources ? 'sources' : 'bundle');
  const figures = await bench(partsOf(PARTS, values.only), values.short === true, program);
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
}
