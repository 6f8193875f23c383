import { numberOf } from '../../datasets/index.ts';
import { BatchError } from '../failure.ts';
import { footerOf, magic } from './parquet-end.ts';
import { type GroupFacts, groupRoom, writeGroup } from './parquet-group.ts';
import { HeldColumn } from './parquet-held.ts';
import type { OutputColumn } from './parquet-schema.ts';
import type { Values, Vector } from './parquet-types.ts';
import type { PredictedValues } from './predicted.ts';
import type { RowBlock } from './rows.ts';
import type { RowWriter, Written } from './writer.ts';

/** Blocks whose rows make a row group. */
const blocksAGroup = 8;

/** A row group is ended before its values take more than this. */
const heldBytesMax = 16 * 1024 * 1024;

/** Characters of what the row groups of a chunk have to say at most, so that the document of the chunk stays small. */
const factCharactersMax = 1_500_000;

/**
 * Writes Parquet in row groups of `blocksAGroup` blocks, counted from the start of the chunk; fewer where their rows are
 * wide. Where a group is ended depends on its own rows alone, and work is left off between groups only: blocks of
 * which no row is left count too, since what is told of those rows waits as long.
 */
export class ParquetWriter implements RowWriter {
  /** What the committer has to know of the columns: it goes first among the facts of the groups. */
  readonly schema: unknown;
  readonly #columns: readonly { readonly held: HeldColumn; readonly from: OutputColumn['from'] }[];
  readonly #room = groupRoom();
  readonly #blocksMax: number;
  readonly #utf8 = new Map<string, Uint8Array>();
  #rows = 0;
  #blocks = 0;
  #factCharacters: number;

  /** `groups` are those that the chunk has already; `scale` makes groups of a chunk longer that has very many rows. */
  constructor(
    columns: readonly OutputColumn[],
    { scale = 1, groups }: { scale?: number; groups: readonly unknown[] },
  ) {
    this.schema = columns.map(({ element }) => element);
    this.#columns = columns.map(({ element, from }) => ({ held: new HeldColumn(element), from }));
    this.#blocksMax = blocksAGroup * scale;
    this.#factCharacters = charactersOf(groups);
  }

  get isHolding(): boolean {
    return this.#rows > 0;
  }

  head(): Uint8Array {
    return magic;
  }

  write(block: RowBlock, predicted: PredictedValues): Written {
    for (const { held, from } of this.#columns)
      if ('input' in from) this.#takeInput(held, block, from.input);
      else this.#takePredicted(held, block, predicted[from.predicted] ?? []);
    this.#rows += block.rows;
    // Counted from the first that has a row: before it the work may be left off.
    if (this.#rows > 0) this.#blocks++;
    const bytes = this.#columns.reduce((total, { held }) => total + held.bytes, 0);
    return this.#blocks === this.#blocksMax || bytes >= heldBytesMax ? this.#end() : nothing;
  }

  close(): Written {
    return this.#end();
  }

  #end(): Written {
    this.#blocks = 0;
    if (this.#rows === 0) return nothing;
    const columns = this.#columns.map(({ held }) => held);
    const { bytes, facts } = writeGroup(columns, this.#rows, this.#room);
    for (const column of columns) column.clear();
    this.#rows = 0;
    this.#factCharacters += charactersOf(facts);
    if (this.#factCharacters > factCharactersMax)
      throw new BatchError({
        code: 'options',
        reason: 'A part of the output has more row groups than can be kept count of; ask for csv or jsonl',
      });
    return { bytes, groups: [facts] };
  }

  #takeInput(held: HeldColumn, block: RowBlock, column: number): void {
    const { rows, vectors } = block;
    if (vectors) {
      held.take(vectors.column(column), rows, vectors.order);
      return;
    }
    held.takeEach(rows, (row) => {
      const cell = block.cell(row, column);
      return cell === null ? undefined : this.#storedCell(held, cell);
    });
  }

  /** A cell of text as its column stores it; `undefined` for one that is missing, or none of its kind. */
  #storedCell({ element }: HeldColumn, cell: PresentCell): Values[number] | undefined {
    switch (element.type) {
      case 'DOUBLE':
        return numberIn(cell);
      case 'INT64':
        return wholeIn(cell);
      case 'BOOLEAN': {
        const number = numberIn(cell);
        return number === 0 || number === 1 ? number : undefined;
      }
      default:
        return this.#bytesOf(String(cell));
    }
  }

  #takePredicted(held: HeldColumn, { rows, unscored }: RowBlock, values: PredictedValues[number]): void {
    if (unscored.size === 0 && values instanceof Float64Array && held.element.type === 'DOUBLE') {
      const vector: Vector = { values: values as Float64Array<ArrayBuffer>, present: null };
      held.take(vector, rows, null);
      return;
    }
    held.takeEach(rows, (row) => {
      const value = values[row] ?? null;
      if (value === null || unscored.has(row)) return undefined;
      return this.#stored(held, value);
    });
  }

  #stored(held: HeldColumn, value: string | number | bigint | boolean): Values[number] {
    switch (held.element.type) {
      case 'BOOLEAN':
        return Number(value);
      case 'INT64':
        return wholeOf(held.element.name, BigInt(value));
      case 'DOUBLE':
        return Number(value);
      default:
        return this.#bytesOf(String(value));
    }
  }

  #bytesOf(text: string): Uint8Array {
    let bytes = this.#utf8.get(text);
    if (!bytes) {
      bytes = Buffer.from(text);
      // Classes come again and again; other texts do not.
      if (this.#utf8.size < 1000) this.#utf8.set(text, bytes);
    }
    return bytes;
  }
}

/** A cell of a row of text that is not missing. */
type PresentCell = string | number | boolean;

const charactersOf = (facts: readonly unknown[]) => JSON.stringify(facts).length;

const nothing: Written = { bytes: new Uint8Array() };

function numberIn(cell: PresentCell): number | undefined {
  const isWord = typeof cell === 'string' && /^(?:true|false)$/i.test(cell);
  const number = isWord
    ? Number(cell.length === 4)
    : typeof cell === 'string'
      ? numberOf(cell)
      : Number(cell);
  return Number.isNaN(number) ? undefined : number;
}

function wholeIn(cell: PresentCell): bigint | undefined {
  const isWhole = typeof cell === 'string' && /^-?\d+$/.test(cell);
  const number = isWhole ? cell : (numberIn(cell) ?? Number.NaN);
  if (typeof number === 'number' && !Number.isInteger(number)) return undefined;
  const whole = BigInt(number);
  return BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

function wholeOf(column: string, value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new BatchError({
    code: 'options',
    column,
    value: String(value),
    reason: 'is beyond the whole numbers that Parquet has without loss; ask for csv or jsonl',
  });
}

/** The footer of a file, made of what the writers of its chunks have said in turn; `pandas` is that one's note. */
export function endOf(groups: readonly unknown[], pandas?: string): Uint8Array {
  const [elements, ...facts] = groups;
  return footerOf(elements as OutputColumn['element'][], facts as GroupFacts[], pandas);
}
