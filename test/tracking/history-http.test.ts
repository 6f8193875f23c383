import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { items, testServer, type JsonObject, type TestServer } from '../support/server.ts';
import { countDocuments } from './history-support.ts';

let server: TestServer;
let runId: string;
beforeAll(async () => {
  server = await testServer();
  runId = await newRun();
  await log(runId, [
    { key: 'loss', value: 2.5, timestamp: 20, step: 1 },
    { key: 'loss', value: 'NaN', timestamp: 10, step: 0 },
    { key: 'loss', value: '-Infinity', timestamp: 20, step: 0 },
    { key: 'loss', value: 1, timestamp: 20, step: 1 },
    { key: 'acc', value: 0.5, timestamp: 5, step: -3 },
  ]);
});
afterAll(() => server.close());

async function newRun(): Promise<string> {
  const { body } = await server.call('POST', '/api/2.0/mlflow/runs/create', { experiment_id: '0' });
  return String(body['run']?.['info']?.['run_id']);
}

async function log(run: string, metrics: readonly object[]): Promise<void> {
  const { status } = await server.call('POST', '/api/2.0/mlflow/runs/log-batch', { run_id: run, metrics });
  expect(status).toBe(200);
}

function get(
  path: string,
  query: Record<string, string | readonly string[]>,
  prefix = '/api/2.0/mlflow/metrics',
) {
  const params = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => [value].flat().map((v) => [name, v])),
  );
  return server.call('GET', `${prefix}/${path}?${params.toString()}`);
}

const point = (value: number | string, timestamp: number, step: number) => ({
  key: 'loss',
  value,
  timestamp,
  step,
});
const loss = [point('NaN', 10, 0), point('-Infinity', 20, 0), point(1, 20, 1), point(2.5, 20, 1)];

describe('get-history', () => {
  test.each(['run_id', 'run_uuid'])(
    'gives the points of a run named by %s, in order, all encoded',
    async (name) => {
      expect(await get('get-history', { [name]: runId, metric_key: 'loss' })).toEqual({
        status: 200,
        body: { metrics: loss },
      });
    },
  );

  test('of a metric that was never logged is empty', async () => {
    expect(await get('get-history', { run_id: runId, metric_key: 'none' })).toEqual({
      status: 200,
      body: {},
    });
  });

  test('comes in pages', async () => {
    const seen: JsonObject[] = [];
    let token = '';
    for (let pages = 1; ; pages++) {
      const { body } = await get('get-history', {
        run_id: runId,
        metric_key: 'loss',
        max_results: '3',
        ...(token ? { page_token: token } : {}),
      });
      seen.push(...items(body['metrics']));
      token = String(body['next_page_token'] ?? '');
      expect(token === '').toBe(pages === 2);
      if (!token) break;
    }
    expect(seen).toEqual(loss);
  });

  test.each([
    [{ metric_key: 'loss' }, 400, "Missing value for required parameter 'run_id'."],
    [{ run_id: 'X' }, 400, "Missing value for required parameter 'metric_key'."],
    [{ run_id: 'X', metric_key: '' }, 400, "Missing value for required parameter 'metric_key'."],
    [{ run_id: 'X', metric_key: 'loss', max_results: '0' }, 400, 'It must be a positive integer.'],
    [{ run_id: 'X', metric_key: 'loss', max_results: '-1' }, 400, 'It must be a positive integer.'],
    [{ run_id: 'X', metric_key: 'loss', max_results: 'many' }, 400, "for parameter 'max_results'"],
    [{ run_id: 'X', metric_key: 'loss', page_token: 'nonsense' }, 400, 'Invalid page token'],
    [
      { run_id: '0'.repeat(32), metric_key: 'loss' },
      404,
      'Run with id=00000000000000000000000000000000 not found',
    ],
    [{ run_id: ['X', 'X'], metric_key: 'loss' }, 400, "for parameter 'run_id'"],
  ])('%j is %i', async (query, status, message) => {
    const given = Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name, value === 'X' ? runId : value]),
    );
    const answer = await get('get-history', given);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({
      error_code: status === 404 ? 'RESOURCE_DOES_NOT_EXIST' : 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining(message),
    });
  });
});

describe('get-history-bulk', () => {
  const ajax = '/ajax-api/2.0/mlflow/metrics';

  test('gives the points of runs in order of their ids, up to a limit for all', async () => {
    const other = await newRun();
    await log(other, [point(7, 1, 1)]);
    const [first = '', second = ''] = [runId, other].toSorted();
    const of = (run: string) => (run === runId ? loss : [point(7, 1, 1)]).map((p) => ({ ...p, run_id: run }));
    const all = [...of(first), ...of(second)];
    const query = { run_id: [runId, other], metric_key: 'loss' };
    expect((await get('get-history-bulk', query, ajax)).body).toEqual({ metrics: all });
    expect((await get('get-history-bulk', { ...query, max_results: '3' }, ajax)).body).toEqual({
      metrics: all.slice(0, 3),
    });
    expect((await get('get-history-bulk', { ...query, metric_key: 'none' }, ajax)).body).toEqual({
      metrics: [],
    });
  });

  test.each([
    [{ metric_key: 'loss' }, 'GetMetricHistoryBulk request must specify at least one run_id.'],
    [{ run_id: 'X' }, 'GetMetricHistoryBulk request must specify a metric_key.'],
    [
      { run_id: Array.from({ length: 101 }, () => 'X'), metric_key: 'loss' },
      'GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids.',
    ],
  ])('%j is 400', async (query, message) => {
    expect(await get('get-history-bulk', query, ajax)).toEqual({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message },
    });
  });

  test('is served below /ajax-api alone', async () => {
    expect((await get('get-history-bulk', { run_id: runId, metric_key: 'loss' })).status).toBe(404);
  });
});

describe('get-history-bulk-interval', () => {
  const ordered = [point('-Infinity', 20, 0), point('NaN', 10, 0), point(1, 20, 1), point(2.5, 20, 1)]
    .toSorted((a, b) => a.step - b.step || a.timestamp - b.timestamp)
    .map((p) => ({ ...p, run_id: 'X' }));

  test('gives all points where they are few, by step, in query and body alike', async () => {
    const metrics = ordered.map((p) => ({ ...p, run_id: runId }));
    const query = { run_ids: runId, metric_key: 'loss' };
    expect((await get('get-history-bulk-interval', query)).body).toEqual({ metrics });
    const { body } = await server.call('POST', '/api/2.0/mlflow/metrics/get-history-bulk-interval', {
      run_ids: [runId],
      metric_key: 'loss',
      start_step: 0,
      end_step: 1,
      max_results: 4,
    });
    expect(body).toEqual({ metrics });
  });

  test('gives a sample within an interval of steps, the ends in it', async () => {
    const query = { run_ids: [runId], metric_key: 'loss', start_step: '0', end_step: '1', max_results: '2' };
    const { body } = await get('get-history-bulk-interval', query);
    expect(items(body['metrics']).map((m) => [m['step'], m['value']])).toEqual([
      [0, 'NaN'],
      [1, 2.5],
    ]);
    expect(
      (await get('get-history-bulk-interval', { ...query, start_step: '2', end_step: '9' })).body,
    ).toEqual({});
  });

  test('of names and runs that cannot be is empty', async () => {
    for (const [runs, key] of [
      [[runId], 'x'.repeat(1_000_000)],
      [['y'.repeat(100_000), ''], 'loss'],
    ] as const) {
      const answer = await server.call('POST', '/api/2.0/mlflow/metrics/get-history-bulk-interval', {
        run_ids: runs,
        metric_key: key,
      });
      expect(answer).toEqual({ status: 200, body: {} });
    }
  });

  test.each([
    [{ metric_key: 'loss' }, "Missing value for required parameter 'run_ids'."],
    [{ run_ids: 'X' }, "Missing value for required parameter 'metric_key'."],
    [{ run_ids: Array.from({ length: 101 }, () => 'X'), metric_key: 'loss' }, 'at most 100 run_ids'],
    [
      { run_ids: 'X', metric_key: 'loss', start_step: '1' },
      'If either start step or end step are specified, both must be specified.',
    ],
    [
      { run_ids: 'X', metric_key: 'loss', end_step: '1' },
      'If either start step or end step are specified, both must be specified.',
    ],
    [
      { run_ids: 'X', metric_key: 'loss', start_step: '2', end_step: '1' },
      'end_step must be greater than start_step. Found start_step=2 and end_step=1.',
    ],
    [{ run_ids: 'X', metric_key: 'loss', max_results: '0' }, 'max_results must be between 1 and 2500.'],
    [{ run_ids: 'X', metric_key: 'loss', max_results: '2501' }, 'max_results must be between 1 and 2500.'],
    [{ run_ids: 'X', metric_key: 'loss', start_step: '0.5', end_step: '1' }, "for parameter 'start_step'"],
  ])('%j is 400', async (query, message) => {
    const { status, body } = await get('get-history-bulk-interval', query);
    expect([status, body['error_code']]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    expect(body['message']).toContain(message);
  });
});

test('a run is folded by the queue when it has many log calls, and again when it ends', async () => {
  const folded = await newRun();
  const calls: object[] = [];
  const logMore = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const next = point(calls.length, calls.length, calls.length);
      await log(folded, [next]);
      calls.push(next);
    }
  };
  const unfolded = () => countDocuments(server.ctx, folded, 'points');
  // A call does not wait for its message to be sent.
  const becomesFolded = () =>
    eventually(async () => {
      await server.drain();
      expect(await unfolded()).toBe(0);
    });
  await logMore(100);
  await becomesFolded();
  // In one of two stretches of 26 calls the run is not due.
  do await logMore(26);
  while (await server.drain().then(async () => (await unfolded()) !== 26));
  await server.call('POST', '/api/2.0/mlflow/runs/update', { run_id: folded, status: 'FINISHED' });
  await becomesFolded();
  expect((await get('get-history', { run_id: folded, metric_key: 'loss' })).body).toEqual({ metrics: calls });
});

test('a run refuses metrics that would make it too large, keeps those it has, and can be ended', async () => {
  const full = await newRun();
  const wide = (call: number) =>
    Array.from({ length: 1000 }, (_, i) => ({
      key: `${call}/${i}/`.padEnd(250, 'x'),
      value: i,
      timestamp: call,
      step: call,
    }));
  for (let call = 0; call < 3; call++) await log(full, wide(call));
  const refused = await server.call('POST', '/api/2.0/mlflow/runs/log-batch', {
    run_id: full,
    metrics: wide(3),
  });
  expect([refused.status, refused.body['error_code']]).toEqual([413, 'INVALID_PARAMETER_VALUE']);
  expect(refused.body['message']).toContain(`Run ${full} would be over 1900000 bytes`);
  // Beside one that is too large, another is still written.
  const [again, small] = await Promise.all([
    server.call('POST', '/api/2.0/mlflow/runs/log-batch', { run_id: full, metrics: wide(3) }),
    server.call('POST', '/api/2.0/mlflow/runs/log-batch', { run_id: full, metrics: wide(2).slice(0, 5) }),
  ]);
  expect([again.status, small.status]).toEqual([413, 200]);
  const ended = await server.call('POST', '/api/2.0/mlflow/runs/update', {
    run_id: full,
    status: 'FINISHED',
  });
  expect(ended.status).toBe(200);
  const { body } = await server.call('GET', `/api/2.0/mlflow/runs/get?run_id=${full}`);
  expect(items(body['run']?.['data']?.['metrics'])).toHaveLength(3000);
});
