import type { ColumnChunk, SchemaElement } from 'hyparquet';
import type { Values } from './parquet-types.ts';

/** The least and the greatest value of a column as JSON keeps them: whole numbers of 64 bits as text. */
export type Bounds = readonly [number | string, number | string];

/**
 * The bounds of the values that are there, by which readers pass over row groups; `null` where there are none, and for
 * texts and whole numbers without a sign, whose order is another.
 */
export function boundsOf(
  { converted_type: converted }: SchemaElement,
  values: Values,
  present: Uint8Array,
  rows: number,
): Bounds | null {
  if (!ArrayBuffer.isView(values) || converted?.startsWith('UINT_')) return null;
  if (!(values instanceof BigInt64Array)) return extremes(values, present, rows);
  const found = extremes(values, present, rows);
  return found && [String(found[0]), String(found[1])];
}

function extremes<T extends number | bigint>(
  values: ArrayLike<T>,
  present: Uint8Array,
  rows: number,
): [T, T] | null {
  let found: [T, T] | null = null;
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    // NaN has no place in the order.
    if (present[row] === 0 || Number.isNaN(value)) continue;
    if (found === null) found = [value, value];
    else if (value < found[0]) found[0] = value;
    else if (value > found[1]) found[1] = value;
  }
  return found;
}

/** Bounds as the statistics of a column have them. Infinities, which JSON has no word for, bound nothing. */
export function statisticsOf(
  { type, converted_type: converted }: SchemaElement,
  missing: number,
  [min, max]: readonly (number | string | null)[],
): NonNullable<ColumnChunk['meta_data']>['statistics'] {
  const null_count = BigInt(missing);
  if (min === null || max === null) return { null_count };
  switch (type) {
    case 'BOOLEAN':
      return { null_count, min_value: min === 1, max_value: max === 1 };
    case 'INT32':
      if (converted !== 'DECIMAL') return { null_count, min_value: min, max_value: max };
      return { null_count, min_value: BigInt(min), max_value: BigInt(max) };
    case 'INT64':
      return { null_count, min_value: BigInt(min), max_value: BigInt(max) };
    default:
      // Zero bounds both zeros: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
      return { null_count, min_value: min === 0 ? -0 : min, max_value: max };
  }
}
