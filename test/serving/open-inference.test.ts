import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ElementType as OnnxType, writeModel } from '../../shared/onnx/index.ts';
import { matrix, run } from '../../shared/onnx/testing.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { deployAll } from './asking.ts';
import { classifier, features, labels, register } from './support.ts';

const iris = classifier();

/** y = x for a table of one element type. */
const identity = (type: OnnxType) =>
  writeModel({
    graph: {
      inputs: [{ name: 'x::in', kind: 'tensor', elementType: type, shape: ['batch', 2] }],
      outputs: [{ name: '39', kind: 'tensor', elementType: type, shape: ['batch', 2] }],
      nodes: [{ op: 'Identity', inputs: ['x::in'], outputs: ['39'] }],
    },
  });

/** sum = a + b over a shared batch, and scalars untouched. */
const adder = writeModel({
  graph: {
    inputs: [
      { name: 'a', kind: 'tensor', elementType: 'float32', shape: ['batch', 2] },
      { name: 'b', kind: 'tensor', elementType: 'float32', shape: ['batch', 2] },
      { name: 's', kind: 'tensor', elementType: 'float64', shape: [] },
    ],
    outputs: [
      { name: 'sum', kind: 'tensor', elementType: 'float32', shape: ['batch', 2] },
      { name: 'scalar', kind: 'tensor', elementType: 'float64', shape: [] },
    ],
    nodes: [
      { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
      { op: 'Identity', inputs: ['s'], outputs: ['scalar'] },
    ],
  },
});

/** What scikit-learn's converter writes of columns: sizes of rows without names. */
const columns = writeModel({
  graph: {
    inputs: ['a', 'b'].map((name) => ({ name, kind: 'tensor', elementType: 'float32', shape: [null, 1] })),
    outputs: [{ name: 'both', kind: 'tensor', elementType: 'float32', shape: [null, 2] }],
    nodes: [{ op: 'Concat', inputs: ['a', 'b'], outputs: ['both'], attributes: { axis: { int: 1 } } }],
  },
});

/** A table whose second size the model leaves open, though its weights need 2. */
const open = writeModel({
  graph: {
    inputs: [{ name: 'x', kind: 'tensor', elementType: 'float32', shape: ['n', 'm'] }],
    outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: ['n', 1] }],
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    initializers: [{ name: 'w', type: 'float32', shape: [2, 1], data: Float32Array.of(1, 1) }],
  },
});

const types: Record<string, [datatype: string, values: string[]]> = {
  bool: ['BOOL', ['true', 'false']],
  uint8: ['UINT8', ['0', '255']],
  uint16: ['UINT16', ['0', '65535']],
  uint32: ['UINT32', ['0', '4294967295']],
  uint64: ['UINT64', ['0', '18446744073709551615']],
  int8: ['INT8', ['-128', '127']],
  int16: ['INT16', ['-32768', '32767']],
  int32: ['INT32', ['-2147483648', '2147483647']],
  int64: ['INT64', ['-9223372036854775808', '9223372036854775807']],
  float32: ['FP32', ['0.5', '-3.4028234663852886e+38']],
  float64: ['FP64', ['0.1', '1.7976931348623157e+308']],
  string: ['BYTES', ['"å😀\\n\\""', '""']],
};

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deployAll(server, {
    iris,
    adder,
    open,
    columns,
    ...Object.fromEntries(Object.keys(types).map((type) => [`type-${type}`, identity(type as OnnxType)])),
  });
}, 120_000);
afterAll(() => server.close());

const rows = [
  [5.1, -3.5, 1.4],
  [0.1, 2.25, -1],
];
const input = { name: 'input', datatype: 'FP32', shape: [2, 3], data: rows.flat() };
const infer = (name: string, body: unknown) => server.call('POST', `/v2/models/${name}/infer`, body);

async function post(
  name: string,
  body: BodyInit,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) {
  const response = await server.fetch(`/v2/models/${name}/infer`, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}

describe('server and models', () => {
  test('server, health, metadata and readiness answer as the protocol says', async () => {
    for (const path of ['/v2', '/v2/'])
      expect(await server.call('GET', path)).toEqual({
        status: 200,
        body: {
          name: 'cairn',
          version: expect.any(String),
          extensions: ['binary_tensor_data', 'model_repository'],
        },
      });
    expect((await server.call('GET', '/v2/health/live')).body).toEqual({ live: true });
    expect((await server.call('GET', '/v2/health/ready')).body).toEqual({ ready: true, live: true });
    for (const path of ['/v2/models/iris', '/v2/models/iris/versions/1']) {
      expect((await server.call('GET', path)).body).toEqual({
        name: 'iris',
        versions: ['1'],
        platform: 'onnx_onnxv1',
        inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 3] }],
        outputs: [
          { name: 'label', datatype: 'BYTES', shape: [-1] },
          { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
        ],
        properties: { features: JSON.stringify(features), labels: JSON.stringify(labels) },
      });
      expect(await server.call('GET', `${path}/ready`)).toEqual({
        status: 200,
        body: { name: 'iris', ready: true },
      });
    }
  });

  test('unknown models and versions other than the pinned one are 404 in the shape of the protocol', async () => {
    await register(server.ctx, 'iris', classifier(1));
    await server.drain();
    for (const [path, message] of [
      ['/v2/models/nobody', 'Model nobody not found'],
      ['/v2/models/nobody/ready', 'Model nobody not found'],
      ['/v2/models/iris/versions/2', 'Model iris with version 2 not found'],
      ['/v2/models/iris/versions/2/ready', 'Model iris with version 2 not found'],
      ['/v2/models/iris/versions/01', 'Model iris with version 01 not found'],
    ] as const)
      expect(await server.call('GET', path)).toEqual({ status: 404, body: { error: message } });
    expect((await server.call('POST', '/v2/models/iris/versions/2/infer', { inputs: [input] })).status).toBe(
      404,
    );
    expect(await server.call('POST', '/v2/models/iris', {})).toMatchObject({
      status: 405,
      body: { error: expect.any(String) },
    });
  });

  test('extensions that are not there are named by no metadata and found at no path', async () => {
    for (const path of ['iris/stats', 'iris/versions/1/stats', 'iris/trace/setting', 'iris/config'])
      expect(await server.call('GET', `/v2/models/${path}`)).toEqual({
        status: 404,
        body: { error: `There is nothing at /v2/models/${path}.` },
      });
    expect(await server.call('GET', '/v2/models/stats')).toMatchObject({ status: 404 });
    for (const path of ['/v2/trace/setting', '/v2/logging', '/v2/systemsharedmemory/status'])
      expect(await server.call('GET', path)).toMatchObject({
        status: 404,
        body: { error: expect.any(String) },
      });
  });
});

describe('infer', () => {
  test('outputs are those of the raw runtime, bit for bit, from flat and nested data', async () => {
    const raw = await run(iris, { input: matrix(rows) });
    for (const [path, data] of [
      ['/v2/models/iris/infer', rows.flat()],
      ['/v2/models/iris/versions/1/infer', rows],
    ] as const) {
      const { status, body } = await server.call('POST', path, { id: 'r-1', inputs: [{ ...input, data }] });
      expect(status).toBe(200);
      expect(body).toEqual({
        model_name: 'iris',
        model_version: '1',
        id: 'r-1',
        parameters: {
          prediction_ids: expect.stringMatching(/^[0-9]{10}-[0-9a-f]{16}-\d+-[0-9a-f]{8},[^,]+$/),
        },
        outputs: [
          { name: 'label', datatype: 'BYTES', shape: [2], data: raw['label']?.data },
          { name: 'probabilities', datatype: 'FP32', shape: [2, 3], data: raw['probabilities']?.data },
        ],
      });
    }
  });

  test('only the outputs asked for come back, in their order', async () => {
    const ask = async (...names: string[]) => {
      const { body } = await infer('iris', { inputs: [input], outputs: names.map((name) => ({ name })) });
      return (body['outputs'] as unknown as { name: string }[]).map(({ name: output }) => output);
    };
    expect(await ask('probabilities')).toEqual(['probabilities']);
    expect(await ask('probabilities', 'label')).toEqual(['probabilities', 'label']);
  });

  test('a batch of none gives outputs of none', async () => {
    const { status, body } = await infer('iris', { inputs: [{ ...input, shape: [0, 3], data: [] }] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      outputs: [
        { shape: [0], data: [] },
        { shape: [0, 3], data: [] },
      ],
    });
  });

  test('scalars and several inputs go through', async () => {
    const table = { datatype: 'FP32', shape: [1, 2], data: [1, 2] };
    const inputs = [
      { name: 's', datatype: 'FP64', shape: [], data: [0.1] },
      { name: 'b', ...table },
      { name: 'a', ...table },
    ];
    expect((await infer('adder', { inputs })).body).toMatchObject({
      outputs: [
        { name: 'sum', shape: [1, 2], data: [2, 4] },
        { name: 'scalar', shape: [], data: [0.1] },
      ],
    });
  });

  test.each(Object.entries(types))(
    '%s keeps its extreme values to the last digit, both ways',
    async (type, [datatype, values]) => {
      const data = values.join(',');
      const { status, text } = await post(
        `type-${type}`,
        `{"inputs":[{"name":"x::in","datatype":"${datatype}","shape":[1,2],"data":[${data}]}]}`,
      );
      expect(status).toBe(200);
      const expected = type === 'string' ? JSON.stringify(JSON.parse(`[${data}]`)) : `[${data}]`;
      expect(text).toContain(
        `"outputs":[{"name":"39","shape":[1,2],"datatype":"${datatype}","data":${expected}}]`,
      );
    },
  );

  test.each([
    ['uint8', '256'],
    ['uint8', '-1'],
    ['uint8', '1.5'],
    ['uint8', '"1"'],
    ['uint8', 'null'],
    ['int8', '128'],
    ['uint16', '65536'],
    ['int32', '1099511627776'],
    ['uint32', '-1'],
    ['int64', '9223372036854775808'],
    ['int64', '1e300'],
    ['uint64', '18446744073709551616'],
    ['bool', '1'],
    ['bool', '"true"'],
    ['float32', '1e39'],
    ['float32', 'null'],
    ['float32', '"1"'],
    ['float32', '"NaN"'],
    ['float32', 'true'],
    ['float32', '[[1]]'],
    ['string', '"a\\u0000b"'],
    ['string', '1'],
    ['string', 'null'],
  ])('a %s element %s is refused by input and position', async (type, value) => {
    const [datatype, [good = '']] = types[type] ?? ['', []];
    const { status, text } = await post(
      `type-${type}`,
      `{"inputs":[{"name":"x::in","datatype":"${datatype}","shape":[1,2],"data":[${good},${value}]}]}`,
    );
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      error: expect.stringMatching(/^Element 1 of input 'x::in' is .*, but must be/),
    });
  });

  const bad: [string, unknown][] = [
    ['a list', []],
    ['null', null],
    ['text', 'x'],
    ['no inputs', {}],
    ['inputs that are no list', { inputs: {} }],
    ['an empty list of inputs', { inputs: [] }],
    ['an input that is no object', { inputs: [1] }],
    ['an unknown input', { inputs: [{ ...input, name: 'other' }] }],
    ['an unknown input besides', { inputs: [input, { ...input, name: 'other' }] }],
    ['an input twice', { inputs: [input, input] }],
    ['an inherited name', { inputs: [{ ...input, name: '__proto__' }] }],
    ['no name', { inputs: [{ ...input, name: undefined }] }],
    ['a number for a name', { inputs: [{ ...input, name: 1 }] }],
    ['another datatype', { inputs: [{ ...input, datatype: 'FP64' }] }],
    ['an unknown datatype', { inputs: [{ ...input, datatype: 'fp32' }] }],
    ['FP16', { inputs: [{ ...input, datatype: 'FP16' }] }],
    ['no datatype', { inputs: [{ ...input, datatype: undefined }] }],
    ['no shape', { inputs: [{ ...input, shape: undefined }] }],
    ['a shape of text', { inputs: [{ ...input, shape: ['2', '3'] }] }],
    ['a shape that is no list', { inputs: [{ ...input, shape: 6 }] }],
    ['another rank', { inputs: [{ ...input, shape: [6] }] }],
    ['another width', { inputs: [{ ...input, shape: [3, 2] }] }],
    ['a negative size', { inputs: [{ ...input, shape: [-1, 3] }] }],
    ['a negative size that multiplies out', { inputs: [{ ...input, shape: [-2, -3] }] }],
    ['a fraction of a size', { inputs: [{ ...input, shape: [2.5, 3] }] }],
    ['a size that overflows', { inputs: [{ ...input, shape: [2 ** 53, 3] }] }],
    ['one element for three', { inputs: [{ ...input, shape: [1, 3], data: [1] }] }],
    ['an element too many', { inputs: [{ ...input, data: [...input.data, 1] }] }],
    [
      'ragged nesting',
      {
        inputs: [
          {
            ...input,
            data: [
              [1, 2, 3],
              [1, 2],
            ],
          },
        ],
      },
    ],
    [
      'deeper nesting',
      {
        inputs: [
          {
            ...input,
            data: [
              [[1], [2], [3]],
              [[1], [2], [3]],
            ],
          },
        ],
      },
    ],
    ['no data', { inputs: [{ ...input, data: undefined }] }],
    ['data that is no list', { inputs: [{ ...input, data: 1 }] }],
    ['binary data', { inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 24 } }] }],
    ['parameters that are a list', { inputs: [input], parameters: [] }],
    ['a parameter that is an object', { inputs: [input], parameters: { a: {} } }],
    ['a parameter of an input that is a list', { inputs: [{ ...input, parameters: { a: [] } }] }],
    ['a numeric id', { id: 1, inputs: [input] }],
    ['an unknown output', { inputs: [input], outputs: [{ name: 'other' }] }],
    ['an output twice', { inputs: [input], outputs: [{ name: 'label' }, { name: 'label' }] }],
    ['outputs that are names', { inputs: [input], outputs: ['label'] }],
    ['outputs that are no list', { inputs: [input], outputs: {} }],
  ];
  test.each(bad)('%s is a 400 with an error of its own', async (_, body) => {
    const answer = await infer('iris', body);
    expect(answer).toEqual({ status: 400, body: { error: expect.stringMatching(/./) } });
  });

  test('rows without end are a 413, though no element of them is there', async () => {
    expect(await infer('iris', { inputs: [{ ...input, shape: [2 ** 31 - 1, 3] }] })).toEqual({
      status: 413,
      body: { error: expect.stringContaining('2147483647 rows') },
    });
  });

  test('missing inputs are named, and sizes that must agree are checked', async () => {
    const table = { datatype: 'FP32', shape: [1, 2], data: [1, 2] };
    const scalar = { name: 's', datatype: 'FP64', shape: [], data: [1] };
    expect((await infer('adder', { inputs: [scalar] })).body).toEqual({ error: "Missing inputs: 'a', 'b'." });
    const inputs = [
      scalar,
      { name: 'a', ...table },
      { name: 'b', ...table, shape: [2, 2], data: [1, 2, 3, 4] },
    ];
    expect((await infer('adder', { inputs })).body).toEqual({
      error: "Inputs 'a' and 'b' differ in size 'batch': 1 and 2.",
    });
    expect(
      (await infer('adder', { inputs: [{ ...scalar, data: [] }, inputs[1], { name: 'b', ...table }] }))
        .status,
    ).toBe(400);
  });

  test('columns of other numbers of rows are the caller’s mistake', async () => {
    const column = (name: string, data: number[]) => ({
      name,
      datatype: 'FP32',
      shape: [data.length, 1],
      data,
    });
    const inputs = [column('a', [1, 2]), column('b', [3])];
    expect(await infer('columns', { inputs })).toEqual({
      status: 400,
      body: { error: "Inputs 'a' and 'b' differ in rows: 2 and 1." },
    });
  });

  test('a size that only the runtime can judge is the caller’s mistake, and its words stay inside', async () => {
    const { status, body } = await infer('open', {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }],
    });
    expect(status).toBe(400);
    expect(body).toEqual({ error: 'The model cannot run on inputs of these sizes.' });
  });

  test('an output that JSON cannot carry is said to be one, never null', async () => {
    const max = 3.4028234663852886e38;
    const table = { datatype: 'FP32', shape: [1, 2], data: [max, 0] };
    const inputs = [
      { name: 's', datatype: 'FP64', shape: [], data: [1] },
      { name: 'a', ...table },
      { name: 'b', ...table },
    ];
    expect(await infer('adder', { inputs })).toEqual({
      status: 400,
      body: { error: expect.stringContaining("Element 0 of output 'sum' is Infinity for these inputs") },
    });
  });
});

describe('transport', () => {
  test('malformed, endlessly nested and empty bodies are 400', async () => {
    for (const name of ['iris', 'type-int64'])
      for (const body of [
        '{',
        '',
        '[[',
        '['.repeat(500_000),
        `{"inputs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
        '{"inputs":[{"name":"input","data":[NaNs]}]}',
      ]) {
        const { status, text } = await post(name, body);
        expect(status).toBe(400);
        expect(JSON.parse(text)).toEqual({ error: expect.any(String) });
      }
  });

  test('other content types are 415, headers of binary data that is not there 400, too much is 413', async () => {
    const body = JSON.stringify({ inputs: [input] });
    expect((await post('iris', body, { 'content-type': 'application/json; charset=UTF-8' })).status).toBe(
      200,
    );
    for (const type of ['text/plain', 'application/octet-stream', 'application/json; charset=utf-16'])
      expect((await post('iris', body, { 'content-type': type })).status).toBe(415);
    for (const length of ['10', '-1', 'x', '99999999999'])
      expect(
        (
          await post('iris', body, {
            'content-type': 'application/json',
            'inference-header-content-length': length,
          })
        ).status,
      ).toBe(400);
    const large = await post('iris', ' '.repeat(16 * 1024 * 1024 + 1));
    expect(large.status).toBe(413);
    expect(JSON.parse(large.text)).toEqual({ error: expect.any(String) });
  });
});
