/**
 * Tensors as bytes, the binary tensor data extension of the Open Inference Protocol:
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 * Little-endian, row-major, without padding; BOOL is a byte 0 or 1, BYTES a uint32 of its length before each text.
 */
import { CairnError } from '../http/index.ts';
import {
  allocate,
  datatypeOf,
  elementsOf,
  type ElementType,
  type Port,
  type Tensor,
} from '../sessions/index.ts';

/** Bytes of an element; texts have none. */
const elementBytes: Readonly<Record<Exclude<ElementType, 'string'>, number>> = {
  bool: 1,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  uint64: 8,
  int64: 8,
  float64: 8,
};

const types: readonly ElementType[] = ['string', ...(Object.keys(elementBytes) as ElementType[])];

/**
 * The tensor that bytes make in sizes that were checked. `isHalf` where they are of float16, which every element of
 * float32 can hold. Nothing is allocated before they have been counted. Throws `invalid` naming the input.
 */
export function tensorOfBytes(
  { name, type }: Port,
  dims: readonly number[],
  bytes: Uint8Array,
  isHalf = false,
): Tensor {
  const elements = elementsOf(dims);
  if (type === 'string') return { type, dims, data: textsOf(name, bytes, elements) };
  const expected = elements * (isHalf ? 2 : elementBytes[type]);
  if (bytes.byteLength !== expected)
    throw invalid(
      name,
      `Input '${name}' has ${bytes.byteLength} bytes, but its shape [${dims.join(', ')}] needs ${expected}.`,
    );
  if (isHalf) return { type, dims, data: floatsOfHalves(bytes) };
  if (type === 'bool') {
    const at = bytes.findIndex((byte) => byte > 1);
    if (at >= 0)
      throw invalid(name, `Element ${at} of input '${name}' is the byte ${bytes[at]}, but must be 0 or 1.`);
  }
  const data = allocate(type, elements) as Exclude<Tensor['data'], string[]>;
  new Uint8Array(data.buffer).set(bytes);
  return { type, dims, data };
}

/** A tensor as bytes. */
export function bytesOfTensor({ type, data }: Tensor): Uint8Array {
  if (type !== 'string') {
    const { buffer, byteOffset, byteLength } = data as Exclude<Tensor['data'], string[]>;
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  }
  const parts = (data as string[]).flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.byteLength);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}

function textsOf(name: string, bytes: Uint8Array, elements: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.byteLength && texts.length < elements) {
    const length = at + 4 <= bytes.byteLength ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    const end = at + 4 + length;
    if (end > bytes.byteLength)
      throw invalid(name, `Element ${texts.length} of input '${name}' goes beyond the bytes of the input.`);
    texts.push(textIn(name, texts.length, bytes.subarray(at + 4, end), decoder));
    at = end;
  }
  if (texts.length === elements && at === bytes.byteLength) return texts;
  throw invalid(
    name,
    `Input '${name}' needs ${elements} elements, each after its length, but its ${bytes.byteLength} bytes hold ${texts.length}${at < bytes.byteLength ? ' and more' : ''}.`,
  );
}

function textIn(name: string, at: number, bytes: Uint8Array, decoder: TextDecoder): string {
  try {
    // The runtime would cut the text at a NUL.
    if (!bytes.includes(0)) return decoder.decode(bytes);
  } catch {
    // Not UTF-8, which is all that the runtime carries.
  }
  throw invalid(name, `Element ${at} of input '${name}' must be text in UTF-8 without NUL.`);
}

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
function floatsOfHalves(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 2 }, (_, at) => {
    const half = view.getUint16(at * 2, true);
    const [exponent, fraction] = [(half >> 10) & 0x1f, half & 0x3ff];
    const sign = half >> 15 === 0 ? 1 : -1;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** The element at `index` as a key to tell callers by, without a look at the rest; `undefined` where there is none. */
export function elementInBytes(datatype: unknown, bytes: Uint8Array, index: number): string | undefined {
  const type = types.find((each) => datatypeOf(each) === datatype);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 'string') {
    let at = 0;
    for (let skip = index; skip >= 0 && at + 4 <= bytes.byteLength; skip--) {
      const end = at + 4 + view.getUint32(at, true);
      if (skip === 0) return Buffer.from(bytes.subarray(at + 4, end)).toString();
      at = end;
    }
    return undefined;
  }
  if (type === undefined) return undefined;
  const size = elementBytes[type];
  if ((index + 1) * size > bytes.byteLength) return undefined;
  const data = allocate(type, 1) as Exclude<Tensor['data'], string[]>;
  new Uint8Array(data.buffer).set(bytes.subarray(index * size, (index + 1) * size));
  return type === 'bool' ? String(data[0] === 1) : String(data[0]);
}

function invalid(field: string, message: string): CairnError {
  return new CairnError('invalid', message, { field });
}
