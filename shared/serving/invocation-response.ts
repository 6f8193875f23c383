import { isoOf } from './column-values.ts';
import type { Invocation } from './invocations.ts';
import type { ServedModel } from './models.ts';
import { type Element, jsonElements } from './non-finite.ts';
import type { Prediction } from './predict.ts';
import type { VersionReady } from '../registry/index.ts';
import { listsOf } from './nested.ts';
import { signatureOf } from './signature.ts';
import type { Target } from './target.ts';
import { authorsLabels, isTruth, truthOf } from './truths.ts';
import { isFloat, type Tensor, type Tensors } from '../sessions/index.ts';

/**
 * The body of the answer, as MLflow's scoring of an ONNX model gives it: for a table, and for named columns,
 * a record per row with a key per output, where class probabilities are a map by label, and a single number is bare; for
 * tensors an object of nested lists by output, where the maps of skl2onnx come out as its ZipMap made them. NaN and the
 * infinities are null, unless the endpoint wants them otherwise. `prediction_ids` names the rows for labels to come,
 * and is left out where the call is not logged. Throws `invalid` for what the endpoint refuses to answer with.
 */
export function invocationResponse(
  { endpoint, model }: Pick<Target, 'endpoint' | 'model'>,
  { answer }: Invocation,
  { rows, outputs, ids }: Prediction,
): Record<string, unknown> {
  const element = asSigned(model, Object.keys(outputs), jsonElements(endpoint, 'null'));
  const labels = authorsLabels(model);
  const isByRow = Object.values(outputs).every(({ dims }) => dims[0] === rows);
  const predictions =
    answer === 'records' && isByRow
      ? records(labels, outputs, rows, element)
      : Object.fromEntries(
          Object.entries(outputs).map(([name, tensor]) => [
            name,
            hadMaps(model.ready, name)
              ? column(
                  cellOf(labels, tensor, rows, (at) => element(name, tensor, at)),
                  rows,
                )
              : listsOf(tensor, (at) => element(name, tensor, at)),
          ]),
        );
  if (answer === 'bare') return predictions as Record<string, unknown>;
  return { predictions, ...(ids.length < rows ? {} : { prediction_ids: ids }) };
}

/** Whether an output was a list of maps by label before its ZipMap was taken out. */
export function hadMaps({ served, signature, labels }: VersionReady, output: string): boolean {
  const { shape = [], elementType } = signature.outputs.find(({ name }) => name === output) ?? {};
  return (
    served.changes.includes('zipmap-stripped') &&
    elementType === 'float32' &&
    shape.length === 2 &&
    shape[1] === labels?.length
  );
}

function column<T>(cell: (row: number) => T, rows: number): T[] {
  return Array.from({ length: rows }, (_, row) => cell(row));
}

/** Elements as MLflow writes what the signature says they are: bytes in base64, dates in ISO 8601, truths. */
function asSigned(
  model: Pick<ServedModel, 'ready' | 'roles'>,
  outputs: readonly string[],
  element: Element,
): Element {
  const types = signatureOf(model.ready).outputs;
  const truths = new Set(outputs.filter((name) => isTruth(model, name)));
  if (types.size === 0 && truths.size === 0) return element;
  return (name, tensor, at) => {
    if (truths.has(name)) return truthOf(tensor, at) ?? element(name, tensor, at);
    const value = tensor.data[at];
    const type = types.get(name);
    if (type === 'binary' && typeof value === 'string') return Buffer.from(value).toString('base64');
    if (type === 'datetime' && typeof value === 'bigint') return isoOf(value);
    return element(name, tensor, at);
  };
}

function records(
  labels: readonly string[] | null,
  outputs: Tensors,
  rows: number,
  element: Element,
): Record<string, unknown>[] {
  const cells = Object.entries(outputs).map(
    ([name, tensor]) => [name, cellOf(labels, tensor, rows, (at) => element(name, tensor, at))] as const,
  );
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(cells.map(([name, cell]) => [name, cell(row)])),
  );
}

function cellOf(
  labels: readonly string[] | null,
  tensor: Tensor,
  rows: number,
  elementAt: (at: number) => unknown,
): (row: number) => unknown {
  const width = rows === 0 ? 0 : tensor.data.length / rows;
  const element = (row: number, at: number) => elementAt(row * width + at);
  if (width === 1) return (row) => element(row, 0);
  if (labels?.length === width && isFloat(tensor.type))
    return (row) => Object.fromEntries(labels.map((label, at) => [label, element(row, at)]));
  return (row) => Array.from({ length: width }, (_, at) => element(row, at));
}
