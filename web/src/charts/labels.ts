import type { Figure } from '../api/types.ts';
import { figure } from '../parts/format.ts';
import type { Axis } from './points.ts';

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const clockExact = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

const minute = 60;
const hour = 60 * minute;
const dayLong = 24 * hour;
/** Distances between ticks of time, in seconds, that readers count in. */
export const secondSteps: number[] = [
  0.001,
  0.002,
  0.005,
  0.01,
  0.02,
  0.05,
  0.1,
  0.2,
  0.5,
  1,
  2,
  5,
  10,
  15,
  30,
  minute,
  2 * minute,
  5 * minute,
  10 * minute,
  15 * minute,
  30 * minute,
  hour,
  2 * hour,
  3 * hour,
  6 * hour,
  12 * hour,
  dayLong,
  2 * dayLong,
  5 * dayLong,
  10 * dayLong,
  20 * dayLong,
  50 * dayLong,
  100 * dayLong,
  200 * dayLong,
  500 * dayLong,
];

/** Labels of ticks as fine as the ticks are: all with as many digits as tell one from the next. */
export function tickLabels(values: readonly number[]): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const step = Math.min(...values.slice(1).map((value, at) => Math.abs(value - (values[at] ?? 0))));
  if (largest === 0 || !Number.isFinite(step) || step === 0) return values.map((value) => short(value));
  const digits = Math.min(Math.max(Math.ceil(Math.log10(largest / step)) + 2, 2), 12);
  return values.map((value) => short(value, digits));
}

/** A number in few characters: `12k`, `3.5M`, `1e-5`. */
export function short(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (size === 0 || !Number.isFinite(value)) return figure(value);
  if (size >= 1e15 || size < 1e-4) return exponential(value, digits);
  for (const [unit, name] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const)
    if (size >= unit) return `${Number((value / (unit === 1e4 ? 1e3 : unit)).toPrecision(digits))}${name}`;
  return String(Number(value.toPrecision(digits)));
}

/** Labels of ticks along x. */
export function xLabels(axis: Axis, values: readonly number[]): string[] {
  switch (axis) {
    case 'step':
      return tickLabels(values);
    case 'relative':
      return values.map(seconds);
    case 'time': {
      const step = (values[1] ?? 0) - (values[0] ?? 0);
      return values.map((value) => momentLabel(value * 1000, step));
    }
  }
}

/** Where a point stands on x, in full. */
export function xText(axis: Axis, x: number): string {
  switch (axis) {
    case 'step':
      return `Step ${figure(x)}`;
    case 'relative':
      return `After ${seconds(x)}`;
    case 'time':
      return full.format(x * 1000);
  }
}

/** A span in one or two units: `90 ms`, `1.5 s`, `2 min 30 s`, `1 h`, `3 d 4 h`. */
export function seconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 1) return `${Number((value * 1000).toPrecision(3))} ms`;
  if (size < minute) return `${Number(value.toPrecision(3))} s`;
  const sign = value < 0 ? '−' : '';
  const [unit, name, small, smallName] =
    size < hour
      ? ([minute, 'min', 1, 's'] as const)
      : size < 2 * dayLong
        ? ([hour, 'h', minute, 'min'] as const)
        : ([dayLong, 'd', hour, 'h'] as const);
  const whole = Math.floor(size / unit);
  const rest = Math.floor((size % unit) / small);
  return `${sign}${whole} ${name}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/** The value of a metric where there is room for all of its digits that matter. */
export function valueText(value: Figure): string {
  return typeof value === 'number' && Number.isFinite(value) && !Number.isInteger(value)
    ? figure(value, 6)
    : figure(value);
}

function momentLabel(at: number, step: number): string {
  if (step >= 28 * dayLong) return month.format(at);
  if (step >= dayLong) return day.format(at);
  // Midnight is where another day begins: it says which.
  if (step >= minute) return clock.format(at) === '00:00' ? day.format(at) : clock.format(at);
  return step >= 1 ? clockSeconds.format(at) : clockExact.format(at);
}

function exponential(value: number, digits: number): string {
  return value
    .toExponential(Math.min(digits - 1, 4))
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e');
}
