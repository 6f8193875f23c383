import type { Context } from '../context.ts';
import { inputColumns, readLabels, readPredictions } from '../predictions/index.ts';
import type { MonitorResult } from './model.ts';
import type { Tally } from './performance.ts';
import { hidings, type Sample, sampler } from './sample.ts';
import type { Window } from './windows.ts';

const sampleRowsMax = 10_000;

type Model = NonNullable<MonitorResult['model']>;

export type Answered = { readonly model: Model | null; readonly otherVersionsRows: number };

/** The version that answered most rows of the window, and how many rows the others answered. */
export async function answeredBy(ctx: Context, endpoint: string, window: Window): Promise<Answered> {
  const counts = new Map<string, { model: Model; rows: number }>();
  let total = 0;
  for await (const table of readPredictions(ctx, {
    endpoint,
    ...window,
    columns: ['ts', 'modelId', 'version', 'digest'],
  })) {
    const [modelIds, versions, digests] = ['modelId', 'version', 'digest'].map((name) => table.column(name));
    for (let row = 0; row < table.rows; row++) {
      const digest = String(digests?.[row]);
      const version = Number(versions?.[row]);
      const count = counts.get(`${digest}/${version}`) ?? {
        model: { modelId: String(modelIds?.[row]), version, digest },
        rows: 0,
      };
      count.rows++;
      total++;
      counts.set(`${digest}/${version}`, count);
    }
  }
  const [most] = [...counts.values()].toSorted(
    (a, b) => b.rows - a.rows || b.model.version - a.model.version,
  );
  return most
    ? { model: most.model, otherVersionsRows: total - most.rows }
    : { model: null, otherVersionsRows: 0 };
}

/**
 * The rows of one version in a window: a sample of their inputs and scores from after `after`, and a
 * count of all of them, of those with a class and a label, and of those whose class is the label.
 */
export async function readWindow(
  ctx: Context,
  endpoint: string,
  window: Window,
  model: Model,
  features: readonly string[] | null,
  after: number,
): Promise<{ sample: Sample; tally: Tally }> {
  const labels = await readLabels(ctx, { endpoint, ...window });
  let names = features;
  let drawn: ReturnType<typeof sampler> | undefined;
  const hidden = hidings();
  const tally = { rows: 0, labelled: 0, correct: 0 };
  for await (const table of readPredictions(ctx, { endpoint, ...window })) {
    names ??= inputColumns(table).map(([name]) => name);
    drawn ??= sampler(names, sampleRowsMax);
    const inputs = names.map((name) => table.column(`in.${name}`));
    const [ids, times, digests, versions, scores, classes] = [
      'predictionId',
      'ts',
      'digest',
      'version',
      'score',
      'class',
    ].map((name) => table.column(name));
    let isSampled = false;
    for (let row = 0; row < table.rows; row++) {
      if (digests?.[row] !== model.digest || versions?.[row] !== model.version) continue;
      const id = String(ids?.[row]);
      const label = labels.get(id);
      tally.rows++;
      // A regressor predicts no class: its labels say nothing of accuracy.
      const predicted = classes?.[row];
      if (label !== undefined && typeof predicted === 'string') {
        tally.labelled++;
        if (predicted === String(label)) tally.correct++;
      }
      if (Number(times?.[row]) <= after) continue;
      isSampled = true;
      const cells = () => inputs.map((column) => column[row] ?? null);
      drawn.add(Number.parseInt(id.slice(-8), 16), cells, Number(scores?.[row] ?? Number.NaN));
    }
    if (isSampled) hidden.add(table, names);
  }
  return { sample: drawn?.sample(hidden.all()) ?? { rows: 0, features: new Map(), score: null }, tally };
}
