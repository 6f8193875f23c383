import { gzipSync } from 'node:zlib';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ElementType } from '../../shared/onnx/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { answeredBytes, binaryBody, deployAll, echo, makeEndpoint } from './asking.ts';
import { classifier } from './support.ts';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
const texts = (...values: readonly string[]) =>
  Buffer.concat(
    values.flatMap((value) => {
      const bytes = Buffer.from(value);
      return [bytesOf(Uint32Array.of(bytes.byteLength)), bytes];
    }),
  );

type Case = readonly [type: ElementType, datatype: string, bytes: Uint8Array];

/** Two elements of each type, among them its extremes, and the ones that JSON cannot carry. */
const cases: readonly Case[] = [
  ['bool', 'BOOL', Uint8Array.of(1, 0)],
  ['uint8', 'UINT8', Uint8Array.of(0, 255)],
  ['uint16', 'UINT16', bytesOf(Uint16Array.of(0, 65_535))],
  ['uint32', 'UINT32', bytesOf(Uint32Array.of(0, 2 ** 32 - 1))],
  ['uint64', 'UINT64', bytesOf(BigUint64Array.of(0n, 2n ** 64n - 1n))],
  ['int8', 'INT8', bytesOf(Int8Array.of(-128, 127))],
  ['int16', 'INT16', bytesOf(Int16Array.of(-32_768, 32_767))],
  ['int32', 'INT32', bytesOf(Int32Array.of(-(2 ** 31), 2 ** 31 - 1))],
  ['int64', 'INT64', bytesOf(BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n))],
  // A NaN with a payload and minus zero keep their bits.
  ['float32', 'FP32', bytesOf(Uint32Array.of(0x7fc0_1234, 0x8000_0000))],
  ['float64', 'FP64', bytesOf(BigUint64Array.of(0x7ff8_0000_dead_beefn, 0xfff0_0000_0000_0000n))],
  ['string', 'BYTES', texts('å😀\n"', '')],
];

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deployAll(server, {
    iris: classifier(),
    ...Object.fromEntries(cases.map(([type]) => [`type-${type}`, echo(type)])),
    half: echo('float16'),
    'any-size': echo('float32', ['n', 'm']),
  });
  await makeEndpoint(server, 'texted', { model: 'type-float32', alias: 'champion', non_finite: 'text' });
}, 180_000);
afterAll(() => server.close());

type Sent = { body: BodyInit; headers: Record<string, string> };
const post = (name: string, { body, headers }: Sent) =>
  server.fetch(`/v2/models/${name}/infer`, { method: 'POST', headers, body });

/** A request with one input x as bytes. */
const sent = (datatype: string, shape: readonly number[], bytes: Uint8Array, more: object = {}) =>
  binaryBody(
    {
      inputs: [{ name: 'x', datatype, shape, parameters: { binary_data_size: bytes.byteLength } }],
      ...more,
    },
    bytes,
  );
const allBinary = { parameters: { binary_data_output: true } };

async function errorOf(response: Response) {
  return [response.status, ((await response.json()) as { error: string }).error];
}

/** What the runtime itself makes of the bytes, on a copy of its own. */
async function raw(type: ElementType, bytes: Uint8Array): Promise<Uint8Array> {
  const session = await InferenceSession.create(echo(type), { logSeverityLevel: 4 });
  const copy = bytes.slice().buffer;
  const arrays: Partial<Record<ElementType, () => unknown>> = {
    bool: () => new Uint8Array(copy),
    uint8: () => new Uint8Array(copy),
    uint16: () => new Uint16Array(copy),
    uint32: () => new Uint32Array(copy),
    uint64: () => new BigUint64Array(copy),
    int8: () => new Int8Array(copy),
    int16: () => new Int16Array(copy),
    int32: () => new Int32Array(copy),
    int64: () => new BigInt64Array(copy),
    float32: () => new Float32Array(copy),
    float64: () => new Float64Array(copy),
    string: () => ['å😀\n"', ''],
  };
  const x = new Tensor(type as 'float32', arrays[type]?.() as Float32Array, [1, 2]);
  const data = (await session.run({ x }))['y']?.data;
  await session.release();
  return Array.isArray(data) ? texts(...data) : bytesOf(data);
}

describe('tensors as bytes', () => {
  test.each(cases)(
    '%s goes in and comes out as in the raw runtime, bit for bit',
    async (type, datatype, bytes) => {
      const response = await post(`type-${type}`, sent(datatype, [1, 2], bytes, allBinary));
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      const answer = await answeredBytes(response);
      expect(answer.json.outputs).toEqual([
        { name: 'y', shape: [1, 2], datatype, parameters: { binary_data_size: bytes.byteLength } },
      ]);
      const expected = await raw(type, bytes);
      expect([...answer.bytes]).toEqual([...expected]);
      expect([...answer.bytes]).toEqual([...bytes]);
    },
  );

  test('FP16 is taken as bytes, each value as it is, and refused as JSON', async () => {
    // 1, -2, the least and the largest of all, infinities, NaN, minus zero: IEEE 754 binary16.
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000);
    const floats = [1, -2, 2 ** -24, 65_504, Infinity, -Infinity, Number.NaN, -0];
    const response = await post('half', sent('FP16', [4, 2], bytesOf(halves), allBinary));
    expect(response.status).toBe(200);
    const { json, bytes } = await answeredBytes(response);
    expect(json.outputs).toMatchObject([{ datatype: 'FP32', shape: [4, 2] }]);
    expect([...new Float32Array(new Uint8Array(bytes).buffer)]).toEqual(floats);
    const input = { name: 'x', datatype: 'FP16', shape: [1, 2], data: [1, 2] };
    expect(await server.call('POST', '/v2/models/half/infer', { inputs: [input] })).toEqual({
      status: 400,
      body: {
        error: `Input 'x' must have datatype FP32 (FP16 is taken as binary data only), not "FP16".`,
      },
    });
    expect((await post('half', sent('FP16', [1, 2], bytesOf(halves)))).status).toBe(400);
    expect((await post('type-float64', sent('FP16', [1, 2], bytesOf(halves.subarray(0, 2))))).status).toBe(
      400,
    );
  });

  test('each output comes as it is asked for, which counts more than what all are asked for', async () => {
    const data = bytesOf(Float32Array.of(1, 2, 3));
    const ask = async (parameters: object, outputs?: readonly object[]) => {
      const response = await post(
        'iris',
        binaryBody(
          {
            id: 'i',
            parameters,
            inputs: [
              { name: 'input', datatype: 'FP32', shape: [1, 3], parameters: { binary_data_size: 12 } },
            ],
            ...(outputs ? { outputs } : {}),
          },
          data,
        ),
      );
      const answer = await answeredBytes(response);
      return {
        bytes: answer.bytes.byteLength,
        id: (answer.json as { id?: string }).id,
        binary: answer.json.outputs.map(({ name, parameters: of, ...rest }) => [
          name,
          of?.['binary_data_size'] ?? ('data' in rest ? 'json' : 'none'),
        ]),
      };
    };
    const output = (name: string, binary?: boolean) => ({
      name,
      ...(binary === undefined ? {} : { parameters: { binary_data: binary } }),
    });
    const label = (
      await server.call('POST', '/v2/models/iris/infer', {
        inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }],
      })
    ).body['outputs']?.[0]?.['data']?.[0];
    const labelBytes = 4 + String(label).length;
    expect(await ask({ binary_data_output: true })).toEqual({
      bytes: labelBytes + 12,
      id: 'i',
      binary: [
        ['label', labelBytes],
        ['probabilities', 12],
      ],
    });
    expect(
      await ask({ binary_data_output: true }, [output('probabilities'), output('label', false)]),
    ).toEqual({
      bytes: 12,
      id: 'i',
      binary: [
        ['probabilities', 12],
        ['label', 'json'],
      ],
    });
    expect(await ask({}, [output('probabilities', true)])).toMatchObject({
      bytes: 12,
      binary: [['probabilities', 12]],
    });
    expect(await ask({ binary_data_output: false }, [output('label')])).toMatchObject({
      bytes: 0,
      binary: [['label', 'json']],
    });
  });

  test('of no rows are no bytes, and mixed with JSON keep their order', async () => {
    const none = await post('type-float32', sent('FP32', [0, 2], new Uint8Array(), allBinary));
    expect((await answeredBytes(none)).json.outputs).toMatchObject([
      { shape: [0, 2], parameters: { binary_data_size: 0 } },
    ]);
  });

  test('are unpacked first: the header counts the JSON as it was before', async () => {
    const { body, headers } = sent('FP32', [1, 2], bytesOf(Float32Array.of(1.5, -2)));
    const response = await post('type-float32', {
      body: gzipSync(body),
      headers: { ...headers, 'content-encoding': 'gzip' },
    });
    expect(await response.json()).toMatchObject({ outputs: [{ data: [1.5, -2] }] });
  });

  test('are taken without a content type, as clients of tensors send them, and as JSON', async () => {
    const { body, headers } = sent('FP32', [1, 2], bytesOf(Float32Array.of(1.5, -2)));
    for (const type of ['', 'application/json']) {
      const response = await post('type-float32', {
        body: new Blob([body]),
        headers: { ...headers, 'content-type': type },
      });
      expect(response.status).toBe(200);
    }
  });

  test('may hold NaN and the infinities, which JSON tells as the endpoint wants', async () => {
    const bytes = bytesOf(Float32Array.of(Number.NaN, -Infinity));
    const [status, error] = await errorOf(await post('type-float32', sent('FP32', [1, 2], bytes)));
    expect([status, error]).toEqual([400, expect.stringContaining("Element 0 of output 'y' is NaN")]);
    const response = await post('texted', sent('FP32', [1, 2], bytes));
    expect(await response.json()).toMatchObject({ outputs: [{ data: ['NaN', '-Infinity'] }] });
  });

  test('are what Python wrote in JSON, of floats alone', async () => {
    const asked = (type: string, datatype: string, data: string) =>
      post(type, {
        body: `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1,2],"data":${data}}]}`,
        headers: { 'content-type': 'application/json' },
      });
    for (const [data, said] of [
      ['[NaN, 1]', ['NaN', 1]],
      ['[1, -Infinity]', [1, '-Infinity']],
    ] as const)
      expect(await (await asked('texted', 'FP32', data)).json()).toMatchObject({ outputs: [{ data: said }] });
    for (const [type, datatype, data, why] of [
      ['texted', 'FP32', '[1, -1e39]', "Element 1 of input 'x' is -1e+39, but must be a number in the range"],
      ['type-int32', 'INT32', '[1, Infinity]', "Element 1 of input 'x' is Infinity, but must be a whole"],
      ['type-int32', 'INT32', '[1, NaN]', "Element 1 of input 'x' is null, but must be a whole number"],
      ['texted', 'FP32', '[1, null]', "Element 1 of input 'x' is null"],
    ] as const)
      expect(await errorOf(await asked(type, datatype, data))).toEqual([400, expect.stringContaining(why)]);
  });
});

describe('bytes that are not what they say', () => {
  const float = bytesOf(Float32Array.of(1, 2));
  const input = (size: unknown, more: object = {}) => ({
    name: 'x',
    datatype: 'FP32',
    shape: [1, 2],
    parameters: { binary_data_size: size },
    ...more,
  });

  test.each<[string, unknown, RegExp]>([
    ['a size less than the bytes', input(4), /4 bytes more/],
    ['a size beyond the bytes', input(12), /only 8 bytes are left/],
    ['a negative size', input(-8), /must be a number of bytes/],
    ['a fraction', input(7.5), /must be a number of bytes/],
    ['text', input('8'), /must be a number of bytes/],
    ['null', input(null), /must be a number of bytes/],
    ['a size without end', input(2 ** 60), /must be a number of bytes/],
    ['data besides', input(8, { data: [1, 2] }), /both 'data' and a binary_data_size/],
    ['another shape', input(8, { shape: [2, 2] }), /has 8 bytes, but its shape \[2, 2\] needs 16/],
    ['a shape of many rows', input(8, { shape: [10_000, 2] }), /needs/],
    ['no shape', input(8, { shape: undefined }), /must have shape/],
    ['another datatype', input(8, { datatype: 'INT64' }), /must have datatype FP32/],
    [
      'shared memory',
      { ...input(8), parameters: { binary_data_size: 8, shared_memory_region: 'r' } },
      /shared memory/,
    ],
  ])('%s is a 400 that says so', async (_, tensor, says) => {
    const [status, error] = await errorOf(
      await post('type-float32', binaryBody({ inputs: [tensor] }, float)),
    );
    expect([status, error]).toEqual([400, expect.stringMatching(says)]);
  });

  test('a header that is missing, wrong, or beyond the body is a 400', async () => {
    const { body, headers } = sent('FP32', [1, 2], float);
    const length = Number(headers['inference-header-content-length']);
    for (const wrong of [
      '0',
      '1',
      String(length - 1),
      String(length + 1),
      String(body.byteLength + 1),
      '-5',
      '1.5',
      'x',
      '9'.repeat(30),
      '1e2',
      '0x10',
    ])
      expect(
        (
          await post('type-float32', {
            body,
            headers: { ...headers, 'inference-header-content-length': wrong },
          })
        ).status,
      ).toBe(400);
    const asJson = { 'content-type': 'application/json' };
    expect((await post('type-float32', { body, headers: asJson })).status).toBe(400);
    const json = body.subarray(0, length);
    const [status, error] = await errorOf(await post('type-float32', { body: json, headers: asJson }));
    expect([status, error]).toEqual([
      400,
      'inputs[0] comes as binary data, which needs the header Inference-Header-Content-Length.',
    ]);
    const octets = { 'content-type': 'application/octet-stream' };
    expect((await post('type-float32', { body, headers: octets })).status).toBe(415);
  });

  test.each<[string, Uint8Array]>([
    ['a length beyond the rest', Buffer.concat([texts('a'), bytesOf(Uint32Array.of(2 ** 32 - 1))])],
    ['half a length', Buffer.concat([texts('a'), Uint8Array.of(1, 0)])],
    ['one text', texts('a')],
    ['three texts', texts('a', 'b', 'c')],
    ['a NUL', texts('a\0b', 'c')],
    [
      'bytes that are not UTF-8',
      Buffer.concat([texts('a'), bytesOf(Uint32Array.of(2)), Uint8Array.of(0xff, 0xfe)]),
    ],
    [
      'half of a surrogate pair',
      Buffer.concat([texts('a'), bytesOf(Uint32Array.of(3)), Uint8Array.of(0xed, 0xa0, 0x80)]),
    ],
  ])('texts with %s are a 400', async (_, bytes) => {
    const [status, error] = await errorOf(await post('type-string', sent('BYTES', [1, 2], bytes)));
    expect([status, error]).toEqual([400, expect.stringMatching(/[Ii]nput 'x'/)]);
  });

  test('a truth that is neither 0 nor 1 is a 400', async () => {
    expect(await errorOf(await post('type-bool', sent('BOOL', [1, 2], Uint8Array.of(0, 2))))).toEqual([
      400,
      "Element 1 of input 'x' is the byte 2, but must be 0 or 1.",
    ]);
  });

  test('rows of no width promise no memory: they are refused by their number', async () => {
    const many = sent('FP32', [2 ** 31 - 1, 0], new Uint8Array());
    expect((await post('any-size', many)).status).toBe(413);
    const input0 = { name: 'x', datatype: 'FP32', shape: [2 ** 31 - 1, 0], data: [] };
    expect((await server.call('POST', '/v2/models/any-size/infer', { inputs: [input0] })).status).toBe(413);
  });

  test('extensions that are not there are refused rather than ignored', async () => {
    const tensor = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
    for (const parameters of [{ classification: 3 }, { shared_memory_region: 'r' }, { binary_data: 'yes' }]) {
      const outputs = [{ name: 'y', parameters }];
      const answer = await server.call('POST', '/v2/models/type-float32/infer', {
        inputs: [tensor],
        outputs,
      });
      expect(answer.status).toBe(400);
    }
    const parameters = { binary_data_output: 1 };
    expect(
      (await server.call('POST', '/v2/models/type-float32/infer', { inputs: [tensor], parameters })).status,
    ).toBe(400);
  });
});
