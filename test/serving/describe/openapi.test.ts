import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linearRegressor } from '../../../shared/onnx/index.ts';
import { golden, register, upload } from '../../inspection/support.ts';
import { type JsonObject, type TestServer, testServer } from '../../support/server.ts';
import { moveAlias } from '../../../shared/registry/index.ts';
import { deploy } from '../support.ts';
import { conforms, document, type Document } from './document.ts';
import { deployMilliseconds, models } from './models.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  for (const [name, bytes] of Object.entries(models)) await deploy(server, name, bytes);
}, deployMilliseconds);
afterAll(() => server.close());

async function documentOf(name: string): Promise<Document> {
  const { status, body } = await server.call('GET', `/api/v1/endpoints/${name}/openapi.json`);
  expect(status).toBe(200);
  return document.parse(body);
}

const paths = (name: string) => [`/endpoints/${name}/invocations`, `/v2/models/${name}/infer`] as const;

function stated(of: Document, path: string) {
  const operation = of.paths[path]?.post;
  const body = operation?.requestBody.content['application/json'];
  return {
    request: body?.schema,
    example: body?.example as JsonObject,
    response: (status: number) => operation?.responses[status]?.content?.['application/json']?.schema,
  };
}

/** The schema of the request takes it or not, and so does the server, whose answer is as the document says. */
async function agreed(name: string, path: string, body: unknown): Promise<boolean> {
  const of = await documentOf(name);
  const { request, response } = stated(of, path);
  const { status, body: answer } = await server.call('POST', path, body);
  expect([200, 400, 413]).toContain(status);
  expect(response(status)).toBeDefined();
  expect(conforms(of, response(status), answer)).toBe(true);
  expect(conforms(of, request, body)).toBe(status === 200);
  return status === 200;
}

/** An endpoint of a model whose signature says more of its four float columns than the file does. */
async function deploySigned(name: string, columns: readonly object[]): Promise<void> {
  const { files } = await golden('logistic');
  const MLmodel = Buffer.from(files['MLmodel'] ?? '')
    .toString()
    .replace(/  inputs: '.*?'\n(?= {2}outputs)/s, () => `  inputs: '${JSON.stringify(columns)}'\n`)
    .replace('params: null', () => `params: '[{"name": "k", "type": "long", "default": 1, "shape": null}]'`);
  await register(server.ctx, name, await upload(server.ctx, { ...files, MLmodel }));
  await server.drain();
  await moveAlias(server.ctx, { name, alias: 'champion', version: 1 });
  const { status } = await server.call('POST', '/api/v1/endpoints', { name, model: name, alias: 'champion' });
  expect(status).toBe(201);
  await server.drain();
}

describe('the document of an endpoint', () => {
  test.each(Object.keys(models))('of %s holds for its example and the answer to it', async (name) => {
    const of = await documentOf(name);
    for (const path of paths(name)) expect(await agreed(name, path, stated(of, path).example)).toBe(true);
  });

  test.each([
    ['linear-text', { dataframe_records: [{ length: 1, width: null, 'höhe, in "cm"': 2.5 }] }],
    ['linear-text', { inputs: { length: [1, 2], width: [1, 2], 'höhe, in "cm"': [null, 2] } }],
    ['linear-integers', { instances: [{ width: 3, length: 1, 'höhe, in "cm"': 2.5 }], params: {} }],
    ['several-columns', { dataframe_records: [{ count: 3, text: 'å', age: null }] }],
    ['several-columns', { inputs: { count: [[1]], text: [['a']], age: [0.5] } }],
    ['perceptron', { instances: [[1, 2, 3, 4]] }],
    ['perceptron', { inputs: { x: [[1, 2, 3, null]] } }],
    [
      'strings',
      {
        inputs: [
          ['a', 'b'],
          ['', 'd'],
        ],
      },
    ],
    [
      'fixed-batch',
      {
        inputs: [
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ],
      },
    ],
  ])('of %s takes the other forms as well: %j', async (name, body) => {
    expect(await agreed(name, paths(name)[0], body)).toBe(true);
  });

  test.each([
    ['linear-text', { dataframe_records: [{ length: 1, width: 2 }] }],
    ['linear-text', { dataframe_records: [{ length: 'x', width: 2, 'höhe, in "cm"': 2.5 }] }],
    ['linear-text', { dataframe_split: { columns: ['length', 'width'], data: [[1, 2]] } }],
    ['linear-text', { dataframe_split: { data: [[1, 2, 3]] }, inputs: {} }],
    ['several-columns', { dataframe_records: [{ count: 3.5, text: 'å', age: 1 }] }],
    ['several-columns', { dataframe_records: [{ count: 3, text: 'a\0b', age: 1 }] }],
    ['perceptron', { inputs: [[1, 2, 3]] }],
    ['perceptron', { inputs: [1, 2, 3, 4] }],
    ['strings', { inputs: [[1, 2]] }],
    ['bytes', { inputs: [[256, 0]] }],
    ['bytes', { inputs: [[-1, 0]] }],
    ['truths', { inputs: [[1, 0]] }],
    ['unsigned-wide', { inputs: [[-1, 0]] }],
    ['fixed-batch', { inputs: [[1, 2]] }],
    ['scalar', { inputs: { x: [[1, 2]] } }],
  ])('of %s refuses what the server refuses: %j', async (name, body) => {
    expect(await agreed(name, paths(name)[0], body)).toBe(false);
  });

  test('has the types of the columns from the signature, and what may be left out', async () => {
    await deploySigned('signed', [
      { name: 'age', type: 'long', required: true },
      { name: 'member', type: 'boolean', required: true },
      { name: 'since', type: 'datetime', required: true },
      { name: 'income', type: 'double', required: false },
    ]);
    const [path] = paths('signed');
    const record = { age: 4, member: true, since: '2024-05-31T08:00:00', income: 1.5 };
    const without = { age: 4, member: false, since: 5 };
    for (const each of [
      record,
      without,
      { ...without, income: null },
      stated(await documentOf('signed'), path).example,
    ])
      expect(await agreed('signed', path, 'age' in each ? { dataframe_records: [each] } : each)).toBe(true);
    for (const change of [{ age: 4.5 }, { age: null }, { member: 'yes' }, { since: 1.5 }, { income: 'much' }])
      expect(await agreed('signed', path, { dataframe_records: [{ ...record, ...change }] })).toBe(false);
    expect(await agreed('signed', path, { dataframe_records: [record], params: { k: 2 } })).toBe(true);
    expect(await agreed('signed', path, { dataframe_records: [record], params: { k: 'x' } })).toBe(false);
  });

  const tensor = (change: Record<string, unknown>) => ({
    inputs: [{ name: 'x', shape: [1, 4], datatype: 'FP32', data: [1, 2, 3, 4], ...change }],
  });
  test.each([
    [true, tensor({ data: [[1, 2, 3, 4]] })],
    [true, { id: 'mine', ...tensor({}), outputs: [{ name: 'y' }], parameters: { a: 1, b: 'c', d: true } }],
    [false, tensor({ name: 'X' })],
    [false, tensor({ datatype: 'FP64' })],
    [false, tensor({ shape: [1, 5] })],
    [false, tensor({ shape: [4] })],
    [false, tensor({ data: [1, 2, 3, null] })],
    [false, { inputs: [] }],
    [false, { ...tensor({}), id: 5 }],
    [false, { ...tensor({}), outputs: [{ name: 'z' }] }],
    [false, { ...tensor({}), parameters: { a: [] } }],
  ])('says %s of a request for tensors as the server does: %j', async (isTaken, body) => {
    expect(await agreed('perceptron', paths('perceptron')[1], body)).toBe(isTaken);
  });

  test('names labels in their type, what is missing as null, and ids of the rows', async () => {
    const of = await documentOf('linear-integers');
    const [invocations, infer] = paths('linear-integers');
    const record = { label: 10, probabilities: { 10: 0.25, 20: 0.75 } };
    const says = (predictions: unknown) =>
      conforms(of, stated(of, invocations).response(200), { predictions });
    expect(says([record])).toBe(true);
    expect(says([{ ...record, label: '10' }])).toBe(false);
    expect(says([{ ...record, label: 30 }])).toBe(false);
    expect(says([{ ...record, probabilities: { 10: 1 } }])).toBe(false);
    expect(says([{ ...record, probabilities: [0.25, 0.75] }])).toBe(false);
    expect(JSON.stringify(stated(of, infer).response(200))).toContain('"enum":[10,20]');
  });

  test('states the rows that the endpoint takes and its policy for numbers that are none', async () => {
    const bytes = linearRegressor({ features: ['a'], coefficients: [3e38], intercept: 0 });
    await deploy(server, 'strict', bytes);
    const made = await server.call('POST', '/api/v1/endpoints', {
      name: 'narrow',
      model: 'strict',
      alias: 'champion',
      limits: { rows_max: 2 },
      non_finite: 'text',
    });
    expect(made.status).toBe(201);
    const [path] = paths('narrow');
    const of = await documentOf('narrow');
    const rows = (count: number) => ({ dataframe_records: Array.from({ length: count }, () => ({ a: 1 })) });
    expect(conforms(of, stated(of, path).request, rows(2))).toBe(true);
    expect(conforms(of, stated(of, path).request, rows(3))).toBe(false);
    const says = (prediction: unknown) =>
      conforms(of, stated(of, path).response(200), { predictions: [{ prediction }] });
    expect([1, 'NaN', '-Infinity', 'much', null].map(says)).toEqual([true, true, true, false, false]);
  });

  test('offers tensors as bytes, which are taken and given as it says', async () => {
    const [, path] = paths('perceptron');
    const operation = (await documentOf('perceptron')).paths[path]?.post;
    const type = 'application/octet-stream';
    expect(operation?.requestBody.content).toHaveProperty([type]);
    expect(operation?.responses['200']?.content).toHaveProperty([type]);
    const head = JSON.stringify({
      inputs: [{ name: 'x', shape: [1, 4], datatype: 'FP32', parameters: { binary_data_size: 16 } }],
      parameters: { binary_data_output: true },
    });
    const [name] =
      operation?.parameters.map((each) => each.name).filter((each) => /length/i.test(each)) ?? [];
    const response = await server.fetch(path, {
      method: 'POST',
      headers: { 'content-type': type, [name ?? 'none']: String(head.length) },
      body: Buffer.concat([Buffer.from(head), Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)]),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    for (const header of Object.keys(operation?.responses['200']?.headers ?? {}))
      expect(response.headers.get(header)).toBe(header === 'x-cairn-version' ? '1' : 'main');
  });

  test('is of the deployment that is asked for, and knows no other', async () => {
    const get = (query: string) => server.call('GET', `/api/v1/endpoints/linear-text/openapi.json${query}`);
    expect((await get('?deployment=main')).body['info']).toMatchObject({
      title: 'linear-text',
      version: '1',
    });
    expect((await get('?deployment=other')).status).toBe(404);
    expect((await get('?deploy=main')).status).toBe(400);
  });
});
