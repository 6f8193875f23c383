/** Sigmoid of a single score, else softmax of each row, in place. */
export function toProbabilities(scores: Float64Array, outputs: number): void {
  if (outputs === 1) {
    for (let row = 0; row < scores.length; row++) scores[row] = 1 / (1 + Math.exp(-scores[row]));
    return;
  }
  for (let from = 0; from < scores.length; from += outputs) {
    let max = -Infinity;
    for (let at = from; at < from + outputs; at++) max = Math.max(max, scores[at]);
    let sum = 0;
    for (let at = from; at < from + outputs; at++) sum += scores[at] = Math.exp(scores[at] - max);
    for (let at = from; at < from + outputs; at++) scores[at] /= sum;
  }
}
