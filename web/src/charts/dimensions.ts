import { kindFor, type Scale, scaleOf, shareOf } from './scales.ts';

/** What a run has of a param or metric; undefined where it has none. */
export type Cell = string | number | undefined;

/** One axis of parallel coordinates or of a scatter plot: numbers on a scale, or texts one under another. */
export type Dimension =
  | { readonly key: string; readonly kind: 'numbers'; readonly scale: Scale }
  | { readonly key: string; readonly kind: 'texts'; readonly levels: readonly string[] };

/** What was brushed on an axis: shares of it, from its lower end. */
export type Brush = { readonly key: string; readonly low: number; readonly high: number };

/** Numbers where every value there is one; params come as texts, so they are read. */
export function dimensionOf(key: string, cells: readonly Cell[]): Dimension {
  const present = cells.filter((cell) => cell !== undefined);
  const numbers = present.map(numberOf);
  const finite = numbers.filter((number) => Number.isFinite(number));
  const numeric = numbers.every(
    (number, at) => !Number.isNaN(number) || present[at] === 'NaN' || Number.isNaN(present[at]),
  );
  const scale = numeric ? scaleOf(kindFor(finite), finite) : undefined;
  if (scale) return { key, kind: 'numbers', scale };
  const levels = [...new Set(present.map(String))].toSorted((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  return { key, kind: 'texts', levels };
}

/** The share of the axis at which a cell stands, or undefined where it has no place on it. */
export function placeOf(dimension: Dimension, cell: Cell): number | undefined {
  if (cell === undefined) return undefined;
  if (dimension.kind === 'numbers') return shareOf(dimension.scale, numberOf(cell));
  const level = dimension.levels.indexOf(String(cell));
  return level === -1 ? undefined : (level + 0.5) / dimension.levels.length;
}

/** Whether a row of cells, one for each dimension, lies within every brush. What has no place lies in none. */
export function within(
  dimensions: readonly Dimension[],
  row: readonly Cell[],
  brushes: readonly Brush[],
): boolean {
  return brushes.every(({ key, low, high }) => {
    const at = dimensions.findIndex((dimension) => dimension.key === key);
    const dimension = dimensions[at];
    if (!dimension) return true;
    const place = placeOf(dimension, row[at]);
    return place !== undefined && place >= low && place <= high;
  });
}

/** A row drawn from axis to axis; where it has no value it runs below them, at `missingAt`. */
export type Area = {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly missingAt: number;
};

/** Where the axes stand, from left to right. */
export function axisAt(area: Area, count: number, at: number): number {
  return count === 1
    ? (area.left + area.right) / 2
    : area.left + ((area.right - area.left) * at) / (count - 1);
}

/** The path of a row through all axes, in SVG's terms. */
export function pathOf(dimensions: readonly Dimension[], row: readonly Cell[], area: Area): string {
  return dimensions
    .map((dimension, at) => {
      const place = placeOf(dimension, row[at]);
      const x = axisAt(area, dimensions.length, at);
      const y = place === undefined ? area.missingAt : area.bottom - place * (area.bottom - area.top);
      return `${at === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`;
    })
    .join('');
}

export function numberOf(cell: string | number): number {
  if (typeof cell === 'number') return cell;
  return cell.trim() === '' ? Number.NaN : Number(cell);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
