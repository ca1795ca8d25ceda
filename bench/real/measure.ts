/** Runs in a world of its own, started by lane.ts: measures one part and writes its figures, JSON, to a file. */
import { writeFile } from 'node:fs/promises';
import { readRealWorld } from '../../test/worlds/real/state.ts';
import type { Program } from '../program.ts';
import { measureConcurrent } from './concurrent.ts';
import { measureIdle } from './idle.ts';
import { createRealStage, type RealStage } from './stage.ts';

export type Part = 'idle' | 'plain' | 'routed';

export interface Order {
  part: Part;
  program: Program;
  short: boolean;
  rollouts: number;
  /** Where the figures go. */
  file: string;
}

function measure(stage: RealStage, { part, program, short, rollouts }: Order): Promise<object> {
  if (part !== 'idle') return measureConcurrent(stage, { program, rollouts, withRoutes: part === 'routed' });
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
