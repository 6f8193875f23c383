import { describe, expect, test } from 'vitest';
import { flightColumns, loadFlights } from '../data/flights.ts';
import { loadPenguins, penguinColumns } from '../data/penguins.ts';
import {
  encodeExamples,
  evaluate,
  fitEncoding,
  pick,
  type Progress,
  splitByKey,
  trainLogistic,
} from './index.ts';
import { onnxGap } from './testing.ts';

/** One 0/1 feature and so many rows of each label at each value. */
function table(counts: Record<string, [number, number]>) {
  const cells = Object.entries(counts).flatMap(([label, [zeros, ones]]) => [
    ...Array.from({ length: zeros }, () => ({ label, x: 0 })),
    ...Array.from({ length: ones }, () => ({ label, x: 1 })),
  ]);
  return {
    features: ['x'],
    rows: Float32Array.from(cells, ({ x }) => x),
    labels: cells.map(({ label }) => label),
  };
}

describe('logistic regression', () => {
  test('without penalty gives the observed shares where the model can hold them exactly', () => {
    const binary = trainLogistic(table({ no: [30, 10], yes: [10, 50] }), { l2: 0 });
    const p = binary.predictProbabilities(Float32Array.of(0, 1), 2);
    [0.75, 0.25, 1 / 6, 5 / 6].forEach((share, at) => expect(p[at]).toBeCloseTo(share, 6));

    const three = trainLogistic(table({ a: [10, 20], b: [20, 5], c: [10, 75] }), { l2: 0 });
    const q = three.predictProbabilities(Float32Array.of(0, 1), 2);
    [0.25, 0.5, 0.25, 0.2, 0.05, 0.75].forEach((share, at) => expect(q[at]).toBeCloseTo(share, 6));
  });

  test('with penalty stands where the gradient is zero: Σ (p − y) x = −λ w', () => {
    const examples = table({ no: [30, 10], yes: [10, 50] });
    const l2 = 5;
    const model = trainLogistic(examples, { l2 });
    const [, low, , high] = model.predictProbabilities(Float32Array.of(0, 1), 2);
    const mean = 0.6;
    const deviation = Math.sqrt(mean * (1 - mean));
    const slope = (logit(high) - logit(low)) * deviation;
    const residuals = ((40 * low - 10) * (0 - mean) + (60 * high - 50) * (1 - mean)) / deviation;
    expect(residuals).toBeCloseTo(-l2 * slope, 3);
  });

  test('reports a loss that falls with every iteration, and the validation loss beside it', async () => {
    const examples = await penguins();
    const { train, test: held } = splitByKey(
      examples.labels.map((_, row) => String(row)),
      { testShare: 0.3 },
    );
    const validation = pick(examples, held);
    const progress: Progress[] = [];
    const model = trainLogistic(pick(examples, train), {
      validation,
      onIteration: (each) => progress.push(each),
    });
    expect(progress.length).toBeGreaterThan(5);
    progress.slice(1).forEach((each, at) => expect(each.loss).toBeLessThanOrEqual(progress[at].loss));
    expect(progress.at(-1)?.validationLoss).toBeCloseTo(evaluate(model, validation).logLoss, 12);
    expect(evaluate(model, validation).accuracy).toBeGreaterThan(0.97);
  });

  test('takes a missing value for the mean of its column', () => {
    const examples = {
      features: ['x'],
      rows: Float32Array.of(1, 2, 6, Number.NaN),
      labels: ['a', 'a', 'b', 'b'],
    };
    const model = trainLogistic(examples);
    const [missing, , mean] = model.predictProbabilities(Float32Array.of(Number.NaN, 3), 2);
    expect(missing).toBe(mean);
  });

  test('exports a model that answers as it does on every row: penguins, three classes with gaps', async () => {
    const examples = await penguins();
    expect(await onnxGap(trainLogistic(examples), examples.rows, examples.labels.length)).toBeLessThan(1e-5);
  });

  test('exports a model that answers as it does on every row: flights, two classes', async () => {
    const flights = await loadFlights({ share: 0.02 });
    const encoding = fitEncoding(flights, flightColumns, { categoriesMax: 12 });
    const examples = encodeExamples(encoding, flights, flightColumns.label);
    expect(await onnxGap(trainLogistic(examples), examples.rows, examples.labels.length)).toBeLessThan(1e-5);
  });

  test('refuses what it cannot learn from, naming it', () => {
    const refuse = (rows: number[], labels: string[]) => () =>
      trainLogistic({ features: ['x'], rows: Float32Array.from(rows), labels });
    expect(refuse([1, 2], ['a', 'a'])).toThrow(/fewer than two classes/);
    expect(refuse([1, 2, 3], ['a', 'b'])).toThrow(/3 numbers, expected 2 labels × 1 features/);
    expect(refuse([1, Infinity], ['a', 'b'])).toThrow(/Row 1: x is infinite/);
  });
});

const logit = (p: number): number => Math.log(p / (1 - p));

async function penguins() {
  const rows = await loadPenguins();
  return encodeExamples(fitEncoding(rows, penguinColumns), rows, penguinColumns.label);
}
