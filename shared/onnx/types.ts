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
