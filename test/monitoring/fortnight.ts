import { random } from '../../examples/ml/index.ts';

/**
 * Two weeks of a served model, hour by hour, with what goes wrong in the world: traffic that breathes with the day, and
 * a feature that does so too; a sudden drift that lasts two days; a truth that moves away from the model little by little
 * until somebody mends it; and a sensor that breaks for half a day. Whoever watches must tell of each of the last three,
 * once, and of nothing else.
 */
const day = 24;
export const hoursOfFortnight = 14 * day;

/** Hours since the begin. */
export type Span = { readonly from: number; readonly to: number };

/** Feature `c` has moved by 1.5 standard deviations; the model hardly heeds it. */
export const sudden: Span = { from: 3 * day, to: 5 * day };
/** A growing share of labels is the opposite of what it was, up to {@link flippedMost} of them. */
export const gradual: Span = { from: 7 * day, to: 9.5 * day };
/** Feature `b` has one value, far from all there were. */
export const broken: Span = { from: 12 * day, to: 12.5 * day };

const flippedMost = 0.3;
const rowsAtNoon = 120;
const rowsAtNight = 60;
const stuckAt = 9;

/** What was asked in an hour, and what turned out to be true. */
export type Hour = { readonly rows: readonly number[][]; readonly labels: readonly boolean[] };

const isIn = ({ from, to }: Span, at: number) => at >= from && at < to;

/** The hour `at` of the fortnight; the same for the same seed. */
export function hourOf(at: number, seed = 1): Hour {
  const uniform = random(seed * 1_000_003 + at);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const light = (1 - Math.cos((2 * Math.PI * at) / day)) / 2;
  const count = Math.round(rowsAtNight + (rowsAtNoon - rowsAtNight) * light);
  const flipped = isIn(gradual, at) ? (flippedMost * (at - gradual.from)) / (gradual.to - gradual.from) : 0;
  const world = Array.from({ length: count }, () => [
    normal() + light,
    normal(),
    normal() + (isIn(sudden, at) ? 1.5 : 0),
  ]);
  const labels = world.map((row) => uniform() < chanceOf(row) !== uniform() < flipped);
  // The sensor lies about a world that goes on as ever.
  return { rows: isIn(broken, at) ? world.map(([a = 0, , c = 0]) => [a, stuckAt, c]) : world, labels };
}

/** What the model has learnt. */
export const weights = [1, 1, 0.2];
export const intercept = -0.5;

/** The chance of `yes`, as the model gives it: log-odds of four times what it weighs. */
function chanceOf(row: readonly number[]): number {
  const weighed = row.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), intercept);
  return 1 / (1 + Math.exp(-4 * weighed));
}

/** Rows of ordinary days, by which the model was trained. */
export function trainedOn(): readonly number[][] {
  return Array.from({ length: sudden.from }, (_, at) => hourOf(at, 7).rows).flat();
}
