import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
let experimentId: string;
let runId: string;
beforeAll(async () => {
  server = await testServer();
  experimentId = text(await post('experiments/create', { name: 'graph' }), 'experiment_id');
  const { run } = await post('runs/create', {
    experiment_id: experimentId,
    run_name: 'first',
    start_time: 5,
  });
  runId = text(run?.['info'], 'run_id');
  await post('runs/log-batch', {
    run_id: runId,
    metrics: [
      { key: 'loss', value: 0.5, timestamp: 7, step: 2 },
      { key: 'broken', value: 'NaN', timestamp: 7, step: 0 },
    ],
    params: [{ key: 'lr', value: '0.1' }],
  });
});
afterAll(() => server.close());

async function post(path: string, body: unknown): Promise<JsonObject> {
  const answer = await server.call('POST', `/api/2.0/mlflow/${path}`, body);
  expect(answer.status).toBe(200);
  return answer.body;
}

function text(object: JsonObject | undefined, name: string): string {
  return String(object?.[name]);
}

/** A list in a list in a list, so many times. */
function nested(levels: number): unknown {
  let value: unknown = 'x';
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

async function ask(query: string, variables: unknown = {}, path = '/graphql') {
  return server.call('POST', path, { query, variables });
}

const getRun = `
  query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") {
    mlflowGetRun(input: $data) {
      apiError { helpUrl code message }
      run {
        info { runId runName status startTime experimentId endTime }
        experiment { experimentId name lifecycleStage }
        data { metrics { key value step timestamp } params { key value } tags { key value } }
        modelVersions { name version }
      }
    }
  }`;

describe('the GraphQL endpoint', () => {
  test.each(['/graphql', '/mlflow/graphql'])('%s tells a run as its pages ask for it', async (path) => {
    const { status, body } = await ask(getRun, { data: { runId } }, path);
    expect(status).toBe(200);
    expect(body['errors']).toBeNull();
    const run = body['data']?.['mlflowGetRun']?.['run'];
    expect(run?.['info']).toEqual({
      runId,
      runName: 'first',
      status: 'RUNNING',
      startTime: '5',
      experimentId,
      endTime: null,
    });
    expect(run?.['experiment']).toEqual({ experimentId, name: 'graph', lifecycleStage: 'active' });
    expect(items(run?.['data']?.['metrics'])).toEqual(
      expect.arrayContaining([
        { key: 'loss', value: 0.5, step: '2', timestamp: '7' },
        { key: 'broken', value: null, step: '0', timestamp: '7' },
      ]),
    );
    expect(run?.['data']?.['params']).toEqual([{ key: 'lr', value: '0.1' }]);
  });

  test('a run that is not there is an error in the answer, with its code', async () => {
    const { status, body } = await ask(getRun, { data: { runId: 'f'.repeat(32) } });
    expect(status).toBe(200);
    expect(body['data']?.['mlflowGetRun']).toMatchObject({
      run: null,
      apiError: { code: 'RESOURCE_DOES_NOT_EXIST', message: `Run with id=${'f'.repeat(32)} not found` },
    });
  });

  test('runs are searched, and lists of the artifact store and of histories are given', async () => {
    const { body } = await ask(
      `query($ids: [String]) {
        mlflowSearchRuns(input: { experimentIds: $ids, maxResults: 5, runViewType: ALL }) { runs { info { runId } } }
        mlflowListArtifacts(input: { runId: "${runId}" }) { rootUri files { path } }
        mlflowGetMetricHistoryBulkInterval(input: { runIds: ["${runId}"], metricKey: "loss", maxResults: 10 }) {
          metrics { key value step timestamp runId }
        }
      }`,
      { ids: [experimentId] },
    );
    expect(body['errors']).toBeNull();
    expect(body['data']?.['mlflowListArtifacts']).toEqual({
      rootUri: `mlflow-artifacts:/${experimentId}/${runId}/artifacts`,
      files: [],
    });
    expect(body['data']?.['mlflowGetMetricHistoryBulkInterval']?.['metrics']).toEqual([
      { key: 'loss', value: 0.5, step: '2', timestamp: '7', runId },
    ]);
  });

  test.each([
    ['depth', `{ ${'a { '.repeat(11)} b ${'} '.repeat(11)} }`, /depth of 10/],
    [
      'root fields',
      `{ ${Array.from({ length: 11 }, () => '__typename').join(' ')} }`,
      /at most 10 root fields/,
    ],
    ['aliases', `{ ${Array.from({ length: 11 }, (_, i) => `a${i}: __typename`).join(' ')} }`, /10/],
    [
      'aliases hidden in fragments',
      `query { mlflowGetRun(input: {}) { ...A ...B } }
       fragment A on MlflowGetRunResponse { a1: run { info { runId } } a2: __typename a3: __typename a4: __typename a5: __typename a6: __typename }
       fragment B on MlflowGetRunResponse { b1: __typename b2: __typename b3: __typename b4: __typename b5: __typename }`,
      /at most 10 aliases, got 11/,
    ],
    [
      'selections',
      `{ mlflowGetRun(input: {}) { ${'__typename '.repeat(1000)} } }`,
      /total selections of 1000/,
    ],
    [
      'a fragment that spreads itself',
      'query { ...A } fragment A on Query { mlflowGetRun(input: {}) { ...B } } fragment B on MlflowGetRunResponse { run { ...C } } fragment C on MlflowRunExtension { experiment { ...D } } fragment D on MlflowExperiment { ...D }',
      /itself/,
    ],
    ['an unknown field', '{ mlflowGetRun(input: {}) { secret } }', /Cannot query field "secret"/],
  ])('refuses %s', async (_, query, why) => {
    const { status, body } = await ask(query);
    expect(status).toBe(200);
    expect(body['data']).toBeNull();
    expect(String(items(body['errors'])[0])).toMatch(why);
  });

  test.each([
    [{ id: { a: 1 } }, /String cannot represent/],
    [{ id: 'x'.repeat(100_000), strange: 1 }, /./],
    [{}, /null|provided/],
    [{ id: 'x', strange: nested(100) }, /must not nest deeper/],
  ])('tells what is wrong with a variable, in short: %#', async (variables, why) => {
    const query = 'query Q($id: String!) { mlflowGetRun(input: { runId: $id }) { apiError { message } } }';
    const { status, body } = await ask(query, variables);
    expect([200, 400]).toContain(status);
    const told = JSON.stringify(body);
    expect(told).toMatch(why);
    expect(told).not.toMatch(/Quote request|stack/);
    expect(told.length).toBeLessThan(2500);
  });

  test.each([
    [{}, 'query'],
    [{ query: '' }, 'query'],
    [{ query: '{' }, 'not valid GraphQL'],
    [{ query: 7 }, 'query'],
    [{ query: '{ __typename }', variables: 'x' }, 'variables'],
    [{ query: `{ ${'a '.repeat(6000)} }` }, 'tokens'],
    [{ query: '{'.repeat(4000) }, 'not valid GraphQL'],
  ])('%j is 400', async (body, why) => {
    const answer = await server.call('POST', '/graphql', body);
    expect(answer.status).toBe(400);
    expect(answer.body['error_code']).toBe('INVALID_PARAMETER_VALUE');
    expect(answer.body['message']).toContain(why);
  });

  test.each([50, 500, 1200])(
    'refuses %d levels wherever a document nests, in plain words',
    async (levels) => {
      const lists = '['.repeat(levels);
      const ends = ']'.repeat(levels);
      for (const query of [
        `{ mlflowGetRun(input: { runId: ${lists}${ends} }) { __typename } }`,
        `query Q($a: ${lists}Int${ends}) { __typename }`,
        `{ __typename } fragment A on Query ${'{ a '.repeat(levels)}${'}'.repeat(levels)}`,
      ])
        expect(await server.call('POST', '/graphql', { query })).toEqual({
          status: 400,
          body: {
            error_code: 'INVALID_PARAMETER_VALUE',
            message: 'The query must not nest deeper than 40 levels.',
          },
        });
    },
  );
});

test('the experiment that many runs share is asked for once', async () => {
  const shared = text(await post('experiments/create', { name: 'shared' }), 'experiment_id');
  for (let i = 0; i < 12; i++) await post('runs/create', { experiment_id: shared, start_time: i });
  const { meter } = server.ctx.stores.documents;
  const requestsOf = async (fields: string) => {
    const before = meter.requests;
    const { body } = await ask(
      `query ($ids: [String]) { mlflowSearchRuns(input: { experimentIds: $ids }) { runs { ${fields} } } }`,
      { ids: [shared] },
    );
    expect(items(body['data']?.['mlflowSearchRuns']?.['runs'])).toHaveLength(12);
    return meter.requests - before;
  };
  // What is still to be told of the new runs would count as well.
  await server.drain();
  const alone = await eventually(() => requestsOf('info { runId }'));
  const together = await eventually(() => requestsOf('info { runId } experiment { name }'));
  expect(together - alone).toBeLessThanOrEqual(2);
});
