import type { SchemaElement } from 'hyparquet';
import { numberOf } from '../../datasets/index.ts';
import { BatchError } from '../failure.ts';
import type { ParquetColumn } from '../file.ts';
import { scoreText } from './csv-lines.ts';

/** Values of a column as Parquet stores them, a place a row; booleans are bytes 0 and 1, texts their bytes. */
export type Values =
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Uint8Array[];

/** A column of some rows. What stands at the places of missing values says nothing. */
export type Vector = {
  readonly values: Values;
  /** 1 where there is a value; `null` where there is one everywhere. */
  readonly present: Uint8Array | null;
};

/** A value as outputs in text have it; `null` is a missing one. */
export type PlainValue = string | number | boolean | null;

/** What a column is to whoever reads it. */
export function typeOf(element: SchemaElement): ParquetColumn['type'] {
  if ((element.num_children ?? 0) > 0 || element.repetition_type === 'REPEATED' || element.type === undefined)
    return 'nested';
  switch (meaningOf(element)) {
    case 'truth':
      return 'truth';
    case 'date':
    case 'time':
    case 'timestamp':
      return 'time';
    case 'text':
    case 'uuid':
    case 'bytes':
      return 'text';
    default:
      return 'number';
  }
}

type Meaning =
  | 'truth'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'text'
  | 'uuid'
  | 'bytes'
  | 'decimal'
  | 'half'
  | 'unsigned'
  | 'plain';

/** Of the logical type, else of the older converted type; see https://github.com/apache/parquet-format/blob/master/LogicalTypes.md. */
function meaningOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): Meaning {
  if (type === 'BOOLEAN') return 'truth';
  if (type === 'INT96') return 'timestamp';
  if (type === 'FLOAT' || type === 'DOUBLE') return 'plain';
  if (logical?.type === 'DECIMAL' || converted === 'DECIMAL') return 'decimal';
  if (type === 'BYTE_ARRAY') return 'text';
  if (type === 'FIXED_LEN_BYTE_ARRAY') {
    if (logical?.type === 'FLOAT16') return 'half';
    return logical?.type === 'UUID' ? 'uuid' : 'bytes';
  }
  if (logical?.type === 'DATE' || converted === 'DATE') return 'date';
  if (logical?.type === 'TIMESTAMP' || converted?.startsWith('TIMESTAMP_')) return 'timestamp';
  if (logical?.type === 'TIME' || converted?.startsWith('TIME_')) return 'time';
  const isUnsigned = logical?.type === 'INTEGER' ? !logical.isSigned : converted?.startsWith('UINT_');
  return isUnsigned ? 'unsigned' : 'plain';
}

/** Room for the values of a column of so many rows. `undefined` for types there are none of. */
export function roomFor({ type }: Pick<SchemaElement, 'type'>, rows: number): Values {
  switch (type) {
    case 'BOOLEAN':
      return new Uint8Array(rows);
    case 'INT32':
      return new Int32Array(rows);
    case 'INT64':
    case 'INT96':
      return new BigInt64Array(rows);
    case 'FLOAT':
      return new Float32Array(rows);
    case 'DOUBLE':
      return new Float64Array(rows);
    default:
      return new Array<Uint8Array>(rows);
  }
}

/** Tells the values of a vector of a column, as texts show them. */
export function plainOf(element: SchemaElement): (values: Values, at: number) => PlainValue {
  const meaning = meaningOf(element);
  switch (meaning) {
    case 'truth':
      return (values, at) => values[at] === 1;
    case 'date':
      return (values, at) => dateText(BigInt(values[at] as number) * nanosADay).slice(0, -9);
    case 'timestamp': {
      const { scale, isUtc } = unitOf(element);
      const zone = isUtc ? 'Z' : '';
      return (values, at) => `${dateText(BigInt(values[at] as number | bigint) * scale)}${zone}`;
    }
    case 'time': {
      const { scale } = unitOf(element);
      return (values, at) => dateText(BigInt(values[at] as number | bigint) * scale).slice(11);
    }
    case 'text':
      return (values, at) => textOfBytes(values[at] as Uint8Array);
    case 'uuid':
      return (values, at) => uuidText(values[at] as Uint8Array);
    case 'bytes':
      return (values, at) => Buffer.from(values[at] as Uint8Array).toString('hex');
    case 'decimal': {
      const number = numbersOf(element);
      const scale = decimalScale(element);
      return (values, at) => {
        const units = unitsOf(values[at]);
        return Number.isSafeInteger(Number(units)) ? number(values, at) : decimalText(units, scale);
      };
    }
    case 'half':
      return (values, at) => missingIfNaN(halfOf(values[at] as Uint8Array));
    case 'unsigned':
    case 'plain':
      if (element.type === 'FLOAT') return (values, at) => shortFloat(values[at] as number);
      if (element.type === 'INT64')
        return (values, at) => {
          const whole = wholeOf(values[at] as bigint, meaning === 'unsigned');
          const number = Number(whole);
          return Number.isSafeInteger(number) ? number : String(whole);
        };
      if (meaning === 'unsigned') return (values, at) => (values[at] as number) >>> 0;
      return (values, at) => missingIfNaN(values[at] as number);
  }
}

/** The same as JSON: numbers with all their digits. */
export function jsonOf(element: SchemaElement): (values: Values, at: number) => string {
  const meaning = meaningOf(element);
  const plain = plainOf(element);
  if (meaning === 'decimal') {
    const scale = decimalScale(element);
    return (values, at) => decimalText(unitsOf(values[at]), scale);
  }
  if (element.type === 'INT64' && (meaning === 'plain' || meaning === 'unsigned'))
    return (values, at) => String(wholeOf(values[at] as bigint, meaning === 'unsigned'));
  return (values, at) => {
    const value = plain(values, at);
    // JSON has no infinity; its name says more than nothing would.
    return JSON.stringify(typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);
  };
}

/** The same for a model: numbers as they are, and those that no double holds as bigints. */
export function modelValueOf(element: SchemaElement): (values: Values, at: number) => PlainValue | bigint {
  const meaning = meaningOf(element);
  if (meaning === 'plain' || meaning === 'unsigned') {
    if (element.type === 'INT64')
      return (values, at) => {
        const whole = wholeOf(values[at] as bigint, meaning === 'unsigned');
        const number = Number(whole);
        return Number.isSafeInteger(number) ? number : whole;
      };
    if (element.type === 'FLOAT') return (values, at) => missingIfNaN(values[at] as number);
  }
  if (meaning === 'decimal') return numbersOf(element);
  return plainOf(element);
}

/** Tells the values of a vector of a column of numbers. */
export function numbersOf(element: SchemaElement): (values: Values, at: number) => number {
  switch (meaningOf(element)) {
    case 'decimal': {
      const factor = 10 ** decimalScale(element);
      return (values, at) => Number(unitsOf(values[at])) / factor;
    }
    case 'half':
      return (values, at) => halfOf(values[at] as Uint8Array);
    case 'unsigned':
      return element.type === 'INT64'
        ? (values, at) => Number(wholeOf(values[at] as bigint, true))
        : (values, at) => (values[at] as number) >>> 0;
    default:
      return (values, at) => Number(values[at]);
  }
}

/** Whether a column's values are numbers as they stand, whose typed array can be read without asking for each. */
export function isPlainNumber(element: SchemaElement): boolean {
  const meaning = meaningOf(element);
  return meaning === 'plain' || meaning === 'truth';
}

/** The number that a text of a column holds; `undefined` where it holds none. */
export function numberOfBytes(bytes: Uint8Array): number | undefined {
  return numberOf(textOfBytes(bytes));
}

function missingIfNaN(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** A float32 as the short number that rounds to it, as a table has it that was never in binary. */
function shortFloat(value: number): number | null {
  if (Number.isNaN(value)) return null;
  return Number.isInteger(value) ? value : Number(scoreText(value));
}

function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function wholeOf(value: bigint, isUnsigned: boolean): bigint {
  return isUnsigned ? BigInt.asUintN(64, value) : value;
}

/** Decimals are of 38 digits at most nearly everywhere; these are what can be told in no time. */
const scaleMax = 1000;
const decimalBytesMax = 1000;

function decimalScale({ name, scale = 0 }: SchemaElement): number {
  if (Number.isInteger(scale) && scale >= 0 && scale <= scaleMax) return scale;
  throw new BatchError({
    code: 'bad-input',
    column: name,
    reason: `The column holds decimals of scale ${scale}, and they are read up to ${scaleMax}`,
  });
}

/** The unscaled whole number of a decimal; bytes hold it in two's complement, the highest first. */
function unitsOf(value: Values[number]): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value);
  if (value.length > decimalBytesMax)
    throw new BatchError({
      code: 'bad-input',
      reason: `A decimal takes ${value.length} bytes, and they are read up to ${decimalBytesMax}`,
    });
  let units = 0n;
  for (const byte of value) units = (units << 8n) | BigInt(byte);
  return BigInt.asIntN(value.length * 8, units);
}

function decimalText(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const sign = units < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function halfOf(bytes: Uint8Array): number {
  const bits = (bytes[1] << 8) | bytes[0];
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const nanosADay = 86_400_000_000_000n;
const nanosASecond = 1_000_000_000n;

/** How many nanoseconds a unit of a time column has, and whether it is a moment in UTC rather than a local time. */
function unitOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): {
  scale: bigint;
  isUtc: boolean;
} {
  if (type === 'INT96') return { scale: 1n, isUtc: false };
  if (logical?.type === 'TIMESTAMP' || logical?.type === 'TIME') {
    const scale = { MILLIS: 1_000_000n, MICROS: 1000n, NANOS: 1n }[logical.unit];
    return { scale, isUtc: logical.isAdjustedToUTC };
  }
  return { scale: converted?.endsWith('_MILLIS') ? 1_000_000n : 1000n, isUtc: true };
}

/** `2024-05-01T12:30:00` with as many digits of a second as are needed, or a year beyond ISO 8601 as `+012024-…`. */
function dateText(nanos: bigint): string {
  const fraction = ((nanos % nanosASecond) + nanosASecond) % nanosASecond;
  const moment = new Date(Number((nanos - fraction) / 1_000_000n));
  const seconds = Number.isNaN(moment.getTime())
    ? String((nanos - fraction) / nanosASecond)
    : moment.toISOString().slice(0, -5);
  if (fraction === 0n) return seconds;
  const digits = String(fraction).padStart(9, '0');
  return `${seconds}.${digits.replace(/(000){1,2}$/, '')}`;
}
