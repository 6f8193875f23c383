import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { flushPredictions, readPredictions } from '../../shared/predictions/index.ts';
import { predict, targetOf } from '../../shared/serving/index.ts';
import { classifier, deploy, features, publish } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await publish(server, 'sampled', classifier());
});
afterAll(() => server.close());

const hour = 3_600_000;
const inputs = { input: { type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } } as const;

async function sampling(name: string, sample_rate: number): Promise<void> {
  const { status } = await server.call('POST', '/api/v1/endpoints', {
    name,
    model: 'sampled',
    alias: 'champion',
    logging: { sample_rate },
  });
  expect(status).toBe(201);
}

/** Ids that the log has now. */
async function logged(endpoint: string): Promise<string[]> {
  await flushPredictions(server.ctx.stores);
  const ids: string[] = [];
  const range = { endpoint, from: Date.now() - hour, to: Date.now() + hour };
  for await (const part of readPredictions(server.ctx, range))
    ids.push(...part.column('predictionId').map(String));
  return ids;
}

test('of a sampled endpoint whole calls are logged, as many as were asked for, and only these get ids', async () => {
  await sampling('third', 0.3);
  const target = await targetOf(server.ctx, 'third');
  let state = 7;
  const random = () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
  const ctx: Context = { ...server.ctx, ids: { ...server.ctx.ids, random } };
  const answers = [];
  for (let call = 0; call < 1000; call++) answers.push((await predict(ctx, target, inputs)).ids);
  expect(new Set(answers.map((ids) => ids.length))).toEqual(new Set([0, 2]));
  const ids = answers.flat();
  // Three deviations of a binomial of 1,000 calls at 0.3.
  expect(Math.abs(ids.length / 2 - 300)).toBeLessThan(3 * Math.sqrt(1000 * 0.3 * 0.7));
  expect(await logged('third')).toEqual(ids);
});

test('an answer that is not logged names no ids in either protocol, and is the same otherwise', async () => {
  await sampling('unlogged', 0);
  await deploy(server, 'all', classifier());
  const invoke = (name: string) =>
    server.call('POST', `/endpoints/${name}/invocations`, {
      dataframe_split: { columns: features, data: [[1, 2, 3]] },
    });
  const infer = (name: string) =>
    server.call('POST', `/v2/models/${name}/infer`, {
      inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }],
    });
  const [bare, whole] = [await invoke('unlogged'), await invoke('all')];
  expect(bare).toEqual({ status: 200, body: { predictions: whole.body['predictions'] } });
  expect(whole.body).toHaveProperty('prediction_ids');
  const { status, body } = await infer('unlogged');
  expect(status).toBe(200);
  expect(body).toMatchObject({ outputs: (await infer('all')).body['outputs'] });
  expect(body['parameters'] ?? {}).not.toHaveProperty('prediction_ids');
  expect(await logged('unlogged')).toEqual([]);
});
