import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { reportersFor } from './reporting.ts';

/** Stories wait far more than they work: many are told at once. */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    reporters: reportersFor('stories'),
    include: ['test/behaviour/*.test.ts', 'test/real/**/*.test.ts'],
    // Servers are broken there: those stories have a world of their own.
    exclude: ['test/real/circumstances/**'],
    sequence: { concurrent: true },
    maxConcurrency: 16,
    maxWorkers: 5,
    // Real time on shared cores: a machine that stands still for a second fails a story once, a bug fails it twice.
    retry: 1,
    testTimeout: 400_000,
    hookTimeout: 60_000,
  },
});
