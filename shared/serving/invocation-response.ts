import type { Invocation } from './invocations.ts';
import type { ServedModel } from './models.ts';
import type { Prediction } from './predict.ts';
import { isFloat, jsonElement, type Tensor, type Tensors } from '../sessions/index.ts';

/**
 * The body of the answer, as MLflow's scoring of an ONNX model gives it: for named columns a record per
 * row with a key per output, where class probabilities are a map by label (as the maps of skl2onnx come
 * out), and a single number is bare; for tensors an object of nested lists by output. NaN and the
 * infinities are null. `prediction_ids` names the rows for labels to come, and is left out where the call is not logged.
 */
export function invocationResponse(
  model: ServedModel,
  { answer }: Invocation,
  { rows, outputs, ids }: Prediction,
): Record<string, unknown> {
  const isByRow = Object.values(outputs).every(({ dims }) => dims[0] === rows);
  const predictions =
    answer === 'records' && isByRow
      ? records(model, outputs, rows)
      : Object.fromEntries(
          Object.entries(outputs).map(([name, tensor]) => [
            name,
            nested(tensor, (at) => jsonElement(tensor, at)),
          ]),
        );
  return { predictions, ...(ids.length < rows ? {} : { prediction_ids: ids }) };
}

function records(model: ServedModel, outputs: Tensors, rows: number): Record<string, unknown>[] {
  const cells = Object.entries(outputs).map(([name, tensor]) => [name, cellOf(model, tensor, rows)] as const);
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(cells.map(([name, cell]) => [name, cell(row)])),
  );
}

function cellOf({ ready: { labels } }: ServedModel, tensor: Tensor, rows: number): (row: number) => unknown {
  const width = rows === 0 ? 0 : tensor.data.length / rows;
  const element = (row: number, at: number) => jsonElement(tensor, row * width + at);
  if (width === 1) return (row) => element(row, 0);
  if (labels?.length === width && isFloat(tensor.type))
    return (row) => Object.fromEntries(labels.map((label, at) => [label, element(row, at)]));
  return (row) => Array.from({ length: width }, (_, at) => element(row, at));
}

/** A tensor as nested lists of JSON values. */
function nested({ dims, data }: Tensor, element: (at: number) => unknown): unknown {
  let at = 0;
  const descend = (level: number): unknown =>
    level === dims.length
      ? element(at++)
      : Array.from({ length: dims[level] ?? 0 }, () => descend(level + 1));
  return data.length === 0 && dims.length === 0 ? null : descend(0);
}
