import { defineConfig } from 'vitest/config';

// Each file starts a stack of its own of the same packages: they are compiled once for all.
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/node_modules/.cache/compiled`;

/** Tests of the web UI in a browser, against the whole stack: by themselves, since they need most of the machine. */
export default defineConfig({
  test: {
    include: ['test/web/**/*.test.ts'],
    globalSetup: ['test/support/storage-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Each file has a stack and a browser of its own, and waits for them half of its time.
    maxWorkers: 3,
  },
});
