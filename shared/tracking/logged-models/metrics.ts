import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { jointWriters } from '../../joint.ts';
import { storedValue } from '../metric-values.ts';
import type { MetricPoint } from '../model.ts';
import { datasetKey, type LoggedModel, type ModelMetric } from './model.ts';
import { changeLoggedModel } from './store.ts';

/** A point of a run's metric that was measured of a logged model, on a dataset where both of its fields are given. */
export type ModelPoint = MetricPoint & {
  readonly modelId: string;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
};

type Call = {
  readonly ctx: Context;
  readonly metrics: readonly ModelMetric[];
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
};

const join = jointWriters<Call>();

/**
 * Brings points that a run measured of logged models to these models. A model keeps the latest of each
 * metric, run and dataset, so that points may come twice and in any order; calls that meet in this process
 * share a write. To be called before the run takes the points: if that fails, the repetition of the whole
 * finds its points here already. Throws `not-found` for an unknown model, `invalid` for half a dataset.
 */
export async function logModelMetrics(
  ctx: Context,
  runId: string,
  points: readonly ModelPoint[],
): Promise<void> {
  const byModel = Map.groupBy(points, ({ modelId }) => modelId);
  const batches = [...byModel].map(
    ([modelId, of]) => [modelId, of.map((point) => metricOf(runId, point))] as const,
  );
  const written = batches.map(
    ([modelId, metrics]) =>
      new Promise<void>((done, fail) => {
        const call = { ctx, metrics, done, fail };
        join(
          ctx.stores,
          `${ctx.workspace}/${modelId}`,
          call,
          () => (waiting) => write(modelId, waiting.splice(0)),
        );
      }),
  );
  await Promise.all(written);
}

async function write(modelId: string, calls: readonly Call[]): Promise<void> {
  try {
    const metrics = calls.flatMap((call) => call.metrics);
    await changeLoggedModel(calls[0].ctx, modelId, (model) => measured(model, metrics));
    for (const call of calls) call.done();
  } catch (error) {
    for (const call of calls) call.fail(error);
  }
}

/** The model with these metrics as well; the same object where it has later ones of all of them. */
export function measured(model: LoggedModel, metrics: readonly ModelMetric[]): LoggedModel {
  const series = new Map(model.metrics.map((metric) => [seriesOf(metric), metric]));
  let changed = false;
  for (const metric of metrics) {
    const held = series.get(seriesOf(metric));
    if (held && (byInstant(held, metric) || byValue(held, metric)) >= 0) continue;
    series.set(seriesOf(metric), metric);
    changed = true;
  }
  if (!changed) return model;
  const all = [...series.values()];
  return { ...model, metrics: all, ...latestOf(all) };
}

/** The latest of each metric over all runs, on all datasets and on each; of one instant, what the first run measured. */
function latestOf(metrics: readonly ModelMetric[]): Pick<LoggedModel, 'm' | 'mn' | 'md' | 'mdn'> {
  const sorted = metrics.toSorted(
    (a, b) => byInstant(a, b) || (a.runId === b.runId ? byValue(a, b) : a.runId < b.runId ? 1 : -1),
  );
  const [m, mn] = lastOf(sorted, ({ key }) => [key]);
  const [md, mdn] = lastOf(sorted, ({ key, dataset }) =>
    dataset ? [datasetKey(key, dataset.name), datasetKey(key, dataset.name, dataset.digest)] : [],
  );
  return { m, mn, md, mdn };
}

/** The value of the last metric under each of its names, and which of them are NaN. */
function lastOf(metrics: readonly ModelMetric[], namesOf: (metric: ModelMetric) => readonly string[]) {
  const values = Object.create(null) as Record<string, number>;
  const nans = Object.create(null) as Record<string, true>;
  for (const metric of metrics)
    for (const name of namesOf(metric)) {
      values[name] = metric.value;
      if (metric.nan) nans[name] = true;
      else delete nans[name];
    }
  return [values, nans] as const;
}

/** MLflow's order of what was measured of a model: by timestamp before step, where a run's metrics go by step. */
function byInstant(a: ModelMetric, b: ModelMetric): number {
  return a.timestamp - b.timestamp || a.step - b.step;
}

function byValue(a: ModelMetric, b: ModelMetric): number {
  return Number(!a.nan) - Number(!b.nan) || a.value - b.value;
}

function seriesOf({ key, runId, dataset }: ModelMetric): string {
  return JSON.stringify([key, runId, dataset?.name, dataset?.digest]);
}

function metricOf(
  runId: string,
  { key, value, timestamp, step, datasetName, datasetDigest }: ModelPoint,
): ModelMetric {
  if (!datasetName !== !datasetDigest)
    throw new CairnError(
      'invalid',
      'Both dataset_name and dataset_digest must be provided if one is provided.',
      { field: datasetName ? 'dataset_digest' : 'dataset_name' },
    );
  return {
    key,
    value: storedValue(value),
    ...(Number.isNaN(value) ? { nan: true as const } : {}),
    timestamp,
    step,
    runId,
    ...(datasetName && datasetDigest ? { dataset: { name: datasetName, digest: datasetDigest } } : {}),
  };
}
