import type { Context } from '../context.ts';
import { CsvError } from '../datasets/index.ts';
import { CairnError, isCode } from '../http/index.ts';
import type { ServedModel } from '../serving/index.ts';
import { cutRows, joinRows, type Port, rowsOf, type Tensors } from '../sessions/index.ts';
import { type Bad, freed, groupsOf, problemOf, sentence, upTo } from './feed.ts';
import type { PredictedValues, Predictor } from './formats/predicted.ts';
import { onlyRows, type RowBlock, type RowProblem } from './formats/rows.ts';
import { BatchError } from './failure.ts';
import type { BadRows } from './options.ts';

/** Runs of one block that may fail before the job does: each row that a model cannot run on takes some to be found. */
const failedRunsMax = 500;

/** A block with what the model says of it. Rows that could not be scored are left out of it, or `unscored`. */
export type Scored = {
  readonly block: RowBlock;
  readonly predicted: PredictedValues;
  readonly problems: readonly RowProblem[];
  readonly runs: readonly Run[];
};

/** What went into the model together and came out; places of `unscored` say nothing. */
export type Run = {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  readonly rows: number;
  readonly unscored: ReadonlySet<number>;
};

/** What came of a run: of these places. */
type Piece = { readonly places: readonly number[]; readonly inputs: Tensors; readonly outputs: Tensors };

/** Scores blocks of rows by one model, as they come and with nobody else's. */
export class BlockScorer {
  readonly #ctx: Context;
  readonly #model: ServedModel;
  readonly #fed: Pick<ServedModel, 'inputs' | 'ready'>;
  readonly #rowsFixed: number | null;
  readonly #predictor: Predictor;
  readonly #policy: BadRows['policy'];

  constructor(ctx: Context, model: ServedModel, predictor: Predictor, policy: BadRows['policy']) {
    this.#ctx = ctx;
    this.#model = model;
    this.#fed = { inputs: model.inputs.map(freed), ready: model.ready };
    this.#rowsFixed = rowsFixed(model.inputs);
    this.#predictor = predictor;
    this.#policy = policy;
  }

  /**
   * @throws {CsvError} under policy `fail`, for the first row that cannot be scored.
   * @throws {BatchError} for a model that gives no row for a row, or fails on very many.
   */
  async score(block: RowBlock): Promise<Scored> {
    if (block.rows === 0) return { block, predicted: [], problems: block.problems, runs: [] };
    const { groups, bad } = groupsOf(this.#fed, block, this.#policy);
    this.#refuse(block, bad);
    const pieces: Piece[] = [];
    const failed = { runs: 0 };
    for (const { places, tensors } of groups) {
      const rows = places === 'all' ? block.rows : places.length;
      const result = await this.#tryRun(tensors, rows);
      if ('outputs' in result && places === 'all')
        return {
          block,
          predicted: this.#predictor.values(result.outputs, rows),
          problems: block.problems,
          runs: [{ inputs: tensors, outputs: result.outputs, rows, unscored: block.unscored }],
        };
      const at = places === 'all' ? upTo(rows) : places;
      if ('outputs' in result) pieces.push({ places: at, inputs: tensors, outputs: result.outputs });
      else await this.#halve(block, { places: at, tensors, error: result.error }, { pieces, bad, failed });
    }
    return this.#assembled(block, pieces, bad);
  }

  /** What a run gives, or why it cannot be for these rows. */
  async #tryRun(
    tensors: Tensors,
    rows: number,
  ): Promise<{ readonly outputs: Tensors } | { readonly error: CairnError }> {
    try {
      return { outputs: await this.#run(tensors, rows) };
    } catch (error) {
      if (error instanceof CairnError && isCode(error, 'invalid')) return { error };
      throw error;
    }
  }

  /** Runs halves of rows that failed together, down to the single ones that do. */
  async #halve(
    block: RowBlock,
    { places, tensors, error }: { places: readonly number[]; tensors: Tensors; error: CairnError },
    found: { readonly pieces: Piece[]; readonly bad: Bad[]; readonly failed: { runs: number } },
  ): Promise<void> {
    const { pieces, bad, failed } = found;
    const [first = 0, ...others] = places;
    if (++failed.runs > failedRunsMax)
      throw new BatchError({
        code: 'model',
        reason: `The model cannot run on very many rows from row ${block.number(first)} on: ${sentence(error)}`,
      });
    if (others.length === 0) {
      if (!block.unscored.has(first)) bad.push({ place: first, problem: problemOf(error) });
      this.#refuse(block, bad);
      return;
    }
    const middle = Math.ceil(places.length / 2);
    for (const [from, end] of [
      [0, middle],
      [middle, places.length],
    ] as const) {
      const half = { places: places.slice(from, end), tensors: cutRows(tensors, from, end) };
      const result = await this.#tryRun(half.tensors, half.places.length);
      if ('outputs' in result)
        pieces.push({ places: half.places, inputs: half.tensors, outputs: result.outputs });
      else await this.#halve(block, { ...half, error: result.error }, found);
    }
  }

  /** Runs rows through the model; of one that takes so many at a time, the last are filled up with the last of them. */
  async #run(tensors: Tensors, rows: number): Promise<Tensors> {
    const fixed = this.#rowsFixed;
    if (fixed === null) return this.#checked(await this.#ask(tensors), rows);
    const parts: Tensors[] = [];
    for (let first = 0; first < rows; first += fixed) {
      const end = Math.min(first + fixed, rows);
      const part = cutRows(tensors, first, end);
      const missing = fixed - (end - first);
      const last = cutRows(tensors, end - 1, end);
      const full = missing === 0 ? part : joinRows([part, ...Array.from({ length: missing }, () => last)]);
      const outputs = this.#checked(await this.#ask(full), fixed);
      parts.push(missing === 0 ? outputs : cutRows(outputs, 0, end - first));
    }
    return joinRows(parts);
  }

  #ask(tensors: Tensors): Promise<Tensors> {
    return this.#model.run(this.#ctx, tensors, { isWhole: true });
  }

  #checked(outputs: Tensors, rows: number): Tensors {
    if (rowsOf(outputs) === rows) return outputs;
    throw new BatchError({
      code: 'model',
      reason: 'The model does not give one row for each row that it takes; such models cannot score files',
    });
  }

  #refuse(block: RowBlock, bad: readonly Bad[]): void {
    const [first] = bad;
    if (!first || this.#policy !== 'fail') return;
    throw new CsvError({ ...first.problem, row: block.number(first.place) });
  }

  #assembled(block: RowBlock, pieces: readonly Piece[], bad: readonly Bad[]): Scored {
    const values = this.#predictor.columns.map(() =>
      new Array<PredictedValues[number][number] | null>(block.rows).fill(null),
    );
    for (const { places, outputs } of pieces) {
      const some = this.#predictor.values(outputs, places.length);
      values.forEach((column, at) => {
        places.forEach((place, row) => {
          column[place] = some[at]?.[row] ?? null;
        });
      });
    }
    const problems = bad.map(({ place, problem }) => ({
      ...new CsvError(problem).problem,
      row: block.number(place),
    }));
    const all = [...block.problems, ...problems].toSorted((a, b) => a.row - b.row);
    const places = new Set(bad.map(({ place }) => place));
    const runs = pieces.map((piece) => runOf(piece, block.unscored));
    if (this.#policy !== 'skip') {
      const unscored = new Set([...block.unscored, ...places]);
      return { block: { ...block, unscored }, predicted: values, problems: all, runs };
    }
    const kept = upTo(block.rows).filter((row) => !places.has(row));
    return {
      block: onlyRows(block, kept),
      predicted: values.map((column) => kept.map((row) => column[row] ?? null)),
      problems: all,
      runs,
    };
  }
}

function runOf({ places, inputs, outputs }: Piece, unscored: ReadonlySet<number>): Run {
  const without = places.flatMap((place, at) => (unscored.has(place) ? [at] : []));
  return { inputs, outputs, rows: places.length, unscored: new Set(without) };
}

/**
 * How many rows a model takes at a time, where its inputs say so.
 * @throws {BatchError} where they differ.
 */
export function rowsFixed(inputs: readonly Pick<Port, 'shape'>[]): number | null {
  const sizes = new Set(inputs.map(({ shape: [first] }) => first).filter((size) => typeof size === 'number'));
  const [only] = sizes;
  if (sizes.size > 1 || only === 0)
    throw new BatchError({
      code: 'model',
      reason:
        'The inputs of the model differ in their first sizes, so they are not rows; such models cannot score files',
    });
  return only ?? null;
}
