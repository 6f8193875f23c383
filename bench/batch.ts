/**
 * Batch scoring on one core: how many rows go from CSV through a model to CSV in a second of processor
 * time, what scoring row by row would cost, and what memory a file takes. Processor time, not the clock on
 * the wall, so that other work on the machine does not show. Every scenario runs in a process of its own;
 * whole jobs include that process's part of the HTTP with Azurite and of the Cosmos DB emulator.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startAzurite } from '../local/azurite/index.ts';
import { getJob, planJob, scoreChunk, submitBlob } from '../shared/batch/index.ts';
import { scoreRows } from '../shared/batch/score.ts';
import type { Context } from '../shared/context.ts';
import { NumericRows } from '../shared/datasets/index.ts';
import { trees } from '../shared/execution/testing.ts';
import { linearClassifier } from '../shared/onnx/index.ts';
import { createModel, createVersion, getReady, inspectVersion, moveAlias } from '../shared/registry/index.ts';
import { atOnce, createEndpoint, getEndpoint, following, requireMain } from '../shared/endpoints/index.ts';
import { loadModel } from '../shared/serving/index.ts';
import { openContext, testEnvironment } from '../test/support/context.ts';
import type { BenchRow } from './report.ts';

type ModelName = 'trees' | 'linear';
type Scenario =
  | { readonly kind: 'engine'; readonly model: ModelName; readonly rows: number; readonly rowsAtOnce: number }
  | { readonly kind: 'job'; readonly model: ModelName; readonly rows: number };
type Measured = { readonly rowsPerSecond: number; readonly peakMb: number };

const featureCount = 20;
const features = Array.from({ length: featureCount }, (_, i) => `feature_${i}`);
const smallRows = 400_000;
const largeRows = 1_600_000;

export async function benchBatch(): Promise<BenchRow[]> {
  const azurite = await startAzurite({ data: null });
  const measure = (scenario: Scenario) => inProcess(scenario, azurite.connectionString);
  try {
    const { stores } = await open(azurite.connectionString);
    await stores.createIfMissing();
    for (const rows of [smallRows, largeRows])
      await stores.blobs('batch-input').writeStream(inputName(rows), Readable.from(csv(rows)));
    await stores.close();

    const byTrees = await measure({ kind: 'engine', model: 'trees', rows: smallRows, rowsAtOnce: 4096 });
    const treesByOne = await measure({ kind: 'engine', model: 'trees', rows: 25_000, rowsAtOnce: 1 });
    const byLinear = await measure({ kind: 'engine', model: 'linear', rows: smallRows, rowsAtOnce: 4096 });
    const linearByOne = await measure({
      kind: 'engine',
      model: 'linear',
      rows: 25_000,
      rowsAtOnce: 1,
    });
    const treesJob = await measure({ kind: 'job', model: 'trees', rows: smallRows });
    const linearJob = await measure({ kind: 'job', model: 'linear', rows: smallRows });
    const largeJob = await measure({ kind: 'job', model: 'linear', rows: largeRows });
    return [
      {
        name: 'CSV → 100 trees → CSV',
        value: byTrees.rowsPerSecond,
        unit: 'rows/s/core',
        budget: { min: 100_000 },
      },
      { name: 'CSV → linear → CSV', value: byLinear.rowsPerSecond, unit: 'rows/s/core' },
      {
        name: '100 trees, against row by row',
        value: byTrees.rowsPerSecond / treesByOne.rowsPerSecond,
        unit: '×',
      },
      {
        name: 'linear, against row by row',
        value: byLinear.rowsPerSecond / linearByOne.rowsPerSecond,
        unit: '×',
      },
      { name: 'whole job, 100 trees', value: treesJob.rowsPerSecond, unit: 'rows/s/core' },
      { name: 'whole job, linear', value: largeJob.rowsPerSecond, unit: 'rows/s/core' },
      { name: `peak memory, ${smallRows} rows`, value: linearJob.peakMb, unit: 'MB' },
      { name: `peak memory, ${largeRows} rows`, value: largeJob.peakMb, unit: 'MB' },
      {
        name: 'memory of a file 4 times as large',
        value: largeJob.peakMb / linearJob.peakMb,
        unit: '×',
        budget: { max: 1.3 },
      },
    ];
  } finally {
    await azurite.stop();
  }
}

async function inProcess(scenario: Scenario, connectionString: string): Promise<Measured> {
  const child = fork(
    fileURLToPath(import.meta.url),
    ['--scenario', JSON.stringify(scenario), connectionString],
    { execArgv: [] },
  );
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The scenario ${JSON.stringify(scenario)} ended with ${String(code)}.`);
  });
  const [measured] = (await Promise.race([once(child, 'message'), ended])) as [Measured];
  ended.catch(() => undefined);
  return measured;
}

async function runScenario(scenario: Scenario, connectionString: string): Promise<Measured> {
  const { ctx, stores } = await open(connectionString);
  await stores.createIfMissing();
  const endpoint = 'bench';
  await deploy(
    ctx,
    endpoint,
    scenario.model === 'trees' ? trees(100, 6, randomNumbers(11), features) : linear(),
  );
  const seconds =
    scenario.kind === 'engine'
      ? await scoreFromMemory(ctx, endpoint, scenario)
      : await scoreJob(ctx, scenario.rows);
  await stores.close();
  return { rowsPerSecond: scenario.rows / seconds, peakMb: process.resourceUsage().maxRSS / 1024 };
}

/** Parse, score and format, without storage. */
async function scoreFromMemory(
  ctx: Context,
  name: string,
  { rows, rowsAtOnce }: Extract<Scenario, { kind: 'engine' }>,
): Promise<number> {
  const { modelId } = requireMain(await getEndpoint(ctx, name));
  const model = await loadModel(ctx, await getReady(ctx, modelId, 1));
  const [header, ...blocks] = (await Readable.from(csv(rows)).toArray()) as Buffer[];
  const columns = header.toString().trim().split(',');
  let bytes = 0;
  const pass = async (source: readonly Buffer[]) => {
    const table = new NumericRows(columns, features, { rowsMax: rowsAtOnce });
    for await (const { lines } of scoreRows(Readable.from(source), 0, table, model)) bytes += lines.length;
  };
  await pass(blocks.slice(0, 2));
  const seconds = coreSeconds();
  await pass(blocks);
  if (bytes === 0) throw new Error('Nothing was scored.');
  return seconds();
}

/** From the event of the blob to the output in place, by one worker. */
async function scoreJob(ctx: Context, rows: number): Promise<number> {
  const seconds = coreSeconds();
  const job = await submitBlob(ctx, inputName(rows));
  if (!job) throw new Error('No job was made.');
  await planJob(ctx, job);
  const { chunks } = (await getJob(ctx, job.jobId)).job.plan;
  for (let chunk = 0; chunk < chunks; chunk++) await scoreChunk(ctx, { jobId: job.jobId, chunk });
  const spent = seconds();
  const { status } = (await getJob(ctx, job.jobId)).job;
  if (status !== 'succeeded') throw new Error(`The job has ${status}.`);
  await ctx.stores.blobs('batch-output').remove(job.output.name);
  return spent;
}

/** Starts a count of the seconds that this process, all its threads together, spends on a processor. */
function coreSeconds(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
}

async function open(connectionString: string) {
  const ctx = await openContext(testEnvironment(connectionString));
  return { ctx, stores: ctx.stores };
}

async function deploy(ctx: Context, name: string, model: Uint8Array): Promise<void> {
  const path = `0/${ctx.ids.hex(8)}/artifacts/model.onnx`;
  await ctx.stores.blobs('artifacts').write(`${ctx.workspace}/${path}`, model);
  const { modelId } = await createModel(ctx, { name });
  const { version } = await createVersion(ctx, { name, source: `mlflow-artifacts:/${path}` });
  await inspectVersion(ctx, {
    type: 'version.created',
    aggregate: `version/${modelId}/${version}`,
    seq: 1,
    actor: 'bench',
    requestId: 'bench',
    traceparent: ctx.trace,
    at: ctx.clock.now(),
    subject: { modelId, version: String(version) },
  });
  await moveAlias(ctx, { name, alias: 'champion', version });
  await createEndpoint(ctx, { name, deployments: [following(name, 'champion')], rollout: atOnce });
}

function inputName(rows: number): string {
  return `bench/${rows}.csv`;
}

/** The header, then blocks of rows: an id and the features with six decimals, about 210 bytes a row. */
function* csv(rows: number): Generator<Buffer> {
  const random = randomNumbers(7);
  yield Buffer.from(`id,${features.join(',')}\n`);
  for (let row = 0; row < rows; ) {
    let block = '';
    for (const end = Math.min(row + 500, rows); row < end; row++) {
      block += row;
      for (let i = 0; i < featureCount; i++) block += `,${(random() * 200 - 100).toFixed(6)}`;
      block += '\n';
    }
    yield Buffer.from(block);
  }
}

function linear(): Uint8Array {
  const random = randomNumbers(13);
  return linearClassifier({
    features,
    labels: ['no', 'yes'],
    coefficients: Array.from({ length: 2 * featureCount }, () => (random() - 0.5) / 50),
    intercepts: [0, 0.1],
  });
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const [, , mode, scenario, connectionString] = process.argv;
if (mode === '--scenario' && scenario !== undefined && connectionString !== undefined) {
  process.send?.(await runScenario(JSON.parse(scenario) as Scenario, connectionString));
  process.disconnect?.();
} else if (import.meta.main) {
  for (const row of await benchBatch()) process.stdout.write(`${JSON.stringify(row)}\n`);
}
