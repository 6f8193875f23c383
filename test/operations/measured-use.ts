import { createEndpoint, following, atOnce } from '../../shared/endpoints/index.ts';
import { flushPredictions } from '../../shared/predictions/index.ts';
import { classifier, publish } from '../serving/support.ts';
import { drop, rowsFile } from '../batch/support.ts';
import type { JsonObject, TestServer } from '../support/server.ts';
import { idle } from './idle-day.ts';
import { type Use, useOf } from './meter.ts';

/** What each kind of work uses, by the names of `scripts/cost/measured.json`. */
export type MeasuredUse = Readonly<Record<string, Use>>;

const batchRows = 100_000;
const idleHours = 4;
const watched = ['iris', 'tulip', 'rose'];

/** Measures on a stack of its own, whose emulator charges request units as the service documents them. */
export async function measureUse(server: TestServer): Promise<MeasuredUse> {
  const post = async (path: string, body: unknown): Promise<JsonObject> => {
    const answer = await server.call('POST', path, body);
    if (answer.status !== 200 && answer.status !== 201)
      throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const mlflow = (call: string, body: unknown) => post(`/api/2.0/mlflow/${call}`, body);
  const metrics = (at: number) =>
    Array.from({ length: 10 }, (_, i) => ({ key: `m${i}`, value: at + i, timestamp: at, step: at }));

  await useOf(server, () => mlflow('runs/create', {}));
  const idleHour = perHour(await idleUse(server));
  const runs: string[] = [];
  const run = await useOf(server, async () => {
    const created = await mlflow('runs/create', { start_time: Date.now() });
    const id = String(created['run']?.['info']?.['run_id']);
    runs.push(id);
    const params = Array.from({ length: 10 }, (_, i) => ({ key: `p${i}`, value: '0.1' }));
    await mlflow('runs/log-batch', { run_id: id, params });
    await mlflow('runs/update', { run_id: id, status: 'FINISHED', end_time: Date.now() });
  });
  const [runId = ''] = runs;
  const logged = await useOf(server, async () => {
    for (let at = 0; at < 100; at++) await mlflow('runs/log-batch', { run_id: runId, metrics: metrics(at) });
  });
  const artifact = await useOf(server, () =>
    server.fetch(`/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/a.txt`, {
      method: 'PUT',
      body: 'a',
    }),
  );
  const search = await useOf(server, () =>
    mlflow('runs/search', { experiment_ids: ['0'], max_results: 100 }),
  );
  const version = await useOf(server, () => publish(server, 'iris', classifier()));
  for (const name of watched.slice(1)) await publish(server, name, classifier());
  for (const name of watched)
    await createEndpoint(server.ctx, {
      name,
      deployments: [following(name, 'champion')],
      rollout: atOnce,
    });
  const inputs = [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }];
  const predict = () => post('/v2/models/iris/infer', { inputs });
  await useOf(server, predict);
  const flushed = async () =>
    useOf(server, async () => {
      for (let i = 0; i < 1_000; i++) await predict();
      await flushPredictions(server.ctx.stores);
    });
  // The lesser of two: now and then the endpoint is looked up anew, by the clock and not by the calls.
  const [one, other] = [await flushed(), await flushed()];
  const flush = one.requestUnits < other.requestUnits ? one : other;
  const batchJob = await useOf(server, () => drop(server.ctx, 'iris', rowsFile(batchRows)));
  const withEndpoints = perHour(await idleUse(server));
  return {
    idleHour,
    run,
    logCall: times(logged, 1 / 100),
    artifact,
    search,
    version,
    predictionFlush: flush,
    batchJobOf100kRows: batchJob,
    endpointHour: times(plus(withEndpoints, times(idleHour, -1)), 1 / watched.length),
  };
}

async function idleUse(server: TestServer): Promise<Use> {
  const { requestUnits, blobWrites, blobReads, messages } = await idle(server, idleHours);
  return { requestUnits, blobWrites, blobReads, messages };
}

const perHour = (use: Use) => times(use, 1 / idleHours);

function times(use: Use, factor: number): Use {
  const { requestUnits, blobWrites, blobReads, messages } = use;
  return {
    requestUnits: requestUnits * factor,
    blobWrites: blobWrites * factor,
    blobReads: blobReads * factor,
    messages: messages * factor,
  };
}

function plus(a: Use, b: Use): Use {
  return {
    requestUnits: a.requestUnits + b.requestUnits,
    blobWrites: a.blobWrites + b.blobWrites,
    blobReads: a.blobReads + b.blobReads,
    messages: a.messages + b.messages,
  };
}
