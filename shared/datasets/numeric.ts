import { isUtf8 } from 'node:buffer';
import { type CsvOptions, cellEnd, cellText, delimiterOf, rowCells } from './cells.ts';
import { CsvError } from './csv-error.ts';
import { numberOf } from './numbers.ts';
import { bufferOf, carriageReturn, endOfRow, isBlank, isOpen, lineFeed, withoutLineEnd } from './rows.ts';

const zero = 0x30;
const dot = 0x2e;
const minus = 0x2d;
const plus = 0x2b;
const exponentLetter = 0x65;
const lowerCase = 0x20;

/** Every whole number of so many digits is a double, and so is every power of ten up to 22. */
const exactDigits = 15;
const powersOfTen = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
const exactPower = powersOfTen.length - 1;

/** So many digits are a whole number of 32 bits, with which the processor is quick. */
const shortDigits = 9;

/** Rows that are held together end beyond so many bytes, however few they are. */
const textBytesMax = 16 * 1024 * 1024;

/**
 * Parses chosen columns of CSV straight from bytes into a row-major matrix of float32 or double, up to `rowsMax`
 * rows at a time, and keeps the bytes of each row for whoever writes them out again. The numbers are those of
 * {@link numberOf}, rounded to float32 where that is asked for, bit for bit; no string is made for an ordinary one.
 */
export class NumericRows {
  /** [rows, selected], row-major; only the first `rows` are set. */
  readonly features: Matrix;
  rows = 0;
  /** Rows taken so far, those that were left out included. */
  taken = 0;
  /** Bytes of the rows; row i is `text.subarray(starts[i], ends[i])`, without its line end. */
  text: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16);
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;

  readonly #columns: readonly string[];
  readonly #targets: Int32Array;
  readonly #width: number;
  readonly #rowsMax: number;
  readonly #delimiter: number;
  readonly #onBad: OnBadRow | undefined;
  readonly #checks: Checks | undefined;
  readonly #isDouble: boolean;
  /** The block that was looked at last, and whether it is UTF-8 all through. */
  #block: Uint8Array | undefined;
  #isText = true;
  #row: number;
  #textBytes = 0;
  /** With so many taken it is full: rows that are left out count too, since something is told of each. */
  #takenMax: number;
  /** The last number parsed: handed over in an array, none of them is an object of its own. */
  readonly #value = new Float64Array(1);

  /**
   * `selected` are the columns of the matrix, in its order. `row` is the number of the first row (1 for
   * the first of a file), for errors. `onBad` decides about a row that is not as it should be; without it
   * the first ends the reading, as a quote that is never closed always does. `checks` say of the numbers of a
   * selected column what is wrong with one. The matrix is of doubles where `isDouble` says so.
   * @throws {CsvError} where a selected column is missing from `columns`, or there more than once.
   */
  constructor(
    columns: readonly string[],
    selected: readonly string[],
    options: CsvOptions & {
      readonly rowsMax: number;
      readonly row?: number;
      readonly onBad?: OnBadRow;
      readonly checks?: ReadonlyMap<string, NumberCheck>;
      readonly isDouble?: boolean;
    },
  ) {
    this.#columns = columns;
    this.#targets = targetsOf(columns, selected);
    this.#width = selected.length;
    this.#rowsMax = this.#takenMax = options.rowsMax;
    this.#delimiter = delimiterOf(options);
    this.#row = options.row ?? 1;
    this.#onBad = options.onBad;
    const { checks } = options;
    if (checks && checks.size > 0)
      this.#checks = columns.map((name) => (selected.includes(name) ? checks.get(name) : undefined));
    this.#isDouble = options.isDouble ?? false;
    const size = options.rowsMax * selected.length;
    this.features = this.#isDouble ? new Float64Array(size) : new Float32Array(size);
    this.starts = new Uint32Array(options.rowsMax);
    this.ends = new Uint32Array(options.rowsMax);
  }

  /** The features of the rows it holds: [rows, selected], row-major, valid until the next {@link clear}. */
  get matrix(): Matrix {
    return this.features.subarray(0, this.rows * this.#width);
  }

  get full(): boolean {
    return this.taken === this.#takenMax || this.#textBytes >= textBytesMax;
  }

  /** Forgets the rows, to take the next ones. */
  clear(): void {
    this.rows = 0;
    this.#takenMax = this.taken + this.#rowsMax;
    this.#textBytes = 0;
  }

  /**
   * Takes rows from `block` (whole rows) at position `from` until it is full or the block ends; returns
   * the position of the first row not taken. Of a bad row that is kept the features are zero.
   * @throws {CsvError} with row, column and value for a cell that is not a number, with the row for a
   * wrong number of values.
   */
  fill(block: Uint8Array, from: number): number {
    const { starts, ends } = this;
    if (block !== this.#block) {
      this.#block = block;
      this.#isText = isUtf8(block);
    }
    const shift = this.#textBytes - from;
    let at = from;
    while (this.taken < this.#takenMax && at + shift < textBytesMax && at < block.length) {
      if (isBlank(block, at)) {
        at += block[at] === lineFeed ? 1 : 2;
        continue;
      }
      const end = this.#takeRow(block, at);
      if (end >= 0) {
        starts[this.rows] = at + shift;
        ends[this.rows] = end + shift;
        this.rows++;
      }
      this.taken++;
      this.#row++;
      if (end < 0) {
        at = endOfRow(bufferOf(block), at);
        continue;
      }
      at = block[end] === carriageReturn ? end + 2 : end + 1;
    }
    at = Math.min(at, block.length);
    this.#keep(block.subarray(from, at));
    return at;
  }

  /** Parses the row at `from`; returns where it ends, before its line end, or -1 where it is to be left out. */
  #takeRow(block: Uint8Array, from: number): number {
    if (!this.#onBad) return this.#parseRow(block, from);
    try {
      return this.#parseRow(block, from);
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      const line = lineAt(block, from);
      if (isOpen(line)) throw error;
      if (this.#onBad(error, this.rows) === 'left-out') return -1;
      const base = this.rows * this.#width;
      this.features.fill(0, base, base + this.#width);
      return from + line.length;
    }
  }

  /** Parses the row at `from`; returns where it ends, before its line end. */
  #parseRow(block: Uint8Array, from: number): number {
    const { features } = this;
    const targets = this.#targets;
    const delimiter = this.#delimiter;
    const base = this.rows * this.#width;
    const count = targets.length;
    let at = from;
    for (let column = 0; ; column++) {
      if (column === count) throw this.#wrongCount(block, from);
      const target = targets[column];
      if (target < 0) at = cellEnd(block, at, delimiter, this.#row);
      else {
        const end = this.#number(block, at, column);
        if (this.#checks !== undefined) this.#check(block, at, end, column);
        features[base + target] = this.#value[0];
        at = end;
      }
      if (block[at] === delimiter && at < block.length) {
        at++;
        continue;
      }
      if (column + 1 !== count) throw this.#wrongCount(block, from);
      if (!this.#isText) rowCells(bufferOf(block.subarray(from, at)), delimiter, this.#row);
      return at;
    }
  }

  /** Takes the number of the cell at `from`; returns where that ends. */
  #number(block: Uint8Array, from: number, column: number): number {
    const end = this.#shortNumber(block, from);
    return end < 0 ? this.#longNumber(block, from, column) : end;
  }

  /** The same for a few digits with or without a point, as most numbers are; -1 for any other. */
  #shortNumber(block: Uint8Array, from: number): number {
    let at = from;
    const isNegative = block[at] === minus;
    if (isNegative) at++;
    const first = at;
    let mantissa = 0;
    let digit = block[at] - zero;
    for (; digit >= 0 && digit <= 9; digit = block[++at] - zero) mantissa = (mantissa * 10 + digit) | 0;
    let digits = at - first;
    let fraction = 0;
    if (digit === dot - zero) {
      const point = at;
      digit = block[++at] - zero;
      for (; digit >= 0 && digit <= 9; digit = block[++at] - zero) mantissa = (mantissa * 10 + digit) | 0;
      fraction = at - point - 1;
      digits += fraction;
    }
    if (digits === 0 || digits > shortDigits) return -1;
    if (digit !== this.#delimiter - zero && digit !== lineFeed - zero) return -1;
    // Both are exact, so that this rounds once.
    const value = mantissa / powersOfTen[fraction];
    this.#value[0] = isNegative ? -value : value;
    return at;
  }

  #longNumber(block: Uint8Array, from: number, column: number): number {
    let at = from;
    let byte = block[at];
    const negative = byte === minus;
    if (negative) byte = block[++at];
    let mantissa = 0;
    let digits = 0;
    let scale = 0;
    let any = false;
    let dropped = false;
    for (let fraction = 0; ; byte = block[++at]) {
      const digit = byte - zero;
      if (digit >= 0 && digit <= 9) {
        any = true;
        if (digits < exactDigits) {
          mantissa = mantissa * 10 + digit;
          if (mantissa > 0) digits++;
          scale -= fraction;
        } else {
          dropped = true;
          scale += 1 - fraction;
        }
      } else if (byte === dot && fraction === 0) fraction = 1;
      else break;
    }
    if (!any) {
      const missing = at === from && (byte === this.#delimiter || byte === lineFeed);
      if (!missing) return this.#numberFromText(block, from, column);
      this.#value[0] = Number.NaN;
      return from;
    }
    if ((byte | lowerCase) === exponentLetter) {
      byte = block[++at];
      const down = byte === minus;
      if (down || byte === plus) byte = block[++at];
      let exponent = 0;
      const first = at;
      for (; byte >= zero && byte <= zero + 9 && exponent < 1000; byte = block[++at])
        exponent = exponent * 10 + byte - zero;
      if (at === first) return this.#numberFromText(block, from, column);
      scale += down ? -exponent : exponent;
    }
    const ends =
      at >= block.length ||
      byte === this.#delimiter ||
      byte === lineFeed ||
      (byte === carriageReturn && block[at + 1] === lineFeed);
    if (!ends || scale < -exactPower || scale > exactPower) return this.#numberFromText(block, from, column);
    // One rounding of exact operands gives the nearest double: W. D. Clinger, How to Read Floating Point
    // Numbers Accurately, 1990. Digits beyond the 15th can only move the value within the last of them.
    const value = scaled(mantissa, scale);
    if (dropped && (this.#isDouble || Math.fround(value) !== Math.fround(scaled(mantissa + 1, scale))))
      return this.#numberFromText(block, from, column);
    this.#value[0] = negative ? -value : value;
    return at;
  }

  #numberFromText(block: Uint8Array, from: number, column: number): number {
    const end = cellEnd(block, from, this.#delimiter, this.#row);
    const text = cellText(block, from, end, this.#row);
    const value = numberOf(text) ?? truthOf(text);
    if (value === undefined)
      throw new CsvError({
        row: this.#row,
        column: this.#columns[column] ?? '',
        value: text,
        reason: 'is not a number',
      });
    this.#value[0] = value;
    return end;
  }

  #check(block: Uint8Array, from: number, end: number, column: number): void {
    const reason = this.#checks?.[column]?.(this.#value[0]);
    if (reason === undefined) return;
    const text = cellText(block, from, end, this.#row);
    throw new CsvError({
      row: this.#row,
      column: this.#columns[column] ?? '',
      ...(text === '' ? {} : { value: text }),
      reason,
    });
  }

  #wrongCount(block: Uint8Array, from: number): CsvError {
    let values = 1;
    let at = cellEnd(block, from, this.#delimiter, this.#row);
    for (; at < block.length && block[at] === this.#delimiter; values++)
      at = cellEnd(block, at + 1, this.#delimiter, this.#row);
    return wrongCount(this.#row, values, this.#columns.length);
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#textBytes + bytes.length;
    if (needed > this.text.length) {
      const grown = new Uint8Array(Math.max(needed, this.text.length * 2));
      grown.set(this.text.subarray(0, this.#textBytes));
      this.text = grown;
    }
    this.text.set(bytes, this.#textBytes);
    this.#textBytes = needed;
  }
}

type Matrix = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** What becomes of a bad row: it is left out, or kept as row `at` of those that are held. */
export type OnBadRow = (error: CsvError, at: number) => 'left-out' | 'kept';

/** What is wrong with a number of a column; NaN is a missing one. */
export type NumberCheck = (value: number) => string | undefined;
type Checks = readonly (NumberCheck | undefined)[];

/** The row at `from`, without its line end, by its quotes alone. */
function lineAt(block: Uint8Array, from: number): Buffer {
  const buffer = bufferOf(block);
  return withoutLineEnd(buffer.subarray(from, endOfRow(buffer, from)));
}

/** The words for truth are one and zero where a number is asked for. */
function truthOf(text: string): number | undefined {
  if (!/^(?:true|false)$/i.test(text)) return undefined;
  return text.length === 4 ? 1 : 0;
}

/** The error for a row whose number of values is not that of the header. */
export function wrongCount(row: number, values: number, columns: number): CsvError {
  return new CsvError({ row, reason: `The row has ${values} values, but the header has ${columns}` });
}

function targetsOf(columns: readonly string[], selected: readonly string[]): Int32Array {
  const targets = new Int32Array(columns.length).fill(-1);
  selected.forEach((name, target) => {
    const at = columns.indexOf(name);
    if (at < 0) throw new CsvError({ row: 0, column: name, reason: 'The column is missing' });
    if (columns.includes(name, at + 1))
      throw new CsvError({ row: 0, column: name, reason: 'The column is there more than once' });
    targets[at] = target;
  });
  return targets;
}

function scaled(mantissa: number, scale: number): number {
  return scale < 0 ? mantissa / powersOfTen[-scale] : mantissa * powersOfTen[scale];
}
