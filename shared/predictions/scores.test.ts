import { describe, expect, test } from 'vitest';
import { rolesOf, scoresOf } from './scores.ts';
import type { ElementType, Port, Tensor } from '../sessions/index.ts';

const port = (name: string, type: ElementType, ...shape: (number | string)[]): Port => ({
  name,
  type,
  shape,
});
const floats = (dims: number[], ...data: number[]): Tensor => ({
  type: 'float32',
  dims,
  data: Float32Array.from(data),
});

describe('what outputs mean', () => {
  test.each<[string, Port[], readonly string[] | null, unknown]>([
    [
      'a class and its probabilities, whatever they are called',
      [port('output_label', 'int64', 'n'), port('output_probability', 'float32', 'n', 2)],
      null,
      { task: 'classification', label: 'output_label', probabilities: 'output_probability', classes: null },
    ],
    [
      'a class alone',
      [port('y', 'string', 'n', 1)],
      null,
      { task: 'classification', label: 'y', probabilities: null, classes: null },
    ],
    [
      'a cluster and the distances to all',
      [port('label', 'int64', ''), port('scores', 'float32', '', 3)],
      null,
      { task: 'classification', label: 'label', probabilities: null, classes: null },
    ],
    [
      'scores of declared classes',
      [port('label', 'int64', 'n'), port('scores', 'float32', 'n', 2)],
      ['a', 'b'],
      { task: 'classification', label: 'label', probabilities: 'scores', classes: ['a', 'b'] },
    ],
    [
      'a class and one score of it',
      [port('label', 'int64', 'n', 1), port('scores', 'float32', 'n', 1)],
      null,
      { task: 'classification', label: 'label', probabilities: 'scores', classes: null },
    ],
    [
      'probabilities alone, as wide as the declared labels',
      [port('p', 'float64', '', 2)],
      ['a', 'b'],
      { task: 'classification', label: null, probabilities: 'p', classes: ['a', 'b'] },
    ],
    ['one number a row', [port('y', 'float32', 'n', 1)], null, { task: 'regression', value: 'y' }],
    ['one number a row, flat', [port('y', 'float64', 'n')], null, { task: 'regression', value: 'y' }],
    ['an unexplained table', [port('y', 'float32', 'n', 3)], null, null],
    ['two numbers', [port('y', 'float32', 'n'), port('z', 'float32', 'n')], null, null],
    ['two classes', [port('y', 'string', 'n'), port('z', 'int64', 'n')], null, null],
    ['an image', [port('y', 'uint8', 'n', 3)], null, null],
  ])('%s', (_, outputs, labels, roles) => {
    expect(rolesOf(outputs, labels)).toEqual(roles);
  });
});

describe('scores', () => {
  const roles = { task: 'classification', label: 'label', probabilities: 'p', classes: ['a', 'b'] } as const;

  test('are the probability of the class the model chose, even when another is likelier', () => {
    const label: Tensor = { type: 'string', dims: [2], data: ['b', 'a'] };
    const { classes, scores } = scoresOf(roles, { label, p: floats([2, 2], 0.75, 0.25, 0.5, 0.5) }, 2);
    expect([classes, [...scores]]).toEqual([
      ['b', 'a'],
      [0.25, 0.5],
    ]);
  });

  test('without a class output the likeliest declared label is the class', () => {
    const found = scoresOf(
      { ...roles, label: null },
      { p: floats([3, 2], 0.25, 0.75, 0.75, 0.25, 0.5, 0.5) },
      3,
    );
    expect(found.classes).toEqual(['b', 'a', 'a']);
    expect([...found.scores]).toEqual([0.75, 0.75, 0.5]);
  });

  test('without probabilities they are missing', () => {
    const label: Tensor = { type: 'int64', dims: [1], data: BigInt64Array.of(-7n) };
    const found = scoresOf({ ...roles, probabilities: null, classes: null }, { label }, 1);
    expect(found).toEqual({ classes: ['-7'], scores: Float64Array.of(Number.NaN), probabilities: null });
  });
});
