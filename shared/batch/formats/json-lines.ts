import { bufferOf } from '../../datasets/index.ts';
import { scoreBytesMax, writeScore } from './csv-lines.ts';
import type { PredictedColumn, PredictedValues } from './predicted.ts';
import { leaveRoom, takeRoom, withRoom } from './room.ts';
import type { RowBlock } from './rows.ts';
import type { RowWriter, Written } from './writer.ts';

/** What of the input is joined: the objects as they stand, or columns of the layout by their places. */
type Joined = 'objects' | readonly { readonly name: string; readonly at: number }[];

type Predicted = { readonly key: Buffer; readonly isJson: boolean; readonly known: Map<unknown, Buffer> };

const nothing = new Uint8Array();
const [comma = 0, opening = 0, closing = 0, lineFeed = 0, space = 0] = Buffer.from(',{}\n ');
const nullBytes = Buffer.from('null');
/** Texts of a column that are kept as bytes: classes come again and again. */
const knownMax = 1000;

/** Words of Python's JSON, which most readers refuse. */
const nonFinite = ['NaN', 'Infinity'];
const wordOrText = /"(?:\\.|[^"\\])*"|NaN|-?Infinity/g;

/**
 * Writes a JSON object a line: what is joined of the input, then the predicted fields. JSON has no NaN and no
 * infinities: they are null, predicted or written by Python, as is what is predicted of a row that could not be scored.
 */
export class JsonLines implements RowWriter {
  readonly isHolding = false;
  readonly #joined: Joined;
  readonly #keys: readonly string[];
  readonly #predicted: readonly Predicted[];
  #buffer = takeRoom();
  #at = 0;

  constructor(joined: Joined, predicted: readonly PredictedColumn[]) {
    this.#joined = joined;
    this.#keys = joined === 'objects' ? [] : joined.map(({ name }) => `${JSON.stringify(name)}:`);
    this.#predicted = predicted.map(({ name, kind }) => ({
      key: Buffer.from(`${JSON.stringify(name)}:`),
      // Lists and the digits of whole numbers are JSON as they stand.
      isJson: kind === 'list' || kind === 'whole',
      known: new Map(),
    }));
  }

  head(): Uint8Array {
    return nothing;
  }

  write(block: RowBlock, values: PredictedValues): Written {
    this.#at = 0;
    const text = block.text && bufferOf(block.text.bytes);
    const hasWords = text !== null && nonFinite.some((word) => text.includes(word));
    for (let row = 0; row < block.rows; row++) {
      const first = this.#at + 1;
      this.#byte(opening);
      if (this.#joined !== 'objects') this.#text(this.#fieldsOf(this.#joined, block, row));
      else this.#inner(block, row, hasWords);
      const isBad = block.unscored.has(row);
      for (let column = 0; column < this.#predicted.length; column++) {
        if (this.#at > first) this.#byte(comma);
        this.#field(this.#predicted[column], isBad ? null : (values[column]?.[row] ?? null));
      }
      this.#byte(closing);
      this.#byte(lineFeed);
    }
    return { bytes: this.#buffer.subarray(0, this.#at) };
  }

  close(): Written {
    leaveRoom(this.#buffer);
    this.#buffer = Buffer.alloc(0);
    return { bytes: nothing };
  }

  #fieldsOf(joined: Exclude<Joined, 'objects'>, block: RowBlock, row: number): string {
    return joined.map(({ at }, i) => this.#keys[i] + jsonOf(block, row, at)).join(',');
  }

  /** What stands between the braces of a row, as it stands. */
  #inner({ text }: RowBlock, row: number, hasWords: boolean): void {
    if (!text) throw new Error('Rows of another format cannot be written as they stand.');
    const bytes = bufferOf(text.bytes);
    const opens = afterBlanks(bytes, text.starts[row], text.ends[row]);
    const closes = beforeBlanks(bytes, opens, text.ends[row]);
    const start = afterBlanks(bytes, opens + 1, closes - 1);
    const end = beforeBlanks(bytes, start, closes - 1);
    if (hasWords && nonFinite.some((word) => bytes.subarray(start, end).includes(word))) {
      const inner = bytes.toString('utf8', start, end);
      this.#text(inner.replaceAll(wordOrText, (each) => (each.startsWith('"') ? each : 'null')));
      return;
    }
    this.#buffer = withRoom(this.#buffer, this.#at, end - start);
    this.#at += bytes.copy(this.#buffer, this.#at, start, end);
  }

  #field({ key, isJson, known }: Predicted, value: string | number | bigint | boolean | null): void {
    this.#bytes(key);
    if (value === null || (typeof value === 'number' && !Number.isFinite(value)))
      return this.#bytes(nullBytes);
    if (typeof value === 'number') {
      this.#buffer = withRoom(this.#buffer, this.#at, scoreBytesMax);
      this.#at = writeScore(this.#buffer, this.#at, value);
      return;
    }
    let bytes = known.get(value);
    if (!bytes) {
      bytes = Buffer.from(typeof value === 'bigint' || isJson ? String(value) : JSON.stringify(value));
      if (known.size < knownMax) known.set(value, bytes);
    }
    this.#bytes(bytes);
  }

  #byte(byte: number): void {
    this.#buffer = withRoom(this.#buffer, this.#at, 1);
    this.#buffer[this.#at++] = byte;
  }

  #bytes(bytes: Buffer): void {
    this.#buffer = withRoom(this.#buffer, this.#at, bytes.length);
    bytes.copy(this.#buffer, this.#at);
    this.#at += bytes.length;
  }

  #text(text: string): void {
    // A unit of UTF-16 takes three bytes at most.
    this.#buffer = withRoom(this.#buffer, this.#at, text.length * 3);
    this.#at += this.#buffer.write(text, this.#at);
  }
}

function afterBlanks(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] <= space) at++;
  return at;
}

function beforeBlanks(bytes: Buffer, from: number, end: number): number {
  let at = end;
  while (at > from && bytes[at - 1] <= space) at--;
  return at;
}

function jsonOf(block: RowBlock, row: number, column: number): string {
  if (block.json) return block.json(row, column);
  const value = block.cell(row, column);
  return typeof value === 'number' && !Number.isFinite(value) ? 'null' : JSON.stringify(value);
}
