import { linearClassifier } from '../../shared/onnx/index.ts';
import { type Classifier, checkExamples, type Examples, indexLabels, type Progress } from './examples.ts';
import { minimise } from './lbfgs.ts';
import { logLoss } from './metrics.ts';
import { toProbabilities } from './scores.ts';

export type LogisticOptions = {
  /** λ of λ/2 ‖W‖² added to the summed log loss, on standardised features; intercepts go free. */
  l2?: number;
  iterationsMax?: number;
  validation?: Examples;
  onIteration?: (progress: Progress) => void;
};

/**
 * Logistic regression, binary or multinomial, by L-BFGS. Features are standardised, and a missing value is
 * replaced by its column's mean; both steps are part of the exported model.
 *
 * @throws {RangeError} when the examples contradict themselves or hold one class only.
 */
export function trainLogistic(examples: Examples, options: LogisticOptions = {}): Classifier {
  checkExamples(examples);
  const { l2 = 1, iterationsMax = 200, validation, onIteration } = options;
  const { classes, targets } = indexLabels(examples.labels);
  const n = targets.length;
  const scaling = fitScaling(examples.rows, n, examples.features.length);
  const x = standardise(examples.rows, scaling);
  const modelAt = (weights: Float64Array) => classifier(examples.features, classes, scaling, weights);
  const objective = logLossWithPenalty(x, targets, { outputs: outputsOf(classes.length), l2 });
  const size = outputsOf(classes.length) * (examples.features.length + 1);
  const weights = minimise(objective, size, {
    iterationsMax,
    gradientMax: 1e-7,
    onIteration: (iteration, loss, at) => {
      if (!onIteration) return;
      const progress: Progress = { iteration, loss };
      if (validation) progress.validationLoss = lossOn(modelAt(at), validation);
      onIteration(progress);
    },
  });
  return modelAt(weights);
}

/** Two classes need one row of weights, the first class's being zero. */
const outputsOf = (classes: number): number => (classes === 2 ? 1 : classes);

function lossOn(model: Classifier, { rows, labels }: Examples): number {
  return logLoss(labels, model.predictProbabilities(rows, labels.length), model.classes);
}

type Scaling = { offset: Float32Array; scale: Float32Array };

/** Rounded to float32, as the exported model holds it. A constant column gets scale 0: it tells nothing. */
function fitScaling(rows: Float32Array, n: number, width: number): Scaling {
  const offset = new Float32Array(width);
  const scale = new Float32Array(width);
  for (let column = 0; column < width; column++) {
    let count = 0;
    let mean = 0;
    let squares = 0;
    for (let row = 0; row < n; row++) {
      const value = rows[row * width + column];
      if (Number.isNaN(value)) continue;
      const gap = value - mean;
      mean += gap / ++count;
      squares += gap * (value - mean);
    }
    const deviation = Math.sqrt(squares / Math.max(count, 1));
    offset[column] = mean;
    scale[column] = deviation > 1e-6 * Math.abs(mean) ? 1 / deviation : 0;
  }
  return { offset, scale };
}

function standardise(rows: Float32Array, { offset, scale }: Scaling): Float64Array {
  const width = offset.length;
  return Float64Array.from(rows, (value, at) => {
    const column = at % width;
    return Number.isNaN(value) ? 0 : (value - offset[column]) * scale[column];
  });
}

/** Mean log loss + λ/2n ‖W‖² of weights [outputs, F + 1], the intercept last in each row. */
function logLossWithPenalty(
  x: Float64Array,
  targets: Int32Array,
  { outputs, l2 }: { outputs: number; l2: number },
): (weights: Float64Array, gradient: Float64Array) => number {
  const n = targets.length;
  const width = x.length / n;
  const scores = new Float64Array(outputs);
  return (weights, gradient) => {
    gradient.fill(0);
    let loss = 0;
    for (let row = 0; row < n; row++) {
      const from = row * width;
      for (let output = 0; output < outputs; output++)
        scores[output] = score(weights, output, x, from, width);
      loss += residuals(scores, targets[row]);
      for (let output = 0; output < outputs; output++) {
        const residual = scores[output];
        const at = output * (width + 1);
        for (let column = 0; column < width; column++) gradient[at + column] += residual * x[from + column];
        gradient[at + width] += residual;
      }
    }
    let penalty = 0;
    for (let at = 0; at < weights.length; at++) {
      gradient[at] /= n;
      if (at % (width + 1) === width) continue;
      gradient[at] += (l2 / n) * weights[at];
      penalty += weights[at] ** 2;
    }
    return (loss + (l2 / 2) * penalty) / n;
  };
}

function score(weights: Float64Array, output: number, x: Float64Array, from: number, width: number): number {
  const at = output * (width + 1);
  let sum = weights[at + width];
  for (let column = 0; column < width; column++) sum += weights[at + column] * x[from + column];
  return sum;
}

/** Turns scores into probability − target, in place; returns the row's log loss. */
function residuals(scores: Float64Array, target: number): number {
  if (scores.length === 1) {
    const signed = target === 1 ? scores[0] : -scores[0];
    scores[0] = 1 / (1 + Math.exp(-scores[0])) - target;
    return signed > 0 ? Math.log1p(Math.exp(-signed)) : Math.log1p(Math.exp(signed)) - signed;
  }
  const max = Math.max(...scores);
  const own = scores[target] - max;
  let sum = 0;
  for (let at = 0; at < scores.length; at++) sum += scores[at] = Math.exp(scores[at] - max);
  for (let at = 0; at < scores.length; at++) scores[at] /= sum;
  scores[target] -= 1;
  return Math.log(sum) - own;
}

function classifier(
  features: readonly string[],
  classes: string[],
  scaling: Scaling,
  weights: Float64Array,
): Classifier {
  const width = features.length;
  const zeroRows = classes.length - outputsOf(classes.length);
  const coefficients = new Float32Array(classes.length * width);
  const intercepts = new Float32Array(classes.length);
  for (let row = zeroRows; row < classes.length; row++) {
    const at = (row - zeroRows) * (width + 1);
    coefficients.set(weights.subarray(at, at + width), row * width);
    intercepts[row] = weights[at + width];
  }
  return {
    classes,
    features: [...features],
    predictProbabilities(rows, n) {
      const x = standardise(rows, scaling);
      const scores = Float64Array.from({ length: n * classes.length }, (_, at) => {
        const output = at % classes.length;
        const from = Math.floor(at / classes.length) * width;
        let sum = intercepts[output];
        for (let column = 0; column < width; column++) {
          sum += coefficients[output * width + column] * x[from + column];
        }
        return sum;
      });
      toProbabilities(scores, classes.length);
      return scores;
    },
    toOnnx: (metadata = {}) =>
      linearClassifier({
        features,
        labels: classes,
        missing: scaling.offset,
        scaler: scaling,
        coefficients,
        intercepts,
        metadata,
      }),
  };
}
