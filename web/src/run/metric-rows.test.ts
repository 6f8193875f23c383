import { expect, test } from 'vitest';
import { rowsOf } from './metric-rows.ts';

const outline = (keys: string[], columns: number) =>
  rowsOf(
    keys.map((key) => ({ key, value: 1, step: 0, timestamp: 0 })),
    columns,
  ).map((row) => (row.kind === 'head' ? `${row.title} (${row.count})` : row.metrics.map(({ key }) => key)));

test('metrics are in the order of their names, and need no title where all are of the model', () => {
  expect(outline(['val/loss', 'loss10', 'loss9', 'train/loss', 'val/accuracy'], 2)).toEqual([
    ['loss9', 'loss10'],
    ['train/loss', 'val/accuracy'],
    ['val/loss'],
  ]);
});

test('what the machine did comes last, under a title', () => {
  expect(outline(['system/cpu', 'loss', 'accuracy'], 3)).toEqual([
    'Model metrics (2)',
    ['accuracy', 'loss'],
    'System metrics (1)',
    ['system/cpu'],
  ]);
});

test('a run that measured only its machine says so', () => {
  expect(outline(['system/cpu'], 3)).toEqual(['System metrics (1)', ['system/cpu']]);
});
