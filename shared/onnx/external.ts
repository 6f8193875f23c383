import { OnnxError } from './errors.ts';
import type { ExternalTensor } from './tensor.ts';
import { bitsOf, elementTypeOf } from './types.ts';

/** Bytes [offset, offset + length) of a file of the model's folder; `path` is relative to it. */
export type FileSlice = { readonly path: string; readonly offset: number; readonly length: number };

const pathCharsMax = 1024;
const segmentsMax = 32;

/**
 * Where in the model's own folder the data of a tensor lies.
 * https://onnx.ai/onnx/repo-docs/ExternalData.html, read strictly: a relative path that stays below the
 * folder, and exactly as many bytes as type and shape need.
 *
 * @throws {OnnxError} `external-data` where it could lie anywhere else, or is not told without doubt.
 */
export function sliceOf(tensor: ExternalTensor): FileSlice {
  const told = (key: string): string | undefined => {
    const texts = tensor.entries.filter(([name]) => name === key).map(([, text]) => text);
    if (texts.length > 1) throw refusal(tensor, `gives its ${key} twice`);
    return texts[0];
  };
  const count = (key: string): number | undefined => {
    const text = told(key);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) throw refusal(tensor, `has an ${key} that is no number`);
    return Number(text);
  };
  const path = pathOf(tensor, told('location'));
  const needed = bytesOf(tensor);
  const length = count('length') ?? needed;
  if (length !== needed) throw refusal(tensor, `names ${length} bytes, but its shape needs ${needed}`);
  return { path, offset: count('offset') ?? 0, length };
}

/**
 * The files that these tensors need, each once, in order of name. `sizeOf` gives the bytes of a file of
 * the model's folder.
 *
 * @throws {OnnxError} `external-data` where one is missing or too short.
 */
export function externalFiles(
  tensors: readonly ExternalTensor[],
  sizeOf: (path: string) => number | undefined,
): string[] {
  const paths = new Set<string>();
  for (const tensor of tensors) {
    const { path, offset, length } = sliceOf(tensor);
    const size = sizeOf(path);
    if (size === undefined)
      throw refusal(tensor, `lies in '${shown(path)}', which is not among the files of the model`);
    if (offset + length > size)
      throw refusal(tensor, `ends at byte ${offset + length} of '${shown(path)}', which has ${size}`);
    paths.add(path);
  }
  return [...paths].toSorted();
}

/** Whether a runtime that is handed the files finds the tensor by itself: an initializer whose location is the path. */
export function isHandedOver(tensor: ExternalTensor): boolean {
  return (
    tensor.isInitializer &&
    tensor.entries.some(([key, text]) => key === 'location' && text === sliceOf(tensor).path)
  );
}

/** The location without `.` parts. */
function pathOf(tensor: ExternalTensor, location: string | undefined): string {
  if (!location) throw refusal(tensor, 'lies outside the ONNX file, but where is not said');
  const parts = location.split('/').filter((part) => part !== '.');
  // Runtimes give names with `*` and the like meanings of their own; a drive or a backslash is a path elsewhere.
  const isPlain = !/[\p{Cc}\\:*?"<>|\ufffd]/u.test(location) && location.length <= pathCharsMax;
  if (!isPlain || parts.length > segmentsMax || parts.some((part) => part === '' || part === '..'))
    throw refusal(tensor, `lies at '${shown(location)}', which is not a file below the folder of the model`);
  return parts.join('/');
}

function bytesOf(tensor: ExternalTensor): number {
  const bits = bitsOf(elementTypeOf(tensor.type));
  const elements = tensor.dims.reduce((product, size) => product * size, 1);
  if (bits === undefined || !Number.isSafeInteger(elements * 64) || tensor.dims.some((size) => size < 0))
    throw refusal(tensor, 'is of a type or shape whose data cannot lie outside the ONNX file');
  return Math.ceil((elements * bits) / 8);
}

function refusal({ name }: ExternalTensor, why: string): OnnxError {
  return new OnnxError('external-data', `The tensor '${shown(name)}' ${why}.`);
}

function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
