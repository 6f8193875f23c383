import { describe, expect, test } from 'vitest';
import { encode, encodeExamples, featureNames, fitEncoding, splitByKey } from './index.ts';

const rows = [
  { size: 1.5, open: true, colour: 'red', zone: 2, fate: 'sold' },
  { size: null, open: false, colour: 'blue', zone: 2, fate: 'kept' },
  { size: 3, open: null, colour: '', zone: 10, fate: 'sold' },
  { size: 4, colour: 'red', zone: 10, fate: 'kept' },
];
const columns = { numeric: ['size', 'open'], categorical: ['colour', 'zone'] };

describe('encoding records', () => {
  test('names a feature per number and per category, and keeps gaps as gaps', () => {
    const encoding = fitEncoding(rows, columns);
    expect(featureNames(encoding)).toEqual([
      'size',
      'open',
      'colour=red',
      'colour=blue',
      'zone=10',
      'zone=2',
    ]);
    expect([...encode(encoding, rows)]).toEqual(
      [
        [1.5, 1, 1, 0, 0, 1],
        [Number.NaN, 0, 0, 1, 0, 1],
        [3, Number.NaN, 0, 0, 1, 0],
        [4, Number.NaN, 1, 0, 1, 0],
      ].flat(),
    );
    expect(encodeExamples(encoding, rows, 'fate').labels).toEqual(['sold', 'kept', 'sold', 'kept']);
  });

  test('gives an unknown category zeros, and rare ones no feature when there are too many', () => {
    const encoding = fitEncoding(rows, columns, { categoriesMax: 1 });
    expect(featureNames(encoding)).toEqual(['size', 'open', 'colour=red', 'zone=10']);
    expect([...encode(encoding, [{ size: 0, open: 0, colour: 'green', zone: 2 }])]).toEqual([0, 0, 0, 0]);
  });

  test('survives JSON', () => {
    const encoding = fitEncoding(rows, columns);
    const restored = JSON.parse(JSON.stringify(encoding)) as typeof encoding;
    expect(encode(restored, rows)).toEqual(encode(encoding, rows));
  });

  test('names the row and column that hold no number, or lack the label', () => {
    const encoding = fitEncoding(rows, columns);
    expect(() => encode(encoding, [rows[0], { size: 'large' }])).toThrow(
      'Row 1: size is "large", not a number.',
    );
    expect(() => encodeExamples(encoding, [{ size: 1 }], 'fate')).toThrow('Row 0: fate is missing.');
  });
});

describe('splitting rows', () => {
  const keys = Array.from({ length: 20_000 }, (_, at) => `row-${at}`);

  test('gives about the share asked for, every row on one side, and keeps a key where it was', () => {
    const { train, test: held } = splitByKey(keys, { testShare: 0.25, seed: 3 });
    expect([...train, ...held].toSorted((a, b) => a - b)).toEqual(keys.map((_, at) => at));
    expect(Math.abs(held.length / keys.length - 0.25)).toBeLessThan(0.01);
    const extended = splitByKey(['new', ...keys.slice(0, 1000)], { testShare: 0.25, seed: 3 });
    expect(extended.test.filter((at) => at > 0).map((at) => at - 1)).toEqual(held.filter((at) => at < 1000));
  });

  test('splits independently for another seed', () => {
    const [a, b] = [1, 2].map((seed) => new Set(splitByKey(keys, { testShare: 0.5, seed }).test));
    const both = [...a].filter((row) => b.has(row)).length;
    expect(Math.abs(both / keys.length - 0.25)).toBeLessThan(0.01);
  });
});
