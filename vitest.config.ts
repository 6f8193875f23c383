import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** `CAIRN_TEST=long` runs the full forms: soaks, large files, many repetitions. */
const long = process.env['CAIRN_TEST'] === 'long';

// Each file has a process of its own, and most load the same packages: they are compiled once for all.
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/node_modules/.cache/compiled`;

export default defineConfig({
  test: {
    include: ['{functions,shared,local,test,infra,examples,scripts,web}/**/*.test.ts'],
    // They need a browser: vitest.web.config.ts.
    exclude: [...configDefaults.exclude, 'test/web/**'],
    globalSetup: ['test/support/storage-setup.ts'],
    // Ends what hangs; on a busy machine a test may take ten times what it takes on a quiet one.
    testTimeout: long ? 600_000 : 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // A test file waits for timers, storage and processes a quarter of its time: a core would idle otherwise.
    maxWorkers: availableParallelism() + 1,
  },
});
