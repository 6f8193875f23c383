import { describe, expect, test } from 'vitest';
import { runsOf, stepOf, timesOf, timeTicks, valueScale, versionMarks } from './timeline.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 5, 12);
const at = (index: number, value: number | null = index) => ({ at: start + index * hour, value });
const line = (points: ReturnType<typeof at>[]) => ({ id: 'a', label: 'A', color: 'red', points });
const hasValue = ({ value }: { value: number | null }) => value !== null;

describe('runs of a line', () => {
  test('end where there is no value, and where a window is missing', () => {
    const points = [at(0), at(1), at(2, null), at(3), at(5), at(6)];
    const runs = runsOf(points, hasValue, hour).map((run) => run.map(({ value }) => value));
    expect(runs).toEqual([[0, 1], [3], [5, 6]]);
  });

  test('are none of nothing', () => {
    expect(runsOf([at(0, null)], hasValue, hour)).toEqual([]);
    expect(runsOf([], hasValue, hour)).toEqual([]);
  });
});

test('times of several lines are each there once, in order', () => {
  const times = timesOf([line([at(1), at(3)]), line([at(0), at(1)])]);
  expect(times).toEqual([at(0).at, at(1).at, at(3).at]);
  expect(stepOf(times)).toBe(hour);
});

test('the scale holds values, bands and bounds', () => {
  const scale = valueScale([
    {
      ...line([]),
      points: [{ at: start, value: 0.5, band: { lower: 0.4, upper: 0.6 }, bounds: { lower: 0.1 } }],
    },
  ]);
  expect(scale).toMatchObject({ low: 0.1, high: 0.6 });
  expect(valueScale([line([at(0, null)])])).toBeUndefined();
});

test('versions are marked where they begin, whatever windows had none', () => {
  const versions = [null, 1, 1, null, 1, 2, 2, 1];
  const marks = versionMarks(versions.map((version, index) => ({ at: index, version })));
  expect(marks).toEqual([
    { at: 1, label: 'v1' },
    { at: 5, label: 'v2' },
    { at: 7, label: 'v1' },
  ]);
});

describe('ticks of time', () => {
  test.each([5, 12, 30, 100])('have room for their labels at %i pixels a column', (pixels) => {
    const ticks = timeTicks(
      Array.from({ length: 200 }, (_, index) => start + index * hour),
      pixels,
    );
    expect(ticks.length).toBeGreaterThan(1);
    for (const [place, tick] of ticks.slice(1).entries())
      expect((tick.index - (ticks[place]?.index ?? 0)) * pixels).toBeGreaterThanOrEqual(64);
    for (const { label } of ticks) expect(label).not.toBe('');
  });

  test('are none where there are no times', () => {
    expect(timeTicks([], 10)).toEqual([]);
  });
});
