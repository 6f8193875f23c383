import { describe, expect, test } from 'vitest';
import { Binning } from './binning.ts';
import { decodeProfile, encodeProfile } from './codec.ts';
import { ProfileCounter } from './counter.ts';
import { edgeSetOf } from './edges.ts';
import { countNumbers, noNumbers } from './numeric.ts';
import { type Profile, profileOf } from './profile.ts';

const key = { digest: 'd', edgeSet: 'e', source: 'batch', segment: '', hour: '' } as const;

describe('the bins of numbers', () => {
  const sets: [string, number[]][] = [
    ['none', []],
    ['one', [3]],
    ['two', [-1, 1]],
    ['even', Array.from({ length: 300 }, (_, i) => i / 7)],
    ['crowded at one end', Array.from({ length: 300 }, (_, i) => 1.1 ** i)],
    ['all but equal', [1, 1 + Number.EPSILON, 1 + 3 * Number.EPSILON, 1 + 4 * Number.EPSILON]],
    ['as far apart as can be', [-Number.MAX_VALUE, 0, 5e-324, Number.MAX_VALUE]],
  ];

  test.each(sets)('are those found by halving, between edges that are %s', (_, edges) => {
    const binning = new Binning(edges);
    const values = edges.flatMap((edge, i) => [edge, edge - 1, edge + 1, (edge + (edges[i + 1] ?? 0)) / 2]);
    for (const value of [...values, 0, -0, 1e-300, -5, 1e12].filter(Number.isFinite)) {
      const counted = noNumbers(edges.length);
      countNumbers(counted, [value], edges);
      expect(edges.length === 0 ? 0 : binning.of(value)).toBe(counted.counts.indexOf(1));
    }
  });
});

describe('a table of numbers', () => {
  const rows = 500;
  const names = ['a', 'b', 'c'];
  const data = Float32Array.from({ length: rows * 3 }, (_, i) =>
    i % 17 === 0 ? Number.NaN : i % 101 === 0 ? Number.POSITIVE_INFINITY : Math.sin(i) * 10 ** (i % 3),
  );
  const column = (name: string) => Array.from(data).filter((_, i) => i % 3 === names.indexOf(name));
  const classes = Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 'yes' : 'no'));
  const scores = Array.from({ length: rows }, (_, i) => (i % 50) / 50);
  const edges = edgeSetOf([
    ...['a', 'b'].map((name) => ({ name, cells: column(name) })),
    { name: 'c', cells: [1, 2] },
    { name: 'gone', cells: [1, 2] },
    { name: 'text', cells: ['x'] },
  ]);
  const table = {
    rows,
    columns: names.map((name) => `in.${name}`),
    column: (name: string) =>
      name === 'class'
        ? classes
        : name === 'score'
          ? scores
          : name === 'predictionId'
            ? []
            : column(name.slice(3)),
    hidden: new Map([['in.c', true]]),
  };
  const piece = (from: number, to: number) =>
    [
      { names, data: data.subarray(from * 3, to * 3), rows: to - from, hidden: new Set(['c']) },
      { classes: classes.slice(from, to), scores: scores.slice(from, to) },
    ] as const;
  const exact = ({ rows: all, features, classes: byClass }: Profile) => ({
    all,
    byClass,
    features: [...features].map(([name, counts]) => [
      name,
      counts.kind === 'numeric'
        ? {
            counts: counts.counts,
            missing: counts.missing,
            of: counts.moments.count,
            min: counts.moments.min,
          }
        : counts,
    ]),
  });
  const mean = ({ features }: Profile) => {
    const a = features.get('a');
    return a?.kind === 'numeric' ? [a.moments.mean, a.moments.squares] : [];
  };

  test('is counted as the log counts its cells', () => {
    const counter = new ProfileCounter(key, edges);
    counter.addMatrix(...piece(0, rows));
    const cells = profileOf(table, key, edges);
    expect(exact(counter.profile)).toEqual(exact(cells));
    expect(mean(counter.profile)).toEqual(mean(cells).map((value) => expect.closeTo(value, 6)));
  });

  test('is counted on to the last bit from what was stored of its first rows', () => {
    const whole = new ProfileCounter(key, edges);
    whole.addMatrix(...piece(0, 200));
    const stored = encodeProfile(whole.profile);
    whole.addMatrix(...piece(200, rows));
    const next = new ProfileCounter(key, edges, decodeProfile(stored));
    next.addMatrix(...piece(200, rows));
    expect(encodeProfile(next.profile)).toEqual(encodeProfile(whole.profile));
  });
});
