import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/plain-output.ts'],
    pool: 'forks',
    // Tests start processes of their own; more workers than this fight for two cores and gain nothing.
    maxWorkers: 2,
    // Ends what hangs. Nothing waits for the wall clock, so a busy machine must not fail a test.
    testTimeout: 240_000,
    hookTimeout: 300_000,
  },
});
