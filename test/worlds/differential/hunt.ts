/**
 * A long hunt for differences between the sandbox's API server and a real one:
 *
 *   node test/worlds/differential/hunt.ts [--operations N] [--seed N] [--kind Kind]
 *
 * Sequences get the seeds from N on; a difference is repeated by its seed and a number of operations of one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRealServer } from './real-server.ts';
import { type Disagreement, describeDisagreement, runSequence, signature } from './run.ts';
import { startSandbox } from './sandbox-side.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string' },
  },
});

const folder = await mkdtemp(join(tmpdir(), 'headgate-differential-'));
const real = await startRealServer(folder, console.log);
const sandbox = await startSandbox();
const found = new Map<string, Disagreement[]>();
const known = new Map<string, number>();
let operations = 0;
let sequences = 0;
try {
  for (let seed = Number(values.seed); operations < Number(values.operations); seed++) {
    const report = await runSequence([real, sandbox], seed, values.kind);
    operations += report.operations;
    sequences++;
    for (const { reason } of report.known) known.set(reason, (known.get(reason) ?? 0) + 1);
    const { disagreement } = report;
    if (!disagreement) continue;
    const key = signature(disagreement);
    found.set(key, [...(found.get(key) ?? []), disagreement]);
  }
} finally {
  await real.stop();
  await sandbox.stop();
  await rm(folder, { recursive: true });
}
const groups = [...found].sort(([, left], [, right]) => right.length - left.length);
for (const [key, list] of groups) {
  console.log(`\n== ${list.length} x ${key}`);
  const [first] = list;
  if (first) console.log(describeDisagreement(first, ['real   ', 'sandbox']));
}
for (const [reason, count] of known) console.log(`\nknown, in ${count} sequences: ${reason}`);
const total = groups.reduce((sum, [, list]) => sum + list.length, 0);
console.log(`\n${operations} operations in ${sequences} sequences, ${total} differences of ${found.size} sorts`);
process.exitCode = total === 0 ? 0 : 1;
