import { counted, figure } from '../parts/format.ts';

type HistogramProps = {
  /** What is counted. */
  readonly label: string;
  /** In bins of equal width. */
  readonly counts: readonly number[];
  readonly low: number;
  readonly high: number;
};

const height = 60;
const binWidth = 10;
const gap = 1;
const digits = 4;

/** Bars of how often what was counted, with the ends of the axis below. */
export function Histogram({ label, counts, low, high }: HistogramProps) {
  const most = counts.reduce((max, count) => Math.max(max, count), 0);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const edge = (bin: number) => figure(low + ((high - low) * bin) / counts.length, digits);
  return (
    <figure className="histogram">
      <svg
        viewBox={`0 0 ${counts.length * binWidth} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${counted(all, 'row')} from ${figure(low, digits)} to ${figure(high, digits)}, at most ${figure(most)} in one of ${counts.length} bins`}
      >
        {counts.map((count, bin) => (
          <rect
            // oxlint-disable-next-line react/no-array-index-key -- bins have no other name
            key={bin}
            x={bin * binWidth}
            y={most > 0 ? height - barHeight(count, most) : height}
            width={binWidth - gap}
            height={most > 0 ? barHeight(count, most) : 0}
          >
            <title>{`${edge(bin)} to ${edge(bin + 1)}: ${counted(count, 'row')}`}</title>
          </rect>
        ))}
      </svg>
      <span className="histogram-ends" aria-hidden="true">
        <span>{figure(low, digits)}</span>
        <span>{figure(high, digits)}</span>
      </span>
    </figure>
  );
}

/** What is there at all is seen. */
function barHeight(count: number, most: number): number {
  return count === 0 ? 0 : Math.max(1.5, (count / most) * height);
}
