import { OnnxError } from './errors.ts';
import { type Labels, labelsOf, writeClassifier, writeRegressor } from './tabular.ts';
import { type AttributeSpec, mlDomain, type NodeSpec } from './write.ts';

/** x[feature] ≤ threshold goes to node `below`, else to `above`; NaN follows `missing`. */
export type Split = {
  feature: number;
  threshold: number;
  below: number;
  above: number;
  missing: 'below' | 'above';
};

/** Adds each weight to the score of its target: a class, or the regression's single 0. */
export type Leaf = { weights: readonly { target: number; weight: number }[] };

/** Nodes by index; the root is 0. */
export type Tree = readonly (Split | Leaf)[];

/**
 * A sum of trees per class, then softmax. For two classes give a leaf of score s the weights −s/2 and +s/2:
 * the softmax of that is sigmoid(s), and the runtime's own rules for one-score binary ensembles, which
 * change with the signs of the weights, stay out of it.
 *
 * Input `input` float [N, F]; outputs `label` [N], `probabilities` float [N, C].
 * @throws {OnnxError} `invalid-spec` when a tree points outside itself, the features or the classes.
 */
export function treeEnsembleClassifier(spec: {
  features: readonly string[];
  labels: Labels;
  trees: readonly Tree[];
  /** [C], added to the scores. */
  baseScores: ArrayLike<number>;
  metadata?: Readonly<Record<string, string>>;
}): Uint8Array {
  const { features, labels, trees, baseScores } = spec;
  if (baseScores.length !== labels.length) {
    throw new OnnxError(
      'invalid-spec',
      `baseScores has ${baseScores.length} numbers, expected ${labels.length}.`,
    );
  }
  // As a tree of one leaf: the runtime ignores or misplaces base_values when there are two classes.
  const base: Tree = [{ weights: Array.from(baseScores, (weight, target) => ({ target, weight })) }];
  const { nodes, leaves } = flatten([base, ...trees], features.length, labels.length);
  // Of two integer labels the runtime gives the position.
  const isPosition = labels.length === 2 && typeof labels[0] === 'number';
  return writeClassifier({
    ...spec,
    nodes: [
      {
        op: 'TreeEnsembleClassifier',
        domain: mlDomain,
        inputs: ['input'],
        outputs: [isPosition ? 'position' : 'label', 'probabilities'],
        attributes: {
          ...nodes,
          class_treeids: { ints: leaves.tree },
          class_nodeids: { ints: leaves.node },
          class_ids: { ints: leaves.target },
          class_weights: { floats: leaves.weight },
          post_transform: { string: 'SOFTMAX' },
          ...labelsOf(isPosition ? [0, 1] : labels, 'classlabels_int64s'),
        },
      },
      ...(isPosition ? [labelAt(labels.map(Number))] : []),
    ],
  });
}

function labelAt(labels: readonly number[]): NodeSpec {
  return {
    op: 'LabelEncoder',
    domain: mlDomain,
    inputs: ['position'],
    outputs: ['label'],
    attributes: { keys_int64s: { ints: labels.map((_, i) => i) }, values_int64s: { ints: labels } },
  };
}

/**
 * A sum of trees. Input `input` float [N, F]; output `prediction` float [N, 1].
 * @throws {OnnxError} `invalid-spec` when a tree points outside itself or the features.
 */
export function treeEnsembleRegressor(spec: {
  features: readonly string[];
  trees: readonly Tree[];
  baseScore: number;
  metadata?: Readonly<Record<string, string>>;
}): Uint8Array {
  const { nodes, leaves } = flatten(spec.trees, spec.features.length, 1);
  return writeRegressor({
    ...spec,
    nodes: [
      {
        op: 'TreeEnsembleRegressor',
        domain: mlDomain,
        inputs: ['input'],
        outputs: ['prediction'],
        attributes: {
          ...nodes,
          target_treeids: { ints: leaves.tree },
          target_nodeids: { ints: leaves.node },
          target_ids: { ints: leaves.target },
          target_weights: { floats: leaves.weight },
          base_values: { floats: [spec.baseScore] },
          n_targets: { int: 1 },
        },
      },
    ],
  });
}

type Columns = {
  nodes: Record<string, AttributeSpec>;
  leaves: { tree: number[]; node: number[]; target: number[]; weight: number[] };
};

/** The operator wants one column per property, all trees in a row. */
function flatten(trees: readonly Tree[], features: number, targets: number): Columns {
  const tree: number[] = [];
  const node: number[] = [];
  const feature: number[] = [];
  const value: number[] = [];
  const mode: string[] = [];
  const below: number[] = [];
  const above: number[] = [];
  const missingBelow: number[] = [];
  const leaves: Columns['leaves'] = { tree: [], node: [], target: [], weight: [] };
  trees.forEach((each, treeIndex) => {
    each.forEach((current, nodeIndex) => {
      check(current, nodeIndex, each.length, features, targets);
      const split = 'weights' in current ? leafAsSplit : current;
      tree.push(treeIndex);
      node.push(nodeIndex);
      feature.push(split.feature);
      value.push(floatAtMost(split.threshold));
      mode.push('weights' in current ? 'LEAF' : 'BRANCH_LEQ');
      below.push(split.below);
      above.push(split.above);
      missingBelow.push(split.missing === 'below' ? 1 : 0);
      if (!('weights' in current)) return;
      for (const { target, weight } of current.weights) {
        leaves.tree.push(treeIndex);
        leaves.node.push(nodeIndex);
        leaves.target.push(target);
        leaves.weight.push(weight);
      }
    });
  });
  const nodes = {
    nodes_treeids: { ints: tree },
    nodes_nodeids: { ints: node },
    nodes_featureids: { ints: feature },
    nodes_values: { floats: value },
    nodes_modes: { strings: mode },
    nodes_truenodeids: { ints: below },
    nodes_falsenodeids: { ints: above },
    nodes_missing_value_tracks_true: { ints: missingBelow },
  };
  return { nodes, leaves };
}

const leafAsSplit: Split = { feature: 0, threshold: 0, below: 0, above: 0, missing: 'above' };

/** Children come after their parent, which also rules out cycles. */
function check(node: Split | Leaf, index: number, nodes: number, features: number, targets: number): void {
  const isSound =
    'weights' in node
      ? node.weights.every(({ target }) => within(target, 0, targets))
      : within(node.feature, 0, features) &&
        within(node.below, index + 1, nodes) &&
        within(node.above, index + 1, nodes);
  if (!isSound)
    throw new OnnxError('invalid-spec', `Tree node ${index} points outside: ${JSON.stringify(node)}.`);
}

const within = (at: number, from: number, to: number): boolean =>
  Number.isInteger(at) && at >= from && at < to;

/**
 * The largest float32 that is ≤ x. A float32 feature is on the same side of it as of x itself; rounding a
 * threshold to the nearest could move it above a feature that belongs there.
 */
function floatAtMost(x: number): number {
  const float = Float32Array.of(x);
  if (!(float[0] > x)) return float[0];
  const bits = new Int32Array(float.buffer);
  // Floats of one sign are ordered as their bits are; below the smallest positive one comes zero.
  bits[0] += x < 0 ? 1 : -1;
  return float[0];
}
