import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './longest-first.ts';
import { reportersFor } from './reporting.ts';
import { readRealWorld } from './state.ts';

const FLUX = 'test/real/flux.test.ts';
const isFluxLane = process.env.HEADGATE_LANE === 'flux';
/** Told in a world of its own where there is a Flux; else here, to say that it is skipped. */
const fluxIsApart = readRealWorld()?.parts['kustomize-controller'] !== undefined;

/** Stories wait more than they work: several are told at once, and no more than leave each the time to keep its promises. */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    reporters: reportersFor(isFluxLane ? 'flux' : 'stories'),
    include: isFluxLane ? [FLUX] : ['test/behaviour/*.test.ts', 'test/real/**/*.test.ts'],
    // Servers are broken there: those stories have a world of their own.
    exclude: ['test/real/circumstances/**', ...(fluxIsApart && !isFluxLane ? [FLUX] : [])],
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
