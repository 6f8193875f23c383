import { OnnxError } from './errors.ts';

/** Position = the code of TensorProto.DataType (onnx.proto); names as onnxruntime-node spells them. */
const elementTypes = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
] as const;

export type ElementType = (typeof elementTypes)[number];

/** A fixed size, the name of a symbolic one, or null where the model does not say. */
export type Dimension = number | string | null;

/** What an input or output holds. A tensor's shape is null where even its rank is unknown. */
export type ValueType =
  | { kind: 'tensor'; elementType: ElementType; shape: Dimension[] | null }
  | { kind: 'sparse-tensor'; elementType: ElementType; shape: Dimension[] | null }
  | { kind: 'sequence'; element: ValueType }
  | { kind: 'optional'; element: ValueType }
  | { kind: 'map'; key: ElementType; value: ValueType }
  | { kind: 'unknown' };

export type Value = { name: string } & ValueType;

export const elementTypeCode = (type: ElementType): number => elementTypes.indexOf(type);

/** @throws {OnnxError} `unsupported` for a code newer than this table. */
export function elementTypeOf(code: number): ElementType {
  const type = elementTypes[code];
  if (type === undefined) throw new OnnxError('unsupported', `Element type ${code} is not known.`);
  return type;
}

/** Bits of one element; `undefined` where elements have no fixed size. */
export function bitsOf(type: ElementType): number | undefined {
  switch (type) {
    case 'undefined':
    case 'string':
      return undefined;
    case 'uint2':
    case 'int2':
      return 2;
    case 'uint4':
    case 'int4':
    case 'float4e2m1':
      return 4;
    case 'bool':
    case 'uint8':
    case 'int8':
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0':
      return 8;
    case 'uint16':
    case 'int16':
    case 'float16':
    case 'bfloat16':
      return 16;
    case 'float32':
    case 'int32':
    case 'uint32':
      return 32;
    case 'float64':
    case 'int64':
    case 'uint64':
    case 'complex64':
      return 64;
    case 'complex128':
      return 128;
  }
}
