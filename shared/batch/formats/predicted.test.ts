import { expect, test } from 'vitest';
import type { ElementType, Port } from '../../sessions/index.ts';
import { optionsOf } from '../options.ts';
import { predictorOf } from './predicted.ts';

const options = optionsOf({ output: { probabilities: true } });
const port = (name: string, type: ElementType, ...shape: (number | string)[]): Port => ({
  name,
  type,
  shape,
});
const outputs = [port('label', 'int64', 'n'), port('p', 'float64', 'n', 2)];

test.each([
  ['its classes', ['3', '5'], ['probability_3', 'probability_5']],
  ['their places where it does not name them', null, ['probability_0', 'probability_1']],
])('the probabilities of a classifier have columns by %s, in every digit', (_, labels, names) => {
  const predictor = predictorOf(outputs, { labels }, options);
  expect(predictor.columns).toEqual([
    { name: 'prediction', kind: 'whole' },
    ...['score', ...names].map((name) => ({ name, kind: 'number' })),
  ]);
  const label = { type: 'int64', dims: [2], data: BigInt64Array.of(5n, 3n) } as const;
  const p = { type: 'float64', dims: [2, 2], data: Float64Array.of(0.1, 0.9, 0.7, 0.3) } as const;
  expect(predictor.values({ label, p }, 2).map((column) => [...column])).toEqual([
    ['5', '3'],
    [0.9, 0.7],
    [0.1, 0.7],
    [0.9, 0.3],
  ]);
});

test('a lone number beside a class is its score, and the probability of none', () => {
  const { columns } = predictorOf(
    [port('label', 'string', 'n'), port('p', 'float32', 'n', 1)],
    { labels: null },
    options,
  );
  expect(columns.map(({ name, kind }) => [name, kind])).toEqual([
    ['prediction', 'text'],
    ['score', 'number'],
  ]);
});
