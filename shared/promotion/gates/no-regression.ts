import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Cell } from '../../datasets/index.ts';
import {
  accuracy,
  f1,
  type Figure,
  logLoss,
  lowerConfidenceBound,
  meanAbsoluteError,
  pairedDifferences,
  rocAuc,
  rootMeanSquaredError,
  xoshiro128,
} from '../../stats/index.ts';
import type { ComparedMetric, GateOf, Verdict } from '../model.ts';

/** What a version answered to some rows, in their order. */
export type Answers =
  | {
      readonly kind: 'classes';
      readonly classes: readonly string[];
      /** [rows, labels] row-major; `null` where the model gives none. */
      readonly probabilities: ArrayLike<number> | null;
      /** The classes in the order of the probabilities, where the model declares them. */
      readonly labels: readonly string[] | null;
    }
  | { readonly kind: 'numbers'; readonly values: ArrayLike<number> };

export type Contender = {
  readonly version: number;
  readonly digest: string;
  readonly answers: Answers;
};

/** The same rows for both, with what is true of them. */
export type Contest = {
  readonly uri: string;
  /** `sha256:<hex>` of the file of the set. */
  readonly digest: string;
  /** Rows of the file; the answers are to those that have a label, or to some of them evenly spread. */
  readonly rows: number;
  readonly truth: readonly Cell[];
  readonly challenger: Contender;
  readonly champion: Contender;
};

export const resamples = 1000;
/** Resamples between two looks at whatever else the process has to do. */
const resamplesAtOnce = 10;

const higherIsBetter: Readonly<Record<ComparedMetric, boolean>> = {
  accuracy: true,
  f1: true,
  auc: true,
  log_loss: false,
  rmse: false,
  mae: false,
};

/** Why a metric has no value on these rows. */
class NoFigure extends Error {}

/**
 * Whether the challenger is no worse than the champion by more than `margin`: the lower confidence bound of
 * its gain, by a paired bootstrap over the rows, lies above −margin. The draws follow from the digests of
 * the models and of the set, so that the same contest has the same verdict wherever it is judged.
 */
export async function noRegression(spec: GateOf<'no-regression'>, contest: Contest): Promise<Verdict> {
  const { metric, margin, rowsMin, confidence } = spec;
  const { challenger, champion, truth } = contest;
  const inputs = {
    metric,
    margin,
    confidence,
    rows_min: rowsMin,
    evaluation: { uri: contest.uri, digest: contest.digest, rows: contest.rows },
    rows_compared: truth.length,
    champion: { version: champion.version, digest: champion.digest },
    challenger: { version: challenger.version, digest: challenger.digest },
  };
  if (truth.length < rowsMin)
    return {
      status: 'failed',
      says: `The evaluation set has ${truth.length} labelled rows; at least ${rowsMin} are needed to judge.`,
      inputs,
    };
  if (challenger.digest === champion.digest)
    return {
      status: 'passed',
      says: `It is the same file as version ${champion.version}, the champion.`,
      inputs,
    };
  try {
    const { figures, detail } = figuresOf(metric, truth, [champion.answers, challenger.answers]);
    const [ofChampion, ofChallenger] = figures;
    const worth = higherIsBetter[metric] ? 1 : -1;
    const valued =
      (figure: Figure): Figure =>
      (weights) =>
        worth * figure(weights);
    const seed = seedOf([challenger.digest, champion.digest, contest.digest, metric]);
    const differences = await resampled(valued(ofChampion), valued(ofChallenger), truth.length, seed);
    const bound = lowerConfidenceBound(differences, confidence);
    const [before, after] = [ofChampion(), ofChallenger()];
    if (![bound, before, after].every(Number.isFinite))
      throw new NoFigure(`'${metric}' has no value on these rows`);
    const passed = bound > -margin;
    return {
      status: passed ? 'passed' : 'failed',
      says: `${metric} is ${shown(after)}, the champion's (version ${champion.version}) ${shown(before)}. With ${confidence * 100} % confidence it gains more than ${shown(bound)}; more than ${shown(-margin)} is wanted.`,
      inputs: {
        ...inputs,
        ...detail,
        champion: { ...inputs.champion, value: before },
        challenger: { ...inputs.challenger, value: after },
        gain: worth * (after - before),
        gain_lower_bound: bound,
        resamples,
        resamples_without_value: differences.filter(Number.isNaN).length,
      },
    };
  } catch (error) {
    if (!(error instanceof NoFigure)) throw error;
    return { status: 'error', says: `The versions cannot be compared: ${error.message}.`, inputs };
  }
}

async function resampled(a: Figure, b: Figure, rows: number, seed: Seed): Promise<number[]> {
  const random = xoshiro128(seed);
  const differences: number[] = [];
  while (differences.length < resamples) {
    differences.push(...pairedDifferences({ a, b, rows }, resamplesAtOnce, random));
    await breathe();
  }
  return differences;
}

type Seed = [number, number, number, number];

function seedOf(parts: readonly string[]): Seed {
  const hash = createHash('sha256').update(parts.join('\n')).digest();
  // An all-zero state would stay so; no digest begins with 16 zero bytes that anybody will meet.
  return [hash.readUInt32BE(0), hash.readUInt32BE(4), hash.readUInt32BE(8), hash.readUInt32BE(12)];
}

type Figures = {
  readonly figures: readonly [Figure, Figure];
  /** What else decides the figure, for the record. */
  readonly detail: Readonly<Record<string, unknown>>;
};

function figuresOf(
  metric: ComparedMetric,
  truth: readonly Cell[],
  [first, second]: readonly [Answers, Answers],
): Figures {
  if (metric === 'rmse' || metric === 'mae') {
    const values = numbersOf(truth);
    const figure = metric === 'rmse' ? rootMeanSquaredError : meanAbsoluteError;
    const of = (answers: Answers) => {
      if (answers.kind === 'numbers') return figure(values, answers.values);
      throw new NoFigure(`'${metric}' compares numbers, and a version answers with classes`);
    };
    return { figures: [of(first), of(second)], detail: {} };
  }
  if (first.kind !== 'classes' || second.kind !== 'classes')
    throw new NoFigure(`'${metric}' compares classes, and a version answers with numbers`);
  const labels = truth.map(labelText);
  const both = [first, second].map((answers) => ({
    ...answers,
    classes: answers.classes.map(labelText),
    labels: answers.labels?.map(labelText) ?? null,
  }));
  const answered = new Set(both.flatMap((each) => [...each.classes, ...(each.labels ?? [])]));
  // Two versions that are wrong in every row would be found equally good.
  if (!labels.some((label) => answered.has(label)))
    throw new NoFigure(
      `no row is labelled as either version answers, such as '${[...answered][0]?.slice(0, 40)}'; the first is '${labels[0]?.slice(0, 40)}'`,
    );
  const names = ordered([...labels, ...answered]);
  return classFigures(metric, labels, names, both);
}

type Classes = Extract<Answers, { kind: 'classes' }>;

function classFigures(
  metric: Exclude<ComparedMetric, 'rmse' | 'mae'>,
  truth: readonly string[],
  names: readonly string[],
  both: readonly Classes[],
): Figures {
  const at = new Map(names.map((name, index) => [name, index]));
  const indexed = (classes: readonly string[]) => Int32Array.from(classes, (name) => at.get(name) ?? -1);
  const taken = (figure: (answers: Classes) => Figure): [Figure, Figure] => {
    const [a, b] = both.map(figure);
    if (!a || !b) throw new Error('A contest of two has two sides.');
    return [a, b];
  };
  switch (metric) {
    case 'accuracy':
      return {
        figures: taken(({ classes }) => accuracy(indexed(truth), indexed(classes))),
        detail: { classes: names.length },
      };
    case 'f1': {
      const positive = names.length === 2 ? { positive: 1 } : {};
      return {
        figures: taken(({ classes }) =>
          f1(indexed(truth), indexed(classes), { classes: names.length, ...positive }),
        ),
        detail: names.length === 2 ? { average: 'binary', positive: names[1] } : { average: 'macro' },
      };
    }
    case 'log_loss':
      return {
        figures: taken((answers) => logLoss(truth.map((label, row) => probabilityOf(answers, label, row)))),
        detail: { classes: names.length },
      };
    case 'auc': {
      const [, positive, ...others] = names;
      if (positive === undefined || others.length > 0)
        throw new NoFigure(`'auc' is for two classes, and there are ${names.length}`);
      return {
        figures: taken((answers) =>
          rocAuc(
            truth.map((label) => label === positive),
            truth.map((_, row) => probabilityOf(answers, positive, row)),
          ),
        ),
        detail: { positive },
      };
    }
  }
}

/** What a version gave a class; a class that it does not know has 0. */
function probabilityOf({ probabilities, labels }: Classes, label: string, row: number): number {
  if (!probabilities || !labels)
    throw new NoFigure('a version gives no probabilities, or does not declare the classes they are of');
  const at = labels.indexOf(label);
  return at < 0 ? 0 : (probabilities[row * labels.length + at] ?? 0);
}

/** A label as text, the same whether it was written as text or as a number. */
function labelText(label: Cell): string {
  const text = String(label).trim();
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? String(value) : text;
}

/** The different labels in order: numbers by their size, else texts by their characters, as scikit-learn has them. */
function ordered(labels: readonly string[]): string[] {
  const names = [...new Set(labels)];
  const areNumbers = names.every((name) => name !== '' && Number.isFinite(Number(name)));
  return names.toSorted((a, b) => (areNumbers ? Number(a) - Number(b) : a < b ? -1 : 1));
}

function numbersOf(truth: readonly Cell[]): Float64Array {
  return Float64Array.from(truth, (cell) => {
    if (typeof cell === 'number') return cell;
    throw new NoFigure(`the label '${String(cell).slice(0, 40)}' is not a number`);
  });
}

/** Six digits tell any two figures apart that a person would. */
function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}
