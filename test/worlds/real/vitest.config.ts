import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './longest-first.ts';
import { ON_DEMAND, ON_DEMAND_LANE } from './on-demand.ts';
import { reportersFor } from './reporting.ts';
import { readRealWorld } from './state.ts';

const isOnDemand = process.env.HEADGATE_LANE === ON_DEMAND_LANE;
const onDemand = ON_DEMAND.map(({ file }) => file);
/** Told in the other lane where their part is there; else here, to say that they are skipped. */
const apart = ON_DEMAND.filter(({ part }) => readRealWorld()?.parts[part] !== undefined).map(({ file }) => file);

/** Stories wait more than they work: several are told at once, and no more than leave each the time to keep its promises. */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    reporters: reportersFor(isOnDemand ? ON_DEMAND_LANE : 'stories'),
    include: isOnDemand ? onDemand : ['test/behaviour/*.test.ts', 'test/real/**/*.test.ts'],
    // Servers are broken there: those stories have a world of their own.
    exclude: ['test/real/circumstances/**', ...(isOnDemand ? [] : apart)],
    isolate: false,
    sequence: { concurrent: true, sequencer: LongestFirst },
    maxConcurrency: 8,
    maxWorkers: 4,
    // Real time on shared cores: a machine that stands still for a second fails a story once, a bug fails it twice.
    retry: 1,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
