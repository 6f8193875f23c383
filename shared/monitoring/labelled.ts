import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { writeCsv } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { getEndpoint } from '../endpoints/index.ts';
import { inputColumns, readLabels, readPredictions } from '../predictions/index.ts';

/** Which side a labelled row is on, for good: seven in ten may train, three in ten are withheld to judge. */
type Part = 'train' | 'evaluation';

/** Logged predictions of a window whose label has arrived. */
export type LabelledRows = {
  readonly predictionIds: readonly string[];
  readonly features: readonly string[];
  /** Values by feature, in the order of `features`; a missing number is NaN. */
  readonly values: readonly (readonly (number | string)[])[];
  readonly labels: readonly string[];
};

type Selection = {
  readonly endpoint: string;
  readonly from: number;
  readonly to: number;
  readonly part: Part;
};

const trainShare = 0.7;
/** As much as fits an instance beside everything else. */
const cellsMax = 8_000_000;
const daysMax = 31;

/** The part a prediction belongs to, decided by its id alone: no later label or window moves it. */
function partOf(predictionId: string): Part {
  const uniform = createHash('sha256').update(predictionId).digest().readUInt32BE() / 2 ** 32;
  return uniform < trainShare ? 'train' : 'evaluation';
}

/**
 * The labelled rows with `from <= ts < to` (milliseconds since 1970) on one side, in order of
 * prediction id. Throws `not-found` for an endpoint, `invalid` for a window, `too-large` beyond 8 M values.
 */
export async function labelledRows(ctx: Context, selection: Selection): Promise<LabelledRows> {
  const { endpoint, from, to, part } = selection;
  if (!(from < to) || to - from > daysMax * 86_400_000)
    throw new CairnError('invalid', `'from' must lie before 'to', by at most ${daysMax} days.`, {
      field: 'from',
    });
  const { logSince = 0 } = await getEndpoint(ctx, endpoint);
  const labels = await readLabels(ctx, { endpoint, from, to });
  const rows: { id: string; label: string; cells: ReadonlyMap<string, number | string> }[] = [];
  const features = new Set<string>();
  for await (const table of readPredictions(ctx, { endpoint, from, to })) {
    const inputs = inputColumns(table);
    for (const [name] of inputs) features.add(name);
    const ids = table.column('predictionId');
    const times = table.column('ts');
    for (let row = 0; row < table.rows; row++) {
      const id = String(ids[row]);
      const label = labels.get(id);
      if (label === undefined || partOf(id) !== part || Number(times[row]) < logSince) continue;
      rows.push({
        id,
        label: String(label),
        cells: new Map(inputs.map(([name, column]) => [name, column[row] ?? Number.NaN])),
      });
      if (rows.length * features.size > cellsMax)
        throw new CairnError(
          'too-large',
          `The window has over ${cellsMax} labelled values; ask for a shorter one.`,
          {
            field: 'from',
          },
        );
    }
  }
  rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    predictionIds: rows.map(({ id }) => id),
    features: [...features],
    values: [...features].map((name) => rows.map(({ cells }) => cells.get(name) ?? Number.NaN)),
    labels: rows.map(({ label }) => label),
  };
}

/**
 * The labelled rows as CSV: a column per feature, then `label`; missing numbers are empty. Throws
 * `forbidden` for the withheld part, which only the gate reads.
 */
export async function labelledCsv(ctx: Context, selection: Selection): Promise<string> {
  if (selection.part === 'evaluation')
    throw new CairnError(
      'forbidden',
      "The rows of part 'evaluation' are withheld for the gate; ask for part=train.",
      {
        field: 'part',
      },
    );
  const { features, values, labels } = await labelledRows(ctx, selection);
  const text = (value: number | string | undefined) =>
    Number.isNaN(value) || value === undefined ? '' : String(value);
  const rows = labels.map((label, row) => [...values.map((column) => text(column[row])), label]);
  return writeCsv([[...features, 'label'], ...rows]);
}
