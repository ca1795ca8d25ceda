/** Runs in a world of its own, started by lane.ts: measures one part and writes its figures, JSON, to a file. */
import { writeFile } from 'node:fs/promises';
import { readRealWorld } from '../../test/worlds/real/state.ts';
import type { Program } from '../program.ts';
import { measureConcurrent } from './concurrent.ts';
import { measureIdle } from './idle.ts';
import { createRealStage, type RealStage } from './stage.ts';

export type Part = 'idle' | 'steps' | 'plain' | 'routed';

export interface Order {
  part: Part;
  program: Program;
  short: boolean;
  rollouts: number;
  /** Where the figures go. */
  file: string;
}

const SMALL = { replicas: 1, weights: [25, 50, 75] };
/** Few enough that each has the machine to itself, more or less: what one release costs. */
const STEPS = { rollouts: 5, replicas: 10, weights: [10, 20, 40, 60, 80] };

function measure(stage: RealStage, { part, program, short, rollouts }: Order): Promise<object> {
  if (part === 'steps') return measureConcurrent(stage, { program, ...STEPS, withRoutes: true });
  if (part !== 'idle') return measureConcurrent(stage, { program, rollouts, ...SMALL, withRoutes: part === 'routed' });
  const [warmUpSeconds, seconds] = short ? [5, 15] : [20, 60];
  return measureIdle(stage, { program, rollouts, namespaces: 10, warmUpSeconds, seconds });
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const state = readRealWorld();
if (!state) throw new Error('there is no real world here: npm run bench:real makes one');
const stage = createRealStage(state);
try {
  await writeFile(order.file, JSON.stringify(await measure(stage, order)));
} finally {
  stage.client.close();
}
