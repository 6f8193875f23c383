import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linearRegressor } from '../../../shared/onnx/index.ts';
import { type JsonObject, type TestServer, testServer } from '../../support/server.ts';
import { deploy } from '../support.ts';
import { conforms, document, type Document } from './document.ts';
import { models } from './models.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  for (const [name, bytes] of Object.entries(models)) await deploy(server, name, bytes);
});
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
