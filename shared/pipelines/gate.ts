import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { type LabelledRows, labelledRows } from '../monitoring/index.ts';
import { getReady, type VersionReady } from '../registry/index.ts';
import { loadModel } from '../serving/index.ts';
import type { Figures, Gate, RetrainingJob, RetrainingState } from './model.ts';

/** Fewer withheld rows than this decide nothing. */
const gateRowsMin = 50;

/**
 * Scores champion and challenger here, on the withheld labelled rows of the job's window: nothing that
 * the training sends decides. The same rows give the same gate.
 */
export async function runGate(
  ctx: Context,
  job: RetrainingJob,
  challenger: number,
): Promise<RetrainingState> {
  const { endpoint, from, to, margin } = job;
  const rows = await labelledRows(ctx, { endpoint, from, to, part: 'evaluation' });
  if (rows.labels.length < gateRowsMin) {
    const reason = `The window has ${rows.labels.length} withheld labelled rows; at least ${gateRowsMin} are needed to judge.`;
    return { status: 'rejected', challenger, reason };
  }
  const gate = judge(
    rows,
    margin,
    await measure(ctx, await getReady(ctx, job.modelId, job.champion ?? 0), rows),
    await measure(ctx, await getReady(ctx, job.modelId, challenger), rows),
  );
  return gate.verdict === 'challenger'
    ? { status: 'promoting', challenger, gate }
    : { status: 'rejected', challenger, reason: whyNot(gate), gate };
}

type Measured = Gate['champion'];

/**
 * The challenger wins when its accuracy exceeds the champion's by more than `margin`; at exactly the
 * margin, when its log loss is lower. Every doubt is the champion's.
 */
export function judge(
  { predictionIds }: Pick<LabelledRows, 'predictionIds'>,
  margin: number,
  champion: Measured,
  challenger: Measured,
): Gate {
  const lead = challenger.accuracy - champion.accuracy - margin;
  const tie = Math.abs(lead) < 1e-12;
  const isSurer =
    challenger.logLoss !== null && champion.logLoss !== null && challenger.logLoss < champion.logLoss;
  return {
    rows: predictionIds.length,
    rowsDigest: `sha256:${createHash('sha256').update(predictionIds.join('\n')).digest('hex')}`,
    margin,
    champion,
    challenger,
    verdict: (tie ? isSurer : lead > 0) ? 'challenger' : 'champion',
  };
}

function whyNot({ champion, challenger, margin, rows }: Gate): string {
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  const beyond = margin === 0 ? '' : ` by more than ${percent(margin)}`;
  return `On ${rows} withheld rows the challenger reached ${percent(challenger.accuracy)}, the champion ${percent(champion.accuracy)}; it must be better${beyond}.`;
}

async function measure(ctx: Context, ready: VersionReady, rows: LabelledRows): Promise<Measured> {
  const model = await loadModel(ctx, ready);
  const { classes, probabilities } = await model.score(matrixOf(ready, rows), rows.labels.length);
  if (!classes)
    throw new CairnError('invalid', `Version ${ready.version} predicts numbers; the gate compares classes.`);
  const figures: Figures = {
    accuracy: classes.filter((predicted, row) => predicted === rows.labels[row]).length / rows.labels.length,
    logLoss: probabilities && ready.labels ? logLoss(probabilities, ready.labels, rows.labels) : null,
  };
  return { version: ready.version, digest: ready.digest, ...figures };
}

/** The features in the order of this version's columns. */
function matrixOf(ready: VersionReady, { features, values, labels }: LabelledRows): Float32Array {
  const names = ready.features ?? features;
  const columns = names.map((name) => {
    const column = values[features.indexOf(name)];
    if (column) return column;
    throw new CairnError(
      'invalid',
      `Version ${ready.version} takes the feature '${name}', which the logged predictions lack.`,
    );
  });
  const matrix = new Float32Array(labels.length * columns.length);
  for (let row = 0; row < labels.length; row++)
    for (const [i, column] of columns.entries())
      matrix[row * columns.length + i] = Number(column[row] ?? Number.NaN);
  return matrix;
}

/** Mean of −ln p(true class), each p kept within [1e-15, 1]; a class the model does not know has p = 0. */
function logLoss(probabilities: Float32Array, classes: readonly string[], labels: readonly string[]): number {
  let sum = 0;
  for (const [row, label] of labels.entries()) {
    const at = classes.indexOf(label);
    const p = at < 0 ? 0 : (probabilities[row * classes.length + at] ?? 0);
    sum -= Math.log(Math.min(Math.max(p, 1e-15), 1));
  }
  return sum / labels.length;
}
