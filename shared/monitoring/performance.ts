import type { Baseline, Performance, PerformancePolicy } from './model.ts';

/** Counts over one window: all rows, those with a predicted class and a label, those where the two agree. */
export type Tally = { readonly rows: number; readonly labelled: number; readonly correct: number };

/**
 * Degraded is a drop below the baseline that is larger than `maxDrop` and larger than twice the
 * standard error √(b(1−b)/n) of an accuracy b measured on n rows, so that a small window does not
 * raise the alarm by chance.
 */
export function judgePerformance(
  tally: Tally,
  baseline: Baseline | undefined,
  policy: PerformancePolicy,
): Performance {
  const { rows, labelled, correct } = tally;
  const coverage = rows === 0 ? 0 : labelled / rows;
  if (labelled < policy.minLabelled)
    return {
      verdict: 'unknown',
      reason: `${labelled} of ${rows} rows have a predicted class and a label; at least ${policy.minLabelled} are needed.`,
      labelled,
      coverage,
    };
  if (baseline === undefined)
    return {
      verdict: 'unknown',
      reason: 'The version has no baseline to hold its accuracy against.',
      labelled,
      coverage,
    };
  const value = correct / labelled;
  const standardError = Math.sqrt((baseline.accuracy * (1 - baseline.accuracy)) / labelled);
  const drop = baseline.accuracy - value;
  const verdict = drop > policy.maxDrop && drop > 2 * standardError ? 'degraded' : 'ok';
  return { verdict, metric: policy.metric, value, baseline, standardError, labelled, coverage };
}
