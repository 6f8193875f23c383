import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const mlflow = (path: string, body: unknown) => server.call('POST', `/api/2.0/mlflow/${path}`, body);
const invalid = (message: RegExp | string) => ({
  status: 400,
  body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringMatching(message) as string },
});

async function newExperiment(): Promise<string> {
  const made = await mlflow('experiments/create', { name: crypto.randomUUID() });
  return String(made.body['experiment_id']);
}

async function newRun(experimentId: string, start: number, logged: object = {}): Promise<string> {
  const made = await mlflow('runs/create', {
    experiment_id: experimentId,
    start_time: start,
    run_name: `r${start}`,
  });
  const runId = String(made.body['run']?.['info']?.['run_id']);
  expect((await mlflow('runs/log-batch', { run_id: runId, ...logged })).status).toBe(200);
  return runId;
}

/** The names of the runs that a search finds, on one page. */
async function names(search: object): Promise<string[]> {
  const { status, body } = await mlflow('runs/search', search);
  expect([status, body['message']]).toEqual([200, undefined]);
  return items(body['runs']).map((run) => String(run['info']?.['run_name']));
}

/** Waits until lists and searches show what was written. */
function shown(isShown: () => Promise<boolean>): Promise<void> {
  return eventually(async () => {
    if (!(await isShown())) throw new Error('What was written is not to be seen yet.');
  });
}

const metric = (key: string, value: number | string) => ({ key, value, timestamp: 1, step: 0 });

describe('runs/search', () => {
  let experimentId: string;
  beforeAll(async () => {
    experimentId = await newExperiment();
    await newRun(experimentId, 1, { metrics: [metric('loss', 0.5)], params: [{ key: 'lr', value: '10' }] });
    await newRun(experimentId, 2, { metrics: [metric('loss', 'NaN')], params: [{ key: 'lr', value: '9' }] });
    await newRun(experimentId, 3, {
      metrics: [metric('loss', '-Infinity')],
      params: [{ key: 'text', value: `${'x'.repeat(3000)}needle` }],
    });
    await newRun(experimentId, 4, { tags: [{ key: 'a.b c', value: 'Ab' }] });
    const input = (name: string, context?: string) => ({
      dataset: { name, digest: 'd1', source_type: 's', source: '{}' },
      tags: context === undefined ? [] : [{ key: 'mlflow.data.context', value: context }],
    });
    const ids = [5, 6].map((start) => newRun(experimentId, start));
    for (const [i, runId] of (await Promise.all(ids)).entries())
      await mlflow('runs/log-inputs', {
        run_id: runId,
        datasets: [input('Iris', i === 0 ? 'train' : undefined)],
      });
    await shown(async () => {
      const filters = ["dataset.name = 'Iris'", '', 'metrics.loss != 7'];
      const counts = filters.map(async (filter) => (await found(filter)).length);
      return (await Promise.all(counts)).join() === '2,6,3';
    });
  });

  const found = (filter: string, ...orderBy: string[]) =>
    names({ experiment_ids: [experimentId], filter, order_by: orderBy });

  test('gives values, then NaN, then nothing, in either direction', async () => {
    expect(await found('', 'metrics.loss')).toEqual(['r3', 'r1', 'r2', 'r6', 'r5', 'r4']);
    expect(await found('', 'metrics.loss DESC')).toEqual(['r1', 'r3', 'r2', 'r6', 'r5', 'r4']);
  });

  test('sorts params as texts, as MLflow does', async () => {
    expect(await found('params.lr IS NOT NULL', 'params.lr')).toEqual(['r1', 'r2']);
  });

  test('finds in the whole of a long text', async () => {
    expect(await found("params.text LIKE '%needle'")).toEqual(['r3']);
    expect(await found("params.text LIKE '%needles'")).toEqual([]);
    expect(await found(`params.text = '${'x'.repeat(3000)}needle'`)).toEqual(['r3']);
    expect(await found(`params.text != '${'x'.repeat(3000)}needle'`)).toEqual([]);
    expect(await found(`params.text = '${'x'.repeat(1024)}'`)).toEqual([]);
  });

  test('finds by datasets, keys with dots and spaces, and ids in upper case', async () => {
    expect(await found("datasets.context = 'train'")).toEqual(['r5']);
    expect(await found("dataset.name IN ('Iris', 'X') AND dataset.digest LIKE 'd_'")).toEqual(['r6', 'r5']);
    expect(await found("tags.`a.b c` ILIKE 'aB' AND tags.\"a.b c\" != 'ab'")).toEqual(['r4']);
  });

  test('gives {} for no experiments, and nothing for those that do not exist', async () => {
    expect(await mlflow('runs/search', {})).toEqual({ status: 200, body: {} });
    expect(await mlflow('runs/search', { experiment_ids: ['12345', 'x/y?#', '😀'] })).toEqual({
      status: 200,
      body: {},
    });
    expect(await names({ experiment_ids: ['12345', experimentId, experimentId] })).toHaveLength(6);
  });

  test('tells what is wrong, with the position', async () => {
    const search = (more: object) => mlflow('runs/search', { experiment_ids: [experimentId], ...more });
    expect(await search({ filter: 'metrics.loss == 1' })).toMatchObject(
      invalid(/^Invalid comparator '==' not one of '\{.*\(at position 13\)$/),
    );
    expect(await search({ order_by: ['start_time', 'created DESC'] })).toMatchObject(
      invalid(/^`order_by` contains duplicate fields/),
    );
    expect(await search({ filter: 'x'.repeat(200_000) })).toMatchObject(
      invalid(/^The filter has 200000 characters/),
    );
    for (const max_results of [0, -1, 50_001, 'x', 1.5])
      expect(await search({ max_results })).toMatchObject(invalid('max_results'));
    expect(await search({ order_by: [1] })).toMatchObject(invalid('order_by'));
    expect(await search({ experiment_ids: 'x' })).toMatchObject(invalid('experiment_ids'));
    expect(await search({ run_view_type: 'SOME' })).toMatchObject(invalid('run_view_type'));
    expect((await search({ filter: 'x'.repeat(9 * 1024 * 1024) })).status).toBe(413);
  });

  test('takes a token for the search that gave it, and for no other', async () => {
    const search = { experiment_ids: [experimentId], order_by: ['metrics.loss'], max_results: 2 };
    const first = await mlflow('runs/search', search);
    const token = String(first.body['next_page_token']);
    expect(await names({ ...search, page_token: token })).toEqual(['r2', 'r6']);
    expect(await names({ ...search, page_token: token, max_results: 1 })).toEqual(['r2']);
    for (const other of [
      { filter: 'metrics.loss > 0' },
      { order_by: ['metrics.loss DESC'] },
      { order_by: [] },
      { experiment_ids: [experimentId, '0'] },
      { run_view_type: 'ALL' },
    ])
      expect(await mlflow('runs/search', { ...search, ...other, page_token: token })).toMatchObject(
        invalid('belongs to another search'),
      );
  });

  test('survives any token', async () => {
    const search = { experiment_ids: [experimentId], order_by: ['metrics.loss'], max_results: 2 };
    const good = String((await mlflow('runs/search', search)).body['next_page_token']);
    const position = JSON.parse(Buffer.from(good, 'base64url').toString()) as Record<string, unknown>;
    const token = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc
        .tuple(fc.constantFrom('ranks', 'tail', 'tied'), fc.jsonValue())
        .map(([name, value]) =>
          Buffer.from(JSON.stringify({ ...position, [name]: value })).toString('base64url'),
        ),
      fc
        .tuple(fc.jsonValue(), fc.jsonValue(), fc.integer())
        .map(([rank, value, tied]) =>
          Buffer.from(JSON.stringify({ ...position, ranks: [[rank]], tail: [value, 'x'], tied })).toString(
            'base64url',
          ),
        ),
    );
    await fc.assert(
      fc.asyncProperty(
        token.filter((text) => text.isWellFormed()),
        async (page_token) => {
          expect([200, 400]).toContain((await mlflow('runs/search', { ...search, page_token })).status);
        },
      ),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 5000 : 150 },
    );
  });

  test('finds runs by the stage that holds, whichever of experiment and run changed last', async () => {
    const id = await newExperiment();
    const [first] = [await newRun(id, 1), await newRun(id, 2)];
    const inView = (run_view_type: string) => names({ experiment_ids: [id], run_view_type });
    const views = async () => ({
      active: await inView('ACTIVE_ONLY'),
      deleted: await inView('DELETED_ONLY'),
      all: await inView('ALL'),
    });
    const become = (expected: object) => eventually(async () => expect(await views()).toEqual(expected));
    await become({ active: ['r2', 'r1'], deleted: [], all: ['r2', 'r1'] });
    await mlflow('runs/delete', { run_id: first });
    await become({ active: ['r2'], deleted: ['r1'], all: ['r2', 'r1'] });
    await mlflow('experiments/delete', { experiment_id: id });
    await become({ active: [], deleted: ['r2', 'r1'], all: ['r2', 'r1'] });
    await mlflow('runs/restore', { run_id: first });
    await become({ active: ['r1'], deleted: ['r2'], all: ['r2', 'r1'] });
    await mlflow('experiments/restore', { experiment_id: id });
    await become({ active: ['r2', 'r1'], deleted: [], all: ['r2', 'r1'] });
    const { body } = await mlflow('runs/search', { experiment_ids: [id] });
    expect(items(body['runs'])[0]?.['info']?.['lifecycle_stage']).toBe('active');
  });

  test('merges the runs of several experiments, newest first, page by page', async () => {
    const [a, b] = [await newExperiment(), await newExperiment()];
    for (let start = 0; start < 7; start++) await newRun(start % 2 ? a : b, start);
    await eventually(async () => {
      const seen: string[] = [];
      for (let page_token = ''; ; ) {
        const asked = { experiment_ids: [a, b, '424242'], max_results: 3, page_token };
        const { body } = await mlflow('runs/search', asked);
        seen.push(...items(body['runs']).map((run) => String(run['info']?.['run_name'])));
        if (body['next_page_token'] === undefined) break;
        page_token = String(body['next_page_token']);
      }
      expect(seen).toEqual(['r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0']);
    });
  });
});

describe('experiments/search-datasets', () => {
  test('gives each dataset once per context, of up to 20 experiments', async () => {
    const id = await newExperiment();
    const input = (name: string, context?: string) => ({
      dataset: { name, digest: 'd', source_type: 's', source: '{}' },
      tags: context === undefined ? [] : [{ key: 'mlflow.data.context', value: context }],
    });
    const used = [[input('b', 'train'), input('a')], [input('b', 'train')], [input('b', 'eval')]];
    for (const [i, datasets] of used.entries())
      await mlflow('runs/log-inputs', { run_id: await newRun(id, i), datasets });
    await eventually(async () => {
      const { body } = await server.call('POST', '/ajax-api/2.0/mlflow/experiments/search-datasets', {
        experiment_ids: [id, id, '98765'],
      });
      expect(body).toEqual({
        dataset_summaries: [
          { experiment_id: id, name: 'a', digest: 'd' },
          { experiment_id: id, name: 'b', digest: 'd', context: 'eval' },
          { experiment_id: id, name: 'b', digest: 'd', context: 'train' },
        ],
      });
    });
    expect(await mlflow('experiments/search-datasets', {})).toMatchObject(
      invalid('must specify at least one experiment_id'),
    );
    const ids = Array.from({ length: 21 }, (_, i) => String(i));
    expect(await mlflow('experiments/search-datasets', { experiment_ids: ids })).toMatchObject(
      invalid('cannot specify more than 20 experiment_ids. Received 21'),
    );
  });
});

describe('experiments/search', () => {
  const prefix = crypto.randomUUID();
  let ids: string[];
  beforeAll(async () => {
    ids = [];
    for (const [name, team] of [
      ['b', 'x'],
      ['a', 'x'],
      ['C', 'y'],
    ] as const) {
      const made = await mlflow('experiments/create', {
        name: `${prefix}-${name}`,
        tags: [{ key: 'team.name', value: team }],
      });
      ids.push(String(made.body['experiment_id']));
    }
    await mlflow('experiments/delete', { experiment_id: ids[2] });
    await shown(async () => (await found({ view_type: 'DELETED_ONLY' })).length === 1);
  });

  async function found(search: Record<string, unknown>): Promise<string[]> {
    const filter = `name LIKE '${prefix}%'${search['filter'] ? ` AND ${String(search['filter'])}` : ''}`;
    const { status, body } = await mlflow('experiments/search', { ...search, filter });
    expect([status, body['message']]).toEqual([200, undefined]);
    return items(body['experiments']).map(({ name }) => String(name).slice(prefix.length + 1));
  }

  test('gives the newest first, or any order of attributes', async () => {
    expect(await found({ view_type: 'ALL' })).toEqual(['C', 'a', 'b']);
    expect(await found({})).toEqual(['a', 'b']);
    expect(await found({ order_by: ['name'], view_type: 'ALL' })).toEqual(['C', 'a', 'b']);
    expect(await found({ order_by: ['attribute.name DESC'], view_type: 'ALL' })).toEqual(['b', 'a', 'C']);
    expect(await found({ order_by: ['last_update_time DESC', 'name'], view_type: 'ALL' })).toEqual([
      'C',
      'a',
      'b',
    ]);
    expect(await found({ order_by: ['creation_time', 'experiment_id'] })).toEqual(['b', 'a']);
  });

  test('finds by tags, times, ids and patterns', async () => {
    expect(await found({ filter: "tags.`team.name` = 'x'" })).toEqual(['a', 'b']);
    expect(await found({ filter: 'tags.nope IS NULL AND creation_time > 0' })).toEqual(['a', 'b']);
    expect(await found({ filter: `experiment_id IN ('${ids[0] ?? ''}')` })).toEqual(['b']);
    expect(await found({ filter: "name ILIKE '%-A'" })).toEqual(['a']);
    expect(await found({ filter: 'last_update_time < 5' })).toEqual([]);
  });

  test('goes by pages, and by GET as well', async () => {
    const query = (more: Record<string, string>) =>
      server.call(
        'GET',
        `/api/2.0/mlflow/experiments/search?${new URLSearchParams({ filter: `name LIKE '${prefix}%'`, order_by: 'name', max_results: '1', ...more }).toString()}`,
      );
    const first = await query({});
    expect(items(first.body['experiments'])[0]).toMatchObject({ name: `${prefix}-a` });
    const second = await query({ page_token: String(first.body['next_page_token']) });
    expect(items(second.body['experiments'])[0]).toMatchObject({ name: `${prefix}-b` });
    expect(second.body['next_page_token']).toBeUndefined();
    expect(await query({ page_token: 'x' })).toMatchObject(invalid('Invalid page token'));
  });

  test('refuses what experiments do not have', async () => {
    for (const search of [
      { filter: 'metrics.a > 1' },
      { filter: "status = 'x'" },
      { filter: "experiment_id LIKE 'x'" },
      { order_by: ['tags.a'] },
      { order_by: ['name', 'name DESC'] },
    ])
      expect(await mlflow('experiments/search', search)).toMatchObject(invalid(''));
  });
});

describe('the table of runs', () => {
  const table = (body: object) => server.call('POST', '/api/v1/runs/search', body);
  let id: string;
  beforeAll(async () => {
    id = await newExperiment();
    await newRun(id, 1, {
      metrics: [metric('a', 'NaN'), metric('b', 'Infinity'), metric('c', 1)],
      params: [
        { key: 'long', value: 'x'.repeat(5000) },
        { key: 'p', value: 'v' },
      ],
    });
    await newRun(id, 2, { metrics: [metric('a', 0.5)], tags: [{ key: 't', value: 'w' }] });
    await shown(async () => items((await table({ experiment_ids: [id] })).body['runs']).length === 2);
  });

  test('has the asked columns, and only those', async () => {
    const columns = { metrics: ['a', 'b'], params: ['long'], tags: ['t', 'nope'] };
    const found = await eventually(async () => {
      const answer = await table({ experiment_ids: [id], columns, order_by: ['metrics.c'] });
      expect(items(answer.body['runs'])[0]?.['metrics']).toEqual({ a: 'NaN', b: 'Infinity' });
      expect(items(answer.body['runs'])[1]?.['tags']).toEqual({ t: 'w' });
      return answer;
    });
    const [first, second] = items(found.body['runs']);
    expect(first).toMatchObject({
      name: 'r1',
      status: 'RUNNING',
      start_time: 1,
      stage: 'active',
      datasets: [],
    });
    expect(first?.['params']).toEqual({ long: `${'x'.repeat(500)}…` });
    expect(second).toMatchObject({ name: 'r2', metrics: { a: 0.5 }, params: {}, tags: { t: 'w' } });
    expect(Object.keys(second ?? {})).not.toContain('end_time');
  });

  test('says in an error where the fault is', async () => {
    expect(await table({ experiment_ids: [id], filter: 'metrics.a ~ 1' })).toMatchObject({
      status: 400,
      body: { type: 'urn:cairn:problem:invalid', field: 'filter', position: 10 },
    });
    expect(await table({ experiment_ids: [id], order_by: ['metrics.a', 'nope'] })).toMatchObject({
      status: 400,
      body: { field: 'order_by[1]', position: 0 },
    });
  });

  test('refuses too many columns or rows, and fields it does not know', async () => {
    const many = Array.from({ length: 101 }, (_, i) => `m${i}`);
    for (const body of [
      { columns: { metrics: many } },
      { columns: { metrics: ['x'.repeat(1001)] } },
      { max_results: 201 },
      { column: [] },
      { experiment_ids: undefined },
    ])
      expect((await table({ experiment_ids: [id], ...body })).status).toBe(400);
  });

  test('names the columns that most runs have before those of few', async () => {
    const experimentId = await newExperiment();
    await newRun(experimentId, 1, { metrics: [metric('auc', 1), metric('layer', 1)] });
    await newRun(experimentId, 2, { metrics: [metric('loss', 1), metric('auc', 1)] });
    await newRun(experimentId, 3, { metrics: [metric('loss', 1)] });
    await eventually(async () =>
      expect(
        (await server.call('GET', `/api/v1/runs/columns?experiment_ids=${experimentId}`)).body,
      ).toMatchObject({
        metrics: ['auc', 'loss', 'layer'],
        runs_sampled: 3,
      }),
    );
  });

  test('knows the names of columns', async () => {
    await eventually(async () =>
      expect((await server.call('GET', `/api/v1/runs/columns?experiment_ids=${id},77`)).body).toEqual({
        metrics: ['a', 'b', 'c'],
        params: ['long', 'p'],
        tags: ['mlflow.runName', 't'],
        runs_sampled: 2,
      }),
    );
    expect((await server.call('GET', '/api/v1/runs/columns')).status).toBe(400);
  });

  test('stays under 1 MB a page, and loses no run for it', async () => {
    const large = await newExperiment();
    const params = Array.from({ length: 99 }, (_, i) => ({ key: `p${i}`, value: '\u0001'.repeat(1000) }));
    for (let start = 0; start < 9; start++) await newRun(large, start, { params });
    const found: string[] = [];
    const columns = { params: params.map(({ key }) => key) };
    await eventually(async () => {
      found.length = 0;
      let page_token: JsonObject | undefined;
      do {
        const response = await server.fetch('/api/v1/runs/search', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ experiment_ids: [large], columns, order_by: ['params.p0'], page_token }),
        });
        const text = await response.text();
        expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
        const body = JSON.parse(text) as JsonObject;
        found.push(...items(body['runs']).map(({ name }) => String(name)));
        page_token = body['next_page_token'];
      } while (page_token !== undefined);
      expect(found).toEqual(['r8', 'r7', 'r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0']);
    });
  });
});
