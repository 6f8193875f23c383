import { describe, expect, test } from 'vitest';
import { heatColor, layoutOf, markColor, placeAt, wayToBound } from './heat.ts';

const names = (count: number) => Array.from({ length: count }, (_, at) => `feature ${at}`);
const here = { left: 0, top: 0 };

describe('the way to a bound', () => {
  test.each([
    ['nothing', 0, { upper: 0.2 }, 0],
    ['as far as the bound', 0.2, { upper: 0.2 }, 1],
    ['twice as far', 0.4, { upper: 0.2 }, 2],
    ['below zero, which is nothing', -1, { upper: 0.2 }, 0],
    ['more than a bound of nothing', 0.1, { upper: 0 }, 4],
    ['no more than a bound of nothing', 0, { upper: 0 }, 0],
    ['a p-value at its bound', 0.05, { lower: 0.05 }, 1],
    ['a p-value of twice as many orders of magnitude', 0.0025, { lower: 0.05 }, 2],
    ['a p-value of 1', 1, { lower: 0.05 }, 0],
    ['below a bound that is no probability', 5, { lower: 10 }, 4],
  ])('%s', (_, value, bounds, way) => {
    expect(wayToBound(value, bounds)).toBeCloseTo(way, 12);
  });

  test('is not known without a figure or a bound', () => {
    expect([wayToBound(null, { upper: 1 }), wayToBound(1, null), wayToBound(1, {})]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('of a p-value of 0 is finite', () => {
    expect(wayToBound(0, { lower: 0.05 })).toBeLessThan(1000);
  });
});

const lightnessOf = (color: string) => Number(/oklch\(([\d.]+)/.exec(color)?.[1]);
const hueOf = (color: string) => Number(/ (\d+)\)$/.exec(color)?.[1]);

describe.each(['light', 'dark'] as const)('colours in the %s theme', (theme) => {
  const ways = [0, 0.25, 0.5, 0.75, 0.99];
  const beyond = [1, 1.5, 2, 3, 4];

  test('go further from the background the further a figure went, on either side of the bound', () => {
    for (const side of [ways, beyond]) {
      const steps = side.map((way) => lightnessOf(heatColor(way, theme)));
      const sorted = steps.toSorted((a, b) => (theme === 'light' ? b - a : a - b));
      expect(steps).toEqual(sorted);
      expect(new Set(steps).size).toBe(side.length);
    }
  });

  test('are blue within the bound and orange beyond it', () => {
    for (const way of ways) expect(hueOf(heatColor(way, theme))).toBe(250);
    for (const way of beyond) {
      expect(hueOf(heatColor(way, theme))).toBeGreaterThanOrEqual(40);
      expect(hueOf(heatColor(way, theme))).toBeLessThanOrEqual(80);
    }
  });

  test('end at four times the bound, with a mark that stands out on each', () => {
    expect(heatColor(1000, theme)).toBe(heatColor(4, theme));
    for (const way of [...ways, ...beyond]) {
      const mark = markColor(way, theme) === '#fff' ? 1 : 0.22;
      expect(Math.abs(lightnessOf(heatColor(way, theme)) - mark)).toBeGreaterThan(0.2);
    }
  });
});

describe('the layout of a map', () => {
  test('fills its place with few columns, and scrolls with many', () => {
    const few = layoutOf(names(3), 50, 1000);
    expect(few.width).toBe(1000);
    expect(few.gutter + few.columns * few.columnWidth).toBeLessThanOrEqual(1000);
    const many = layoutOf(names(3), 1000, 1000);
    expect(many.columnWidth).toBe(5);
    expect(many.width).toBeGreaterThan(5000);
  });

  test('leaves most of a narrow place to the cells', () => {
    expect(layoutOf(['a feature with a name that takes a whole line'], 20, 340).gutter).toBeLessThan(120);
  });

  test('is as high as its rows, which are lower where there are many', () => {
    const [few, many] = [layoutOf(names(3), 9, 800), layoutOf(names(200), 9, 800)];
    expect(few.rowHeight).toBeGreaterThan(many.rowHeight);
    expect(many.height).toBe(many.top + 200 * many.rowHeight + many.bottom);
  });

  test('finds the cell at a point, wherever it is scrolled to, and none beside the cells', () => {
    const layout = layoutOf(names(200), 1000, 600);
    const { gutter, top, rowHeight, columnWidth } = layout;
    const middle = { x: gutter + 2.5 * columnWidth, y: top + 1.5 * rowHeight };
    expect(placeAt(layout, middle, here)).toEqual({ row: 1, column: 2 });
    expect(placeAt(layout, middle, { left: 10 * columnWidth, top: 30 * rowHeight })).toEqual({
      row: 31,
      column: 12,
    });
    expect(placeAt(layout, { x: gutter - 1, y: middle.y }, { left: 500, top: 0 })).toBeUndefined();
    expect(placeAt(layout, { x: middle.x, y: top - 1 }, { left: 0, top: 500 })).toBeUndefined();
    expect(placeAt(layoutOf(names(2), 2, 600), { x: 599, y: middle.y }, here)).toBeUndefined();
  });
});
