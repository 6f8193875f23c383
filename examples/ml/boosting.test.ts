import { describe, expect, test } from 'vitest';
import { flightColumns, loadFlights } from '../data/flights.ts';
import { loadPenguins, penguinColumns } from '../data/penguins.ts';
import {
  encodeExamples,
  evaluate,
  type Examples,
  fitEncoding,
  pick,
  type Progress,
  random,
  splitByKey,
  trainBoosting,
  trainLogistic,
} from './index.ts';
import { onnxGap } from './testing.ts';

/** 2,000 points in the unit square, labelled by whether they lie on the same side of ½ in both directions. */
function checkerboard(): Examples {
  const draw = random(7);
  const rows = Float32Array.from({ length: 4000 }, draw);
  const labels = Array.from({ length: 2000 }, (_, row) =>
    rows[2 * row] > 0.5 === rows[2 * row + 1] > 0.5 ? 'same' : 'other',
  );
  return { features: ['x', 'y'], rows, labels };
}

describe('gradient boosting', () => {
  test('learns what no linear model can', () => {
    const examples = checkerboard();
    const { train, test: held } = splitByKey(
      examples.labels.map((_, row) => String(row)),
      { testShare: 0.3 },
    );
    const [learn, check] = [pick(examples, train), pick(examples, held)];
    expect(evaluate(trainBoosting(learn), check).accuracy).toBeGreaterThan(0.97);
    expect(evaluate(trainLogistic(learn), check).accuracy).toBeLessThan(0.6);
  });

  test('learns from a value being missing, also where the rest of the column is constant', async () => {
    const rows = Float32Array.from({ length: 400 }, (_, at) => (at % 3 === 0 ? Number.NaN : 1));
    const labels = Array.from(rows, (value) => (Number.isNaN(value) ? 'gap' : 'full'));
    const varied = rows.map((value, at) => (Number.isNaN(value) ? value : at));
    for (const each of [rows, varied]) {
      const model = trainBoosting({ features: ['x'], rows: each, labels });
      expect(evaluate(model, { features: ['x'], rows: each, labels }).accuracy).toBe(1);
      expect(await onnxGap(model, each, labels.length)).toBeLessThan(1e-5);
    }
  });

  test('puts every training value on the same side as the exported model, down to neighbouring floats', async () => {
    const start = 16_777_216;
    const values = [0.1, 0.2, 0.3, -0.1, 0, -0, 1e-45, -1e-45, 3.4e38, -3.4e38, start, start + 2, start + 4];
    const draw = random(1);
    const rows = Float32Array.from({ length: 3000 }, (_, at) => values[at % values.length]);
    const labels = Array.from(rows, (value) => (draw() < (value > 0.15 ? 0.9 : 0.2) ? 'a' : 'b'));
    const model = trainBoosting({ features: ['x'], rows, labels }, { leafRowsMin: 1 });
    expect(await onnxGap(model, rows, rows.length)).toBeLessThan(1e-5);
  });

  test('gives the same bytes for the same seed and others for another', () => {
    const examples = checkerboard();
    const bytes = (seed: number) => trainBoosting(examples, { rounds: 5, seed }).toOnnx();
    expect(bytes(1)).toEqual(bytes(1));
    expect(bytes(1)).not.toEqual(bytes(2));
  });

  test('reports a loss that falls, and at the end the validation loss the metrics give', () => {
    const examples = checkerboard();
    const validation = pick(examples, [...Array(500).keys()]);
    const progress: Progress[] = [];
    const model = trainBoosting(examples, {
      rounds: 40,
      validation,
      onIteration: (each) => progress.push(each),
    });
    expect(progress.map(({ iteration }) => iteration)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(progress[39].loss).toBeLessThan(progress[0].loss / 3);
    expect(progress[39].loss).toBeCloseTo(evaluate(model, examples).logLoss, 10);
    expect(progress[39].validationLoss).toBeCloseTo(evaluate(model, validation).logLoss, 10);
  });

  test('falls back to the classes’ shares when the features tell nothing', () => {
    const rows = new Float32Array(40).fill(3);
    const labels = Array.from(rows, (_, at) => (at % 4 ? 'b' : 'a'));
    const model = trainBoosting({ features: ['x'], rows, labels }, { rowShare: 1 });
    const [a, b] = model.predictProbabilities(Float32Array.of(Number.NaN), 1);
    expect(a).toBeCloseTo(0.25, 6);
    expect(b).toBeCloseTo(0.75, 6);
  });

  test('exports a model that answers as it does on every row: penguins, three classes with gaps', async () => {
    const rows = await loadPenguins();
    const examples = encodeExamples(fitEncoding(rows, penguinColumns), rows, penguinColumns.label);
    const model = trainBoosting(examples, { leafRowsMin: 5 });
    expect(evaluate(model, examples).accuracy).toBeGreaterThan(0.99);
    expect(await onnxGap(model, examples.rows, rows.length)).toBeLessThan(1e-5);
  });

  test('exports a model that answers as it does on every row: flights, two classes', async () => {
    const flights = await loadFlights({ share: 0.02 });
    const encoding = fitEncoding(flights, flightColumns, { categoriesMax: 12 });
    const examples = encodeExamples(encoding, flights, flightColumns.label);
    expect(await onnxGap(trainBoosting(examples), examples.rows, flights.length)).toBeLessThan(1e-5);
  });
});
