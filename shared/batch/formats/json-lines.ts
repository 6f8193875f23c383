import { scoreText } from './csv-lines.ts';
import type { PredictedColumn, PredictedValues } from './predicted.ts';
import type { RowBlock } from './rows.ts';
import type { RowWriter, Written } from './writer.ts';

/** What of the input is joined: the objects as they stand, or columns of the layout by their places. */
type Joined = 'objects' | readonly { readonly name: string; readonly at: number }[];

const nothing = new Uint8Array();
const closingBrace = '}';

/** Words of Python's JSON, which most readers refuse. */
const nonFinite = /NaN|Infinity/;
const wordOrText = /"(?:\\.|[^"\\])*"|NaN|-?Infinity/g;

/**
 * Writes a JSON object a line: what is joined of the input, then the predicted fields. JSON has no NaN and no
 * infinities: they are null, predicted or written by Python, as is what is predicted of a row that could not be scored.
 */
export class JsonLines implements RowWriter {
  readonly isHolding = false;
  readonly #joined: Joined;
  readonly #keys: readonly string[];
  readonly #predicted: readonly { readonly key: string; readonly isJson: boolean }[];

  constructor(joined: Joined, predicted: readonly PredictedColumn[]) {
    this.#joined = joined;
    this.#keys = joined === 'objects' ? [] : joined.map(({ name }) => `${JSON.stringify(name)}:`);
    this.#predicted = predicted.map(({ name, kind }) => ({
      key: `${JSON.stringify(name)}:`,
      // Lists and the digits of whole numbers are JSON as they stand.
      isJson: kind === 'list' || kind === 'whole',
    }));
  }

  head(): Uint8Array {
    return nothing;
  }

  write(block: RowBlock, values: PredictedValues): Written {
    const lines: string[] = [];
    for (let row = 0; row < block.rows; row++) {
      const fields = this.#predicted.map(({ key, isJson }, column) =>
        block.unscored.has(row) ? `${key}null` : key + predictedJson(values[column]?.[row] ?? null, isJson),
      );
      lines.push(`{${[...this.#fieldsOf(block, row), ...fields].join(',')}}\n`);
    }
    return { bytes: Buffer.from(lines.join('')) };
  }

  close(): Written {
    return { bytes: nothing };
  }

  #fieldsOf(block: RowBlock, row: number): string[] {
    if (this.#joined !== 'objects')
      return this.#joined.map(({ at }, i) => this.#keys[i] + jsonOf(block, row, at));
    const { text } = block;
    if (!text) throw new Error('Rows of another format cannot be written as they stand.');
    const { bytes, starts, ends } = text;
    const object = Buffer.from(bytes.buffer, bytes.byteOffset + starts[row], ends[row] - starts[row])
      .toString('utf8')
      .trim();
    const inner = object.slice(1, object.lastIndexOf(closingBrace)).trim();
    if (inner === '') return [];
    return [
      nonFinite.test(inner)
        ? inner.replaceAll(wordOrText, (each) => (each.startsWith('"') ? each : 'null'))
        : inner,
    ];
  }
}

function jsonOf(block: RowBlock, row: number, column: number): string {
  if (block.json) return block.json(row, column);
  const value = block.cell(row, column);
  return typeof value === 'number' && !Number.isFinite(value) ? 'null' : JSON.stringify(value);
}

function predictedJson(value: string | number | bigint | boolean | null, isJson: boolean): string {
  if (typeof value === 'number') return numberJson(value);
  return typeof value === 'bigint' || isJson ? String(value) : JSON.stringify(value);
}

function numberJson(value: number): string {
  return Number.isFinite(value) ? scoreText(value) : 'null';
}
