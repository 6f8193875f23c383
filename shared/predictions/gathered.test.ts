import { describe, expect, test } from 'vitest';
import type { Tensor } from '../sessions/index.ts';
import { Gathered } from './gathered.ts';
import { rowsOf, type Scored } from './rows.ts';

const naming = { features: null, labels: null };

/** A call of some rows whose every value says which call and row it is of. */
function call(at: number, rows: number, more: Record<string, Tensor> = {}): Scored {
  const places = Array.from({ length: rows }, (_, row) => at * 100 + row);
  return {
    at,
    rows,
    inputs: {
      x: {
        type: 'float32',
        dims: [rows, 2],
        data: Float32Array.from(places.flatMap((place) => [place, -place])),
      },
      ...more,
    },
    outputs: {
      label: { type: 'string', dims: [rows], data: places.map(String) },
      count: { type: 'int64', dims: [rows, 1], data: BigInt64Array.from(places, BigInt) },
    },
    scores: { classes: places.map(String), scores: Float64Array.from(places), probabilities: null },
    latencyMicros: at,
    status: 200,
  };
}

function gathered(calls: readonly Scored[]): Gathered {
  const all = new Gathered();
  for (const each of calls) all.add(each);
  return all;
}

describe('gathered rows', () => {
  test('of many calls are one block, in the order of the calls', () => {
    const calls = Array.from({ length: 300 }, (_, at) => call(at, 1 + (at % 3)));
    const [block, ...others] = gathered(calls).blocks();
    expect(others).toEqual([]);
    const places = calls.flatMap(({ at, rows }) => Array.from({ length: rows }, (_, row) => at * 100 + row));
    expect(block?.rows).toBe(places.length);
    expect([...(block?.scores ?? [])]).toEqual(places);
    expect(block?.classes).toEqual(places.map(String));
    expect(block?.inputs['x']).toEqual({
      type: 'float32',
      dims: [places.length, 2],
      data: Float32Array.from(places.flatMap((place) => [place, -place])),
    });
    expect(block?.outputs['label']?.data).toEqual(places.map(String));
    expect(block?.outputs['count']?.data).toEqual(BigInt64Array.from(places, BigInt));
    expect([...(block?.at ?? [])]).toEqual(calls.flatMap(({ at, rows }) => new Array<number>(rows).fill(at)));
  });

  test('of calls whose tensors change keep their order', () => {
    const extra = (rows: number): Record<string, Tensor> => ({
      y: { type: 'float64', dims: [rows, 1], data: new Float64Array(rows) },
    });
    const calls = [call(1, 2), call(2, 1, extra(1)), call(3, 3, extra(3)), call(4, 1)];
    expect(
      gathered(calls)
        .blocks()
        .map(({ rows }) => rows),
    ).toEqual([2, 4, 1]);
    expect(rowsOf(naming, calls).scores).toEqual([100, 101, 200, 300, 301, 302, 400]);
  });

  test('of calls with an input that is no rows are one block as well', () => {
    const rate: Tensor = { type: 'int64', dims: [], data: BigInt64Array.of(16_000n) };
    const calls = [1, 2, 3].map((at) => call(at, 1, { rate }));
    expect(
      gathered(calls)
        .blocks()
        .map(({ rows }) => rows),
    ).toEqual([3]);
  });

  test('do not change when the memory that they came in is used for other calls', () => {
    const one = call(7, 2);
    const all = gathered([one]);
    Object.assign(one.inputs['x']?.data ?? [], [0, 0, 0, 0]);
    expect(all.blocks()[0]?.inputs['x']?.data).toEqual(Float32Array.of(700, -700, 701, -701));
  });

  test('hold nothing of a tensor that is too wide for the log, or is no rows, and count no bytes for it', () => {
    const wide = { type: 'float32', dims: [2, 2000], data: new Float32Array(4000) } as const;
    const whole = { type: 'float32', dims: [8], data: new Float32Array(8) } as const;
    const [bare, both] = [gathered([call(1, 2)]), gathered([call(1, 2, { wide, whole })])];
    expect(both.bytes).toBe(bare.bytes);
    expect(both.blocks()[0]?.inputs).toMatchObject({
      wide: { data: { length: 0 } },
      whole: { data: { length: 0 } },
    });
    expect(rowsOf(naming, [call(1, 2, { wide, whole })]).tensors.map(({ source }) => source.name)).toEqual([
      'in.x.0',
      'in.x.1',
      'out.label',
      'out.count',
    ]);
  });
});
