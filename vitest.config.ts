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
    testTimeout: long ? 600_000 : 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Tests wait for storage as much as they compute: half the cores would idle with vitest's default.
    maxWorkers: '100%',
  },
});
