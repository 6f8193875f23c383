/**
 * What scoring costs without storage, queues and counts: CSV in memory is parsed, scored and written. It runs in a
 * process of its own.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CsvLines } from '../shared/batch/formats/csv-lines.ts';
import { numericCsv } from '../shared/batch/formats/csv-rows.ts';
import { predictorOf } from '../shared/batch/formats/predicted.ts';
import { plainOptions } from '../shared/batch/options.ts';
import { BlockScorer } from '../shared/batch/score.ts';
import { createModel, createVersion, getReady, inspectVersion } from '../shared/registry/index.ts';
import { loadModel } from '../shared/serving/index.ts';
import { testContext } from '../test/support/context.ts';
import { csv, features } from './batch-inputs.ts';
import { type ModelName, models } from './batch-models.ts';

type Engine = { readonly model: ModelName; readonly rows: number; readonly rowsAtOnce: number };

/** Rows in a second of processor time, of all threads of the process together. */
export async function engineRate(engine: Engine): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(engine)], { execArgv: [] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The engine ended with ${String(code)}.`);
  });
  const [rate] = (await Promise.race([once(child, 'message'), ended])) as [number];
  ended.catch(() => undefined);
  return rate;
}

async function measured({ model: which, rows, rowsAtOnce }: Engine): Promise<number> {
  const context = await testContext();
  const { ctx } = context;
  const path = `0/${ctx.ids.hex(8)}/artifacts/model.onnx`;
  await ctx.stores.blobs('artifacts').write(`${ctx.workspace}/${path}`, models[which]());
  const { modelId } = await createModel(ctx, { name: which });
  const { version } = await createVersion(ctx, { name: which, source: `mlflow-artifacts:/${path}` });
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
  const ready = await getReady(ctx, modelId, version);
  const model = await loadModel(ctx, ready);
  const [port] = model.inputs;
  if (!port) throw new Error('The model has no input.');
  const predictor = predictorOf(model.outputs, ready, plainOptions);
  const scorer = new BlockScorer(ctx, model, predictor, 'fail');
  const [header = Buffer.alloc(0), ...blocks] = [...csv(rows)];
  const columns = header.toString().trim().split(',');
  let bytes = 0;
  const pass = async (source: readonly Buffer[]) => {
    const lines = new CsvLines(header, predictor.columns);
    const table = { columns, features, port, delimiter: ',' };
    const how = { rowsMax: rowsAtOnce, row: 1, position: 0, badRows: 'fail' } as const;
    for await (const block of numericCsv(Readable.from(source), table, how)) {
      const { predicted } = await scorer.score(block);
      bytes += lines.write(block, predicted).bytes.length;
    }
  };
  await pass(blocks.slice(0, 1));
  const before = process.cpuUsage();
  await pass(blocks);
  const { user, system } = process.cpuUsage(before);
  await context.close();
  if (bytes === 0) throw new Error('Nothing was scored.');
  return (rows * 1e6) / (user + system);
}

const [, , engine] = process.argv;
if (import.meta.main && engine !== undefined) {
  process.send?.(await measured(JSON.parse(engine) as Engine));
  process.disconnect?.();
}
