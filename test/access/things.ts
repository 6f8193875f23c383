import { blobName } from '../../shared/artifacts/index.ts';
import type { BatchJob } from '../../shared/batch/index.ts';
import type { Context } from '../../shared/context.ts';
import { putMonitor } from '../../shared/monitoring/index.ts';
import type { RetrainingJob } from '../../shared/pipelines/index.ts';
import { modelByName } from '../../shared/registry/index.ts';
import { createEndpoint } from '../../shared/serving/index.ts';
import { createExperiment, createLoggedModel, createRun, logToRun } from '../../shared/tracking/index.ts';
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
  await createEndpoint(ctx, { name, model: name, alias: 'champion' });
  await putMonitor(ctx, `monitor-${name}`, { endpoint: name });
  const batchJob = await writeJob<BatchJob>(ctx, `batch-${name}`, { type: 'batch-job', endpoint: name });
  const retraining = await writeJob<RetrainingJob>(ctx, `retrain-${name}`, {
    type: 'retraining-job',
    endpoint: name,
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
    retraining,
  };
}

/** A job as far as the guard looks at it: whose endpoint it is of. */
async function writeJob<Job extends BatchJob | RetrainingJob>(
  ctx: Context,
  jobId: string,
  job: Pick<Job, 'type' | 'endpoint'>,
): Promise<string> {
  const { workspace } = ctx;
  const doc = { id: 'job', v: 1, workspace, jobId, status: 'cancelled', createdAt: 1, updatedAt: 1, ...job };
  await ctx.stores.documents('jobs').write([jobId], { op: 'create', doc });
  return jobId;
}
