import { expect, test } from 'vitest';
import { rowsOf } from './metric-rows.ts';

const metrics = (...keys: string[]) => keys.map((key) => ({ key, value: 1, step: 0, timestamp: 0 }));
const outline = (keys: string[], columns: number) =>
  rowsOf(metrics(...keys), columns).map((row) =>
    row.kind === 'head' ? `${row.title} (${row.count})` : row.metrics.map(({ key }) => key),
  );

test('metrics without a prefix need no title, and are in the order of their names', () => {
  expect(outline(['loss10', 'loss9', 'accuracy'], 2)).toEqual([['accuracy', 'loss9'], ['loss10']]);
});

test('metrics of a prefix stand together, those of the machine last', () => {
  expect(outline(['system/cpu', 'val/loss', 'train/loss', 'train/accuracy', 'epoch'], 2)).toEqual([
    'Metrics (1)',
    ['epoch'],
    'train (2)',
    ['train/accuracy', 'train/loss'],
    'val (1)',
    ['val/loss'],
    'System metrics (1)',
    ['system/cpu'],
  ]);
});

test('a run that measured its machine only says so', () => {
  expect(outline(['system/cpu'], 3)).toEqual(['System metrics (1)', ['system/cpu']]);
});
