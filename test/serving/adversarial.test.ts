import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import * as z from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel } from '../../shared/onnx/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { binaryBody, deployAll, echo } from './asking.ts';
import { classifier, features } from './support.ts';

const numRuns = process.env['CAIRN_TEST'] === 'long' ? 3000 : 200;

/** Inputs and outputs whose names are anything but identifiers. */
const odd = [
  'onnx::Flatten_0',
  '39',
  ' ',
  'å😀',
  'a b/c?d#e%2F',
  '__proto__',
  'constructor',
  'x'.repeat(300),
];
const oddModel = writeModel({
  graph: {
    inputs: odd.map((name) => ({
      name: name,
      kind: 'tensor',
      elementType: 'float32',
      shape: ['n'],
    })),
    outputs: odd.map((name) => ({
      name: `out:${name}`,
      kind: 'tensor',
      elementType: 'float32',
      shape: ['n'],
    })),
    nodes: odd.map((name) => ({ op: 'Identity', inputs: [name], outputs: [`out:${name}`] })),
  },
});

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deployAll(server, {
    iris: classifier(),
    odd: oddModel,
    floats: echo('float32', ['n', 'm', 3]),
    wide: echo('int64'),
    texts: echo('string'),
    fixed: echo('float32', [4, 2]),
  });
}, 120_000);
afterAll(() => server.close());

async function post(path: string, body: BodyInit, headers: Record<string, string> = {}) {
  const response = await server.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    duplex: 'half',
  } as RequestInit);
  return { status: response.status, text: await response.text() };
}
const infer = (name: string, body: unknown) => post(`/v2/models/${name}/infer`, JSON.stringify(body));
const invoke = (name: string, body: unknown) => post(`/endpoints/${name}/invocations`, JSON.stringify(body));

/** `inference_response` and its error, as the protocol's schema has them, and no field besides. */
const parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional();
const answered = z.strictObject({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional(),
  parameters,
  outputs: z.array(
    z
      .strictObject({
        name: z.string(),
        shape: z.array(z.int().min(0)),
        datatype: z.enum(['FP32', 'INT64', 'BYTES']),
        parameters,
        data: z.array(z.union([z.number(), z.string(), z.boolean()])),
      })
      .refine(({ shape, data }) => data.length === shape.reduce((product, size) => product * size, 1)),
  ),
});
const refused = z.strictObject({ error: z.string().min(1) });

/** A tensor of JSON that the model takes. */
const good = { name: 'x', datatype: 'FP32', shape: [1, 1, 3], data: [1, 2, 3] };

describe('whatever is sent', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const pieces = {
    name: fc.oneof(fc.constantFrom('x', 'input', '', '__proto__', 'toString'), json),
    datatype: fc.oneof(fc.constantFrom('FP32', 'INT64', 'BYTES', 'BOOL', 'FP16', 'BF16'), json),
    shape: fc.oneof(
      fc.array(fc.constantFrom(0, 1, 2, 3, -1, 0.5, 2 ** 31, 2 ** 53, 1e308), { maxLength: 5 }),
      json,
    ),
    data: fc.oneof(
      fc.array(fc.oneof(fc.double(), fc.maxSafeInteger(), fc.string(), fc.boolean(), json)),
      json,
    ),
    parameters: fc.oneof(fc.record({ binary_data_size: fc.oneof(fc.integer(), json) }), json),
  };
  const tensor = fc.record(pieces, { requiredKeys: [] });
  const parameter = fc.oneof(fc.string(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const sensible = fc.record(
    {
      id: fc.string(),
      inputs: fc.constant([good]),
      outputs: fc.array(fc.constant({ name: 'y' }), { maxLength: 1 }),
      parameters: fc.dictionary(fc.string(), parameter, { maxKeys: 5 }),
    },
    { requiredKeys: ['inputs'] },
  );
  const inferBody = fc.oneof(
    sensible,
    json,
    fc.record(
      {
        id: fc.oneof(fc.string(), json),
        inputs: fc.oneof(fc.array(fc.oneof(tensor, fc.constant(good)), { maxLength: 3 }), json),
        outputs: fc.oneof(
          fc.array(fc.record({ name: pieces.name, parameters: json }, { requiredKeys: [] })),
          json,
        ),
        parameters: json,
      },
      { requiredKeys: ['inputs'] },
    ),
  );
  const table = fc.oneof(
    json,
    fc.array(fc.dictionary(fc.constantFrom(...features, 'x', '__proto__'), json)),
    fc.record({ columns: json, data: json, index: json }, { requiredKeys: ['data'] }),
  );
  const scoringBody = fc.oneof(
    json,
    ...['dataframe_split', 'dataframe_records', 'instances', 'inputs', 'messages', 'input'].map((format) =>
      fc.record({ [format]: table, params: json }, { requiredKeys: [format] }),
    ),
  );

  test('as a request to infer, JSON is answered or refused, and never a failure of the server', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('floats', 'wide', 'texts', 'iris'), inferBody, async (name, body) => {
        const { status, text } = await infer(name, body);
        expect([200, 400, 413]).toContain(status);
        const answer = JSON.parse(text) as Record<string, unknown>;
        expect((status === 200 ? answered : refused).safeParse(answer).error).toBeUndefined();
      }),
      { numRuns },
    );
  });

  test('as a request to score, JSON is answered or refused, and never a failure of the server', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('floats', 'wide', 'texts', 'iris'),
        scoringBody,
        async (name, body) => {
          const { status, text } = await invoke(name, body);
          expect([200, 400, 413]).toContain(status);
          const answer = JSON.parse(text) as Record<string, unknown>;
          expect(status === 200 || typeof answer['message'] === 'string').toBe(true);
        },
      ),
      { numRuns },
    );
  });

  test('bytes are refused, whatever the headers say of them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('application/json', 'text/csv', 'application/octet-stream', ''),
        fc.constantFrom('', 'gzip', 'deflate', 'br', 'gzip, gzip'),
        fc.oneof(fc.constant(undefined), fc.integer({ min: -1, max: 300 }).map(String)),
        async (bytes, type, encoding, length) => {
          const headers = {
            'content-type': type,
            ...(encoding === '' ? {} : { 'content-encoding': encoding }),
            ...(length === undefined ? {} : { 'inference-header-content-length': length }),
          };
          const body = new Blob([bytes.slice()]);
          expect([400, 413, 415]).toContain((await post('/v2/models/iris/infer', body, headers)).status);
          expect([400, 413, 415]).toContain(
            (await post('/endpoints/iris/invocations', body, headers)).status,
          );
        },
      ),
      { numRuns },
    );
  });
});

describe('shapes', () => {
  test('flat data, nested data and bytes of the same elements are answered the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), async (n, m) => {
        const nested = Array.from({ length: n }, (_, i) => Array.from({ length: m }, (__, j) => [i, j, 0.5]));
        const flat = nested.flat(2);
        const input = { name: 'x', datatype: 'FP32', shape: [n, m, 3] };
        const bytes = new Uint8Array(Float32Array.from(flat).buffer);
        const binary = binaryBody(
          { inputs: [{ ...input, parameters: { binary_data_size: bytes.byteLength } }] },
          bytes,
        );
        const answers = [
          await infer('floats', { inputs: [{ ...input, data: flat }] }),
          await infer('floats', { inputs: [{ ...input, data: nested }] }),
          await post('/v2/models/floats/infer', binary.body, binary.headers),
        ].map(({ text }) => JSON.parse(text) as { outputs: unknown });
        const outputs = [{ name: 'y', datatype: 'FP32', shape: [n, m, 3], data: flat }];
        expect(answers.map((answer) => answer.outputs)).toEqual([outputs, outputs, outputs]);
      }),
      { numRuns: 16 },
    );
  });

  test.each([
    [[3037000500, 3037000500, 3]],
    [[2 ** 31, 2, 3]],
    [[4294967296, 4294967296, 3]],
    [[-1, -1, 3]],
    [[1, 1, -3]],
    [[1, 3]],
    [[1, 1, 1, 3]],
    [[]],
    [[1, 1, 3.0000001]],
    [[null, 1, 3]],
    [['1', '1', '3']],
    [[true, true, 3]],
    [['1e400', 1, 3]],
  ])('%j of three elements is a 400 before anything is allocated', async (shape) => {
    expect((await infer('floats', { inputs: [{ ...good, shape }] })).status).toBe(400);
  });

  test('more texts than the shape says, or fewer, are a 400, and no texts are none', async () => {
    const input = { name: 'x', datatype: 'BYTES' };
    const ask = (shape: number[], data: unknown[]) => infer('texts', { inputs: [{ ...input, shape, data }] });
    expect((await ask([1, 2], ['a'])).status).toBe(400);
    expect((await ask([1, 2], ['a', 'b', 'c'])).status).toBe(400);
    expect(JSON.parse((await ask([0, 2], [])).text)).toMatchObject({
      outputs: [{ shape: [0, 2], data: [] }],
    });
  });

  test('a fixed number of rows is taken as it is, and no other', async () => {
    const ask = (rows: number) =>
      infer('fixed', {
        inputs: [{ ...good, shape: [rows, 2], data: Array.from({ length: rows * 2 }, (_, i) => i) }],
      });
    expect(JSON.parse((await ask(4)).text)).toMatchObject({ outputs: [{ data: [0, 1, 2, 3, 4, 5, 6, 7] }] });
    for (const rows of [0, 1, 3, 5, 8]) expect((await ask(rows)).status).toBe(400);
  });
});

describe('names', () => {
  const values = odd.map((name, i) => [name, i] as const);

  test('of any kind reach their inputs and come back with their outputs, in both protocols', async () => {
    const inputs = values.map(([name, i]) => ({ name, datatype: 'FP32', shape: [1], data: [i] }));
    const { status, text } = await infer('odd', { inputs: inputs.toReversed() });
    expect(status).toBe(200);
    const { outputs } = JSON.parse(text) as { outputs: { name: string; data: number[] }[] };
    expect(outputs.map(({ name, data }) => [name, data])).toEqual(odd.map((name, i) => [`out:${name}`, [i]]));
    const scored = await invoke('odd', {
      dataframe_split: { columns: values.map(([name]) => name), data: [values.map(([, i]) => i)] },
    });
    const { predictions } = JSON.parse(scored.text) as { predictions: Record<string, number>[] };
    expect(predictions).toEqual([Object.fromEntries(odd.map((name, i) => [`out:${name}`, i]))]);
  });

  test('that are twice there, unknown or missing are refused by name', async () => {
    const inputs = values.map(([name, i]) => ({ name, datatype: 'FP32', shape: [1], data: [i] }));
    const [first] = inputs;
    const errorOf = async (body: object) =>
      (JSON.parse((await infer('odd', body)).text) as { error: string }).error;
    expect(await errorOf({ inputs: [...inputs, first] })).toMatch(/is given twice/);
    expect(await errorOf({ inputs: [...inputs, { ...first, name: 'other' }] })).toMatch(
      /has no input "other"/,
    );
    expect(await errorOf({ inputs: inputs.slice(1) })).toMatch(/^Missing inputs: 'onnx::Flatten_0/);
    const twice = [{ name: 'out:39' }, { name: 'out:39' }];
    expect(await errorOf({ inputs, outputs: twice })).toMatch(/requested twice/);
    expect(await errorOf({ inputs, outputs: [{ name: '39' }] })).toMatch(/has no output "39"/);
    expect(await errorOf({ inputs, outputs: [{ name: 39 }] })).toMatch(
      /must name an output of the model: 'out:onnx/,
    );
  });

  test('of JSON that are twice there count once: the last', async () => {
    const { text } = await post(
      '/v2/models/floats/infer',
      '{"inputs":[],"inputs":[{"name":"y","name":"x","datatype":"FP32","shape":[1,1,3],"data":[9,9,9],"data":[1,2,3]}]}',
    );
    expect(JSON.parse(text)).toMatchObject({ outputs: [{ data: [1, 2, 3] }] });
  });
});

describe('parameters and ids', () => {
  test('come back as they were sent, those of the request and of its outputs', async () => {
    const { text } = await post(
      '/v2/models/wide/infer',
      '{"id":"å\\u0000 1","parameters":{"a":1.5,"b":"x","c":true,"big":12345678901234567890},' +
        '"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":[1,2],"parameters":{"mine":1}}],' +
        '"outputs":[{"name":"y","parameters":{"note":"n","binary_data":false}}]}',
    );
    const answer = JSON.parse(text) as Record<string, unknown>;
    expect(answer).toMatchObject({
      id: 'å\0 1',
      parameters: { a: 1.5, b: 'x', c: true },
      outputs: [{ name: 'y', parameters: { note: 'n' } }],
    });
    expect(text).toContain('"big":12345678901234567890');
  });

  test('that calls at the same time share mix nothing up', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const { text } = await infer('floats', { id: 'same', inputs: [{ ...good, data: [i, i, i] }] });
        const { id, outputs } = JSON.parse(text) as { id: string; outputs: { data: number[] }[] };
        return [id, outputs[0]?.data];
      }),
    );
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => ['same', [i, i, i]]));
  });
});

describe('transport', () => {
  const body = Buffer.from(JSON.stringify({ dataframe_split: { columns: features, data: [[1, 2, 3]] } }));

  test.each([
    ['gzip', gzipSync(body)],
    ['x-gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['deflate', deflateRawSync(body)],
    ['GZIP', gzipSync(body)],
    ['identity', body],
  ])('%s is read', async (encoding, packed) => {
    const headers = { 'content-encoding': encoding };
    expect((await post('/endpoints/iris/invocations', packed, headers)).status).toBe(200);
  });

  test.each([
    ['gzip', gzipSync(body).subarray(0, 20)],
    ['gzip', deflateSync(body)],
    ['deflate', gzipSync(body)],
    ['gzip', Buffer.alloc(0)],
  ])('%s that is cut off or another is a 400', async (encoding, packed) => {
    const headers = { 'content-encoding': encoding };
    const { status, text } = await post('/endpoints/iris/invocations', new Blob([packed]), headers);
    expect([status, JSON.parse(text)]).toEqual([
      400,
      { error_code: 'BAD_REQUEST', message: expect.stringMatching(/./) },
    ]);
  });

  test('a body in thousands of pieces is read as one, and so is one with its bytes behind', async () => {
    const inPieces = (bytes: Uint8Array) =>
      new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
          controller.close();
        },
      });
    const data = Float32Array.from({ length: 3000 }, (_, i) => i);
    const many = binaryBody(
      {
        inputs: [
          {
            name: 'x',
            datatype: 'FP32',
            shape: [500, 2, 3],
            parameters: { binary_data_size: data.byteLength },
          },
        ],
      },
      new Uint8Array(data.buffer),
    );
    const { status, text } = await post('/v2/models/floats/infer', inPieces(many.body), many.headers);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ outputs: [{ data: [...data] }] });
    expect((await post('/endpoints/iris/invocations', inPieces(body))).status).toBe(200);
  });

  test('nesting without end is a 400 in both protocols, open or closed, also where digits are kept', async () => {
    for (const text of [
      '['.repeat(300_000),
      '{"a":'.repeat(300_000),
      `{"inputs":${'['.repeat(9_000)}1234567890123456789${']'.repeat(9_000)}}`,
    ])
      for (const name of ['floats', 'wide'])
        for (const path of [`/v2/models/${name}/infer`, `/endpoints/${name}/invocations`])
          expect((await post(path, text)).status).toBe(400);
  });
});

describe('the server after all that', () => {
  test('answers as before', async () => {
    expect((await infer('floats', { inputs: [good] })).status).toBe(200);
    for (const path of ['/v2/health/live', '/v2/health/ready', '/v2/models/iris/ready'])
      expect((await server.fetch(path)).status).toBe(200);
  });
});
