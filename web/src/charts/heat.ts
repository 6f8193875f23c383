import type { Theme } from '../app/theme.ts';

/** What of a map stands where, in pixels. */
export type HeatLayout = {
  readonly rows: number;
  readonly columns: number;
  /** For the names of the rows. */
  readonly gutter: number;
  readonly rowHeight: number;
  readonly columnWidth: number;
  /** Above the cells, for marks of columns, and below them, for their names. */
  readonly top: number;
  readonly bottom: number;
  /** Of all cells and what is around them, which may be more than can be seen. */
  readonly width: number;
  readonly height: number;
};

export type HeatPlace = { readonly row: number; readonly column: number };

const columnPixels = { min: 5, max: 64 } as const;
const gutterPixels = { min: 84, max: 190, share: 0.3, character: 6.4, around: 16 } as const;
const edgePixels = 8;

/** Cells as wide as there is room for, and rows as high as their number leaves. */
export function layoutOf(rows: readonly string[], columns: number, width: number): HeatLayout {
  const longest = rows.reduce((most, { length }) => Math.max(most, length), 0);
  const wanted = Math.min(longest * gutterPixels.character + gutterPixels.around, gutterPixels.max);
  const gutter = Math.round(
    Math.max(Math.min(wanted, width * gutterPixels.share), Math.min(wanted, gutterPixels.min)),
  );
  const room = Math.max(0, width - gutter - edgePixels) / Math.max(1, columns);
  const columnWidth = Math.min(Math.max(room, columnPixels.min), columnPixels.max);
  const rowHeight = rows.length <= 12 ? 24 : rows.length <= 40 ? 18 : 15;
  const [top, bottom] = [18, 22];
  return {
    rows: rows.length,
    columns,
    gutter,
    rowHeight,
    columnWidth,
    top,
    bottom,
    width: Math.max(width, gutter + columns * columnWidth + edgePixels),
    height: top + rows.length * rowHeight + bottom,
  };
}

/** The cell at a point of the map, `scrolled` being what of it is out of sight; undefined beside all cells. */
export function placeAt(
  layout: HeatLayout,
  { x, y }: { readonly x: number; readonly y: number },
  scrolled: { readonly left: number; readonly top: number },
): HeatPlace | undefined {
  if (x < layout.gutter) return undefined;
  const column = Math.floor((x - layout.gutter + scrolled.left) / layout.columnWidth);
  const row = Math.floor((y - layout.top + scrolled.top) / layout.rowHeight);
  const isIn = column >= 0 && column < layout.columns && row >= 0 && row < layout.rows;
  return isIn && y >= layout.top ? { row, column } : undefined;
}

/**
 * How far a figure went, by its bound: 0 not at all, 1 to the bound. What must not fall below its bound is seen by
 * orders of magnitude, as p-values are. Undefined where there is no figure or bound.
 */
export function wayToBound(
  value: number | null,
  bounds: { readonly lower?: number; readonly upper?: number } | null,
): number | undefined {
  if (value === null || !bounds) return undefined;
  const { lower, upper } = bounds;
  if (upper !== undefined) {
    if (upper > 0) return Math.max(0, value / upper);
    return value > upper ? farthest : 0;
  }
  if (lower === undefined) return undefined;
  if (lower <= 0 || lower >= 1) return value < lower ? farthest : 0;
  return Math.max(0, Math.log(Math.max(value, Number.MIN_VALUE)) / Math.log(lower));
}

/** From here on a colour tells no more. */
const farthest = 4;

/**
 * The colour of {@link wayToBound}: blue up to the bound and orange beyond, each further from the background the
 * further it is. Blue and orange differ to readers who see no red or no green, and their lightness tells the rest.
 */
export function heatColor(way: number, theme: Theme): string {
  const isLight = theme === 'light';
  if (way < 1) {
    const [near, far] = isLight ? [0.955, 0.66] : [0.27, 0.58];
    return oklch(near + (far - near) * way, 0.012 + 0.1 * way, 250);
  }
  const share = Math.min(Math.log(way) / Math.log(farthest), 1);
  const [near, far] = isLight ? [0.76, 0.45] : [0.62, 0.86];
  return oklch(near + (far - near) * share, isLight ? 0.155 : 0.14, 62 - 22 * (isLight ? share : -share / 2));
}

/** What stands out on a cell of any colour. */
export function markColor(way: number, theme: Theme): string {
  const isDark = theme === 'light' ? way > 1.9 : way < 1.6;
  return isDark ? '#fff' : '#1c1a17';
}

function oklch(lightness: number, chroma: number, hue: number): string {
  return `oklch(${lightness.toFixed(3)} ${chroma.toFixed(3)} ${Math.round(hue)})`;
}
