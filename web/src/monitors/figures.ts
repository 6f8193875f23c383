import type { MonitorItem, MonitorSignal } from '../api/types.ts';
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
