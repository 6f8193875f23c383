import { expect, test } from 'vitest';
import type { MonitorItem, MonitorResult } from '../api/types.ts';
import { driftMap } from './drift.ts';

const hour = 3_600_000;

type Moved = Readonly<Record<string, readonly [value: number | null, isBreached: boolean]>>;

function result(at: number, moved: Moved, items: Partial<MonitorItem>[] = []): MonitorResult {
  const names = Object.keys(moved);
  const kept = items.map((item) => ({
    name: '',
    metric: 'psi',
    value: 0,
    bounds: { upper: 0.2 },
    verdict: 'ok' as const,
    basis: 'profile',
    ...item,
  }));
  return {
    monitor: 'm',
    endpoint: 'm',
    window_start: at * hour,
    window_end: (at + 1) * hour,
    checked_at: 0,
    settled: true,
    model: null,
    other_versions_rows: 0,
    reference: { source: 'none', why: '' },
    rows: { reference: 0, current: 0 },
    signals: [
      {
        signal: 'feature-drift',
        segment: '',
        severity: 'warning',
        verdict: 'ok',
        metric: 'drifted-share',
        value: 0,
        bounds: null,
        items: kept,
      },
    ],
    heat: {
      features: names,
      metric: 'psi',
      values: names.map((name) => moved[name]?.[0] ?? null),
      breached: names.map((name) => moved[name]?.[1] ?? false),
    },
  };
}

test('windows come in order of time, features by how often and how far they moved', () => {
  const bound = [{ name: 'a' }];
  const map = driftMap([
    result(2, { a: [0.1, false], b: [0.3, true], c: [0.02, false] }, bound),
    result(1, { a: [0.1, false], b: [0.4, true], c: [0.01, false] }, bound),
  ]);
  expect(map.features).toEqual(['b', 'a', 'c']);
  expect(map.windows.map(({ window_end: end }) => end / hour)).toEqual([2, 3]);
  expect(map.cells.get('b')?.map((cell) => cell?.value)).toEqual([0.4, 0.3]);
});

test('a bound is that of the item, or the one that all items have between them', () => {
  const own = [{ name: 'a', bounds: { upper: 0.5 } }];
  const first = driftMap([result(1, { a: [0.25, false], b: [1, true] }, own)]);
  expect(first.cells.get('a')?.[0]).toMatchObject({ bounds: { upper: 0.5 }, way: 0.5 });
  expect(first.cells.get('b')?.[0]).toMatchObject({ bounds: { upper: 0.5 }, way: 2 });
  const several = [...own, { name: 'c', bounds: { upper: 0.1 } }];
  const second = driftMap([result(1, { a: [0.25, false], b: [1, true], d: [1, false] }, several)]);
  expect(second.cells.get('b')?.[0]).toMatchObject({ bounds: null, way: 1.5 });
  expect(second.cells.get('d')?.[0]).toMatchObject({ bounds: null, way: 0.5 });
});

test('what was not compared in a window is no cell of it, and what has no figure has no colour', () => {
  const { heat, ...bare } = result(3, {});
  const map = driftMap([
    bare,
    result(2, { b: [null, false] }),
    result(1, { a: [0.1, false] }, [{ name: 'a' }]),
  ]);
  expect(map.cells.get('a')?.map((cell) => cell?.value)).toEqual([0.1, undefined, undefined]);
  expect(map.cells.get('b')?.[1]).toMatchObject({ value: null, way: undefined });
  expect(driftMap([bare]).features).toEqual([]);
});
