import { isFloat, isWide, type Port, type Tensor, type Tensors, textOf } from '../sessions/index.ts';

/** What the outputs of a model mean, told by their types: exporters do not agree on names. */
export type Roles =
  | {
      readonly task: 'classification';
      /** Output with one class per row; `null` when only probabilities come out. */
      readonly label: string | null;
      /** Output [rows, classes]; `null` when only the class comes out, or what stands beside it are no probabilities. */
      readonly probabilities: string | null;
      /** Classes in the order of the probabilities, where the model declares them. */
      readonly classes: readonly string[] | null;
    }
  | { readonly task: 'regression'; readonly value: string };

/** Scores of some rows. */
export type Scores = {
  /** The predicted class of each row; `null` for a regressor. */
  readonly classes: readonly string[] | null;
  /** Probability of the predicted class (NaN where the model gives none), or a regressor's value. */
  readonly scores: Float64Array;
  /** [rows, classes] row-major, where the model gives them as float32. */
  readonly probabilities: Float32Array | null;
};

/**
 * A classifier has one text or int64 output of one element a row, and at most one float output beside
 * it; or a single float output as wide as its declared labels. So has a clusterer, whose class is the cluster, and
 * whose floats are the distances to all of them. A regressor has a single float output of one element a row. All else
 * has no roles: it can be run, but not scored.
 */
export function rolesOf(outputs: readonly Port[], labels: readonly string[] | null): Roles | null {
  const labelled = outputs.filter(({ type }) => type === 'string' || isWide(type));
  const floats = outputs.filter(({ type }) => isFloat(type));
  const [label] = labelled;
  const [float] = floats;
  if (labelled.length + floats.length !== outputs.length || labelled.length > 1 || floats.length > 1)
    return null;
  if (label) {
    if (!isOnePerRow(label) || (float && float.shape.length !== 2)) return null;
    const probabilities = float && !(labels === null && areDistances(float)) ? float.name : null;
    return { task: 'classification', label: label.name, probabilities, classes: labels };
  }
  if (!float) return null;
  const isProbability = labels !== null && float.shape.length === 2 && float.shape[1] === labels.length;
  if (isProbability && labels.length > 1)
    return { task: 'classification', label: null, probabilities: float.name, classes: labels };
  return isOnePerRow(float) ? { task: 'regression', value: float.name } : null;
}

/** Whether a model has an output beside what its roles tell of: then it says more of a row than a class or a number. */
export function saysMore(roles: Roles, outputs: readonly Port[]): boolean {
  return roles.task === 'classification' && roles.probabilities === null && outputs.length > 1;
}

/** Reads scores from the outputs of a run over `rows` rows. */
export function scoresOf(roles: Roles, outputs: Tensors, rows: number): Scores {
  if (roles.task === 'regression') {
    const value = outputs[roles.value];
    const scores = new Float64Array(rows);
    for (let row = 0; row < rows; row++) scores[row] = Number(value?.data[row]);
    return { classes: null, scores, probabilities: null };
  }
  const label = roles.label === null ? undefined : outputs[roles.label];
  const table = roles.probabilities === null ? undefined : outputs[roles.probabilities];
  const classes = new Array<string>(rows);
  const scores = new Float64Array(rows).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    const best = table ? argmax(table, row) : -1;
    const predicted = label ? textOf(label, row) : (roles.classes?.[best] ?? '');
    classes[row] = predicted;
    if (!table) continue;
    // The model's own choice need not be its most probable class.
    const declared = roles.classes?.indexOf(predicted) ?? -1;
    scores[row] = Number(table.data[row * widthOf(table) + (declared >= 0 ? declared : best)]);
  }
  return {
    classes,
    scores,
    probabilities: table?.data instanceof Float32Array ? table.data : null,
  };
}

/** What skl2onnx calls what `transform` gives of a clusterer; of a classifier it has `probabilities`. */
function areDistances(port: Port): boolean {
  return port.name === 'scores' && !isOnePerRow(port);
}

function isOnePerRow({ shape }: Port): boolean {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 1);
}

function widthOf({ dims }: Tensor): number {
  return dims[1] ?? 1;
}

function argmax(table: Tensor, row: number): number {
  const width = widthOf(table);
  let best = 0;
  for (let i = 1; i < width; i++)
    if (Number(table.data[row * width + i]) > Number(table.data[row * width + best])) best = i;
  return best;
}
