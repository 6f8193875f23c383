import { blobName } from '../../shared/artifacts/index.ts';
import type { BatchJob } from '../../shared/batch/index.ts';
import type { Context } from '../../shared/context.ts';
import { createSilence } from '../../shared/alerts/index.ts';
import { putMonitor } from '../../shared/monitoring/index.ts';
import type { RetrainingJob } from '../../shared/pipelines/index.ts';
import { modelByName } from '../../shared/registry/index.ts';
import { atOnce, createEndpoint, following } from '../../shared/endpoints/index.ts';
import { createExperiment, createLoggedModel, createRun, logToRun } from '../../shared/tracking/index.ts';
import { keepIncident } from '../alerts/support.ts';
import { classifier, publish } from '../serving/support.ts';
import type { TestServer } from '../support/server.ts';
import type { Things } from './routes.ts';

/** One of each thing that rules are about, and of what belongs to it, all called after `name`. */
export async function makeThings(server: TestServer, name: string): Promise<Things> {
  const { ctx } = server;
  const { experimentId } = await createExperiment(ctx, { name: `experiment ${name}` });
  const { runId } = await createRun(ctx, { experimentId, name: `run ${name}` });
  await logToRun(ctx, runId, { metrics: [{ key: 'm', value: 42.125, timestamp: 1, step: 0 }] });
  const { modelId: loggedModel } = await createLoggedModel(ctx, { experimentId, name: `logged ${name}` });
  const file = `${experimentId}/${runId}/artifacts/secret-${name}.txt`;
  await ctx.stores.blobs('artifacts').write(blobName(ctx, file), Buffer.from(`bytes of ${name}`));
  await publish(server, name, classifier());
  const { modelId } = await modelByName(ctx, name);
  await createEndpoint(ctx, { name, deployments: [following(name, 'champion')], rollout: atOnce });
  await putMonitor(ctx, `monitor-${name}`, { endpoint: name });
  const batchJob = await keepJob(ctx, batchJobOf(ctx, name));
  const batchJobOfModel = await keepJob(ctx, {
    ...batchJobOf(ctx, name),
    jobId: `batch-${modelId}`,
    owner: { type: 'model', id: modelId, name },
  });
  const retraining = await keepJob(ctx, retrainingOf(ctx, name, modelId));
  const incident = await keepIncident(ctx, `monitor-${name}`, name);
  const { silenceId: silence } = await createSilence(ctx, {
    monitor: `monitor-${name}`,
    until: Date.UTC(2100, 0),
    comment: 'known',
  });
  const batchOutput = `${name}/job/data.csv`;
  return {
    experiment: experimentId,
    experimentName: `experiment ${name}`,
    run: runId,
    loggedModel,
    file,
    model: name,
    modelId,
    endpoint: name,
    monitor: `monitor-${name}`,
    batchJob,
    batchOutput,
    batchJobOfModel,
    retraining,
    incident,
    silence,
  };
}

async function keepJob(ctx: Context, doc: BatchJob | RetrainingJob): Promise<string> {
  await ctx.stores.documents('jobs').write([doc.jobId], { op: 'create', doc });
  return doc.jobId;
}

/** A job of an endpoint that was given up before it began. */
function batchJobOf({ workspace }: Context, endpoint: string): BatchJob {
  return {
    ...{ id: 'job', type: 'batch-job', v: 2, workspace, kind: 'batch', jobId: `batch-${endpoint}` },
    owner: { type: 'endpoint', id: endpoint },
    input: {
      ...{ container: 'batch-input', name: `${endpoint}/1/data.csv`, isPrefix: false },
      ...{ etag: '1', files: 1, bytes: 1 },
    },
    options: null,
    output: { container: 'batch-output', name: `${endpoint}/job/data.csv` },
    plan: { file: 0, position: 0, row: 1, chunks: 0, rows: 0, complete: false, rowsAtOnce: 4096 },
    ...{ status: 'cancelled', createdAt: 1, updatedAt: 1, finishedAt: 1 },
  };
}

/** A retraining that came to nothing. */
function retrainingOf({ workspace }: Context, endpoint: string, modelId: string): RetrainingJob {
  return {
    ...{ id: 'job', type: 'retraining-job', v: 1, workspace, kind: 'retraining' },
    ...{ jobId: `retrain-${endpoint}`, monitorId: `monitor-${endpoint}`, endpoint, modelId, model: endpoint },
    ...{ alias: 'champion', champion: 1, executor: 'none', margin: 0, from: 1, to: 2, reasons: [] },
    ...{ status: 'failed', reason: 'none', createdAt: 1, updatedAt: 1 },
  };
}
