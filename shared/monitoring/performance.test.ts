import { describe, expect, test } from 'vitest';
import { breachReasons, defaultSettings } from './model.ts';
import { judgePerformance } from './performance.ts';

const policy = defaultSettings.performance;
const baseline = { source: 'evaluation-set', accuracy: 0.9, rows: 500 } as const;
const judge = (labelled: number, accuracy: number, rows = labelled) =>
  judgePerformance({ rows, labelled, correct: Math.round(labelled * accuracy) }, baseline, policy);

describe('performance', () => {
  test('is unknown without enough labels, without a baseline, and in an empty window', () => {
    expect(judge(99, 0.1, 400)).toMatchObject({ verdict: 'unknown', labelled: 99, coverage: 99 / 400 });
    expect(judgePerformance({ rows: 500, labelled: 500, correct: 1 }, undefined, policy).verdict).toBe(
      'unknown',
    );
    expect(judge(0, 0)).toMatchObject({ verdict: 'unknown', coverage: 0 });
  });

  test('is degraded by a drop beyond the allowed one, not by the allowed one', () => {
    expect(judge(10_000, 0.86)).toMatchObject({ verdict: 'ok', value: 0.86, coverage: 1 });
    expect(judge(10_000, 0.849)).toMatchObject({ verdict: 'degraded', value: 0.849, baseline });
  });

  test('is not degraded by a drop that so few rows show by chance', () => {
    expect(judge(100, 0.845)).toMatchObject({ verdict: 'ok', standardError: 0.03 });
    expect(judge(100, 0.83)).toMatchObject({ verdict: 'degraded' });
  });

  test('improves without alarm', () => {
    expect(judge(1000, 1)).toMatchObject({ verdict: 'ok', value: 1 });
  });
});

test('a breach is what the policy waits for, and nothing without a verdict', () => {
  expect(breachReasons('either', 'drifted', 'degraded')).toEqual(['drift', 'performance']);
  expect(breachReasons('drift', 'drifted', 'degraded')).toEqual(['drift']);
  expect(breachReasons('performance', 'drifted', 'degraded')).toEqual(['performance']);
  expect(breachReasons('performance', 'drifted', 'ok')).toEqual([]);
  expect(breachReasons('either', 'insufficient-data', 'unknown')).toEqual([]);
});
