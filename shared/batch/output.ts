import { csvCell, type NumericRows } from '../datasets/index.ts';
import type { Scores } from '../predictions/index.ts';

/** The columns the job adds, behind those of the input. */
export const outputColumns = ['prediction', 'score'] as const;

const comma = 0x2c;
const lineFeed = 0x0a;

/** The header of the output: that of the input as it stands, and the columns added. */
export function outputHeader(input: Uint8Array): Buffer {
  return Buffer.concat([input, Buffer.from(`,${outputColumns.join(',')}\n`)]);
}

/** Writes scored rows: the bytes of the input row as they stand, the prediction, the score, and a line feed. */
export class OutputRows {
  #buffer = Buffer.allocUnsafe(1 << 20);
  readonly #labels = new Map<string, Buffer>();

  /** The lines for the rows that `rows` holds. The result is valid until the next call. */
  lines(rows: NumericRows, { classes, scores }: Scores): Buffer {
    const { text, starts, ends } = rows;
    let at = 0;
    for (let i = 0; i < rows.rows; i++) {
      const start = starts[i];
      const end = ends[i];
      const score = scoreText(scores[i]);
      const label = classes === null ? undefined : this.#label(classes[i]);
      this.#reserve(at, end - start + (label?.length ?? score.length) + score.length + 3);
      const buffer = this.#buffer;
      buffer.set(text.subarray(start, end), at);
      at += end - start;
      buffer[at++] = comma;
      if (label) {
        buffer.set(label, at);
        at += label.length;
      } else at = ascii(buffer, at, score);
      buffer[at++] = comma;
      at = ascii(buffer, at, score);
      buffer[at++] = lineFeed;
    }
    return this.#buffer.subarray(0, at);
  }

  #label(name: string): Buffer {
    let bytes = this.#labels.get(name);
    if (!bytes) this.#labels.set(name, (bytes = Buffer.from(csvCell(name))));
    return bytes;
  }

  #reserve(used: number, more: number): void {
    if (used + more <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(used + more, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, used);
    this.#buffer = grown;
  }
}

/** Powers of ten by which the shortest decimal of a float32 is looked for. */
const scales = [1e6, 1e7, 1e8, 1e9, 1e10];

/**
 * A number so that reading it back gives the same: a float32 as a short decimal that rounds to it, a
 * double as JavaScript writes it.
 */
export function scoreText(value: number): string {
  if (Math.fround(value) === value && value > -1e6 && value < 1e6)
    for (const scale of scales) {
      // Division of whole numbers below 2^53 rounds once: this is the double nearest to that decimal.
      const short = Math.round(value * scale) / scale;
      if (Math.fround(short) === value) return String(short);
    }
  return String(value);
}

function ascii(buffer: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
  return at + text.length;
}
