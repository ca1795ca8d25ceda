import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineNow } from '../../src/clock.ts';
import { startRealServer } from '../worlds/differential/real-server.ts';
import { describeDisagreement, runSequence } from '../worlds/differential/run.ts';
import { startSandbox } from '../worlds/differential/sandbox-side.ts';
import type { Side } from '../worlds/differential/side.ts';

/** The first seed of the sequences that every run repeats. */
const FIXED = 1;
const OPERATIONS = 2000;
/** From a seed of each run's own: one sequence, so that what is rare is found in time and seldom stops other work; hunt.ts searches. */
const UNCHOSEN = 40;

const random = Number(process.env.HEADGATE_SEED ?? (machineNow() % 1_000_000_000) + 1_000_000);

let sides: [Side, Side];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-differential-'));
  sides = [await startRealServer(folder, console.log), await startSandbox()];
}, 120_000);

afterAll(async () => {
  for (const side of sides ?? []) await side.stop();
  await rm(folder, { recursive: true });
});

async function run(first: number, least: number): Promise<void> {
  const disagreements: string[] = [];
  const known = new Map<string, number>();
  let operations = 0;
  for (let seed = first; operations < least; seed++) {
    const report = await runSequence(sides, seed);
    operations += report.operations;
    for (const { reason } of report.known) known.set(reason, (known.get(reason) ?? 0) + 1);
    if (report.disagreement) disagreements.push(describeDisagreement(report.disagreement, ['real   ', 'sandbox']));
  }
  console.log(`${operations} operations from seed ${first} on, ${disagreements.length} differences`);
  for (const [reason, count] of known) console.log(`known, in ${count} sequences: ${reason}`);
  expect(disagreements.join('\n\n')).toBe('');
}

describe('the sandbox answers like a real API server', { concurrent: false }, () => {
  it(`over ${OPERATIONS} operations`, () => run(FIXED, OPERATIONS));

  it(`over ${UNCHOSEN} operations that nobody chose (HEADGATE_SEED=${random})`, () => run(random, UNCHOSEN));
});
