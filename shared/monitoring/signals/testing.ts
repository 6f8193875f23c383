import { type Joined, type Outcome, outcomeOf } from '../../outcomes/index.ts';
import { xoshiro128 } from '../../stats/index.ts';
import type { SignalSetting } from '../settings.ts';
import type { SignalResult } from '../signal.ts';
import type { PastWindow } from './learnt.ts';

/** As of a monitor that says nothing else. */
export const usual: SignalSetting = { enabled: true, severity: 'warning', thresholds: {} };

export const given = (metric: string, bounds: { lower?: number; upper?: number }): SignalSetting => ({
  ...usual,
  thresholds: { [metric]: { kind: 'given', bounds } },
});

/** Numbers in [0, 1), the same for the same seed. */
export function uniforms(seed: number): () => number {
  const next = xoshiro128([seed, 2, 3, 4]);
  for (let skipped = 0; skipped < 16; skipped++) next();
  return () => next() / 2 ** 32;
}

/** Normally distributed numbers: Box and Muller, Annals of Mathematical Statistics 29, 1958. */
export function normals(draw: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

/** A count that is drawn by chance around a mean: by waiting times up to 30, normally distributed beyond. */
export function counts(draw: () => number): (mean: number) => number {
  const normal = normals(draw);
  return (mean) => {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    let count = -1;
    for (let waited = 0; waited < mean; waited -= Math.log(1 - draw())) count++;
    return Math.max(count, 0);
  };
}

export const hourMilliseconds = 3_600_000;
export const start = Date.UTC(2026, 0, 5);

/** `yyyymmddhh` of the nth hour. */
export const hourOf = (n: number): string =>
  new Date(start + n * hourMilliseconds).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');

/** Predictions of 'yes' and 'no' with labels; `sharpness` 0 gives scores that are evenly drawn, 1 such as are sure. */
export function twoClassRows(
  draw: () => number,
  rows: number,
  { sharpness = 0, flipped = 0, power = 1 }: { sharpness?: number; flipped?: number; power?: number } = {},
): Joined[] {
  return Array.from({ length: rows }, (_, row) => {
    const even = draw();
    const p = even < 0.5 ? even * (1 - sharpness) : 1 - (1 - even) * (1 - sharpness);
    // Calibrated at power 1; a label is turned round by the chance `flipped`.
    const isYes = draw() < p ** power !== draw() < flipped;
    return {
      predictionId: `${row}`.padStart(9, '0'),
      at: row,
      predicted: p >= 0.5 ? 'yes' : 'no',
      score: Math.max(p, 1 - p),
      label: isYes ? 'yes' : 'no',
    };
  });
}

/** Predicted numbers with labels: errors are normally distributed. */
export function numberRows(
  draw: () => number,
  rows: number,
  { deviation = 1, spread = 3 }: { deviation?: number; spread?: number } = {},
): Joined[] {
  const normal = normals(draw);
  return Array.from({ length: rows }, (_, row) => {
    const label = spread * normal();
    return {
      predictionId: `${row}`.padStart(9, '0'),
      at: row,
      predicted: null,
      score: label + deviation * normal(),
      label,
    };
  });
}

export const counted = (rows: readonly Joined[], hour = hourOf(0)): Outcome =>
  outcomeOf(hour, rows.length, rows);

/** Results in order, as a monitor of one window an hour has them. */
export const pastOf = (results: readonly SignalResult[]): PastWindow[] =>
  results.map((result, n) => ({ windowEnd: start + n * hourMilliseconds, result }));
