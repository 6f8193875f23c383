import { describe, expect, test } from 'vitest';
import type { Run } from '../api/types.ts';
import { fieldsOf, rowsOf } from './differences.ts';

const run = (
  runId: string,
  params: Record<string, string>,
  metrics: Record<string, number | 'NaN'>,
  tags = {},
): Run => ({
  info: {
    run_id: runId,
    experiment_id: '1',
    run_name: runId,
    user_id: 'ada',
    status: 'FINISHED',
    start_time: 0,
    end_time: 1000,
    artifact_uri: '',
    lifecycle_stage: 'active',
  },
  data: {
    params: Object.entries(params).map(([key, value]) => ({ key, value })),
    metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, step: 0, timestamp: 0 })),
    tags: Object.entries<string>(tags).map(([key, value]) => ({ key, value })),
  },
});
const runs = [
  run(
    'a',
    { lr: '0.1', seed: '1', only: 'x' },
    { loss: 1, bad: 'NaN' },
    { team: 'red', 'mlflow.user': 'ada' },
  ),
  run('b', { lr: '0.2', seed: '1' }, { loss: 1, bad: 'NaN', acc: 0.5 }, { team: 'red' }),
];
const rows = rowsOf(runs);
const keysIn = (section: string) => rows.filter((row) => row.section === section).map(({ key }) => key);
const rowOf = (key: string) => rows.find((row) => row.key === key);

describe('rowsOf', () => {
  test('what differs comes before what is the same, section by section', () => {
    expect(keysIn('Params')).toEqual(['lr', 'only', 'seed']);
    expect(keysIn('Metrics')).toEqual(['acc', 'bad', 'loss']);
    expect([...new Set(rows.map(({ section }) => section))]).toEqual(['Run', 'Params', 'Metrics', 'Tags']);
  });

  test('to have nothing differs from any value; NaN does not differ from NaN', () => {
    expect(rowOf('only')).toMatchObject({ cells: ['x', undefined], differs: true });
    expect(rowOf('bad')).toMatchObject({ cells: [Number.NaN, Number.NaN], differs: false });
    expect(rowOf('lr')?.differs).toBe(true);
    expect(rowOf('seed')?.differs).toBe(false);
  });

  test('tags of the client are not compared', () => {
    expect(keysIn('Tags')).toEqual(['team']);
  });

  test('no runs are no rows', () => {
    expect(rowsOf([])).toEqual([]);
  });
});

test('fields of charts are params and metrics, told apart by their ids', () => {
  expect(fieldsOf(rows).map(({ id }) => id)).toEqual([
    'params.lr',
    'params.only',
    'metrics.acc',
    'params.seed',
    'metrics.bad',
    'metrics.loss',
  ]);
});
