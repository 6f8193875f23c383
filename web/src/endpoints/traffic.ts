import type { Shares } from '../api/endpoints.ts';

/** A share as it is being written. One that is fixed takes no part when others are moved. */
export type ShareText = { readonly name: string; readonly text: string; readonly isFixed?: boolean };

const whole = 100;
/** Parts of a percent that shares are told apart by. */
const partsPerPercent = 100;

/** The shares after one was moved to `percent`: the others keep their proportions, and all are 100 together. */
export function moved(shares: readonly ShareText[], name: string, percent: number): ShareText[] {
  const takes = (share: ShareText) => share.name !== name && !share.isFixed;
  const others = shares.filter(takes);
  if (others.length === 0)
    return shares.map((share) => (share.name === name ? { ...share, text: String(percent) } : share));
  const rest = scaled(others.map(percentOf), whole - percent, Number.isInteger(percent));
  const left = rest[Symbol.iterator]();
  return shares.map((share) => ({
    ...share,
    text: share.name === name ? String(percent) : takes(share) ? String(left.next().value ?? 0) : share.text,
  }));
}

/** The same proportions with a sum of 100. */
export function toWhole(shares: readonly ShareText[]): ShareText[] {
  const fitted = scaled(shares.filter(({ isFixed }) => !isFixed).map(percentOf), whole, true)[
    Symbol.iterator
  ]();
  return shares.map((share) =>
    share.isFixed ? share : { ...share, text: String(fitted.next().value ?? 0) },
  );
}

/** Why shares cannot be saved; undefined where they can: 100 together, or none at all. */
export function faultOf(shares: readonly ShareText[]): string | undefined {
  const odd = shares.find(({ text }) => text.trim() === '' || !inRange(Number(text)));
  if (odd) return `The share of ${odd.name || 'a deployment'} must be a number from 0 to 100.`;
  const sum = sumOf(shares);
  if (sum === whole || sum === 0) return undefined;
  return `The shares are ${sum} together; they must be ${whole}, or 0 to take no calls.`;
}

export function sumOf(shares: readonly ShareText[]): number {
  const parts = shares.reduce((sum, share) => sum + Math.round(percentOf(share) * partsPerPercent), 0);
  return parts / partsPerPercent;
}

export function sharesOf(shares: readonly ShareText[]): Shares {
  return Object.fromEntries(shares.map((share) => [share.name, percentOf(share)]));
}

/** What a slider shows of a text; what is no number is 0. */
export function percentOf({ text }: ShareText): number {
  const percent = Number(text);
  return inRange(percent) ? percent : 0;
}

function inRange(percent: number): boolean {
  return percent >= 0 && percent <= whole;
}

/** `values` with another sum, rounded by largest remainder so that the sum is exact. Equal parts where all are 0. */
function scaled(values: readonly number[], sum: number, isWhole: boolean): number[] {
  const unit = isWhole ? 1 : partsPerPercent;
  const total = values.reduce((all, value) => all + value, 0);
  const exact = values.map((value) => (total > 0 ? value / total : 1 / values.length) * sum * unit);
  const floors = exact.map(Math.floor);
  const missing = Math.round(sum * unit) - floors.reduce((all, value) => all + value, 0);
  const first = exact
    .map((value, at) => ({ at, remainder: value - (floors[at] ?? 0) }))
    .toSorted((a, b) => b.remainder - a.remainder)
    .slice(0, missing)
    .map(({ at }) => at);
  return floors.map((floor, at) => (floor + (first.includes(at) ? 1 : 0)) / unit);
}
