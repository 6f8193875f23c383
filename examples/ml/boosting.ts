import { type Tree, treeEnsembleClassifier } from '../../shared/onnx/index.ts';
import { binFeatures, type Bins, missingBin } from './bins.ts';
import { type Classifier, checkExamples, type Examples, indexLabels, type Progress } from './examples.ts';
import { type GrownNode, growTree } from './grow.ts';
import { logLoss } from './metrics.ts';
import { random } from './random.ts';
import { toProbabilities } from './scores.ts';

export type BoostingOptions = {
  rounds?: number;
  learningRate?: number;
  depthMax?: number;
  leafRowsMin?: number;
  /** λ on leaf values. */
  l2?: number;
  /** Share of the rows each round learns from. */
  rowShare?: number;
  seed?: number;
  validation?: Examples;
  onIteration?: (progress: Progress) => void;
};

/** One tree per score and round: two classes have a single score, more have one each. */
type Ensemble = { base: Float32Array; rounds: GrownNode[][][] };

/**
 * Gradient boosting of histogram trees for binary and multiclass labels (Friedman, Greedy Function
 * Approximation, 2001, with Newton leaves and stochastic rounds). Missing values are learnt, not replaced:
 * each split sends them to the better side. Same examples, options and seed, same model.
 *
 * @throws {RangeError} when the examples contradict themselves or hold one class only.
 */
export function trainBoosting(examples: Examples, options: BoostingOptions = {}): Classifier {
  checkExamples(examples);
  const { rounds = 100, learningRate = 0.1, depthMax = 5, leafRowsMin = 20, l2 = 1 } = options;
  const { rowShare = 0.8, seed = 0, validation, onIteration } = options;
  const { classes, targets } = indexLabels(examples.labels);
  const n = targets.length;
  const outputs = classes.length === 2 ? 1 : classes.length;
  const bins = binFeatures(examples.rows, n, examples.features.length);
  const ensemble: Ensemble = { base: baseScores(targets, classes.length), rounds: [] };
  const watch = validation && watchValidation(ensemble, validation, classes);
  const draw = random(seed);

  const scores = Float64Array.from({ length: n * outputs }, (_, at) => ensemble.base[at % outputs]);
  const gradients = Array.from({ length: outputs }, () => new Float64Array(n));
  const hessians = Array.from({ length: outputs }, () => new Float64Array(n));
  for (let iteration = 1; iteration <= rounds; iteration++) {
    differentiate(scores, targets, gradients, hessians);
    const rows = sampleRows(n, rowShare, draw);
    const trees = gradients.map((gradient, output) =>
      growTree(bins, rows, gradient, hessians[output], { depthMax, leafRowsMin, l2, learningRate }),
    );
    trees.forEach((tree, output) => addBinned(tree, bins, scores, outputs, output));
    ensemble.rounds.push(trees);
    if (!onIteration) continue;
    const progress: Progress = { iteration, loss: meanLoss(scores, targets, outputs) };
    if (watch) progress.validationLoss = watch(trees);
    onIteration(progress);
  }
  return classifier(examples.features, classes, ensemble);
}

/** The scores that give every row the classes' shares. */
function baseScores(targets: Int32Array, classes: number): Float32Array {
  const counts = new Float64Array(classes);
  for (const target of targets) counts[target]++;
  if (classes === 2) return Float32Array.of(Math.log(counts[1] / counts[0]));
  return Float32Array.from(counts, (count) => Math.log(count / targets.length));
}

/** First and second derivatives of the log loss by each score. */
function differentiate(
  scores: Float64Array,
  targets: Int32Array,
  gradients: readonly Float64Array[],
  hessians: readonly Float64Array[],
): void {
  const outputs = gradients.length;
  const probabilities = scores.slice();
  toProbabilities(probabilities, outputs);
  for (let output = 0; output < outputs; output++) {
    const positive = outputs === 1 ? 1 : output;
    for (let row = 0; row < targets.length; row++) {
      const p = probabilities[row * outputs + output];
      gradients[output][row] = p - (targets[row] === positive ? 1 : 0);
      hessians[output][row] = Math.max(p * (1 - p), 1e-16);
    }
  }
}

function sampleRows(n: number, share: number, draw: () => number): Int32Array {
  const rows = Int32Array.from({ length: n }, (_, row) => row);
  return share >= 1 ? rows : rows.filter(() => draw() < share);
}

function meanLoss(scores: Float64Array, targets: Int32Array, outputs: number): number {
  const probabilities = scores.slice();
  toProbabilities(probabilities, outputs);
  let sum = 0;
  targets.forEach((target, row) => {
    const p = outputs === 1 ? probabilities[row] : probabilities[row * outputs + target];
    sum -= Math.log(Math.max(outputs === 1 && target === 0 ? 1 - p : p, Number.EPSILON));
  });
  return sum / targets.length;
}

function addBinned(
  tree: readonly GrownNode[],
  { binned }: Bins,
  scores: Float64Array,
  outputs: number,
  output: number,
): void {
  const n = scores.length / outputs;
  for (let row = 0; row < n; row++) {
    let node = tree[0];
    while (node.feature >= 0) {
      const bin = binned[node.feature * n + row];
      node = tree[(bin === missingBin ? node.missingBelow : bin <= node.bin) ? node.below : node.above];
    }
    scores[row * outputs + output] += node.value;
  }
}

function addTree(
  tree: readonly GrownNode[],
  rows: Float32Array,
  scores: Float64Array,
  outputs: number,
  output: number,
): void {
  const n = scores.length / outputs;
  const width = rows.length / n;
  for (let row = 0; row < n; row++) {
    let node = tree[0];
    while (node.feature >= 0) {
      const value = rows[row * width + node.feature];
      node =
        tree[value <= node.threshold || (node.missingBelow && Number.isNaN(value)) ? node.below : node.above];
    }
    scores[row * outputs + output] += node.value;
  }
}

/** Keeps the validation rows' scores, so that a round costs its own trees only. */
function watchValidation(
  { base }: Ensemble,
  { rows, labels }: Examples,
  classes: string[],
): (trees: readonly GrownNode[][]) => number {
  const outputs = base.length;
  const scores = Float64Array.from({ length: labels.length * outputs }, (_, at) => base[at % outputs]);
  return (trees) => {
    trees.forEach((tree, output) => addTree(tree, rows, scores, outputs, output));
    return logLoss(labels, probabilitiesOf(scores, outputs), classes);
  };
}

/** [n, classes] from scores [n, outputs]. */
function probabilitiesOf(scores: Float64Array, outputs: number): Float64Array {
  const probabilities = scores.slice();
  toProbabilities(probabilities, outputs);
  if (outputs > 1) return probabilities;
  return Float64Array.from({ length: scores.length * 2 }, (_, at) => {
    const second = probabilities[at >> 1];
    return at % 2 ? second : 1 - second;
  });
}

function classifier(features: readonly string[], classes: string[], ensemble: Ensemble): Classifier {
  const { base, rounds } = ensemble;
  const outputs = base.length;
  return {
    classes,
    features: [...features],
    predictProbabilities(rows, n) {
      const scores = Float64Array.from({ length: n * outputs }, (_, at) => base[at % outputs]);
      for (const trees of rounds)
        trees.forEach((tree, output) => addTree(tree, rows, scores, outputs, output));
      return probabilitiesOf(scores, outputs);
    },
    toOnnx: (metadata = {}) =>
      treeEnsembleClassifier({
        features,
        labels: classes,
        trees: rounds.flatMap((trees) => trees.map((tree, output) => exportTree(tree, outputs, output))),
        baseScores: outputs === 1 ? halves(base[0]) : base,
        metadata,
      }),
  };
}

/** A single score s is −s/2 for the first class and s/2 for the second: their softmax is sigmoid(s). */
const halves = (score: number): [number, number] => [-score / 2, score / 2];

function exportTree(tree: readonly GrownNode[], outputs: number, output: number): Tree {
  return tree.map((node) => {
    if (node.feature < 0) {
      if (outputs > 1) return { weights: [{ target: output, weight: node.value }] };
      return { weights: halves(node.value).map((weight, target) => ({ target, weight })) };
    }
    const { feature, threshold, below, above, missingBelow } = node;
    return { feature, threshold, below, above, missing: missingBelow ? 'below' : 'above' };
  });
}
