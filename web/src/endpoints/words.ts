import type { EndedRollout, Execution, GuardName, GuardResult, MetricSeries } from '../api/endpoints.ts';
import { figure } from '../parts/format.ts';

export const executionWords: Readonly<Record<Execution, string>> = {
  auto: 'Measured, and decided by that.',
  inline: 'In the thread that answers: for the smallest models.',
  worker: 'In a thread of its own.',
  process: 'In a process of its own, which is killed when it takes too long.',
};

export const guardTitles: Readonly<Record<GuardName, string>> = {
  errors: 'Errors',
  latency: 'Latency, p95',
  'non-finite': 'Non-finite outputs',
  scores: 'Scores',
};

export const guardMeanings: Readonly<Record<GuardName, string>> = {
  errors:
    'Share of the calls that were not answered: those that failed here, and those refused as mistakes of callers.',
  latency:
    'What 95 of 100 calls took at most. Judged is how many are slower than the version before lets one expect.',
  'non-finite': 'Share of the calls with a NaN or an infinity in the answer.',
  scores: 'How far the scores of the two lie apart, from 0 to 1.',
};

export const outcomeWords: Readonly<Record<EndedRollout['outcome'], string>> = {
  finished: 'took over',
  'rolled-back': 'was rolled back',
  stopped: 'was stopped',
  superseded: 'was replaced by a newer one',
};

/** A figure of a guard: a share in percent, a latency in milliseconds, or a distance. */
export function guardFigure(guard: GuardName, value: GuardResult['stable']): string {
  if (value === null) return '—';
  switch (guard) {
    case 'latency':
      return `${figure(value, 3)} ms`;
    case 'scores':
      return figure(value, 3);
    case 'errors':
    case 'non-finite':
      return `${figure(value * 100, 3)} %`;
  }
}

export function seriesName({ deployment, variant, version }: MetricSeries): string {
  return [deployment, variant === 'stable' ? '' : variant, version === null ? '' : `v${version}`]
    .filter(Boolean)
    .join(' · ');
}

/** Seconds in the largest unit that is whole. */
export function span(seconds: number): string {
  for (const [size, unit] of [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
  ] as const)
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  return `${figure(seconds)} s`;
}

export function secondsSince(at: number, now = Date.now()): number {
  return Math.max(0, (now - at) / 1000);
}
