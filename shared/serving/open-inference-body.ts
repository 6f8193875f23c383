/** Bodies of infer requests: JSON, and behind it, where the binary tensor data extension is used, bytes. */
import { CairnError } from '../http/index.ts';
import { type Body, parseBody, type Reading, shown } from './fill.ts';

/** A body of an infer request, before it meets the model. */
export type InferBody = {
  readonly json: Readonly<Record<string, unknown>>;
  /** Whether it says NaN, as Python writes it; then a null of a float is one. */
  readonly hasNaN: boolean;
  /** As many rows as are taken. */
  readonly rowsMax: number;
  /** The bytes of the inputs that were sent so, by their place in `inputs`. */
  readonly binary: ReadonlyMap<number, Uint8Array>;
};

/**
 * Reads a body: JSON, and behind its first `jsonBytes` the bytes of the inputs that say `binary_data_size`, in their
 * order. Throws `invalid` where these are not as many as there are.
 */
export function readInfer(bytes: Uint8Array, jsonBytes: number | undefined, reading: Reading): InferBody {
  if (jsonBytes !== undefined && (jsonBytes < 2 || jsonBytes > bytes.byteLength))
    throw invalid(
      `Inference-Header-Content-Length is ${jsonBytes}, but must be the length of the JSON in the body, which has ${bytes.byteLength} bytes.`,
    );
  const { value, hasNaN } = parsed(bytes.subarray(0, jsonBytes), reading);
  const json = object(value, 'The body');
  const inputs = Array.isArray(json['inputs']) ? (json['inputs'] as unknown[]) : [];
  const binary = new Map<number, Uint8Array>();
  let at = jsonBytes ?? bytes.byteLength;
  inputs.forEach((input, index) => {
    const size = binarySizeOf(input, `inputs[${index}]`);
    if (size === undefined) return;
    if (jsonBytes === undefined)
      throw invalid(
        `inputs[${index}] comes as binary data, which needs the header Inference-Header-Content-Length.`,
        `inputs[${index}].parameters.binary_data_size`,
      );
    if (at + size > bytes.byteLength)
      throw invalid(
        `inputs[${index}] has a binary_data_size of ${size}, but only ${bytes.byteLength - at} bytes are left of the body.`,
        `inputs[${index}].parameters.binary_data_size`,
      );
    binary.set(index, bytes.subarray(at, at + size));
    at += size;
  });
  if (at < bytes.byteLength)
    throw invalid(
      `The body has ${bytes.byteLength - at} bytes more than its JSON and the binary_data_size of its inputs say.`,
    );
  return { json, hasNaN, binary, rowsMax: reading.rowsMax };
}

function parsed(bytes: Uint8Array, reading: Reading): Body {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('The JSON of the body is not valid UTF-8.');
  }
  try {
    return parseBody(text, reading);
  } catch (error) {
    const why = reading.quote === shown ? `: ${(error as Error).message}` : '';
    throw invalid(`The body is not valid JSON${why}.`);
  }
}

function binarySizeOf(input: unknown, what: string): number | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const { parameters, data } = input as Record<string, unknown>;
  if (typeof parameters !== 'object' || parameters === null) return undefined;
  const { binary_data_size: size } = parameters as Record<string, unknown>;
  if (size === undefined) return undefined;
  const field = `${what}.parameters.binary_data_size`;
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw invalid(`${field} must be a number of bytes, not ${shown(size)}.`, field);
  if (data !== undefined)
    throw invalid(`${what} has both 'data' and a binary_data_size; send one of the two.`, field);
  return size as number;
}

/** A value that has to be an object. Throws `invalid`. */
export function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalid(`${what} must be a JSON object, not ${shown(value)}.`);
}

export function invalid(message: string, field?: string): CairnError {
  return new CairnError('invalid', message, field === undefined ? {} : { field });
}
