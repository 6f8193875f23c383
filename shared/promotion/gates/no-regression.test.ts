import { describe, expect, test } from 'vitest';
import type { ComparedMetric } from '../model.ts';
import { type Answers, type Contest, noRegression } from './no-regression.ts';

const spec = {
  gate: 'no-regression',
  metric: 'accuracy',
  margin: 0.02,
  rowsMin: 50,
  confidence: 0.95,
} as const;
const truth = Array.from({ length: 400 }, (_, row) => (row % 2 === 0 ? 'yes' : 'no'));
/** Answers that are wrong in every row whose number divided by `period` leaves nothing. */
const wrongEvery = (period: number, labels: readonly string[] | null = ['no', 'yes']): Answers => {
  const classes = truth.map((label, row) => (row % period === 0 ? (label === 'yes' ? 'no' : 'yes') : label));
  return {
    kind: 'classes',
    classes,
    probabilities: classes.flatMap((label) => (label === 'yes' ? [0.2, 0.8] : [0.8, 0.2])),
    labels,
  };
};
const contest = (challenger: Answers, champion: Answers, change: Partial<Contest> = {}): Contest => ({
  uri: 'runs:/1/evaluation.csv',
  digest: 'sha256:set',
  rows: truth.length,
  truth,
  challenger: { version: 2, digest: 'sha256:two', answers: challenger },
  champion: { version: 1, digest: 'sha256:one', answers: champion },
  ...change,
});

describe('no regression', () => {
  const metrics: ComparedMetric[] = ['accuracy', 'log_loss', 'f1', 'auc'];
  test.each(metrics)('by %s passes a clear gain and fails a clear loss', async (metric) => {
    const gain = await noRegression({ ...spec, metric }, contest(wrongEvery(20), wrongEvery(4)));
    expect(gain.status).toBe('passed');
    const loss = await noRegression({ ...spec, metric }, contest(wrongEvery(4), wrongEvery(20)));
    expect(loss.status).toBe('failed');
    expect(gain.inputs['gain']).toBeCloseTo(-(loss.inputs['gain'] as number), 12);
  });

  test.each(['rmse', 'mae'] as const)('by %s holds numbers against numbers', async (metric) => {
    const values = Array.from({ length: 200 }, (_, row) => row);
    const off = (by: number): Answers => ({
      kind: 'numbers',
      values: values.map((value, row) => value + by * (1 + (row % 3))),
    });
    const numbers = { truth: values, rows: 200 };
    expect((await noRegression({ ...spec, metric }, contest(off(1), off(2), numbers))).status).toBe('passed');
    expect((await noRegression({ ...spec, metric }, contest(off(2), off(1), numbers))).status).toBe('failed');
  });

  test('within the margin, and surely so, is none', async () => {
    const slightly = contest(wrongEvery(19), wrongEvery(20));
    expect((await noRegression({ ...spec, margin: 0.1 }, slightly)).status).toBe('passed');
    expect((await noRegression({ ...spec, margin: 0 }, slightly)).status).toBe('failed');
  });

  test('is judged alike each time', async () => {
    const first = await noRegression(spec, contest(wrongEvery(7), wrongEvery(8)));
    expect(await noRegression(spec, contest(wrongEvery(7), wrongEvery(8)))).toEqual(first);
    expect(first.inputs).toMatchObject({ resamples: 1000, resamples_without_value: 0, rows_compared: 400 });
  });

  test('needs its rows, and no comparison with itself', async () => {
    const few = await noRegression({ ...spec, rowsMin: 401 }, contest(wrongEvery(9), wrongEvery(9)));
    expect(few.status).toBe('failed');
    const same = { version: 2, digest: 'sha256:one', answers: wrongEvery(3) };
    expect(
      (
        await noRegression(
          { ...spec, margin: 0 },
          contest(wrongEvery(3), wrongEvery(3), { challenger: same }),
        )
      ).status,
    ).toBe('passed');
  });

  test('takes labels that are written as text or as numbers for the same', async () => {
    const numbers = truth.map((label) => (label === 'yes' ? 1 : 0));
    const texts: Answers = {
      kind: 'classes',
      classes: numbers.map((n) => `${n}.0`),
      probabilities: null,
      labels: null,
    };
    const { inputs } = await noRegression(spec, contest(texts, texts, { truth: numbers }));
    expect(inputs['challenger']).toMatchObject({ value: 1 });
  });

  test('of labels that neither version ever answers is no verdict', async () => {
    const strange = contest(wrongEvery(9), wrongEvery(9), { truth: truth.map((label) => `class ${label}`) });
    expect(await noRegression({ ...spec, margin: 0.5 }, strange)).toMatchObject({
      status: 'error',
      says: expect.stringContaining("the first is 'class yes'") as string,
    });
  });

  test('by f1 means the class that comes last where there are two, and all of them where there are more', async () => {
    const f1 = { ...spec, metric: 'f1' as const };
    const two = await noRegression(f1, contest(wrongEvery(9), wrongEvery(8)));
    expect(two.inputs).toMatchObject({ average: 'binary', positive: 'yes' });
    const three = wrongEvery(9, ['maybe', 'no', 'yes']);
    const { inputs } = await noRegression(
      f1,
      contest({ ...three, probabilities: null } as Answers, wrongEvery(8)),
    );
    expect(inputs).toMatchObject({ average: 'macro' });
  });

  test.each([
    ['rmse of classes', { ...spec, metric: 'rmse' as const }, wrongEvery(9)],
    ['accuracy of numbers', spec, { kind: 'numbers', values: truth.map(() => 1) } satisfies Answers],
    ['probabilities of unnamed classes', { ...spec, metric: 'log_loss' as const }, wrongEvery(9, null)],
    ['AUC of three classes', { ...spec, metric: 'auc' as const }, wrongEvery(9, ['maybe', 'no', 'yes'])],
  ])('%s is no verdict', async (_, each, answers) => {
    expect((await noRegression(each, contest(answers, answers))).status).toBe('error');
  });
});
