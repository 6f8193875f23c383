/** Element types that go in and out, as onnxruntime-node names them, and their Open Inference Protocol names. */
const datatypes = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
} as const;

export type ElementType = keyof typeof datatypes;

export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | string[];

/** A tensor in row-major order; bool is held as bytes 0 and 1. */
export type Tensor = {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: TensorData;
};

/** Tensors by the name of the input or output. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** An input or output: a size, or the name of a free one (empty where it has none). */
export type Port = {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
};

/** Sizes beyond this cannot come from a body that is allowed; it also keeps products exact. */
export const dimensionMax = 0x7fffffff;

export function isElementType(type: string): type is ElementType {
  return Object.hasOwn(datatypes, type);
}

export function datatypeOf(type: ElementType): string {
  return datatypes[type];
}

export function isFloat(type: ElementType): boolean {
  return type === 'float32' || type === 'float64';
}

/** Whether numbers of this type outgrow what JSON.parse keeps exact. */
export function isWide(type: ElementType): boolean {
  return type === 'int64' || type === 'uint64';
}

/** Bytes that tensors take in memory, about: texts by their characters. */
export function tensorBytes(tensors: Tensors): number {
  let bytes = 0;
  for (const { data } of Object.values(tensors))
    if (ArrayBuffer.isView(data)) bytes += data.byteLength;
    else for (const text of data) bytes += 2 * text.length;
  return bytes;
}

/** Elements of a shape: the product of its sizes. */
export function elementsOf(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

/** The least and the most of the integers that a double holds exactly; those of 64 bits have none here. */
export const integerBounds: Partial<Record<ElementType, readonly [min: number, max: number]>> = {
  uint8: [0, 0xff],
  uint16: [0, 0xffff],
  uint32: [0, 0xffffffff],
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  int32: [-0x80000000, 0x7fffffff],
};

/**
 * A JSON value as an element of `type`, or `undefined` where it is none: wrong kind, a fraction in an
 * integer, out of range, a NUL in text (the runtime would cut the text there). Typed arrays coerce all
 * of these silently, which is why every value passes here first.
 */
export function elementOf(type: ElementType, value: unknown): number | bigint | string | undefined {
  switch (type) {
    case 'string':
      return typeof value === 'string' && !value.includes('\0') ? value : undefined;
    case 'bool':
      return typeof value === 'boolean' ? Number(value) : undefined;
    case 'float32':
    case 'float64': {
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number !== 'number') return undefined;
      // An infinity is one to Python, and to floats; a number that is too large for them is none.
      if (typeof value === 'number' && Math.abs(value) === Number.POSITIVE_INFINITY) return value;
      return Number.isFinite(type === 'float32' ? Math.fround(number) : number) ? number : undefined;
    }
    case 'int64':
    case 'uint64':
      return wideElement(type, value);
    default: {
      const [min, max] = integerBounds[type] ?? [0, 0];
      return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
        ? (value as number)
        : undefined;
    }
  }
}

function wideElement(type: 'int64' | 'uint64', value: unknown): bigint | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined;
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const wide = BigInt(value);
  return (type === 'int64' ? BigInt.asIntN(64, wide) : BigInt.asUintN(64, wide)) === wide ? wide : undefined;
}

/** Room for `elements` elements of `type`: zeros, or empty texts. */
export function allocate(type: ElementType, elements: number): TensorData {
  switch (type) {
    case 'bool':
    case 'uint8':
      return new Uint8Array(elements);
    case 'uint16':
      return new Uint16Array(elements);
    case 'uint32':
      return new Uint32Array(elements);
    case 'uint64':
      return new BigUint64Array(elements);
    case 'int8':
      return new Int8Array(elements);
    case 'int16':
      return new Int16Array(elements);
    case 'int32':
      return new Int32Array(elements);
    case 'int64':
      return new BigInt64Array(elements);
    case 'float32':
      return new Float32Array(elements);
    case 'float64':
      return new Float64Array(elements);
    case 'string':
      return new Array<string>(elements).fill('');
  }
}

/** What an element type accepts, for people. */
export function describe(type: ElementType): string {
  const bounds = integerBounds[type];
  if (bounds) return `a whole number from ${bounds[0]} to ${bounds[1]}`;
  switch (type) {
    case 'string':
      return 'text without NUL';
    case 'bool':
      return 'true or false';
    case 'float32':
    case 'float64':
      return `a number in the range of ${type}`;
    default:
      return `a whole number in the range of ${type}`;
  }
}

/** Text of an element as a class label or log entry. */
export function textOf({ type, data }: Tensor, at: number): string {
  return type === 'bool' ? String(data[at] === 1) : String(data[at]);
}

/** An element as JSON carries it: 64-bit integers exactly, NaN and the infinities as they are (see the callers). */
export function jsonElement({ type, data }: Tensor, at: number): unknown {
  const value = data[at];
  if (type === 'bool') return value === 1;
  return typeof value === 'bigint' ? exactNumber(value) : value;
}

/** What JSON.stringify writes as this text: numbers that a double does not hold, or that it writes otherwise. */
export function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

function exactNumber(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : rawJson(String(value));
}
