import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { reportersFor } from './reporting.ts';

/** Each story breaks servers that all others need: one after the other. */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    reporters: reportersFor(process.env.HEADGATE_LANE ?? 'circumstances'),
    include: ['test/real/circumstances/*.test.ts'],
    fileParallelism: false,
    maxWorkers: 1,
    // Real time on shared cores: a machine that stands still for a second fails a story once, a bug fails it twice.
    retry: 1,
    testTimeout: 420_000,
    hookTimeout: 60_000,
  },
});
