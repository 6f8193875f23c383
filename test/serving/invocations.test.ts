import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linearRegressor, writeModel } from '../../shared/onnx/index.ts';
import { matrix, run } from '../../shared/onnx/testing.ts';
import { type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { classifier, deploy, features, labels } from './support.ts';

const path = (name: string) => `/endpoints/${name}/invocations`;
/** y = x w for one tensor input X [-1, 2], which declares no columns. */
const product = writeModel({
  graph: {
    inputs: [{ name: 'X', kind: 'tensor', elementType: 'float32', shape: ['n', 2] }],
    outputs: [{ name: 'Y', kind: 'tensor', elementType: 'float32', shape: ['n', 1] }],
    nodes: [{ op: 'MatMul', inputs: ['X', 'w'], outputs: ['Y'] }],
    initializers: [{ name: 'w', type: 'float32', shape: [2, 1], data: Float32Array.of(1, 2) }],
  },
});
/** Two inputs of different types, one text. */
const mixed = writeModel({
  graph: {
    inputs: [
      { name: 'count', kind: 'tensor', elementType: 'int64', shape: ['n', 1] },
      { name: 'text', kind: 'tensor', elementType: 'string', shape: ['n', 1] },
    ],
    outputs: [
      { name: 'same', kind: 'tensor', elementType: 'int64', shape: ['n', 1] },
      { name: 'echo', kind: 'tensor', elementType: 'string', shape: ['n', 1] },
    ],
    nodes: [
      { op: 'Identity', inputs: ['count'], outputs: ['same'] },
      { op: 'Identity', inputs: ['text'], outputs: ['echo'] },
    ],
  },
});
const iris = classifier();

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', iris);
  await deploy(server, 'numbered', classifier(0, [10, 20, 30]));
  await deploy(
    server,
    'house',
    linearRegressor({ features: ['rooms', 'area'], coefficients: [10, 0.5], intercept: 3 }),
  );
  await deploy(server, 'product', product);
  await deploy(server, 'mixed', mixed);
});
afterAll(() => server.close());

const invoke = (name: string, body: unknown) => server.call('POST', path(name), body);

async function post(name: string, type: string, body: BodyInit, headers: Record<string, string> = {}) {
  const response = await server.fetch(path(name), {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body,
  });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

/** What the runtime itself says about rows of iris, as records. */
async function expected(rows: readonly (readonly number[])[]) {
  const { label, probabilities } = await run(iris, { input: matrix(rows) });
  return rows.map((_, row) => ({
    label: label?.data[row],
    probabilities: Object.fromEntries(labels.map((name, i) => [name, probabilities?.data[row * 3 + i]])),
  }));
}

const rows = [
  [5.1, -3.5, 1.4],
  [0.1, 2.25, -1],
  [-2, -2, 3.75],
];

describe('columns of a classifier', () => {
  test('every JSON form and CSV gives the records of the raw runtime, bit for bit', async () => {
    const records = rows.map((row) => Object.fromEntries(features.map((name, i) => [name, row[i]])));
    const columns = Object.fromEntries(features.map((name, i) => [name, rows.map((row) => row[i])]));
    for (const body of [
      { dataframe_split: { columns: features, data: rows } },
      { dataframe_split: { columns: features, index: [7, 8, 9], data: rows }, params: { unknown: 1 } },
      { dataframe_records: records },
      { instances: records },
      { instances: columns },
      { inputs: columns },
    ]) {
      const { status, body: answer } = await invoke('iris', body);
      expect(status).toBe(200);
      expect(answer['predictions']).toEqual(await expected(rows));
      expect(new Set(answer['prediction_ids'] as unknown as string[]).size).toBe(3);
    }
    const csv = [features, ...rows].map((row) => row.join(',')).join('\n');
    const { status, text } = await post('iris', 'text/csv; charset=utf-8', csv);
    expect(status).toBe(200);
    expect((JSON.parse(text) as JsonObject)['predictions']).toEqual(await expected(rows));
  });

  test('the order of the columns, and columns besides, change no answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(...features.map(() => fc.float({ noNaN: true, min: -100, max: 100 }))), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.shuffledSubarray([...features, 'extra', 'input'], { minLength: 5 }),
        fc.constantFrom('dataframe_split', 'dataframe_records', 'inputs'),
        async (values, order, format) => {
          const of = (row: readonly number[], name: string) =>
            row[features.indexOf(name as (typeof features)[number])] ?? 'ignored';
          const body = {
            dataframe_split: {
              columns: order,
              data: values.map((row) => order.map((name) => of(row, name))),
            },
            dataframe_records: values.map((row) =>
              Object.fromEntries(order.map((name) => [name, of(row, name)])),
            ),
            inputs: Object.fromEntries(order.map((name) => [name, values.map((row) => of(row, name))])),
          }[format];
          const { status, body: answer } = await invoke('iris', { [format]: body });
          expect(status).toBe(200);
          expect(answer['predictions']).toEqual(await expected(values));
        },
      ),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 500 : 40 },
    );
  });

  test('null, a key a record lacks, and an empty CSV cell are NaN', async () => {
    const nan = await expected([[1, Number.NaN, 2]]);
    const finite = JSON.parse(JSON.stringify(nan)) as unknown;
    for (const body of [
      { dataframe_records: [{ length: 1, width: null, höhe: 2 }] },
      { dataframe_split: { columns: features, data: [[1, null, 2]] } },
    ])
      expect((await invoke('iris', body)).body['predictions']).toEqual(finite);
    const lacking = await invoke('iris', {
      dataframe_records: [
        { length: 1, höhe: 2 },
        { length: 1, width: 1, höhe: 2 },
      ],
    });
    expect(lacking.body['predictions']?.[0]).toEqual((finite as unknown[])[0]);
    const csv = await post('iris', 'text/csv', 'length,width,höhe\n1,,2\n');
    expect((JSON.parse(csv.text) as JsonObject)['predictions']).toEqual(finite);
  });

  test('NaN and the infinities are taken as the clients of Python and pandas write them', async () => {
    const finite = JSON.parse(JSON.stringify(await expected([[1, Number.NaN, 2]]))) as unknown;
    const asked = (width: string) =>
      post('iris', 'application/json', `{"dataframe_records":[{"length":1,"width":${width},"höhe":2}]}`);
    expect((JSON.parse((await asked('NaN')).text) as JsonObject)['predictions']).toEqual(finite);
    const infinite = JSON.parse(
      JSON.stringify(await expected([[1, Number.NEGATIVE_INFINITY, 2]])),
    ) as unknown;
    expect((JSON.parse((await asked('-Infinity')).text) as JsonObject)['predictions']).toEqual(infinite);
    const csv = await post('iris', 'text/csv', 'length,width,höhe\n1,-inf,2\n');
    expect((JSON.parse(csv.text) as JsonObject)['predictions']).toEqual(infinite);
  });

  test('missing columns are named, with the ones that came instead', async () => {
    expect(await invoke('iris', { dataframe_records: [{ length: 1, size: 2 }] })).toMatchObject({
      status: 400,
      body: {
        error_code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringContaining(
          "Failed to enforce schema of the input. Error: Model is missing inputs ['width', 'höhe']. Note that there were extra inputs: ['size'].",
        ),
      },
    });
    expect((await invoke('iris', { inputs: [[1, 2, 3]] })).body['message']).toContain(
      "Model is missing inputs ['length', 'width', 'höhe']. Note that there were extra inputs: [0, 1, 2].",
    );
  });

  test.each([
    ['text', 'x'],
    ['a numeral', '1.5'],
    ['a list', [1, 2]],
    ['an object', {}],
    ['a number beyond float32', 1e39],
  ])('%s in a float column is refused with the column and the row', async (_, value) => {
    const { status, body } = await invoke('iris', {
      dataframe_split: {
        columns: features,
        data: [
          [1, 2, 3],
          [1, value, 3],
        ],
      },
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error_code: 'BAD_REQUEST' });
    expect(body['message']).toMatch(
      /Data is not compatible with model signature\. Failed to convert column width to type 'float32'.*row 1/,
    );
  });

  test('no rows are no predictions', async () => {
    expect((await invoke('iris', { dataframe_split: { columns: features, data: [] } })).body).toEqual({
      predictions: [],
      prediction_ids: [],
    });
  });

  test('integer classes come out as numbers, and a regressor as its number', async () => {
    const { body } = await invoke('numbered', { dataframe_split: { columns: features, data: rows } });
    expect((body['predictions'] as unknown as { label: number }[]).map(({ label }) => label)).toEqual([
      10, 20, 30,
    ]);
    expect(Object.keys(body['predictions']?.[0]?.['probabilities'] ?? {})).toEqual(['10', '20', '30']);
    const house = await invoke('house', { dataframe_records: [{ rooms: 3, area: 100 }] });
    expect(house.body['predictions']).toEqual([{ prediction: 83 }]);
  });
});

describe('tensors', () => {
  const pairs = [
    [1, 2],
    [3, 4],
  ];
  const ids = [expect.any(String), expect.any(String)];

  test('an input without columns takes nested lists, by its name or alone, and answers with such', async () => {
    for (const body of [{ inputs: pairs }, { instances: pairs }, { inputs: { X: pairs } }])
      expect(await invoke('product', body)).toMatchObject({
        status: 200,
        body: { predictions: { Y: [[5], [11]] }, prediction_ids: ids },
      });
  });

  test('an input without columns takes those of a table in the order given, and answers with records', async () => {
    for (const body of [
      { dataframe_split: { columns: ['a', 'b'], data: pairs } },
      {
        dataframe_records: [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
      },
    ])
      expect(await invoke('product', body)).toMatchObject({
        status: 200,
        body: { predictions: [{ Y: 5 }, { Y: 11 }], prediction_ids: ids },
      });
  });

  test('of a name that is there twice count once: the last', async () => {
    const { text } = await post('product', 'application/json', '{"inputs":[[9,9]],"inputs":[[1,2]]}');
    expect(JSON.parse(text)).toMatchObject({ predictions: { Y: [[5]] } });
  });

  test('a wrong shape is refused in the words of MLflow', async () => {
    expect(await invoke('product', { inputs: [[1, 2, 3]] })).toMatchObject({
      status: 400,
      body: {
        error_code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringContaining('Shape of input (1, 3) does not match expected shape (-1, 2).'),
      },
    });
    for (const inputs of [[1, 2], [[[1, 2]]], [[1, 2], [3]], [], [[]], 5, 'x', null])
      expect((await invoke('product', { inputs })).status).toBe(400);
  });

  test('several inputs are given by name, 64-bit integers exactly', async () => {
    const count = '9007199254740993';
    const { status, text } = await post(
      'mixed',
      'application/json',
      `{"dataframe_records":[{"text":"å","count":${count}}]}`,
    );
    expect(status).toBe(200);
    expect(text).toContain(`"predictions":[{"same":${count},"echo":"å"}]`);
    const csv = await post('mixed', 'text/csv', `count,text\n${count},"a ""b"", c"\n`);
    expect(csv.text).toContain(`{"same":${count},"echo":"a \\"b\\", c"}`);
    for (const record of [
      { count: 1.5, text: '' },
      { count: '1', text: '' },
      { count: 1, text: 'a\0b' },
      { count: 1, text: null },
      { count: null, text: '' },
    ])
      expect((await invoke('mixed', { dataframe_records: [record] })).status).toBe(400);
  });
});

describe('the protocol', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'Ensure that input is a valid JSON formatted string.'],
    ['no JSON', '{"inputs":', 'Invalid input. Ensure that input is a valid JSON formatted string.'],
    ['a word', '{"inputs":[[NaNs]]}', 'Ensure that input is a valid JSON formatted string.'],
    ['a list', '[1]', 'The input must be a JSON dictionary with exactly one of the input fields'],
    ['a list, named so', '[1]', 'Received a list.'],
    ['a number', '3', 'The input must be a JSON dictionary'],
    ['no format', '{"data":[]}', "Received dictionary with input fields: ['data']"],
    [
      'two formats',
      '{"inputs":[],"instances":[]}',
      "Received dictionary with input fields: ['inputs', 'instances']",
    ],
    ['a split list', '{"dataframe_split":[]}', 'Dataframe split format must be a dictionary. Got list'],
    [
      'a records dictionary',
      '{"dataframe_records":{}}',
      'Dataframe records format must be a list of records. Got dictionary.',
    ],
    [
      'ragged rows',
      '{"dataframe_split":{"columns":["a"],"data":[[1,2]]}}',
      'Provided dataframe_split field is not a valid dataframe representation',
    ],
    [
      'names twice',
      '{"dataframe_split":{"columns":["a","a"],"data":[[1,2]]}}',
      'Provided dataframe_split field is not a valid dataframe representation',
    ],
    ...['[7]', '7'].map((index): [string, string, string] => [
      `the index ${index} of two rows`,
      `{"dataframe_split":{"columns":["a"],"index":${index},"data":[[1],[2]]}}`,
      'Provided dataframe_split field is not a valid dataframe representation',
    ]),
    [
      'records that are none',
      '{"dataframe_records":[1]}',
      'Provided dataframe_records field is not a valid dataframe representation',
    ],
    ['bad params', '{"inputs":[],"params":[]}', "'params' must be a dictionary"],
    ['nesting without end', `{"inputs":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, ''],
    ['nesting without end, unclosed', '['.repeat(1_000_000), 'valid JSON'],
    ['prototypes', '{"__proto__":{"inputs":[]}}', 'exactly one of the input fields'],
  ])('%s is a 400 with the message clients know', async (_, body, message) => {
    for (const name of ['iris', 'product', 'mixed']) {
      const { status, text } = await post(name, 'application/json', body);
      expect(status).toBe(400);
      const error = JSON.parse(text) as { error_code: string; message: string };
      expect(error.error_code).toMatch(/^(BAD_REQUEST|INVALID_PARAMETER_VALUE)$/);
      expect(error.message).toContain(message);
    }
  });

  test.each(['', 'a\n"1', 'length,width,höhe\n1,2\n', 'length,length\n1,2\n'])(
    'CSV %j is a 400',
    async (csv) => {
      expect((await post('iris', 'text/csv', csv)).status).toBe(400);
    },
  );

  test.each([
    'application/json;charset=UTF-8',
    'application/json ; charset="utf-8"',
    'Application/JSON; CHARSET=utf-8',
    'application/json;',
  ])('content type %j is JSON', async (type) => {
    const body = JSON.stringify({ dataframe_split: { columns: features, data: rows } });
    expect((await post('iris', type, new Blob([body]))).status).toBe(200);
  });

  const taken =
    "This predictor only supports the following content types: Types: ['text/csv', 'application/json'].";
  test.each([
    ['text/plain', `${taken} Got 'text/plain'.`],
    ['application/vnd.apache.parquet', `${taken} Got 'application/vnd.apache.parquet'.`],
    ['application/x-www-form-urlencoded', `${taken} Got 'application/x-www-form-urlencoded'.`],
    ['', `${taken} Got ''.`],
    ['application/json; charset=latin1', 'The scoring server only supports UTF-8'],
    [
      'text/csv; header=present',
      'Unrecognized content type parameters: header. Only charset=utf-8 is taken.',
    ],
  ])('content type %j is a 415 in plain text and the words of MLflow', async (type, says) => {
    expect(await post('iris', type, new Blob(['{}']))).toEqual({
      status: 415,
      type: expect.stringMatching(/^text\/plain/),
      text: says,
    });
  });

  test('unknown endpoints are 404, other methods 405, and ping and health answer', async () => {
    for (const name of ['nobody', 'a', 'x'.repeat(300), '%2e%2e', 'I%00', 'endpoint%3Airis'])
      expect((await invoke(name, { inputs: [] })).status).toBe(404);
    expect((await server.fetch(path('iris'))).status).toBe(405);
    for (const probe of ['ping', 'health']) {
      const response = await server.fetch(`/endpoints/iris/${probe}`);
      expect([response.status, await response.text()]).toEqual([200, '\n']);
    }
  });

  test('compressed and chunked bodies are read; bombs and rubbish are refused', async () => {
    const body = JSON.stringify({ dataframe_split: { columns: features, data: rows } });
    const encoded = { 'content-encoding': 'gzip' };
    expect((await post('iris', 'application/json', gzipSync(body), encoded)).status).toBe(200);
    expect(
      (await post('iris', 'application/json', gzipSync(Buffer.alloc(17 * 1024 * 1024)), encoded)).status,
    ).toBe(413);
    expect((await post('iris', 'application/json', 'not gzip', encoded)).status).toBe(400);
    expect((await post('iris', 'application/json', body, { 'content-encoding': 'br' })).status).toBe(415);
    const chunks = new ReadableStream({
      start(controller) {
        for (const byte of Buffer.from(body)) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const response = await server.fetch(path('iris'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: chunks,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(200);
  });

  test('an answer that may be compressed comes as it is', async () => {
    const body = JSON.stringify({ dataframe_split: { columns: features, data: rows } });
    const response = await server.fetch(path('iris'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-encoding': 'gzip, deflate' },
      body,
    });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.json()).toMatchObject({ predictions: await expected(rows) });
  });

  test('a body of 16 MB is read, and one byte more is a 413', async () => {
    const body = (bytes: number) => {
      const text = JSON.stringify({ dataframe_split: { columns: features, data: rows } });
      return text + ' '.repeat(bytes - Buffer.byteLength(text));
    };
    const limit = 16 * 1024 * 1024;
    expect((await post('iris', 'application/json', body(limit))).status).toBe(200);
    expect(await post('iris', 'application/json', body(limit + 1))).toMatchObject({ status: 413 });
  });

  test('bytes that are not UTF-8 are a 400', async () => {
    expect((await post('iris', 'application/json', new Blob([Buffer.from([0x22, 0xff, 0x22])]))).status).toBe(
      400,
    );
  });
});
