import { type CsvOptions, cellEnd, cellText, delimiterOf } from './cells.ts';
import { CsvError } from './csv-error.ts';
import { numberOf } from './numbers.ts';
import { carriageReturn, isBlank, lineFeed } from './rows.ts';

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

/**
 * Parses chosen columns of CSV straight from bytes into a row-major float32 matrix, up to `rowsMax` rows
 * at a time, and keeps the bytes of each row for whoever writes them out again. The numbers are those of
 * {@link numberOf}, rounded to float32, bit for bit; no string is made for an ordinary one.
 */
export class NumericRows {
  /** [rows, selected], row-major; only the first `rows` are set. */
  readonly features: Float32Array;
  rows = 0;
  /** Bytes of the rows; row i is `text.subarray(starts[i], ends[i])`, without its line end. */
  text: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16);
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;

  readonly #columns: readonly string[];
  readonly #targets: Int32Array;
  readonly #width: number;
  readonly #rowsMax: number;
  readonly #delimiter: number;
  #row: number;
  #textBytes = 0;
  /** Where the last number parsed ends. */
  #at = 0;

  /**
   * `selected` are the columns of the matrix, in its order. `row` is the number of the first row (1 for
   * the first of a file), for errors.
   * @throws {CsvError} where a selected column is missing from `columns`, or there more than once.
   */
  constructor(
    columns: readonly string[],
    selected: readonly string[],
    options: CsvOptions & { readonly rowsMax: number; readonly row?: number },
  ) {
    this.#columns = columns;
    this.#targets = targetsOf(columns, selected);
    this.#width = selected.length;
    this.#rowsMax = options.rowsMax;
    this.#delimiter = delimiterOf(options);
    this.#row = options.row ?? 1;
    this.features = new Float32Array(options.rowsMax * selected.length);
    this.starts = new Uint32Array(options.rowsMax);
    this.ends = new Uint32Array(options.rowsMax);
  }

  /** The features of the rows it holds: [rows, selected], row-major, valid until the next {@link clear}. */
  get matrix(): Float32Array {
    return this.features.subarray(0, this.rows * this.#width);
  }

  get full(): boolean {
    return this.rows === this.#rowsMax;
  }

  /** Forgets the rows, to take the next ones. */
  clear(): void {
    this.rows = 0;
    this.#textBytes = 0;
  }

  /**
   * Takes rows from `block` (whole rows) at position `from` until it is full or the block ends; returns
   * the position of the first row not taken.
   * @throws {CsvError} with row, column and value for a cell that is not a number, with the row for a
   * wrong number of values.
   */
  fill(block: Uint8Array, from: number): number {
    const { starts, ends } = this;
    const shift = this.#textBytes - from;
    let at = from;
    while (this.rows < this.#rowsMax && at < block.length) {
      if (isBlank(block, at)) {
        at += block[at] === lineFeed ? 1 : 2;
        continue;
      }
      const end = this.#parseRow(block, at);
      starts[this.rows] = at + shift;
      ends[this.rows] = end + shift;
      this.rows++;
      this.#row++;
      at = block[end] === carriageReturn ? end + 2 : end + 1;
    }
    at = Math.min(at, block.length);
    this.#keep(block.subarray(from, at));
    return at;
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
        features[base + target] = this.#number(block, at, column);
        at = this.#at;
      }
      if (block[at] === delimiter && at < block.length) {
        at++;
        continue;
      }
      if (column + 1 !== count) throw this.#wrongCount(block, from);
      return at;
    }
  }

  /** The number of the cell at `from`; leaves the cell's end in `#at`. */
  #number(block: Uint8Array, from: number, column: number): number {
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
      this.#at = from;
      return Number.NaN;
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
    if (dropped && Math.fround(value) !== Math.fround(scaled(mantissa + 1, scale)))
      return this.#numberFromText(block, from, column);
    this.#at = at;
    return negative ? -value : value;
  }

  #numberFromText(block: Uint8Array, from: number, column: number): number {
    const end = cellEnd(block, from, this.#delimiter, this.#row);
    const text = cellText(block, from, end, this.#row);
    const value = numberOf(text);
    if (value === undefined)
      throw new CsvError({
        row: this.#row,
        column: this.#columns[column] ?? '',
        value: text,
        reason: 'is not a number',
      });
    this.#at = end;
    return value;
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
