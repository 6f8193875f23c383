import { csvCell } from '../../datasets/index.ts';
import { scoreText } from './csv-lines.ts';
import type { PredictedColumn, PredictedValues } from './predicted.ts';
import type { RowBlock } from './rows.ts';
import type { RowWriter, Written } from './writer.ts';

const nothing = new Uint8Array();

type Value = string | number | bigint | boolean | null | undefined;

/**
 * Writes rows of CSV anew: columns of the layout by their places, then the predicted ones. What is null is an empty
 * cell, a list its JSON text; NaN and the infinities stand there by name.
 */
export class CsvCells implements RowWriter {
  readonly isHolding = false;
  readonly #joined: readonly { readonly name: string; readonly at: number }[];
  readonly #predicted: readonly PredictedColumn[];
  readonly #delimiter: string;

  constructor(
    joined: readonly { readonly name: string; readonly at: number }[],
    predicted: readonly PredictedColumn[],
    delimiter: string,
  ) {
    this.#joined = joined;
    this.#predicted = predicted;
    this.#delimiter = delimiter;
  }

  head(): Uint8Array {
    return Buffer.from(this.#line([...this.#joined, ...this.#predicted].map(({ name }) => name)));
  }

  write(block: RowBlock, values: PredictedValues): Written {
    let text = '';
    for (let row = 0; row < block.rows; row++) {
      const isBad = block.unscored.has(row);
      text += this.#line([
        ...this.#joined.map(({ at }) => block.cell(row, at)),
        ...this.#predicted.map((_, column) => (isBad ? null : scored(values[column]?.[row]))),
      ]);
    }
    return { bytes: Buffer.from(text) };
  }

  close(): Written {
    return { bytes: nothing };
  }

  #line(values: readonly Value[]): string {
    const [only] = values;
    const cells = values.map((value) => this.#cell(value));
    // A lone empty value would be an empty line, and that is no row.
    const line = cells.length === 1 && (only ?? '') === '' ? '""' : cells.join(this.#delimiter);
    return `${line}\n`;
  }

  #cell(value: Value): string {
    if (typeof value === 'string') return csvCell(value, this.#delimiter);
    return value === null || value === undefined ? '' : String(value);
  }
}

function scored(value: Value): Value {
  return typeof value === 'number' ? scoreText(value) : value;
}
