/** Where a caller says who they are: the value of a column, or of an input, in the first row of the call. */
import type { Endpoint } from '../endpoints/index.ts';
import type { InferBody } from './open-inference-body.ts';
import { elementInBytes } from './open-inference-binary.ts';
import { CsvCell, isObject, type Payload, type Scoring } from './scoring-payload.ts';
import type { ServedModel } from './models.ts';

/** Beyond this the rest of a key makes no difference. */
const keyCharsMax = 1024;

/** The key in a header; `undefined` where the endpoint keeps callers by something else, or the header is not there. */
export function keyInHeaders({ sticky }: Pick<Endpoint, 'sticky'>, headers: Headers): string | undefined {
  return sticky?.by === 'header' ? keyOf(headers.get(headerName(sticky.name)) ?? undefined) : undefined;
}

/** The value of the column or input `name` of the first row. */
export function keyInScoring({ payload }: Pick<Scoring, 'payload'>, name: string): string | undefined {
  return keyOf(first(valueIn(payload, name)));
}

/**
 * The first element of the input `name`, or of the column of that name where the one input is a table with named
 * columns, or the parameter of that name.
 */
export function keyInInfer(
  { json: { inputs, parameters }, binary }: InferBody,
  name: string,
  models: readonly ServedModel[],
): string | undefined {
  if (isObject(parameters) && Object.hasOwn(parameters, name)) return keyOf(parameters[name]);
  if (!Array.isArray(inputs)) return undefined;
  const named = inputs.findIndex((each) => isObject(each) && each['name'] === name);
  const columns = models.map(({ ready: { features } }) => features?.indexOf(name) ?? -1);
  const [tensor, column] = named >= 0 ? [named, 0] : [0, columns.find((at) => at >= 0)];
  const input: unknown = inputs[tensor];
  if (column === undefined || !isObject(input)) return undefined;
  const bytes = binary.get(tensor);
  return bytes
    ? keyOf(elementInBytes(input['datatype'], bytes, column))
    : keyOf(inFirstRow(input['data'], column));
}

/** An element of the first row of flat or nested lists. */
function inFirstRow(data: unknown, column: number): unknown {
  let row: unknown = data;
  while (Array.isArray(row) && Array.isArray(row[0])) row = (row as unknown[])[0];
  return Array.isArray(row) ? (row as unknown[])[column] : undefined;
}

function valueIn(payload: Payload, name: string): unknown {
  switch (payload.kind) {
    case 'frame': {
      const column = payload.frame.names.indexOf(name);
      const value = column < 0 || payload.frame.rows === 0 ? undefined : payload.frame.value(0, column);
      return value instanceof CsvCell ? value.text : value;
    }
    case 'named':
    case 'language':
      return Object.hasOwn(payload.values, name) ? payload.values[name] : undefined;
    case 'tensor':
      return undefined;
  }
}

/** The first of nested lists, or the value itself. */
function first(value: unknown): unknown {
  let each = value;
  while (Array.isArray(each)) each = (each as unknown[])[0];
  return each;
}

function keyOf(value: unknown): string | undefined {
  if (!['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return undefined;
  return String(value).slice(0, keyCharsMax);
}

/** What is no name of a header cannot be one that was sent. */
function headerName(name: string): string {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) ? name : 'x-no-such-header';
}
