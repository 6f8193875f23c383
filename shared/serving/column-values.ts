/**
 * Values as the types of MLflow's signatures have them, in JSON and CSV: dates as ISO 8601 text or nanoseconds, bytes
 * in base64, no conversion that loses anything.
 */
import { isFloat, type Port } from '../sessions/index.ts';

/** What is returned for a value that is none of its type. */
export const refused = Symbol('refused');

/**
 * A value of a column as the input takes it: `refused` where it is not of the column's type. A date is its
 * nanoseconds since 1970, as in NumPy, where the input takes numbers; bytes are text where it takes text, else a list.
 */
export function columnValue(type: string, { type: element }: Pick<Port, 'type'>, value: unknown): unknown {
  switch (type) {
    case 'boolean':
      if (value === 0 || value === 1) return element === 'bool' ? value === 1 : value;
      return typeof value === 'boolean' ? numberUnless(element, value) : refused;
    case 'integer':
    case 'long': {
      const [min, max] = type === 'long' ? [-(2n ** 63n), 2n ** 63n - 1n] : [-(2n ** 31n), 2n ** 31n - 1n];
      const wide = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
      return typeof wide === 'bigint' && wide >= min && wide <= max ? value : refused;
    }
    case 'float':
    case 'double':
      return ['number', 'bigint', 'boolean'].includes(typeof value) || value === null ? value : refused;
    case 'string':
      return typeof value === 'string' ? value : refused;
    case 'datetime':
      return datetimeValue(element, value);
    case 'binary':
      return binaryValue(element, value);
    default:
      return value;
  }
}

/** What a column type accepts, for people. */
export function describeColumn(type: string): string {
  switch (type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
    case 'long':
      return `a whole number in the range of ${type}; a column that may lack values is better declared as double`;
    case 'float':
    case 'double':
      return 'a number';
    case 'datetime':
      return 'a date and time such as "2024-05-31T08:00:00", or whole nanoseconds since 1970';
    case 'binary':
      return 'bytes in base64 that the input of the model can take';
    case 'string':
      return 'text';
    default:
      return `a value of type ${type}`;
  }
}

function numberUnless(element: Port['type'], value: boolean): boolean | number {
  return element === 'bool' ? value : Number(value);
}

function datetimeValue(element: Port['type'], value: unknown): unknown {
  const nanoseconds = typeof value === 'string' ? nanosecondsOf(value) : wholeOf(value);
  if (nanoseconds === undefined) return refused;
  if (element === 'string') return typeof value === 'string' ? value : isoOf(nanoseconds);
  return isFloat(element) ? Number(nanoseconds) : nanoseconds;
}

function wholeOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
}

const isoPattern =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Nanoseconds since 1970 of a date and time in ISO 8601, in UTC where it names no zone; `undefined` for other text. */
function nanosecondsOf(text: string): bigint | undefined {
  const [whole, date = '', time = '00:00', seconds = '00', fraction = '', zone = 'Z'] =
    isoPattern.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  const milliseconds = Date.parse(`${date}T${time}:${seconds}${zone.replace(/(\d{2})(\d{2})$/, '$1:$2')}`);
  // The parser of dates takes the 31st of February for one in March.
  const isThere = new Date(Date.parse(`${date}T00:00:00Z`)).toJSON()?.startsWith(date) ?? false;
  if (!isThere || Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** Nanoseconds since 1970 as ISO 8601 text, with as many digits as it needs. */
export function isoOf(nanoseconds: bigint): string {
  const rest = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = new Date(Number((nanoseconds - rest) / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = String(rest).padStart(9, '0').replace(/0+$/, '');
  return fraction === '' ? seconds : `${seconds}.${fraction}`;
}

function binaryValue(element: Port['type'], value: unknown): unknown {
  if (typeof value !== 'string') return refused;
  const text = value.replaceAll(/\s/g, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return refused;
  const bytes = Buffer.from(text, 'base64');
  if (element === 'uint8') return [...bytes];
  if (element !== 'string') return refused;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The runtime carries text, and these bytes are none.
    return refused;
  }
}
