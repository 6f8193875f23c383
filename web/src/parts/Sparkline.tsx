import { figure } from './format.ts';

type Point = { readonly x: number; readonly y: number };

const width = 300;
const height = 80;
const labelDigits = 4;

/** A small line through `points`, which come in order of x and are finite, with its lowest and highest value. */
export function Sparkline({ label, points }: { readonly label: string; readonly points: readonly Point[] }) {
  const ys = points.map(({ y }) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const [first, last] = [points[0]?.x ?? 0, points.at(-1)?.x ?? 0];
  const across = (x: number) => (last > first ? ((x - first) / (last - first)) * width : width / 2);
  const down = (y: number) => (high > low ? height - ((y - low) / (high - low)) * height : height / 2);
  const path = points.map(
    ({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${across(x).toFixed(2)} ${down(y).toFixed(2)}`,
  );
  return (
    <figure className="sparkline">
      <figcaption>{label}</figcaption>
      <span className="high">{figure(high, labelDigits)}</span>
      {high > low && <span className="low">{figure(low, labelDigits)}</span>}
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${points.length} points, lowest ${figure(low)}, highest ${figure(high)}`}
      >
        <path d={path.join('')} />
      </svg>
    </figure>
  );
}
