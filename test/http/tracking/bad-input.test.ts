import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failure, trackingApi } from './support.ts';

const { path, server, post, get, newExperiment, newRun, run, experiment } = trackingApi();

const badKey =
  'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).';
const otherName = (resolved: string) =>
  `Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${resolved}'`;
const missing = (field: string) =>
  `Missing value for required parameter '${field}'. See the API docs for more information about request parameters.`;
const value = (given: string, field: string, why: string) =>
  `Invalid value ${given} for parameter '${field}' supplied: ${why}`;
const tooLong = (name: string, max: number) => `'${name}' exceeds the maximum length of ${max} characters`;
const tooMany = (what: string, max: number, got: number) =>
  `A batch logging request can contain at most ${max} ${what}. Got ${got} ${what}. Please split up ${what} across multiple requests and try again.`;
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const text = 'must be text';
const whole = 'must be a whole number';
const wholeBounded = 'must be a whole number of at most 2^53 - 1';
const double = "must be a number, 'NaN', 'Infinity' or '-Infinity'";
const point = { key: 'm', value: 1, timestamp: 1 };
const beyond = 2 ** 53;

type Case = [what: string, body: object, message: string | RegExp];

/** Each with all that is required but for what it is about; `run_id` is that of a run. */
const ofRuns: Record<string, Case[]> = {
  create: [
    [
      'an experiment that is no number',
      { experiment_id: 'abc' },
      "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
    ],
    ['an experiment of another type', { experiment_id: 5 }, value('5', 'experiment_id', text)],
    ['a name of another type', { run_name: 7 }, value('7', 'run_name', text)],
    ['a user of another type', { user_id: {} }, value('{}', 'user_id', text)],
    ['a start in words', { start_time: 'noon' }, value('"noon"', 'start_time', whole)],
    ['a start between milliseconds', { start_time: 1.5 }, value('1.5', 'start_time', wholeBounded)],
    [
      'a start beyond exact numbers',
      { start_time: beyond },
      value(String(beyond), 'start_time', wholeBounded),
    ],
    ['tags that are no list', { tags: { a: 1 } }, value('{"a":1}', 'tags', 'must be a list')],
    ['a tag with no key', { tags: [{ value: 'x' }] }, missing('tags[0].key')],
    [
      'too many tags',
      { tags: times(1001, (i) => ({ key: `t${i}` })) },
      'A run can be created with at most 1000 tags. Got 1001; set the others by log-batch.',
    ],
    ['a tag whose value is a number', { tags: [{ key: 'a', value: 1 }] }, value('1', 'tags[0].value', text)],
    ['a tag whose key is too long', { tags: [{ key: 'k'.repeat(251) }] }, tooLong('tags[0].key', 250)],
  ],
  update: [
    ['no run', { run_id: undefined }, missing('run_id')],
    [
      'an unknown status',
      { status: 'DONE' },
      value('"DONE"', 'status', 'must be one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED'),
    ],
    [
      'a status beyond the last',
      { status: 6 },
      value('6', 'status', 'must be one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED'),
    ],
    ['an end in words', { end_time: 'x' }, value('"x"', 'end_time', whole)],
    ['an end beyond exact numbers', { end_time: -beyond }, value(String(-beyond), 'end_time', wholeBounded)],
  ],
  delete: [['no run', { run_id: '' }, missing('run_id')]],
  restore: [['no run', { run_id: null }, missing('run_id')]],
  'log-metric': [
    ['no run', { run_id: undefined, ...point }, missing('run_id')],
    ['no key', { ...point, key: undefined }, missing('key')],
    ['an empty key', { ...point, key: '' }, missing('key')],
    ['no value', { ...point, value: undefined }, missing('value')],
    ['a value of null', { ...point, value: null }, missing('value')],
    ['a value of true', { ...point, value: true }, value('true', 'value', double)],
    ['a value in words', { ...point, value: 'high' }, value('"high"', 'value', double)],
    ['a value of no text', { ...point, value: '' }, value('""', 'value', double)],
    ['a value that nearly is none', { ...point, value: 'nan' }, value('"nan"', 'value', double)],
    ['a list of values', { ...point, value: [1] }, value('[1]', 'value', double)],
    ['no timestamp', { ...point, timestamp: undefined }, missing('timestamp')],
    [
      'a timestamp before 1970',
      { ...point, timestamp: -1 },
      "Invalid value -1 for parameter 'timestamp' supplied: metric 'm' (value=1). Timestamp must be a nonnegative long (64-bit integer) ",
    ],
    [
      'a timestamp beyond exact numbers',
      { ...point, timestamp: beyond },
      value(String(beyond), 'timestamp', wholeBounded),
    ],
    ['a step between steps', { ...point, step: 1.5 }, value('1.5', 'step', wholeBounded)],
    ['a step of true', { ...point, step: true }, value('true', 'step', whole)],
    ['a step beyond exact numbers', { ...point, step: beyond }, value(String(beyond), 'step', wholeBounded)],
    [
      'a step before all',
      { ...point, step: '-9007199254740992' },
      value('"-9007199254740992"', 'step', wholeBounded),
    ],
    ['a key of other characters', { ...point, key: 'a*b' }, value('"a*b"', 'name', badKey)],
    ['a key with a line break', { ...point, key: 'a\n' }, value('"a\\n"', 'name', badKey)],
    ['a key that climbs', { ...point, key: '../b' }, value('"../b"', 'name', otherName('../b'))],
    ['a key from the root', { ...point, key: '/b' }, value('"/b"', 'name', otherName('/b'))],
    ['a key that ends in a slash', { ...point, key: 'b/' }, value('"b/"', 'name', otherName('b'))],
    ['a key with a detour', { ...point, key: 'a/../b' }, value('"a/../b"', 'name', otherName('b'))],
    ['a key that is a dot', { ...point, key: '.' }, value('"."', 'name', otherName('.'))],
    ['a key that begins with dots', { ...point, key: '..b' }, value('"..b"', 'name', otherName('..b'))],
    ['a key too long', { ...point, key: 'k'.repeat(251) }, tooLong('Metric name', 250)],
  ],
  'log-parameter': [
    ['no key', { value: '1' }, missing('key')],
    ['a value that is a number', { key: 'p', value: 5 }, value('5', 'value', text)],
    ['a key of other characters', { key: 'p?' }, value('"p?"', 'key', badKey)],
    ['a key too long', { key: 'p'.repeat(251) }, tooLong('Param key', 250)],
  ],
  'set-tag': [
    ['no key', { value: '1' }, missing('key')],
    ['a key of other characters', { key: 't,' }, value('"t,"', 'key', badKey)],
    ['a key too long', { key: 't'.repeat(251) }, tooLong('key', 250)],
  ],
  'delete-tag': [['no key', {}, missing('key')]],
  'log-batch': [
    ['no run', { run_id: undefined }, missing('run_id')],
    [
      'a run id that none can have',
      { run_id: '../x' },
      `Invalid value "../x" for parameter 'run_id' supplied.`,
    ],
    ['metrics that are no list', { metrics: 5 }, value('5', 'metrics', 'must be a list')],
    ['a metric that is null', { metrics: [null] }, missing('metrics[0]')],
    ['a metric with no key', { metrics: [point, { value: 1, timestamp: 1 }] }, missing('metrics[1].key')],
    ['a metric with no value', { metrics: [{ key: 'm', timestamp: 1 }] }, missing('metrics[0].value')],
    ['a metric whose value is null', { metrics: [{ ...point, value: null }] }, missing('metrics[0].value')],
    [
      'a metric whose value is false',
      { metrics: [{ ...point, value: false }] },
      value('false', 'metrics[0].value', double),
    ],
    ['a metric with no timestamp', { metrics: [{ key: 'm', value: 1 }] }, missing('metrics[0].timestamp')],
    [
      'a metric of before 1970',
      { metrics: [point, { ...point, timestamp: -1 }] },
      /^Invalid value -1 for parameter 'metrics\[1\]\.timestamp'/,
    ],
    [
      'a metric’s key of other characters',
      { metrics: [point, { ...point, key: 'a?' }] },
      value('"a?"', 'metrics[1].name', badKey),
    ],
    [
      'a metric’s key too long',
      { metrics: [{ ...point, key: 'a'.repeat(251) }] },
      tooLong('Metric name', 250),
    ],
    [
      'a param’s key of other characters',
      { params: [{ key: 'a' }, { key: 'b?' }] },
      value('"b?"', 'params[1].key', badKey),
    ],
    ['a param’s key too long', { params: [{ key: 'a'.repeat(251) }] }, tooLong('Param key', 250)],
    ['a param with no key', { params: [{ value: '1' }] }, missing('params[0].key')],
    [
      'a param twice',
      { params: ['a', 'b', 'a', 'c', 'b'].map((key) => ({ key })) },
      "Duplicate parameter keys have been submitted: ['a', 'b']. Please ensure the request contains only one param value per param key.",
    ],
    ['a tag’s key of other characters', { tags: [{ key: 'b?' }] }, value('"b?"', 'tags[0].key', badKey)],
    ['a tag’s key too long', { tags: [{ key: 'a' }, { key: 'a'.repeat(251) }] }, tooLong('tags[1].key', 250)],
    ['too many metrics', { metrics: times(1001, () => point) }, tooMany('metrics', 1000, 1001)],
    ['too many params', { params: times(101, (i) => ({ key: `p${i}` })) }, tooMany('params', 100, 101)],
    ['too many tags', { tags: times(101, (i) => ({ key: `t${i}` })) }, tooMany('tags', 100, 101)],
    [
      'too many together',
      { metrics: times(901, () => point), tags: times(100, (i) => ({ key: `t${i}` })) },
      tooMany('metrics, params, and tags', 1000, 1001),
    ],
  ],
  'log-model': [['no model', {}, missing('model_json')]],
  'log-inputs': [
    [
      'a run id that none can have',
      { run_id: 'a/b' },
      `Invalid value "a/b" for parameter 'run_id' supplied.`,
    ],
    ['datasets that are no list', { datasets: 'x' }, value('"x"', 'datasets', 'must be a list')],
    ['no dataset', { datasets: [{}] }, missing('datasets[0].dataset')],
    [
      'a dataset with no name',
      { datasets: [{ dataset: { digest: 'd' } }] },
      missing('datasets[0].dataset.name'),
    ],
    [
      'a dataset with no digest',
      { datasets: [{ dataset: { name: 'd' } }] },
      missing('datasets[0].dataset.digest'),
    ],
    ['a model with no id', { models: [{}] }, missing('models[0].model_id')],
  ],
  outputs: [
    ['no models', {}, missing('models')],
    ['a model with no id', { models: [{ step: 1 }] }, missing('models[0].model_id')],
    [
      'a step beyond exact numbers',
      { models: [{ model_id: 'm', step: beyond }] },
      value(String(beyond), 'models[0].step', wholeBounded),
    ],
  ],
};

const ofExperiments: Record<string, Case[]> = {
  create: [
    ['no name', {}, missing('name')],
    ['an empty name', { name: '' }, missing('name')],
    ['a name that is a number', { name: 5 }, value('5', 'name', text)],
    ['a name too long', { name: 'x'.repeat(501) }, tooLong('name', 500)],
    ['tags that are no list', { name: 'n', tags: 'x' }, value('"x"', 'tags', 'must be a list')],
    [
      'too many tags',
      { name: 'n', tags: times(1001, (i) => ({ key: `t${i}` })) },
      'An experiment can be created with at most 1000 tags. Got 1001; set the others by set-experiment-tag.',
    ],
    ['a tag’s key of other characters', { name: 'n', tags: [{ key: 'a!' }] }, value('"a!"', 'key', badKey)],
    ['a tag’s key too long', { name: 'n', tags: [{ key: 'a'.repeat(251) }] }, tooLong('key', 250)],
    [
      'a tag’s value too long',
      { name: 'n', tags: [{ key: 'a', value: 'a'.repeat(20_001) }] },
      tooLong('value', 20_000),
    ],
  ],
  update: [
    ['no new name', {}, missing('new_name')],
    ['an empty new name', { new_name: '' }, missing('new_name')],
    ['a new name too long', { new_name: 'x'.repeat(501) }, tooLong('name', 500)],
    ['no experiment', { experiment_id: undefined, new_name: 'x' }, missing('experiment_id')],
    [
      'an experiment that is no number',
      { experiment_id: 'x1', new_name: 'x' },
      "Invalid experiment ID 'x1'. Experiment ID must be a valid integer.",
    ],
  ],
  'set-experiment-tag': [
    ['no key', { value: 'v' }, missing('key')],
    ['a value that is a number', { key: 'k', value: 5 }, value('5', 'value', text)],
    ['a key of other characters', { key: 'x*' }, value('"x*"', 'key', badKey)],
    ['a key too long', { key: 'x'.repeat(251) }, tooLong('key', 250)],
    ['a value too long', { key: 'x', value: 'v'.repeat(20_001) }, tooLong('value', 20_000)],
  ],
  'delete-experiment-tag': [['no key', {}, missing('key')]],
  delete: [['no experiment', { experiment_id: '' }, missing('experiment_id')]],
  restore: [['no experiment', { experiment_id: undefined }, missing('experiment_id')]],
};

const rows = (cases: Record<string, Case[]>) =>
  Object.entries(cases).flatMap(([endpoint, of]) => of.map((each) => [endpoint, ...each] as const));

describe('bad input', () => {
  test.each(rows(ofRuns))('of runs/%s is told: %s', async (endpoint, _, body, message) => {
    const id = await newRun({ run_name: 'untouched' });
    const before = await run(id);
    const required = endpoint === 'create' ? {} : { run_id: id };
    expect(await post(`runs/${endpoint}`, { ...required, ...body })).toEqual(
      failure(400, 'INVALID_PARAMETER_VALUE', message),
    );
    expect(await run(id)).toEqual(before);
  });

  test.each(rows(ofExperiments))('of experiments/%s is told: %s', async (endpoint, what, body, message) => {
    const id = await newExperiment(`${endpoint} ${what}`);
    const before = await experiment(id);
    const required = endpoint === 'create' ? {} : { experiment_id: id };
    expect(await post(`experiments/${endpoint}`, { ...required, ...body })).toEqual(
      failure(400, 'INVALID_PARAMETER_VALUE', message),
    );
    expect(await experiment(id)).toEqual(before);
  });

  test.each([
    ['runs/get', missing('run_id')],
    ['runs/get?run_id=', missing('run_id')],
    ['experiments/get', missing('experiment_id')],
    ['experiments/get?experiment_id=', missing('experiment_id')],
    [
      'experiments/get?experiment_id=abc',
      "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
    ],
    [
      'experiments/get?experiment_id=1.5',
      "Invalid experiment ID '1.5'. Experiment ID must be a valid integer.",
    ],
    ['experiments/get-by-name', missing('experiment_name')],
  ])('in the query of %s is told', async (endpoint, message) => {
    expect(await get(endpoint)).toEqual(failure(400, 'INVALID_PARAMETER_VALUE', message));
  });

  test.each([
    [
      'runs/get?run_id=ffffffffffffffffffffffffffffffff',
      'Run with id=ffffffffffffffffffffffffffffffff not found',
    ],
    ['runs/get?run_id=..%2F..%2Fx', 'Run with id=../../x not found'],
    ['runs/get?run_id=%00', 'Run with id=\u0000 not found'],
    ['experiments/get?experiment_id=987654', 'No Experiment with id=987654 exists'],
    ['experiments/get?experiment_id=-1', 'No Experiment with id=-1 exists'],
    ['experiments/get-by-name?experiment_name=nobody', "Could not find experiment with name 'nobody'"],
  ])('that names nothing is 404: %s', async (endpoint, message) => {
    expect(await get(endpoint)).toEqual(failure(404, 'RESOURCE_DOES_NOT_EXIST', message));
  });
});

describe('a body', () => {
  const send = (body: string, type = 'application/json', endpoint = 'experiments/create') =>
    server().fetch(path(endpoint), { method: 'POST', body, headers: { 'content-type': type } });

  test.each([
    ['cut short', '{"name": ', 'application/json', 400],
    ['a list', '[]', 'application/json', 400],
    ['of another content type', 'name=x', 'text/plain', 400],
    ['nested without end', '['.repeat(100_000), 'application/json', 400],
    [
      'nested deep in a field',
      `{"name":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      'application/json',
      400,
    ],
    ['of nine megabytes', `{"name":"${'x'.repeat(9_000_000)}"}`, 'application/json', 413],
  ])('%s is refused', async (_, body, type, status) => {
    const response = await send(body, type);
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty('error_code', 'INVALID_PARAMETER_VALUE');
  });

  test('encoded twice is read, as MLflow’s server reads it', async () => {
    const response = await send(JSON.stringify(JSON.stringify({ name: 'twice' })));
    expect(response.status).toBe(200);
    expect((await get('experiments/get-by-name?experiment_name=twice')).status).toBe(200);
  });

  test('whose number is beyond a double is refused', async () => {
    const id = await newRun();
    const body = `{"run_id":"${id}","key":"m","timestamp":1,"value":1e400}`;
    expect((await send(body, 'application/json', 'runs/log-metric')).status).toBe(400);
  });

  test('may have fields that are null, or that MLflow does not know, as if they were not there', async () => {
    const id = await newRun();
    for (const [endpoint, body] of [
      ['log-metric', { ...point, step: null, model_id: null, dataset_name: null, colour: 'red' }],
      ['log-parameter', { key: 'p', value: null, colour: 'red' }],
      ['log-batch', { metrics: null, params: [{ key: 'q', value: null, colour: 1 }], tags: null }],
      ['update', { status: null, end_time: null, run_name: null, colour: 'red' }],
      ['log-inputs', { datasets: null, models: [{ model_id: 'm-1', colour: 'red' }] }],
    ] as const) {
      const { status } = await post(`runs/${endpoint}`, { run_id: id, run_uuid: null, ...body });
      expect([endpoint, status]).toEqual([endpoint, 200]);
    }
    expect((await run(id))['data']).toMatchObject({
      metrics: [{ key: 'm', value: 1, timestamp: 1, step: 0 }],
      params: [
        { key: 'p', value: '' },
        { key: 'q', value: '' },
      ],
    });
  });
});

test('of whatever shape, no input is a failure of the server, or shows what is inside it', async () => {
  const ids = { run: await newRun(), experiment: await newExperiment('fuzzed') };
  const endpoints = [
    ...Object.keys(ofRuns).map((name) => `runs/${name}`),
    ...Object.keys(ofExperiments).map((name) => `experiments/${name}`),
  ];
  const leaf = fc.oneof(
    fc.constantFrom(
      ids.run,
      ids.experiment,
      '0',
      '',
      'NaN',
      '-1',
      'mlflow.runName',
      '../x',
      '\u0000',
      '__proto__',
    ),
    fc.constantFrom(null, true, -1, 1.5, beyond, 1e308, -0),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const names = fc.constantFrom(
    ...[
      'key',
      'value',
      'timestamp',
      'step',
      'name',
      'digest',
      'source',
      'dataset',
      'tags',
      'model_id',
      '__proto__',
    ],
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { arbitrary: leaf, weight: 3 },
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 5, noNullPrototype: false }),
    ),
  }));
  const fields = [
    ...[
      'run_id',
      'run_uuid',
      'experiment_id',
      'key',
      'value',
      'timestamp',
      'step',
      'name',
      'new_name',
      'status',
    ],
    ...['metrics', 'params', 'tags', 'datasets', 'models', 'model_json', 'end_time', 'artifact_location'],
  ];
  const body = fc.record(Object.fromEntries(fields.map((name) => [name, tree])), { requiredKeys: [] });
  const likely = fc.record({ run_id: fc.constant(ids.run), experiment_id: fc.constant(ids.experiment) });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...endpoints), likely, body, async (endpoint, known, random) => {
      const answer = await post(endpoint, { ...known, ...random });
      expect([200, 400, 404, 413]).toContain(answer.status);
      expect(JSON.stringify(answer.body)).not.toMatch(/node:|\.ts\b|at Object|Cosmos|sqlite/);
    }),
    { numRuns: process.env['CAIRN_TEST'] === 'long' ? 20_000 : 300 },
  );
});

test('an unknown path is 404 and a wrong method 405, with a request id to quote', async () => {
  const unknown = await server().fetch(path('nothing'), { headers: { 'x-request-id': 'abc-1' } });
  expect(unknown.status).toBe(404);
  expect(
    unknown.headers.get('x-request-id') ?? ((await unknown.json()) as { requestId: string }).requestId,
  ).toBe('abc-1');
  const wrong = await server().fetch(path('runs/create'), { method: 'DELETE' });
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get('allow')).toBe('POST');
});
