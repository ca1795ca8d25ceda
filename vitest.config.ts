import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/real/**', 'node_modules/**'],
    // It is for what hangs: a busy machine takes several times as long for the properties with the most cases.
    testTimeout: 90_000,
    hookTimeout: 20_000,
    maxWorkers: 2,
    // No test changes what it has imported: to load it once for all files saves a third of the time.
    isolate: false,
    // Thousands of git processes are started: a fork costs by the memory that was written to lately.
    execArgv: ['--max-semi-space-size=2'],
  },
});
