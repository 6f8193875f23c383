import { describe, expect, test } from 'vitest';
import {
  azuremlDrift,
  type AzuremlMetric,
  evidentlyDrift,
  type EvidentlyTest,
  type Feature,
  fitNannyml,
  type NannymlMethod,
} from './index.ts';
import { type ColumnPair, columnPair, golden } from './testing.ts';

/** Of a distance that is the root of a difference near 0 the square has the digits. */
const off = (actual: number, expected: number) =>
  Object.is(actual, expected)
    ? 0
    : Math.min(
        Math.abs(actual - expected) / Math.max(Math.abs(expected), 1e-3),
        Math.abs(actual ** 2 - expected ** 2) / 1e-3,
      );

type Told = { what: string; actual: number; expected: number };
const disagreeing = (told: readonly Told[], bound = 1e-12) =>
  told.filter(({ actual, expected }) => !(off(actual, expected) < bound));

describe('evidently', () => {
  type Result = [name: string, score: number, drifted: boolean, threshold: number];
  const cases = golden<ColumnPair & { results: Record<string, Result> }>('columns-evidently', 'column');

  test('chooses the test, its score and verdict as Evidently does', () => {
    expect(cases.length).toBeGreaterThan(140);
    const told = cases.map(({ results, ...pair }) => {
      const found = evidentlyDrift(...columnPair(pair));
      return { found, expected: results['default'], what: JSON.stringify(pair) };
    });
    expect(new Set(told.map(({ found }) => found.test))).toEqual(
      new Set(['ks', 'chisquare', 'z', 'wasserstein', 'jensenshannon']),
    );
    expect(told.map(({ found }) => [found.test, found.isDrifted, found.threshold])).toEqual(
      told.map(({ expected: [name, , isDrifted, threshold] }) => [name, isDrifted, threshold]),
    );
    const scores = told.map(({ found, expected, what }) => ({
      what,
      actual: found.score,
      expected: expected[1],
    }));
    expect(disagreeing(scores)).toEqual([]);
  });

  test('has its scores by other tests', () => {
    const told = cases.flatMap(({ results, ...pair }) =>
      Object.entries(results)
        // Of a single category scipy's χ² of fit has no p; here nothing differs.
        .filter(([name, [, score]]) => name !== 'default' && !Number.isNaN(score))
        .map(([name, result]) => {
          const found = evidentlyDrift(...columnPair(pair), { test: name as EvidentlyTest });
          return {
            found,
            result,
            what: `${name} ${JSON.stringify(pair)}`,
            actual: found.score,
            expected: result[1],
          };
        }),
    );
    expect(told.length).toBeGreaterThan(700);
    expect(disagreeing(told)).toEqual([]);
    expect(told.map(({ found }) => [found.isDrifted, found.threshold])).toEqual(
      told.map(({ result }) => [result[2], result[3]]),
    );
  });
});

describe('nannyml', () => {
  type Result = [value: number, threshold: number, alert: boolean];
  const cases = golden<ColumnPair & { results: Record<string, Result> }>('columns-nannyml', 'column');

  test('has its values, the thresholds that it learns, and its alerts', () => {
    expect(cases.length).toBeGreaterThan(80);
    const told = cases.flatMap(({ results, ...pair }) =>
      Object.entries(results).map(([name, result]) => {
        const [reference, current] = columnPair(pair);
        const fitted = fitNannyml(reference, name as NannymlMethod);
        return { fitted, current, result, what: `${name} ${JSON.stringify(pair)}` };
      }),
    );
    expect(told.length).toBeGreaterThan(300);
    const values = told.map(({ fitted, current, result, what }) => ({
      what,
      actual: fitted.valueOf(current),
      expected: result[0],
    }));
    expect(disagreeing(values)).toEqual([]);
    const thresholds = told.map(({ fitted, result, what }) => ({
      what,
      actual: fitted.threshold,
      expected: result[1],
    }));
    // A mean of roots near 0 has the digits of roots.
    expect(disagreeing(thresholds, 1e-9)).toEqual([]);
    expect(told.map(({ fitted, current }) => fitted.driftOf(current).isDrifted)).toEqual(
      told.map(({ result }) => result[2]),
    );
  });

  test('is near to what NannyML estimates of many rows over bins', () => {
    const large = golden<ColumnPair & { results: Record<string, Result> }>('columns-nannyml', 'large');
    const told = large.flatMap(({ results, ...pair }) =>
      (['kolmogorov_smirnov', 'wasserstein'] as const)
        // Its bins of equal width hold much of a long tail each.
        .filter((name) => results[name] && pair.shape !== 'constant' && pair.shape !== 'heavy')
        .map((name) => {
          const [reference, current] = columnPair(pair);
          const actual = fitNannyml(reference, name).valueOf(current);
          return { what: `${name} ${JSON.stringify(pair)}`, actual, expected: results[name][0] };
        }),
    );
    expect(told.length).toBeGreaterThan(30);
    expect(disagreeing(told, 0.02)).toEqual([]);
  });

  test('refuses methods of the other kind, and learns nothing of few rows', () => {
    const numbers: Feature = { kind: 'numeric', values: [1, 2, 3] };
    const names: Feature = { kind: 'categorical', values: ['a', 'b'] };
    expect(() => fitNannyml(numbers, 'chi2')).toThrow(
      new RangeError("NannyML's 'chi2' compares categories; the column has numbers."),
    );
    expect(() => fitNannyml(names, 'wasserstein')).toThrow(
      new RangeError("NannyML's 'wasserstein' compares numbers; the column has categories."),
    );
    expect(() => fitNannyml(numbers).driftOf(names)).toThrow(RangeError);
    expect(fitNannyml(numbers).threshold).toBeNaN();
    expect(fitNannyml(numbers).driftOf({ kind: 'numeric', values: [9, 9] }).isDrifted).toBe(false);
  });
});

describe('azureml', () => {
  const cases = golden<ColumnPair & { results: Record<string, number> }>('columns-azureml', 'column');

  test('has its metrics', () => {
    expect(cases.length).toBeGreaterThan(25);
    const told = cases.flatMap(({ results, ...pair }) =>
      Object.entries(results)
        // Of a single category scipy's χ² of fit has no p; here nothing differs.
        .filter(([, expected]) => !Number.isNaN(expected))
        .map(([metric, expected]) => ({
          what: `${metric} ${JSON.stringify(pair)}`,
          actual: azuremlDrift(...columnPair(pair), { metric: metric as AzuremlMetric }).score,
          expected,
        })),
    );
    expect(told.length).toBeGreaterThan(100);
    expect(disagreeing(told)).toEqual([]);
  });

  test('takes its defaults, and refuses what Azure ML refuses', () => {
    const numbers: Feature = { kind: 'numeric', values: [1, 2, 3, 4] };
    const others: Feature = { kind: 'numeric', values: [2, 3, 4, 5] };
    const names: Feature = { kind: 'categorical', values: ['a', 'b'] };
    expect(azuremlDrift(numbers, others)).toMatchObject({
      test: 'NormalizedWassersteinDistance',
      comparison: '>',
      threshold: 0.1,
      isDrifted: true,
    });
    expect(azuremlDrift(names, names)).toMatchObject({
      test: 'JensenShannonDistance',
      score: 0,
      isDrifted: false,
    });
    const many: Feature = { kind: 'numeric', values: new Float64Array(10_000) };
    expect(() => azuremlDrift(many, numbers, { metric: 'TwoSampleKolmogorovSmirnovTest' })).toThrow(
      new RangeError('Azure ML tests fewer than 10000 rows: take a distance instead.'),
    );
    expect(() => azuremlDrift(numbers, others, { metric: 'PearsonsChiSquaredTest' })).toThrow(RangeError);
    expect(() => azuremlDrift(names, names, { metric: 'NormalizedWassersteinDistance' })).toThrow(RangeError);
  });
});
