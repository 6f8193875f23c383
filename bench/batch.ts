/**
 * Batch scoring: how many rows a core scores in whole jobs, from the request to the output in place, against what
 * scoring alone costs; what memory that takes, whatever the size of the input; what several hosts make of it; and what a
 * script of pandas and onnxruntime does with the same file. Processor time and not the clock on the wall, so that other
 * work on the machine does not show; only several hosts are judged by the clock.
 */
import { createReadStream } from 'node:fs';
import { vegaFile } from '../examples/data/source.ts';
import { engineRate } from './batch-engine.ts';
import { type BatchHosts, batchHosts, type MeasuredJob } from './batch-hosts.ts';
import { type InputFormat, inputOf, rowsOf } from './batch-inputs.ts';
import { type ModelName, models } from './batch-models.ts';
import { pandasRate } from './batch-pandas.ts';
import { type BenchOptions, type BenchRow, table } from './report.ts';

/** What a process that scores may take, however large its input. */
const memoryMbMax = 300;
const rateMin = { trees: 100_000, linear: 300_000 } as const;

const engineRows = 400_000;
const oneByOneRows = 20_000;
const workers = [2, 4];
const formats: readonly InputFormat[] = ['csv', 'csv.gz', 'jsonl', 'parquet'];

/** Megabytes of CSV of the inputs: the other formats have as many rows. */
const sizes = (whole: boolean) => (whole ? [100, 1_000, 5_000] : [100]);

/**
 * Megabytes of CSV from which on a rate is judged. A host that has done nothing yet first loads the runtime and the
 * model, makes room for new objects little and compiles what it runs: over half a second of a processor whatever the
 * size, which is a quarter of a job of 100 MB and tells nothing of how many rows a core scores. Files of 1 GB would be
 * better still, but take too long for every day.
 */
const ratedMegabytes = 400;

type Rated = (typeof formats)[number];
type Rates = Readonly<Record<'trees' | 'linear', number>>;

export async function benchBatch({ whole }: BenchOptions): Promise<BenchRow[]> {
  const { rows, rates } = await benchEngine();
  const hosts = await batchHosts(Math.max(...workers), { isOnDisk: whole });
  try {
    for (const [name, model] of Object.entries(models)) await hosts.deploy(name, model());
    for (const megabytes of sizes(whole))
      for (const format of formats) rows.push(...(await benchFile(hosts, { format, megabytes }, rates)));
    if (!whole) rows.push(...(await benchFile(hosts, { format: 'csv', megabytes: ratedMegabytes }, rates)));
    rows.push(...(await benchFlights(hosts)), ...(await benchWorkers(hosts)));
  } finally {
    await hosts.stop();
  }
  return [...rows, ...(await benchPandas(rows))];
}

/** Without storage; row by row as well. */
async function benchEngine(): Promise<{ rows: BenchRow[]; rates: Rates }> {
  const measure = async (model: 'trees' | 'linear') => ({
    many: await engineRate({ model, rows: engineRows, rowsAtOnce: 4096 }),
    single: await engineRate({ model, rows: oneByOneRows, rowsAtOnce: 1 }),
  });
  const trees = await measure('trees');
  const linear = await measure('linear');
  return {
    rates: { trees: trees.many, linear: linear.many },
    rows: [
      { name: 'scoring alone, 100 trees', value: trees.many, unit: 'rows/s/core' },
      { name: 'scoring alone, linear', value: linear.many, unit: 'rows/s/core' },
      { name: '100 trees, against row by row', value: trees.many / trees.single, unit: '×' },
      { name: 'linear, against row by row', value: linear.many / linear.single, unit: '×' },
    ],
  };
}

/** Jobs of one file: by both models where it is CSV, by the linear one alone where it is not. */
async function benchFile(
  hosts: BatchHosts,
  { format, megabytes }: { format: Rated; megabytes: number },
  rates: Rates,
): Promise<BenchRow[]> {
  const input = nameOf(format, megabytes);
  await hosts.upload(input, inputOf(format, rowsOf(megabytes)));
  const rows: BenchRow[] = [];
  for (const model of format === 'csv' ? (['linear', 'trees'] as const) : (['linear'] as const)) {
    const job = await hosts.run(model, input);
    const isRated = format === 'csv' && megabytes >= ratedMegabytes;
    const budget = isRated ? { budget: { min: rateMin[model] } } : {};
    const name = jobName(model, format, megabytes);
    const measured: BenchRow[] = [
      { name, value: rateOf(job), unit: 'rows/s/core', ...budget },
      { name: `${name}, against scoring CSV alone`, value: rateOf(job) / rates[model], unit: '×' },
      { name: `${name}, peak memory`, value: job.peakMb, unit: 'MB', budget: { max: memoryMbMax } },
    ];
    // Large files take the better part of an hour: what is known by then is not lost if somebody stops it.
    process.stderr.write(`${table(measured)}\n`);
    rows.push(...measured);
  }
  // The one that several hosts share stays.
  if (input !== sharedInput) await hosts.remove(input);
  return rows;
}

/** Three million real rows, from Parquet to Parquet. */
async function benchFlights(hosts: BatchHosts): Promise<BenchRow[]> {
  const input = 'bench/flights-3m.parquet';
  await hosts.upload(input, createReadStream(vegaFile('flights-3m.parquet')));
  const job = await hosts.run('flights' satisfies ModelName, input);
  const name = `job of ${job.rows.toLocaleString('en')} flights`;
  return [
    { name, value: rateOf(job), unit: 'rows/s/core' },
    { name: `${name}, from end to end`, value: job.seconds, unit: 's' },
    { name: `${name}, peak memory`, value: job.peakMb, unit: 'MB', budget: { max: memoryMbMax } },
  ];
}

/** The same file by several hosts, of which each takes a chunk at a time. */
async function benchWorkers(hosts: BatchHosts): Promise<BenchRow[]> {
  const alone = await hosts.run('trees', sharedInput);
  const rows: BenchRow[] = [];
  for (const count of workers) {
    const job = await hosts.run('trees', sharedInput, count);
    const name = `${count} hosts, 100 trees, against 1`;
    rows.push(
      { name: `${name}, by the clock`, value: alone.seconds / job.seconds, unit: '×' },
      { name: `${name}, a core`, value: rateOf(job) / rateOf(alone), unit: '×' },
      {
        name: `${count} hosts, peak memory of one`,
        value: job.peakMb,
        unit: 'MB',
        budget: { max: memoryMbMax },
      },
    );
  }
  return rows;
}

/** What the script does with the smallest file; nothing where Python is not installed. */
async function benchPandas(rows: readonly BenchRow[]): Promise<BenchRow[]> {
  const megabytes = sizes(false)[0] ?? 0;
  const compared: BenchRow[] = [];
  for (const model of ['linear', 'trees'] as const) {
    const script = await pandasRate(models[model](), rowsOf(megabytes));
    if (!script) return [];
    const own = rows.find(({ name }) => name === jobName(model, 'csv', megabytes))?.value ?? Number.NaN;
    const name = `pandas and onnxruntime, ${model}`;
    compared.push(
      { name, value: script.rowsPerSecond, unit: 'rows/s/core' },
      { name: `job against ${name}`, value: own / script.rowsPerSecond, unit: '×' },
      { name: `${name}, peak memory`, value: script.peakMb, unit: 'MB' },
    );
  }
  return compared;
}

const nameOf = (format: Rated, megabytes: number) => `bench/${megabytes}.${format}`;
const sharedInput = nameOf('csv', sizes(false)[0] ?? 0);
const jobName = (model: string, format: Rated, megabytes: number) =>
  `job of ${megabytes} MB ${format}, ${model}`;
const rateOf = ({ rows, coreSeconds }: MeasuredJob) => rows / coreSeconds;
