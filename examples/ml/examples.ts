/** What a trainer learns from: n rows of float features and their labels. */
export type Examples = {
  features: readonly string[];
  /** [n, features] row-major; NaN where a value is missing. */
  rows: Float32Array;
  /** [n] */
  labels: readonly string[];
};

export type Classifier = {
  /** In the order of the probabilities' columns. */
  classes: string[];
  features: string[];
  /** @returns [n, classes] row-major */
  predictProbabilities(rows: Float32Array, n: number): Float64Array;
  /** Input `input` [N, F]; outputs `label` [N] (string) and `probabilities` [N, C], equal to this classifier's. */
  toOnnx(metadata?: Readonly<Record<string, string>>): Uint8Array;
};

/** Mean log loss after an iteration, on what is learnt from and on `validation` if that was given. */
export type Progress = { iteration: number; loss: number; validationLoss?: number };

/** The classes, sorted, and each row's class by index: −1 where `classes` was given and lacks the label. */
export function indexLabels(
  labels: readonly string[],
  classes: readonly string[] = [...new Set(labels)].toSorted(),
): { classes: string[]; targets: Int32Array } {
  const index = new Map(classes.map((label, at) => [label, at]));
  return { classes: [...classes], targets: Int32Array.from(labels, (label) => index.get(label) ?? -1) };
}

/** @throws {RangeError} when rows, labels and features do not fit together or nothing can be learnt. */
export function checkExamples({ features, rows, labels }: Examples): void {
  if (rows.length !== labels.length * features.length) {
    const expected = `${labels.length} labels × ${features.length} features`;
    throw new RangeError(`rows holds ${rows.length} numbers, expected ${expected}.`);
  }
  const infinite = rows.findIndex((x) => x === Infinity || x === -Infinity);
  if (infinite >= 0) {
    const feature = features[infinite % features.length];
    throw new RangeError(`Row ${Math.floor(infinite / features.length)}: ${feature} is infinite.`);
  }
  if (new Set(labels).size < 2) throw new RangeError('The labels hold fewer than two classes.');
}

/** Selects rows by index. */
export function pick({ features, rows, labels }: Examples, indexes: readonly number[]): Examples {
  const width = features.length;
  const picked = new Float32Array(indexes.length * width);
  indexes.forEach((from, to) => picked.set(rows.subarray(from * width, (from + 1) * width), to * width));
  return { features, rows: picked, labels: indexes.map((at) => labels[at]) };
}
