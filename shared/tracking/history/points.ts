import type { MetricPoint } from '../model.ts';

/**
 * Points of one metric as columns, in order by (timestamp, step, value) and each once: history is a set.
 * A NaN has the place of a zero, behind it. Timestamps are milliseconds since 1970.
 */
export type Columns = {
  readonly timestamps: Float64Array;
  readonly steps: Float64Array;
  readonly values: Float64Array;
};

/** A point's place in the order of {@link Columns}. */
export type Place = Pick<MetricPoint, 'timestamp' | 'step' | 'value'>;

/** Most bytes of a packed point: 8 for the timestamp, 9 for the step, 8 for the value. */
export const pointBytesMax = 25;

/** Each key's points. */
export function columnsByKey(points: readonly MetricPoint[]): Map<string, Columns> {
  const byKey = Map.groupBy(points, ({ key }) => key);
  return new Map([...byKey].map(([key, of]) => [key, columnsOf(of)]));
}

/** All points of the parts, in order and each once. Parts that follow one another are joined without sorting. */
export function union(parts: readonly Columns[]): Columns {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const all = columnsOfLength(parts.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { timestamps, steps, values } of parts) {
    all.timestamps.set(timestamps, at);
    all.steps.set(steps, at);
    all.values.set(values, at);
    at += values.length;
  }
  return inOrder(all);
}

/** The points of `columns` that are in none of `others`. */
export function without(columns: Columns, others: readonly Columns[]): Columns {
  const kept: number[] = [];
  for (let i = 0; i < columns.values.length; i++) {
    const place = placeAt(columns, i);
    if (!others.some((other) => has(other, place))) kept.push(i);
  }
  return kept.length === columns.values.length ? columns : pick(columns, kept);
}

/** The points at these positions, in this order. */
export function pick(columns: Columns, positions: ArrayLike<number>): Columns {
  const picked = columnsOfLength(positions.length);
  for (let to = 0; to < positions.length; to++) {
    const from = positions[to] ?? 0;
    picked.timestamps[to] = columns.timestamps[from] ?? 0;
    picked.steps[to] = columns.steps[from] ?? 0;
    picked.values[to] = columns.values[from] ?? 0;
  }
  return picked;
}

/** The points from one position to before another; a view, not a copy. */
export function slice({ timestamps, steps, values }: Columns, from: number, to?: number): Columns {
  return {
    timestamps: timestamps.subarray(from, to),
    steps: steps.subarray(from, to),
    values: values.subarray(from, to),
  };
}

/** How many of the points are not behind `place`, which is the position of the first one that is. */
export function countUpTo(columns: Columns, place: Place): number {
  let low = 0;
  let high = columns.values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(placeAt(columns, middle), place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function placeAt({ timestamps, steps, values }: Columns, i: number): Place {
  return { timestamp: timestamps[i] ?? 0, step: steps[i] ?? 0, value: values[i] ?? 0 };
}

/** The order of values within one timestamp and step. */
export function compareValues(a: number, b: number): number {
  const [x, y] = [a || 0, b || 0];
  // Not a difference: that of two infinities is no number.
  if (x !== y) return x < y ? -1 : 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/**
 * Columns as base64 of: how many, the steps from each timestamp to the next, those of `step`, and the
 * values as little-endian doubles. Evenly logged points take about 11 bytes each, none over {@link pointBytesMax}.
 */
export function packed({ timestamps, steps, values }: Columns): string {
  const count = values.length;
  const bytes = Buffer.allocUnsafe(8 + count * pointBytesMax);
  let at = writeInteger(bytes, 0, count);
  for (const column of [timestamps, steps]) {
    let before = 0;
    for (const number of column) {
      const difference = number - before;
      // Where the difference is not exact, minus zero says that the number itself follows.
      if (Number.isSafeInteger(difference)) at = writeInteger(bytes, at, difference);
      else at = writeInteger(bytes, writeInteger(bytes, at, -0), number);
      before = number;
    }
  }
  for (const value of values) at = bytes.writeDoubleLE(value, at);
  return bytes.toString('base64', 0, at);
}

/** What {@link packed} packed. */
export function unpacked(text: string): Columns {
  const bytes = Buffer.from(text, 'base64');
  let at = 0;
  // Numbers are read often: no object per number.
  const readInteger = (): number => {
    const first = bytes[at++] ?? 0;
    let magnitude = first & 0x3f;
    for (let scale = 64, last = first; last & 0x80; scale *= 128) {
      last = bytes[at++] ?? 0;
      magnitude += (last & 0x7f) * scale;
    }
    return first & 0x40 ? -magnitude : magnitude;
  };
  const columns = columnsOfLength(readInteger());
  for (const column of [columns.timestamps, columns.steps]) {
    let before = 0;
    for (let i = 0; i < column.length; i++) {
      const difference = readInteger();
      before = Object.is(difference, -0) ? readInteger() : before + difference;
      column[i] = before;
    }
  }
  for (let i = 0; i < columns.values.length; i++, at += 8) columns.values[i] = bytes.readDoubleLE(at);
  return columns;
}

/** A safe integer as sign and magnitude, 6 bits in the first byte and 7 in each that follows; the sign of zero is kept. */
function writeInteger(bytes: Buffer, at: number, integer: number): number {
  let magnitude = Math.abs(integer);
  const sign = integer < 0 || Object.is(integer, -0) ? 0x40 : 0;
  bytes[at++] = (magnitude % 64) | sign | (magnitude >= 64 ? 0x80 : 0);
  for (magnitude = Math.floor(magnitude / 64); magnitude > 0; magnitude = Math.floor(magnitude / 128))
    bytes[at++] = (magnitude % 128) | (magnitude >= 128 ? 0x80 : 0);
  return at;
}

function columnsOf(points: readonly Place[]): Columns {
  const columns = columnsOfLength(points.length);
  points.forEach(({ timestamp, step, value }, i) => {
    // Minus zero is the same number as zero, and must be the same point.
    columns.timestamps[i] = timestamp + 0;
    columns.steps[i] = step + 0;
    columns.values[i] = value + 0;
  });
  return inOrder(columns);
}

function columnsOfLength(length: number): Columns {
  return {
    timestamps: new Float64Array(length),
    steps: new Float64Array(length),
    values: new Float64Array(length),
  };
}

function inOrder(columns: Columns): Columns {
  const count = columns.values.length;
  let i = 1;
  while (i < count && compareAt(columns, i - 1, i) < 0) i++;
  if (i >= count) return columns;
  const positions = Uint32Array.from({ length: count }, (_, position) => position);
  positions.sort((a, b) => compareAt(columns, a, b));
  return pick(
    columns,
    positions.filter(
      (position, at) => at === 0 || compareAt(columns, positions[at - 1] ?? 0, position) !== 0,
    ),
  );
}

function compareAt({ timestamps, steps, values }: Columns, a: number, b: number): number {
  return (
    (timestamps[a] ?? 0) - (timestamps[b] ?? 0) ||
    (steps[a] ?? 0) - (steps[b] ?? 0) ||
    compareValues(values[a] ?? 0, values[b] ?? 0)
  );
}

function compare(a: Place, b: Place): number {
  return a.timestamp - b.timestamp || a.step - b.step || compareValues(a.value, b.value);
}

function has(columns: Columns, place: Place): boolean {
  const count = countUpTo(columns, place);
  return count > 0 && compare(placeAt(columns, count - 1), place) === 0;
}
