import type { Monitor, MonitorItem, MonitorSignal } from '../api/types.ts';
import { figure, percent } from '../parts/format.ts';

const shares = new Set([
  'drifted-share',
  'accuracy',
  'balanced-accuracy',
  'error-rate',
  'null-rate',
  'nan-rate',
  'type-error-rate',
  'out-of-range-rate',
  'unseen-rate',
  'absent',
]);
const digits = 4;
/** How long after its end a window is looked at: by then all its calls are written. */
const settleSeconds = 60;

/** A figure in its unit: shares as per cent, latencies in milliseconds. */
export function shown(metric: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '—';
  if (shares.has(metric)) return percent(value);
  return metric.endsWith('-ms') ? `${figure(value, digits)} ms` : figure(value, digits);
}

/** What a figure is held against. */
export function shownBounds(metric: string, bounds: MonitorItem['bounds']): string {
  if (!bounds) return '—';
  const { lower, upper } = bounds;
  if (lower !== undefined && upper !== undefined) return `${shown(metric, lower)} to ${shown(metric, upper)}`;
  if (lower !== undefined) return `at least ${shown(metric, lower)}`;
  return upper === undefined ? '—' : `at most ${shown(metric, upper)}`;
}

/** A name out of one with hyphens, as a heading has it. */
export function heading(name: string): string {
  const words = name.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** The verdict that stands for all signals: breached if one is. */
export function worstOf(signals: readonly MonitorSignal[]): MonitorSignal['verdict'] {
  if (signals.some(({ verdict }) => verdict === 'breached')) return 'breached';
  return signals.some(({ verdict }) => verdict === 'ok') ? 'ok' : 'insufficient-data';
}

/** When the next window of the grid is looked at, in milliseconds since 1970. */
export function nextCheckAt(
  { every_seconds: every, offset_seconds: offset }: Pick<Monitor, 'every_seconds' | 'offset_seconds'>,
  now = Date.now(),
): number {
  const step = every * 1000;
  const late = (settleSeconds + offset) * 1000;
  return (Math.floor((now - late) / step) + 1) * step + late;
}
