import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ElementType, linearClassifier, linearRegressor, writeModel } from '../../shared/onnx/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { deploySigned, echo, makeEndpoint } from './asking.ts';

/** Each column of a signature goes through an input of its own, and comes back. */
const columns: Readonly<Record<string, { type: string; element: ElementType; required?: boolean }>> = {
  truth: { type: 'boolean', element: 'bool' },
  small: { type: 'integer', element: 'int32' },
  wide: { type: 'long', element: 'int64' },
  single: { type: 'float', element: 'float32' },
  double: { type: 'double', element: 'float64' },
  text: { type: 'string', element: 'string' },
  bytes: { type: 'binary', element: 'string' },
  time: { type: 'datetime', element: 'int64' },
  maybe: { type: 'double', element: 'float64', required: false },
};
const every = writeModel({
  graph: {
    inputs: Object.entries(columns).map(([name, { element }]) => ({
      name,
      kind: 'tensor',
      elementType: element,
      shape: ['n', 1],
    })),
    outputs: Object.entries(columns).map(([name, { element }]) => ({
      name: `${name}-out`,
      kind: 'tensor',
      elementType: element,
      shape: ['n', 1],
    })),
    nodes: Object.keys(columns).map((name) => ({ op: 'Identity', inputs: [name], outputs: [`${name}-out`] })),
  },
});
const specs = Object.entries(columns).map(([name, { type, required = true }]) => ({ name, type, required }));
const row = {
  truth: true,
  small: 7,
  wide: 8,
  single: 0.5,
  double: 0.1,
  text: 'å',
  bytes: Buffer.from('{"a": 1}').toString('base64'),
  time: '2024-05-31T08:00:00.123456789',
  maybe: 1.5,
};

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploySigned(server, 'every', every, {
    inputs: specs,
    outputs: specs.map(({ name, type }) => ({ name: `${name}-out`, type })),
    params: [
      { name: 'temperature', type: 'double', default: 0.5, shape: null },
      { name: 'stops', type: 'string', default: [], shape: [-1] },
      { name: 'greedy', type: 'boolean', default: false, shape: null },
    ],
  });
  const table = linearRegressor({ features: ['a', 'b', 'c'], coefficients: [1, 10, 100], intercept: 0 });
  await deploySigned(server, 'table', table, {
    inputs: [
      { name: 'a', type: 'long', required: true },
      { name: 'b', type: 'double', required: true },
      { name: 'c', type: 'boolean', required: false },
    ],
  });
  await deploySigned(server, 'unnamed', echo('float32'), {
    inputs: [
      { type: 'double', required: true },
      { type: 'long', required: true },
    ],
  });
  await deploySigned(server, 'tensor', echo('float32', ['n', 2]), {
    inputs: [{ name: 'x', type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 2] } }],
  });
  await deploySigned(server, 'picture', echo('uint8', ['n', 'size']), {
    inputs: [{ name: 'x', type: 'binary', required: true }],
  });
  const truths = linearClassifier({
    features: ['a', 'b'],
    labels: [0, 1],
    coefficients: [0, 0, 1, 1],
    intercepts: [0, 0],
  });
  const taken = ['a', 'b'].map((name) => ({ name, type: 'double', required: true }));
  const bools = { type: 'tensor', 'tensor-spec': { dtype: 'bool', shape: [-1] } };
  await deploySigned(server, 'array', truths, { inputs: taken, outputs: [bools] });
  await deploySigned(server, 'series', truths, {
    inputs: taken,
    outputs: [{ name: 'late', type: 'boolean', required: true }],
  });
  await makeEndpoint(server, 'refusing', { model: 'every', alias: 'champion', non_finite: 'refuse' });
  await makeEndpoint(server, 'telling', { model: 'every', alias: 'champion', non_finite: 'text' });
}, 180_000);
afterAll(() => server.close());

async function invoke(name: string, body: unknown, type = 'application/json') {
  const response = await server.fetch(`/endpoints/${name}/invocations`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    json: JSON.parse(text) as { predictions: Record<string, unknown>[]; message: string; error_code: string },
  };
}

const predicted = async (changes: object) => {
  const { status, json } = await invoke('every', { dataframe_records: [{ ...row, ...changes }] });
  return status === 200 ? json.predictions[0] : json.message;
};

describe('classes that are truths', () => {
  test.each(['array', 'series'])(
    'are whole numbers to ONNX, and truths to the author and so to MLflow: %s',
    async (name) => {
      const { json } = await invoke(name, {
        dataframe_split: {
          columns: ['a', 'b'],
          data: [
            [2, 1],
            [-2, 0],
          ],
        },
      });
      const probabilities = { false: expect.any(Number), true: expect.any(Number) };
      expect(json.predictions).toEqual([
        { label: true, probabilities },
        { label: false, probabilities },
      ]);
      const { body } = await server.call('GET', `/api/v1/endpoints/${name}/openapi.json`);
      expect(JSON.stringify(body)).toContain('"label":{"type":"boolean"}');
    },
  );

  test('stay what they are where tensors are asked for', async () => {
    const inputs = [{ name: 'input', datatype: 'FP32', shape: [2, 2], data: [2, 1, -2, 0] }];
    const { body } = await server.call('POST', '/v2/models/array/infer', {
      inputs,
      outputs: [{ name: 'label' }],
    });
    expect(body['outputs']).toEqual([{ name: 'label', datatype: 'INT64', shape: [2], data: [1, 0] }]);
  });
});

describe('columns of a signature', () => {
  test('of every type go through and come back, in each form', async () => {
    const expected = Object.fromEntries(Object.entries(row).map(([name, value]) => [`${name}-out`, value]));
    const names = Object.keys(row);
    const quoted = (value: unknown) =>
      typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : String(value);
    for (const body of [
      { dataframe_records: [row] },
      { dataframe_split: { columns: names.toReversed(), data: [Object.values(row).toReversed()] } },
      { instances: [row] },
      { inputs: Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]])) },
      { inputs: Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [[value]]])) },
      { inputs: row },
    ])
      expect((await invoke('every', body)).json.predictions).toEqual([expected]);
    const csv = `${names.join(',')}\n${Object.values(row).map(quoted).join(',')}\n`;
    expect((await invoke('every', csv, 'text/csv')).json.predictions).toEqual([expected]);
  });

  test.each<[object, object]>([
    [{ single: 3 }, { 'single-out': 3 }],
    [{ double: 3 }, { 'double-out': 3 }],
    [{ double: true }, { 'double-out': 1 }],
    [{ truth: 0 }, { 'truth-out': false }],
    [{ truth: 1 }, { 'truth-out': true }],
    [{ double: null }, { 'double-out': null }],
    [{ maybe: undefined }, { 'maybe-out': null }],
    [{ maybe: null }, { 'maybe-out': null }],
    [{ bytes: '' }, { 'bytes-out': '' }],
    [{ bytes: 'w6\nU=' }, { 'bytes-out': 'w6U=' }],
    [{ time: '2024-05-31' }, { 'time-out': '2024-05-31T00:00:00' }],
    [{ time: '2024-05-31 08:00' }, { 'time-out': '2024-05-31T08:00:00' }],
    [{ time: '2024-05-31T08:00:00+02:00' }, { 'time-out': '2024-05-31T06:00:00' }],
    [{ time: '2024-05-31T08:00:00Z' }, { 'time-out': '2024-05-31T08:00:00' }],
    [{ time: '1969-12-31T23:59:59.5' }, { 'time-out': '1969-12-31T23:59:59.5' }],
    [{ time: 1 }, { 'time-out': '1970-01-01T00:00:00.000000001' }],
    [{ extra: {} }, { 'small-out': 7 }],
  ])('take what loses nothing: %o', async (changes, expected) => {
    expect(await predicted(changes)).toMatchObject(expected);
  });

  test.each<[string, unknown]>([
    ['truth', 2],
    ['truth', 'true'],
    ['truth', null],
    ['small', 1.5],
    ['small', 2 ** 31],
    ['small', '7'],
    ['small', true],
    ['small', null],
    ['wide', 0.5],
    ['wide', 1e300],
    ['wide', null],
    ['single', 1e39],
    ['single', '0.5'],
    ['double', '0.1'],
    ['double', [0.1]],
    ['text', 1],
    ['text', null],
    ['text', 'a\0b'],
    ['bytes', 'not base64!'],
    ['bytes', 'abc'],
    ['bytes', '/w=='],
    ['bytes', 'AA=='],
    ['bytes', [1, 2]],
    ['time', 'yesterday'],
    ['time', '2024-02-30'],
    ['time', '2024-05-31T25:00:00'],
    ['time', 1.5],
    ['time', null],
  ])('refuse what would lose something: %s %j', async (column, value) => {
    const says = await predicted({ [column]: value });
    expect(says).toMatch(
      /^(Invalid input\. Data is not compatible with model signature\. Failed to convert column|The nested|Invalid input\. Shape|Element)/,
    );
    expect(says).toContain(column);
  });

  test('64-bit integers keep every digit, and one beyond them is refused', async () => {
    const body = (wide: string) =>
      JSON.stringify({ dataframe_records: [{ ...row, wide: 0 }] }).replace('"wide":0', `"wide":${wide}`);
    for (const wide of ['9223372036854775807', '-9223372036854775808', '9007199254740993'])
      expect((await invoke('every', body(wide))).text).toContain(`"wide-out":${wide},`);
    for (const wide of ['9223372036854775808', '-9223372036854775809', '9007199254740993.0'])
      expect((await invoke('every', body(wide))).status).toBe(400);
  });

  test('say what they take', async () => {
    expect(await predicted({ double: '0.1' })).toMatch(
      /type 'double': row 0 holds "0.1", but must be a number\.$/,
    );
    expect(await predicted({ truth: 2 })).toMatch(/row 0 holds 2, but must be true or false\.$/);
  });

  test('that are missing are all named; one that is optional is not', async () => {
    const { wide: _w, text: _t, maybe: _m, ...rest } = row;
    const { status, json } = await invoke('every', { dataframe_records: [{ ...rest, other: 1 }] });
    expect([status, json]).toEqual([
      400,
      {
        error_code: 'INVALID_PARAMETER_VALUE',
        message:
          "Failed to enforce schema of the input. Error: Model is missing inputs ['wide', 'text']. Note that there were extra inputs: ['other'].",
      },
    ]);
  });

  test('of one table are checked by their types, though the table is of one type', async () => {
    const ask = async (record: object) => {
      const { status, json } = await invoke('table', { dataframe_records: [record] });
      return status === 200 ? json.predictions[0] : status;
    };
    expect(await ask({ a: 1, b: 0.5, c: true })).toEqual({ prediction: 106 });
    for (const record of [
      { a: 1.5, b: 0.5, c: true },
      { a: null, b: 0.5, c: true },
      { a: 1, b: 'x', c: true },
      { a: 1, b: 1, c: 2 },
      { a: 1, c: true },
    ])
      expect(await ask(record)).toBe(400);
    expect(await ask({ a: 1, b: null, c: true })).toEqual({ prediction: null });
    expect(await ask({ a: 1, b: 0.5 })).toEqual({ prediction: null });
  });

  test('without names are taken in their order, as many as there are', async () => {
    const ask = (columnNames: string[], data: unknown[][]) =>
      invoke('unnamed', { dataframe_split: { columns: columnNames, data } });
    expect((await ask(['p', 'q'], [[0.5, 2]])).json.predictions).toEqual([{ y: [0.5, 2] }]);
    expect((await ask(['p', 'q', 'r'], [[0.5, 2, 'z']])).json.predictions).toEqual([{ y: [0.5, 2] }]);
    const few = await ask(['p'], [[0.5]]);
    expect([few.status, few.json.message]).toEqual([
      400,
      expect.stringContaining(
        'The model signature declares 2 inputs but the provided value only has 1 inputs.',
      ),
    ]);
    expect((await ask(['p', 'q'], [[0.5, 2.5]])).status).toBe(400);
  });

  test('of lists fill a tensor, row by row', async () => {
    const ask = (data: unknown[][]) => invoke('tensor', { dataframe_split: { columns: ['x'], data } });
    expect((await ask([[[1, 2]], [[3, 4]]])).status).toBe(200);
    for (const data of [[[[1, 2]], [[3]]], [[[1, 2]], [3]], [[[1, 2, 3]]], [[[1, 'x']]]])
      expect((await ask(data)).status).toBe(400);
    const bytes = Buffer.from([0, 127, 255]).toString('base64');
    expect(
      (await invoke('picture', { dataframe_records: [{ x: bytes }, { x: bytes }] })).json.predictions,
    ).toEqual([{ y: [0, 127, 255] }, { y: [0, 127, 255] }]);
    expect((await invoke('picture', { dataframe_records: [{ x: bytes }, { x: '!' }] })).status).toBe(400);
  });
});

describe('a signature of tensors', () => {
  const pairs = [
    [1, 2],
    [3, 4],
  ];
  const records = pairs.map(([p, q]) => ({ p, q }));

  test.each([
    { inputs: pairs },
    { inputs: { x: pairs } },
    { instances: pairs },
    { instances: pairs.map((x) => ({ x })) },
    { dataframe_split: { columns: ['p', 'q'], data: pairs } },
    { dataframe_records: records },
    { dataframe_records: pairs.map((x) => ({ x })) },
  ])('is answered with tensors, also where a table asks: %j', async (body) => {
    expect((await invoke('tensor', body)).json.predictions).toEqual({ y: pairs });
  });
});

describe('parameters', () => {
  const ask = (params: unknown) => invoke('every', { dataframe_records: [row], params });

  test('that are unknown are ignored, and those of the signature taken', async () => {
    for (const params of [
      {},
      null,
      { unknown: [] },
      { temperature: 1, stops: ['a'], greedy: true },
      { stops: [] },
    ])
      expect((await ask(params)).status).toBe(200);
  });

  test.each<[object, string]>([
    [{ temperature: 'hot' }, "['temperature must be double']"],
    [{ temperature: null }, "['temperature must be double']"],
    [{ stops: 'a' }, "['stops must be a list of string']"],
    [{ stops: [1], greedy: 0 }, "['stops must be a list of string', 'greedy must be boolean']"],
  ])('%o are refused by name', async (params, says) => {
    const { status, json } = await ask(params);
    expect([status, json]).toEqual([
      400,
      { error_code: 'INVALID_PARAMETER_VALUE', message: `Invalid parameters found: ${says}.` },
    ]);
  });

  test('that are no dictionary are refused', async () => {
    for (const params of [[], 'x', 1]) expect((await ask(params)).status).toBe(400);
  });
});

describe('a body for a model of language', () => {
  test('reaches a model with inputs of these names, and is answered bare', async () => {
    await deploySigned(server, 'completes', languageModel('prompt'), {});
    expect(await invoke('completes', { prompt: ['hello', 'å'] })).toMatchObject({
      status: 200,
      json: { y: ['hello', 'å'] },
    });
    expect((await invoke('completes', { prompt: 1 })).status).toBe(400);
  });

  test('for any other model is a 400 that says what it takes', async () => {
    for (const body of [
      { messages: [{ role: 'user', content: 'hi' }] },
      { prompt: 'hi', max_tokens: 3 },
      { input: 'hi' },
    ]) {
      const { status, json } = await invoke('table', body);
      expect([status, json.message]).toEqual([
        400,
        expect.stringMatching(
          /are for a model of language; this model takes \['a', 'b', 'c'\]\. Send them in dataframe_split/,
        ),
      ]);
    }
  });
});

describe('what is not finite in an answer', () => {
  const body = { dataframe_records: [{ ...row, double: null }] };

  test('is null, unless the endpoint says otherwise', async () => {
    expect((await invoke('every', body)).json.predictions[0]).toMatchObject({ 'double-out': null });
    expect((await invoke('telling', body)).json.predictions[0]).toMatchObject({ 'double-out': 'NaN' });
    expect(await invoke('refusing', body)).toMatchObject({
      status: 400,
      json: {
        error_code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringContaining("Element 0 of output 'double-out' is NaN"),
      },
    });
  });
});

function languageModel(input: string): Uint8Array {
  return writeModel({
    graph: {
      inputs: [{ name: input, kind: 'tensor', elementType: 'string', shape: ['n'] }],
      outputs: [{ name: 'y', kind: 'tensor', elementType: 'string', shape: ['n'] }],
      nodes: [{ op: 'Identity', inputs: [input], outputs: ['y'] }],
    },
  });
}
