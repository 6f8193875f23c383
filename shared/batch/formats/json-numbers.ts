import { isUtf8 } from 'node:buffer';
import type { Port, Tensors } from '../../sessions/index.ts';
import type { NumberRows } from './text-rows.ts';

/** The bytes that JSON is made of (RFC 8259). */
const [quote = 0, backslash = 0, colon = 0, comma = 0, opening = 0, closing = 0] = Buffer.from('"\\:,{}');
const [minus = 0, plus = 0, dot = 0, zero = 0, letterE = 0, letterU = 0] = Buffer.from('-+.0eu');
const [space = 0, tab = 0, carriageReturn = 0] = Buffer.from(' \t\r');
const lowerCase = 0x20;
const escapes = new Set(Buffer.from('"\\/bfnrt'));
/** `NaN` is a word of Python's. */
const words = ['null', 'NaN', 'true', 'false'].map((word) => Buffer.from(word));
const missing = words.slice(0, 2);

/** So many digits are a whole number of 32 bits, and with so many places behind the point one division is exact. */
const shortDigits = 9;
const powersOfTen = Float64Array.from({ length: shortDigits + 1 }, (_, power) => Number(`1e${power}`));

/** So many digits may be of a whole number that no double holds. */
const wideDigits = 16;

/** What a reader of numbers takes from objects for a model whose one input is a float table. */
export type JsonTable = {
  /** Keys of the first row. */
  readonly columns: readonly string[];
  /** Columns of the model, in its order, none of whose types refuses a number or null. */
  readonly features: readonly string[];
  readonly port: Port;
  readonly rowsMax: number;
};

/**
 * Takes objects that have the keys of the first row, in their order, and a number or null for each feature, into one
 * matrix, and makes no value of anything else in them. It takes nothing that JSON, with NaN as Python writes it, would
 * not be; which of the rest is none and why is left to who reads it whole.
 */
export class JsonNumbers implements NumberRows {
  readonly #keys: readonly Buffer[];
  readonly #targets: Int32Array;
  readonly #width: number;
  readonly #port: Port;
  readonly #matrix: Float32Array | Float64Array;
  /** The block that was looked at last, and whether it is UTF-8 all through. */
  #block: Buffer | undefined;
  #isText = true;
  /** The last number: handed over in an array, none of them is an object of its own. */
  readonly #value = new Float64Array(1);

  constructor({ columns, features, port, rowsMax }: JsonTable) {
    this.#keys = columns.map((name) => Buffer.from(JSON.stringify(name)));
    this.#targets = Int32Array.from(columns, (name) => features.indexOf(name));
    this.#width = features.length;
    this.#port = port;
    const size = rowsMax * features.length;
    this.#matrix = port.type === 'float64' ? new Float64Array(size) : new Float32Array(size);
  }

  take(block: Buffer, from: number, end: number, row: number): boolean {
    if (block !== this.#block) {
      this.#block = block;
      this.#isText = isUtf8(block);
    }
    if (!this.#isText) return false;
    const at = this.#object(block, from, row * this.#width);
    return at >= 0 && skip(block, at) >= end;
  }

  tensors(rows: number): Tensors {
    const { name, type } = this.#port;
    const data = this.#matrix.subarray(0, rows * this.#width);
    return { [name]: { type, dims: [rows, this.#width], data } };
  }

  /** Behind the object that begins at `from` or behind blanks; -1 where it is another one. */
  #object(block: Buffer, from: number, base: number): number {
    const keys = this.#keys;
    let at = skip(block, from);
    if (block[at++] !== opening) return -1;
    for (let column = 0; column < keys.length; column++) {
      at = skip(block, at);
      const key = keys[column];
      for (let i = 0; i < key.length; i++) if (block[at + i] !== key[i]) return -1;
      at = skip(block, at + key.length);
      if (block[at] !== colon) return -1;
      at = skip(block, at + 1);
      const target = this.#targets[column];
      if (target < 0) at = scalarEnd(block, at);
      else {
        at = this.#number(block, at);
        this.#matrix[base + target] = this.#value[0];
      }
      if (at < 0) return -1;
      at = skip(block, at);
      if (block[at++] !== (column + 1 === keys.length ? closing : comma)) return -1;
    }
    return at;
  }

  /** Takes the number or null at `from`; returns where it ends, -1 where there is another value. */
  #number(block: Buffer, from: number): number {
    let at = from;
    const isNegative = block[at] === minus;
    if (isNegative) at++;
    const first = at;
    let mantissa = 0;
    let digit = block[at] - zero;
    for (; digit >= 0 && digit <= 9; digit = block[++at] - zero) mantissa = (mantissa * 10 + digit) | 0;
    let digits = at - first;
    if (digits === 0) {
      this.#value[0] = Number.NaN;
      return isNegative ? -1 : wordEnd(block, from, missing);
    }
    if (digits > 1 && block[first] === zero) return -1;
    let fraction = 0;
    if (digit === dot - zero) {
      const point = at;
      digit = block[++at] - zero;
      for (; digit >= 0 && digit <= 9; digit = block[++at] - zero) mantissa = (mantissa * 10 + digit) | 0;
      fraction = at - point - 1;
      if (fraction === 0) return -1;
      digits += fraction;
    }
    if (digits > shortDigits || (block[at] | lowerCase) === letterE) return this.#longNumber(block, from);
    // Both are exact, so that this rounds once.
    const value = mantissa / powersOfTen[fraction];
    this.#value[0] = isNegative ? -value : value;
    return at;
  }

  #longNumber(block: Buffer, from: number): number {
    const end = numberEnd(block, from);
    if (end < 0) return -1;
    const text = block.toString('latin1', from, end);
    const value = Number(text);
    const isTooLarge = !Number.isFinite(this.#port.type === 'float32' ? Math.fround(value) : value);
    if (isTooLarge || (text.length >= wideDigits && Number.isInteger(value))) return -1;
    this.#value[0] = value;
    return end;
  }
}

/** Behind the blanks at `at`: a line feed is the end of the row. */
function skip(block: Buffer, at: number): number {
  for (;;) {
    const byte = block[at];
    if (byte !== space && byte !== tab && byte !== carriageReturn) return at;
    at++;
  }
}

/** Behind the number, text or word at `at`; -1 where there is none of them. */
function scalarEnd(block: Buffer, at: number): number {
  const byte = block[at];
  if (byte === quote) return textEnd(block, at + 1);
  return byte === minus || (byte >= zero && byte <= zero + 9)
    ? numberEnd(block, at)
    : wordEnd(block, at, words);
}

function wordEnd(block: Buffer, at: number, of: readonly Buffer[]): number {
  for (const word of of) {
    let length = 0;
    while (length < word.length && block[at + length] === word[length]) length++;
    if (length === word.length) return at + length;
  }
  return -1;
}

function numberEnd(block: Buffer, from: number): number {
  const first = block[from] === minus ? from + 1 : from;
  let at = digitsEnd(block, first);
  if (at === first || (at > first + 1 && block[first] === zero)) return -1;
  if (block[at] === dot) {
    const point = at + 1;
    at = digitsEnd(block, point);
    if (at === point) return -1;
  }
  if ((block[at] | lowerCase) !== letterE) return at;
  at++;
  if (block[at] === plus || block[at] === minus) at++;
  const end = digitsEnd(block, at);
  return end === at ? -1 : end;
}

function digitsEnd(block: Buffer, at: number): number {
  while (block[at] >= zero && block[at] <= zero + 9) at++;
  return at;
}

/** Behind the quotation mark that ends a text. */
function textEnd(block: Buffer, at: number): number {
  for (;;) {
    const byte = block[at++];
    if (byte === quote) return at;
    if (byte === backslash) {
      const escape = block[at++];
      if (escape === letterU) {
        for (let i = 0; i < 4; i++) if (!isHex(block[at++])) return -1;
      } else if (!escapes.has(escape)) return -1;
      // Also behind the end of the block.
    } else if (!(byte >= space)) return -1;
  }
}

function isHex(byte: number): boolean {
  const letter = byte | lowerCase;
  return (byte >= zero && byte <= zero + 9) || (letter >= 0x61 && letter <= 0x66);
}
