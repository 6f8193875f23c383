import { blobName } from '../../shared/artifacts/index.ts';
import type { Context } from '../../shared/context.ts';
import { type ContainerName, containers } from '../../shared/resources.ts';
import { keepIncident } from '../alerts/support.ts';
import { classifier, features } from '../serving/support.ts';
import type { TestServer } from '../support/server.ts';
import type { Caller } from './support.ts';

/** What a world is known by: names and ids of one of each thing. */
export type World = {
  readonly experiment: string;
  readonly run: string;
  readonly model: string;
  readonly modelId: string;
  readonly alias: string;
  readonly endpoint: string;
  readonly monitor: string;
  readonly job: string;
  readonly input: string;
  readonly output: string;
  readonly retraining: string;
  readonly incident: string;
  readonly silence: string;
  readonly webhook: string;
  readonly delivery: string;
  readonly promotion: string;
};

/** Stands in all that people of a world say, so that whoever reads it has seen something of theirs. */
export const secret = 'Zinnober';

/** Makes one of each thing that belongs to a model or an endpoint, all of it named by `tag`, as `call` in `ctx`'s workspace. */
export async function makeWorld(server: TestServer, ctx: Context, call: Caller, tag: string): Promise<World> {
  const ok = async (method: string, path: string, body?: unknown) => {
    const answer = await call(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  const mlflow = '/api/2.0/mlflow';
  const experiment = String(
    (await ok('POST', `${mlflow}/experiments/create`, { name: `${secret}-${tag}` }))['experiment_id'],
  );
  const created = await ok('POST', `${mlflow}/runs/create`, { experiment_id: experiment, run_name: secret });
  const run = String(created['run']?.['info']?.['run_id']);
  await ok('POST', `${mlflow}/runs/log-metric`, {
    run_id: run,
    key: secret,
    value: 1,
    timestamp: 1,
    step: 0,
  });
  await ctx.stores
    .blobs('artifacts')
    .write(blobName(ctx, `${experiment}/${run}/artifacts/model/model.onnx`), classifier());
  const model = `${secret}-${tag}`;
  await ok('POST', `${mlflow}/registered-models/create`, { name: model, description: secret });
  for (let version = 1; version <= 2; version++)
    await ok('POST', `${mlflow}/model-versions/create`, {
      name: model,
      source: `runs:/${run}/model`,
      run_id: run,
      tags: [{ key: 'word', value: secret }],
    });
  await server.drain();
  const webhook = await ok('POST', `${mlflow}/webhooks`, {
    name: secret,
    url: 'https://example.com/hook',
    events: [{ entity: 'MODEL_VERSION_ALIAS', action: 'CREATED' }],
    status: 'ACTIVE',
  });
  await ok('POST', `${mlflow}/registered-models/alias`, { name: model, alias: 'champion', version: '1' });
  await ok('PUT', `/api/v1/models/${model}/policy`, {
    aliases: ['champion'],
    gates: [{ gate: 'approvals', count: 2 }],
  });
  const promotion = await ok('POST', `/api/v1/models/${model}/promotions`, {
    version: 2,
    alias: 'champion',
    comment: secret,
  });
  const endpoint = tag;
  await ok('POST', '/api/v1/endpoints', {
    name: endpoint,
    model,
    alias: 'champion',
    labels: { said: secret },
  });
  await ok('PUT', `/api/v1/monitors/${endpoint}-watch`, { endpoint });
  const incident = await keepIncident(ctx, `${endpoint}-watch`, endpoint, { text: secret });
  const silence = await ok('POST', '/api/v1/silences', {
    monitor: `${endpoint}-watch`,
    until: Date.UTC(2100, 0),
    comment: secret,
  });
  await ok('POST', `/endpoints/${endpoint}/invocations`, {
    dataframe_split: { columns: features, data: [features.map(() => 1)] },
  });
  const folder = ctx.workspace === 'default' ? endpoint : `${endpoint}@${ctx.workspace}`;
  const input = `${folder}/in/${secret}.csv`;
  await ctx.stores.blobs('batch-input').write(input, Buffer.from(`${features.join(',')}\n1,2,3\n`));
  const job = await ok('POST', '/api/v1/batch-jobs', { endpoint, input });
  await server.drain();
  const done = await ok('GET', `/api/v1/batch-jobs/${String(job['id'])}`);
  const retraining = `retrain-${ctx.workspace}-${endpoint}-watch-1`;
  await ctx.stores.documents('jobs').write([retraining], {
    op: 'create',
    doc: {
      id: 'job',
      type: 'retraining-job',
      kind: 'retraining',
      v: 1,
      workspace: ctx.workspace,
      jobId: retraining,
      monitorId: `${endpoint}-watch`,
      endpoint,
      modelId: String(webhook['webhook']?.['webhook_id']),
      model,
      alias: 'champion',
      champion: 1,
      executor: secret,
      margin: 0,
      from: 0,
      to: 1,
      reasons: [],
      createdAt: 1,
      updatedAt: 1,
      status: 'failed',
      reason: secret,
    },
  });
  const webhookId = String(webhook['webhook']?.['webhook_id']);
  const deliveries = await ok('GET', `/api/v1/webhooks/${webhookId}/deliveries`);
  return {
    experiment,
    run,
    model,
    modelId: String((await ok('GET', `/api/v1/models/${model}`))['model_id']),
    alias: 'champion',
    endpoint,
    monitor: `${endpoint}-watch`,
    job: String(job['id']),
    input,
    output: String(done['output']?.['name']),
    retraining,
    incident,
    silence: String(silence['id']),
    webhook: webhookId,
    delivery: String(deliveries['deliveries']?.['0']?.['delivery_id']),
    promotion: String(promotion['number']),
  };
}

/** Names and ids of the same kinds for which there is nothing. */
export function nowhere(world: World, workspace: string): World {
  const folder = workspace === 'default' ? 'nobody' : `nobody@${workspace}`;
  const run = world.run.slice(0, 16) + 'f'.repeat(16);
  return {
    experiment: world.experiment,
    run,
    model: 'Nobodys',
    modelId: 'f'.repeat(32),
    alias: world.alias,
    endpoint: 'nobody',
    monitor: 'nobody-watch',
    job: `batch-${'f'.repeat(32)}`,
    input: `${folder}/in/none.csv`,
    output: `${folder}/none/none.csv`,
    retraining: 'retrain-none',
    incident: 'nobody-watch-1',
    silence: '00000000000000-none',
    webhook: '00000000-0000-4000-8000-000000000000',
    delivery: '00000000-0000-4000-8000-000000000001',
    promotion: world.promotion,
  };
}

const described: readonly ContainerName[] = [
  'experiments',
  'runs',
  'logged-models',
  'models',
  'endpoints',
  'monitors',
  'jobs',
  'webhooks',
  'lineage',
];

/** Every document about runs, models and endpoints, as it stands: what a test compares before and after. */
export async function snapshot({ ctx }: TestServer): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of described) {
    const docs = await ctx.stores
      .documents(name)
      .query<Record<string, unknown>>({ text: 'SELECT * FROM c' }, { consistency: 'strong' });
    for (const { _etag, _ts, ...doc } of docs) {
      if (doc['type'] === 'agenda' || doc['type'] === 'event') continue;
      const key = containers[name].partitionKey.map((path) => doc[path.slice(1)]);
      found.set(JSON.stringify([name, ...key, doc['id']]), JSON.stringify(doc));
    }
  }
  return found;
}
