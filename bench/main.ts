import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchAccess } from './access.ts';
import { benchBatch } from './batch.ts';
import { benchCosmos } from './cosmos.ts';
import { benchIsolation } from './isolation.ts';
import { benchMonitoring } from './monitoring.ts';
import { benchProfiles } from './profiles.ts';
import { benchRegistry } from './registry.ts';
import { type BenchOptions, type BenchResult, type BenchRow, keeps, table } from './report.ts';
import { benchServing } from './serving.ts';
import { benchStart } from './start.ts';
import { benchTracking } from './tracking.ts';

/** Each measures one part; what it compares with runs in the same minutes on the same machine. */
const parts: Readonly<
  Record<string, { about: string; run: (options: BenchOptions) => Promise<BenchResult> }>
> = {
  start: { about: 'cold import of the bundle', run: async () => ({ rows: await benchStart() }) },
  cosmos: {
    about: 'the Cosmos DB emulator, against plain node:sqlite',
    run: async () => ({ rows: await benchCosmos() }),
  },
  tracking: { about: "tracking, against MLflow's own server", run: benchTracking },
  isolation: {
    about: 'tracking while endpoints are stormed, in two apps and in one',
    run: async (options) => ({ rows: await benchIsolation(options) }),
  },
  access: { about: 'what signing in adds to a tracking call', run: benchAccess },
  registry: { about: "the registry of many models, against MLflow's own server", run: benchRegistry },
  batch: {
    about: 'whole batch jobs, against scoring alone and a script of pandas and onnxruntime',
    run: async (options) => ({ rows: await benchBatch(options) }),
  },
  profiles: {
    about: 'the prediction log and its profiles, a row',
    run: async (options) => ({ rows: await benchProfiles(options) }),
  },
  monitoring: {
    about: 'a check of a day of a million predictions, against reading the rows',
    run: async (options) => ({ rows: await benchMonitoring(options) }),
  },
  serving: {
    about: "real-time inference, against an echo, MLflow's scoring server and MLServer",
    run: benchServing,
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !(name in parts));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`There is no part '${unknown.join("', '")}'.\n`);
  process.stdout.write(
    `Usage: make bench [ARGS="[--quick | --whole] [part …]"]\n\n${Object.entries(parts)
      .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
      .join(
        '\n',
      )}\n\n  --quick  less of everything: to try a change, not to judge it\n  --whole  batch jobs of 1 and 5 GB as well, which take long and 15 GB of disk\n`,
  );
  process.exit(unknown.length > 0 ? 1 : 0);
}

const results: Record<string, readonly BenchRow[]> = {};
process.stdout.write(
  `Local figures: ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}\n`,
);
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const part = parts[name];
  if (!part) continue;
  process.stdout.write(`\n${name}: ${part.about} …\n`);
  const { rows, text } = await part.run({ quick: values.quick, whole: values.whole });
  results[name] = rows;
  if (text !== undefined) process.stdout.write(`\n${text}\n\n`);
  process.stdout.write(`${table(text === undefined ? rows : rows.filter((row) => row.budget))}\n`);
}
await writeFile(
  fileURLToPath(new URL('results.json', import.meta.url)),
  `${JSON.stringify(results, null, 2)}\n`,
);
const missed = Object.values(results)
  .flat()
  .filter((row) => !keeps(row)).length;
process.stdout.write(
  `\n${missed === 0 ? 'Every budget kept.' : `${missed} missed.`} Figures in bench/results.json.\n`,
);
