import type { LineageGraph } from '../../shared/lineage/index.ts';
import type { Context } from '../../shared/context.ts';
import {
  createLoggedModel,
  createRun,
  logInputs,
  logOutputs,
  updateRun,
} from '../../shared/tracking/index.ts';

export const commit = '0123456789abcdef0123456789abcdef01234567';

export const gitTags = [
  { key: 'mlflow.source.git.commit', value: commit },
  { key: 'mlflow.source.git.branch', value: 'main' },
  { key: 'mlflow.source.git.repoURL', value: 'git@github.com:team/iris.git' },
];
export const codeId = `code:github.com/team/iris@${commit}`;

/** A dataset as MLflow's client logs it. */
export function dataset(name: string, digest: string, uri = `s3://bucket/${name}.csv`) {
  return { name, digest, sourceType: 's3', source: JSON.stringify({ uri }), tags: [] };
}

/** A finished run of known code on a dataset, and the model it logged. */
export async function trainedRun(
  ctx: Context,
  options: { digest?: string; tags?: readonly { key: string; value: string }[] } = {},
) {
  const run = await createRun(ctx, { name: 'train', tags: options.tags ?? gitTags });
  await logInputs(ctx, run.runId, { datasets: [dataset('iris', options.digest ?? 'd1')], modelIds: [] });
  const model = await createLoggedModel(ctx, {
    experimentId: run.experimentId,
    name: 'iris-model',
    sourceRunId: run.runId,
  });
  await logOutputs(ctx, run.runId, [{ modelId: model.modelId, step: 0 }]);
  await updateRun(ctx, run.runId, { status: 'FINISHED', endTime: ctx.clock.now() });
  return { run, model };
}

/** The edges of a graph as texts, sorted, so that a test reads as the graph. */
export function arrows({ edges }: Pick<LineageGraph, 'edges'>): string[] {
  return edges.map(({ from, kind, to }) => `${from} ${kind} ${to}`).toSorted();
}
