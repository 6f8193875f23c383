import { expect, test } from 'vitest';
import { figuresOf, listsOf } from './figures.ts';

const inputs = {
  wanted: ['reviewed', 'owner'],
  found: { reviewed: 'yes' },
  missing: [],
  rows_min: 200,
  champion: { version: 1, value: 0.91234567 },
  until: Date.UTC(2026, 0, 5, 12),
  at_most: null,
  features: [
    { feature: 'age', psi: 0.31 },
    { feature: 'income', psi: 0.02 },
  ],
};

test('single values and short lists are figures, with the name of what they are within', () => {
  const texts = Object.fromEntries(figuresOf(inputs).map(({ name, text }) => [name, text]));
  expect(texts).toMatchObject({
    wanted: 'reviewed, owner',
    'found: reviewed': 'yes',
    'rows min': '200',
    'champion: value': '0.91235',
  });
  expect(texts['until']).toContain('2026');
  expect(Object.keys(texts)).not.toContain('missing');
  expect(Object.keys(texts)).not.toContain('at most');
});

test('lists of more than values are a row an entry', () => {
  expect(listsOf(inputs)).toEqual([
    { name: 'features', rows: ['feature age, psi 0.31', 'feature income, psi 0.02'] },
  ]);
});
