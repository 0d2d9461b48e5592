import { defineConfig } from 'vitest/config';

/** Checks against the published schemas and third-party recordings in a folder beside the repository. */
export default defineConfig({
  test: {
    include: ['test/shared/**/*.test.ts'],
    globalSetup: ['test/harness/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
