import type { Cairn, Json } from '../client.ts';
import type { Classifier, Examples } from '../ml/index.ts';

export type Answers = {
  readonly ids: readonly string[];
  readonly labels: readonly string[];
  /** [n, classes] row-major, in the order of the classifier's classes. */
  readonly probabilities: Float64Array;
  /** All of them were answered before: milliseconds since 1970. */
  readonly until: number;
};

const rowsPerRequest = 250;

/** Sends rows to an endpoint as a client of MLflow's scoring protocol would, and collects the answers. */
export async function predict(
  cairn: Cairn,
  endpoint: string,
  rows: Examples,
  classes: readonly string[],
): Promise<Answers> {
  const ids: string[] = [];
  const labels: string[] = [];
  const probabilities: number[] = [];
  for (let first = 0; first < rows.labels.length; first += rowsPerRequest) {
    const response = await invoke(cairn, endpoint, rows, first);
    const answer = (await response.json()) as Json;
    ids.push(...(answer['prediction_ids'] as unknown as string[]));
    for (const prediction of answer['predictions'] as unknown as {
      label: string;
      probabilities: Record<string, number>;
    }[]) {
      labels.push(prediction.label);
      probabilities.push(...classes.map((name) => prediction.probabilities[name] ?? Number.NaN));
    }
  }
  return { ids, labels, probabilities: Float64Array.from(probabilities), until: Date.now() };
}

/** One call with the rows from `first` on; the answer says in a header which version it is from. */
export function invoke(cairn: Cairn, endpoint: string, rows: Examples, first = 0): Promise<Response> {
  return cairn.send(`/endpoints/${endpoint}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataframe_split: { columns: rows.features, data: cells(rows, first) } }),
  });
}

/** Rows without a missing value: a tensor of the Open Inference Protocol has no way to write one in JSON. */
export function completeRows({ rows, features, labels }: Examples): number[] {
  const width = features.length;
  return labels.flatMap((_, row) =>
    rows.subarray(row * width, (row + 1) * width).some(Number.isNaN) ? [] : [row],
  );
}

/** Complete rows through Open Inference Protocol v2, to a version if one is named; returns the probabilities. */
export async function infer(
  cairn: Cairn,
  endpoint: string,
  rows: Examples,
  version?: number,
): Promise<Float64Array> {
  const shape = [rows.labels.length, rows.features.length];
  const of = version === undefined ? '' : `/versions/${version}`;
  const answer = await cairn.call('POST', `/v2/models/${endpoint}${of}/infer`, {
    inputs: [{ name: 'input', datatype: 'FP32', shape, data: Array.from(rows.rows) }],
  });
  const output = (answer['outputs'] as unknown as Json[]).find(
    (each) => String(each['name']) === 'probabilities',
  );
  return Float64Array.from(output?.['data'] as unknown as number[]);
}

/** The largest difference between what a classifier says of rows and what came back. */
export function largestDifference(model: Classifier, rows: Examples, probabilities: Float64Array): number {
  const expected = model.predictProbabilities(rows.rows, rows.labels.length);
  if (expected.length !== probabilities.length) return Number.POSITIVE_INFINITY;
  return expected.reduce(
    (largest, p, at) => Math.max(largest, Math.abs(p - (probabilities[at] ?? Number.NaN))),
    0,
  );
}

export function shareRight(rows: Examples, labels: readonly string[]): number {
  return rows.labels.filter((label, at) => label === labels[at]).length / rows.labels.length;
}

/** Rows from `first` on, at most one request of them; JSON knows no NaN, a missing value is null. */
function cells({ features, rows, labels }: Examples, first: number): (number | null)[][] {
  const width = features.length;
  const last = Math.min(first + rowsPerRequest, labels.length);
  return Array.from({ length: last - first }, (_, at) =>
    Array.from(rows.subarray((first + at) * width, (first + at + 1) * width), (x) =>
      Number.isNaN(x) ? null : x,
    ),
  );
}
