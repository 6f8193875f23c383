import type { Figure } from '../api/types.ts';

const locale = 'en-GB';
const grouped = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const dated = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** Five significant digits, or `digits`; whole numbers in full unless `digits` are told. */
export function figure(value: Figure, digits?: number): string {
  if (typeof value === 'string') return value.replace('Infinity', '∞');
  if (!Number.isFinite(value)) return String(value).replace('Infinity', '∞');
  if (digits === undefined && Number.isInteger(value) && Math.abs(value) < 1e15) return grouped.format(value);
  const size = Math.abs(value);
  const plain = size === 0 || (size >= 1e-4 && size < 1e6);
  return plain ? String(Number(value.toPrecision(digits ?? 5))) : value.toExponential((digits ?? 5) - 2);
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

export function byteSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  // From here on three digits are a thousand.
  while (size >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`;
}

export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, 'min', Math.floor(seconds % 60), 's');
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? two(hours, 'h', minutes % 60, 'min')
    : two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** A point in time, in full. */
export function moment(at: number): string {
  return dated.format(at);
}

/** A point in time as seen from `now`. */
export function ago(at: number, now = Date.now()): string {
  const steps = [
    ['year', 31_536_000],
    ['month', 2_592_000],
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const;
  const seconds = (at - now) / 1000;
  const step = steps.find(([, size]) => Math.abs(seconds) >= size);
  return step ? relative.format(Math.round(seconds / step[1]), step[0]) : 'just now';
}

/** How many of what: `1 run`, `2 runs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped.format(count)} ${count === 1 ? one : many}`;
}

/** The shape of a tensor. A dimension that is free is `?`, or its name where it has one. */
export function shapeText(shape: readonly (number | string | null)[]): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
