export type ScaleKind = 'linear' | 'log';

const leastSpan = 1e-290;

/** Where a value stands between the two ends of an axis: 0 at `low`, 1 at `high`. */
export type Scale = {
  readonly kind: ScaleKind;
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
};

/**
 * A scale over the finite ones of `values`; on a logarithmic one what is zero or negative has no place.
 * Undefined where nothing has a place.
 */
export function scaleOf(kind: ScaleKind, values: readonly number[], ticksMax = 6): Scale | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!drawable(kind, value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return undefined;
  // Values that differ in their last bits only are one value to a reader.
  const one = high - low <= Math.max(Math.abs(low), Math.abs(high), leastSpan) * 1e-9;
  if (kind === 'log') {
    const ends = one
      ? { low: Math.max(low / 2, Number.MIN_VALUE), high: Math.min(high * 2, Number.MAX_VALUE) }
      : { low, high };
    return { kind, ...ends, ticks: logTicks(ends.low, ends.high, ticksMax) };
  }
  const pad = one ? Math.abs(low) / 2 || 0.5 : 0;
  const ends = { low: Math.max(low - pad, -Number.MAX_VALUE), high: Math.min(high + pad, Number.MAX_VALUE) };
  return { kind, ...ends, ticks: linearTicks(ends.low, ends.high, ticksMax) };
}

/** The share of the axis below `value`, or undefined where it has no place on it. */
export function shareOf({ kind, low, high }: Scale, value: number): number | undefined {
  if (!drawable(kind, value)) return undefined;
  const [from, to, at] =
    kind === 'log' ? [Math.log(low), Math.log(high), Math.log(value)] : [low, high, value];
  // By halves, since the span of the largest doubles is none.
  return (at / 2 - from / 2) / (to / 2 - from / 2);
}

/** The value at a share of the axis. */
export function valueAt({ kind, low, high }: Scale, share: number): number {
  return kind === 'log' ? low * (high / low) ** share : low * (1 - share) + high * share;
}

/** Logarithmic where all are positive and lie several hundredfold apart, as learning rates do. */
export function kindFor(values: readonly number[]): ScaleKind {
  const finite = values.filter((value) => Number.isFinite(value));
  const low = Math.min(...finite);
  return finite.length > 1 && low > 0 && Math.max(...finite) / low >= 300 ? 'log' : 'linear';
}

/** Whether a value has a place on such a scale. */
export function drawable(kind: ScaleKind, value: number): boolean {
  return Number.isFinite(value) && (kind === 'linear' || value > 0);
}

/** Multiples of 1, 2 or 5 times a power of ten. Source: Heckbert, Nice Numbers for Graph Labels, Graphics Gems, 1990. */
function linearTicks(low: number, high: number, ticksMax: number): number[] {
  const rough = (high - low) / Math.max(1, ticksMax - 1);
  if (!Number.isFinite(rough)) return [low, 0, high];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Powers of ten, every n-th where there are too many; 1, 2 and 5 times them where there are too few. */
function logTicks(low: number, high: number, ticksMax: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const within = (value: number) => value >= low * 0.999 && value <= high * 1.001;
  const powers = Array.from({ length: last - first + 1 }, (_, at) => Number(`1e${first + at}`));
  const whole = powers.filter(within);
  if (whole.length >= 3) return whole.filter((_, at) => at % Math.ceil(whole.length / ticksMax) === 0);
  const fine = powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(within);
  return fine.length >= 2
    ? fine.map((tick) => Number(tick.toPrecision(12)))
    : linearTicks(low, high, ticksMax);
}
