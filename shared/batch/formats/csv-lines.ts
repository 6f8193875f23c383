import { bufferOf, csvCell } from '../../datasets/index.ts';
import type { PredictedColumn, PredictedValues } from './predicted.ts';
import { withRoom } from './room.ts';
import type { RowBlock } from './rows.ts';
import type { RowWriter } from './writer.ts';

const lineFeed = 0x0a;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const nothing = new Uint8Array();

/**
 * Writes rows as they stand in CSV, and the predicted columns behind them, with the same delimiter.
 * `header` is the header line of the input.
 */
export class CsvLines implements RowWriter {
  readonly isHolding = false;
  readonly #header: Uint8Array;
  readonly #columns: readonly PredictedColumn[];
  readonly #delimiter: string;
  #buffer = Buffer.allocUnsafe(1 << 20);
  readonly #texts = new Map<string, Buffer>();

  constructor(header: Uint8Array, columns: readonly PredictedColumn[], delimiter = ',') {
    this.#header = header;
    this.#delimiter = delimiter;
    this.#columns = columns;
  }

  head(): Uint8Array {
    const added = this.#columns.map(({ name }) => this.#delimiter + csvCell(name, this.#delimiter)).join('');
    return Buffer.concat([this.#header, Buffer.from(`${added}\n`)]);
  }

  write({ rows, text, unscored }: RowBlock, predicted: PredictedValues): { bytes: Uint8Array } {
    if (!text) throw new Error('Rows of another format cannot be written as they stand.');
    const { starts, ends } = text;
    const bytes = bufferOf(text.bytes);
    // A classifier's probability is asked for often, and a regressor's number stands there twice.
    const isTwice = predicted.length > 1 && predicted[0] === predicted[1];
    const delimiter = this.#delimiter.charCodeAt(0);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const start = starts[i];
      const end = ends[i];
      at = this.#room(at, end - start + 1 + predicted.length * scoreBytesMax);
      bytes.copy(this.#buffer, at, start, end);
      at += end - start;
      const isBad = unscored.size > 0 && unscored.has(i);
      let number = 0;
      for (let column = 0; column < predicted.length; column++) {
        this.#buffer[at++] = delimiter;
        if (isBad) continue;
        const value = predicted[column]?.[i] ?? null;
        if (typeof value === 'number') {
          if (column === 1 && isTwice) {
            this.#buffer.copyWithin(at, number, at - 1);
            at += at - 1 - number;
          } else {
            number = at;
            at = writeScore(this.#buffer, at, value);
          }
        } else if (value !== null) at = this.#text(at, value, predicted.length - column);
      }
      this.#buffer[at++] = lineFeed;
    }
    return { bytes: this.#buffer.subarray(0, at) };
  }

  close(): { bytes: Uint8Array } {
    return { bytes: nothing };
  }

  #text(at: number, value: string | bigint | boolean, columnsLeft: number): number {
    const text = String(value);
    let bytes = this.#texts.get(text);
    if (!bytes) {
      bytes = Buffer.from(csvCell(text, this.#delimiter));
      // Classes come again and again; other texts do not.
      if (this.#texts.size < 1000) this.#texts.set(text, bytes);
    }
    const to = this.#room(at, bytes.length + columnsLeft * scoreBytesMax + 1);
    this.#buffer.set(bytes, to);
    return to + bytes.length;
  }

  #room(used: number, more: number): number {
    this.#buffer = withRoom(this.#buffer, used, more);
    return used;
  }
}

/** Powers of ten by which the shortest decimal of a float32 is looked for. */
const scales = [1e6, 1e7, 1e8, 1e9, 1e10];

/** The first of them by which a float32 is a whole number, once both are rounded; 0 where there is none. */
function scaleOf(value: number): number {
  if (Math.fround(value) === value && value > -1e6 && value < 1e6)
    // Division of whole numbers below 2^53 rounds once: this is the double nearest to that decimal.
    for (const scale of scales) if (Math.fround(Math.round(value * scale) / scale) === value) return scale;
  return 0;
}

/**
 * A number so that reading it back gives the same: a float32 as a short decimal that rounds to it, a
 * double as JavaScript writes it.
 */
export function scoreText(value: number): string {
  const scale = scaleOf(value);
  return String(scale === 0 ? value : Math.round(value * scale) / scale);
}

/** JavaScript writes smaller ones with an exponent. */
const plainMin = 1e-6;

/** Room that {@link writeScore} needs at most. */
export const scoreBytesMax = 32;

/** Writes the same as ASCII, with no string made where the digits fit 32 bits; returns where it ends. */
export function writeScore(buffer: Buffer, at: number, value: number): number {
  const scale = scaleOf(value);
  const size = Math.abs(value);
  if (scale === 0 || scale > 1e9 || size < plainMin) return ascii(buffer, at, scoreText(value));
  const digits = Math.round(size * scale);
  const whole = Math.floor(digits / scale);
  let fraction = (digits - whole * scale) | 0;
  if (value < 0) buffer[at++] = minus;
  at = writeWhole(buffer, at, whole | 0);
  if (fraction === 0) return at;
  buffer[at] = dot;
  let places = scale;
  for (; fraction % 10 === 0; places /= 10) fraction = (fraction / 10) | 0;
  const end = at + 1 + Math.round(Math.log10(places));
  for (let to = end - 1; to > at; to--) {
    const rest = (fraction / 10) | 0;
    buffer[to] = zero + fraction - rest * 10;
    fraction = rest;
  }
  return end;
}

function writeWhole(buffer: Buffer, at: number, whole: number): number {
  let end = at + 1;
  for (let rest = (whole / 10) | 0; rest > 0; rest = (rest / 10) | 0) end++;
  for (let to = end - 1; to >= at; to--) {
    const rest = (whole / 10) | 0;
    buffer[to] = zero + whole - rest * 10;
    whole = rest;
  }
  return end;
}

function ascii(buffer: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
  return at + text.length;
}
