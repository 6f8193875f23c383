import { h, svg } from './dom.ts';
import { figure } from './format.ts';

export type Point = { readonly x: number; readonly y: number };

const width = 300;
const height = 80;
const labelDigits = 4;
/** More points than this are drawn as the lowest and highest of each stretch. */
const drawnMax = 600;

/** A line through `points`, which come in order of x. Where y is not finite the line has a gap. */
export function curve(label: string, points: readonly Point[]): HTMLElement {
  const finite = points.filter(({ y }) => Number.isFinite(y));
  if (finite.length === 0) return h('p', { class: 'hint' }, 'No finite value to draw.');
  const [low, high] = extent(finite.map(({ y }) => y));
  const [first, last] = extent(points.map(({ x }) => x));
  const across = (x: number) => (last > first ? ((x - first) / (last - first)) * width : width / 2);
  const down = (y: number) => (high > low ? height - ((y - low) / (high - low)) * height : height / 2);
  const said = `${label}: ${points.length} ${points.length === 1 ? 'point' : 'points'}, lowest ${figure(low)}, highest ${figure(high)}`;
  return h(
    'div',
    { class: 'curve' },
    h('span', { class: 'high' }, figure(high, labelDigits)),
    high > low ? h('span', { class: 'low' }, figure(low, labelDigits)) : null,
    svg(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': said },
      svg('path', { d: pathOf(thinned(points), across, down) }),
    ),
  );
}

function pathOf(points: readonly Point[], across: (x: number) => number, down: (y: number) => number) {
  const parts: string[] = [];
  let drawing = false;
  points.forEach(({ x, y }, at) => {
    if (!Number.isFinite(y)) {
      drawing = false;
      return;
    }
    parts.push(`${drawing ? 'L' : 'M'}${across(x).toFixed(2)} ${down(y).toFixed(2)}`);
    // A point between two gaps is a stroke of no length, which its round ends make a dot.
    if (!drawing && !Number.isFinite(points[at + 1]?.y)) parts.push('h0');
    drawing = true;
  });
  return parts.join('');
}

function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= drawnMax) return points;
  const stretch = Math.ceil(points.length / (drawnMax / 2));
  const kept: Point[] = [];
  for (let start = 0; start < points.length; start += stretch) {
    const part = points.slice(start, start + stretch);
    const finite = part.filter(({ y }) => Number.isFinite(y));
    if (finite.length < part.length) kept.push({ x: part[0]?.x ?? 0, y: Number.NaN });
    const [low, high] = extent(finite.map(({ y }) => y));
    kept.push(...finite.filter(({ y }) => y === low || y === high).slice(0, 2));
  }
  return kept;
}

function extent(values: readonly number[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
