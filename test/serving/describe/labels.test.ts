import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel } from '../../../shared/onnx/index.ts';
import { moveAlias } from '../../../shared/registry/index.ts';
import { type Expected, golden, register, upload } from '../../inspection/support.ts';
import { items, type JsonObject, type TestServer, testServer } from '../../support/server.ts';
import { deploy } from '../support.ts';
import { conforms, document } from './document.ts';
import { models, tensor } from './models.ts';

/** Two regressors in one: y [n, 2], and z [n, 1] beside it. */
const several = writeModel({
  metadata: { 'cairn.features': JSON.stringify(['a', 'b']) },
  graph: {
    inputs: [tensor('x', 'float32', ['n', 2])],
    outputs: [tensor('y', 'float32', ['n', 2]), tensor('z', 'float32', ['n', 1])],
    nodes: [
      { op: 'Neg', inputs: ['x'], outputs: ['y'] },
      { op: 'ReduceSum', inputs: ['x', 'axis'], outputs: ['z'] },
    ],
    initializers: [{ name: 'axis', type: 'int64', shape: [1], data: BigInt64Array.of(1n) }],
  },
});

let server: TestServer;
const expected: Partial<Record<string, Expected>> = {};
beforeAll(async () => {
  server = await testServer();
  for (const name of ['logistic', 'forest']) {
    const { files, expected: made } = await golden(name);
    expected[name] = made;
    await register(server.ctx, name, await upload(server.ctx, files));
    await server.drain();
    await moveAlias(server.ctx, { name, alias: 'champion', version: 1 });
    await server.call('POST', '/api/v1/endpoints', { name, model: name, alias: 'champion' });
    await server.drain();
  }
  for (const name of ['linear-number', 'trees-number'])
    await deploy(server, name, models[name] ?? new Uint8Array());
  await deploy(server, 'several', several);
});
afterAll(() => server.close());

const post = async (path: string, body: unknown) => {
  const { status, body: answer } = await server.call('POST', path, body);
  expect(status).toBe(200);
  return answer;
};
const scored = async (name: string, columns: readonly string[], data: readonly (readonly number[])[]) => {
  const { predictions } = await post(`/endpoints/${name}/invocations`, {
    dataframe_split: { columns, data },
  });
  return predictions as unknown as readonly JsonObject[];
};
/** What tables are answered with: tensors by output as a record a row. */
const recordsOf = (answer: readonly JsonObject[] | Readonly<Record<string, readonly never[]>>) => {
  if (Array.isArray(answer)) return answer as readonly JsonObject[];
  const outputs = Object.entries(answer as Readonly<Record<string, readonly never[]>>);
  return (outputs[0]?.[1] ?? []).map(
    (_, row): JsonObject => Object.fromEntries(outputs.map(([name, values]) => [name, values[row] ?? null])),
  );
};
const properties = async (name: string) =>
  (await server.call('GET', `/v2/models/${name}`)).body['properties'] as
    | Readonly<Record<string, unknown>>
    | undefined;

describe('classifiers of scikit-learn by skl2onnx, their ZipMap taken out', () => {
  const labels: Partial<Record<string, readonly (string | number)[]>> = {
    logistic: ['setosa', 'versicolor', 'virginica'],
    forest: [-1, 4, 7],
  };
  const columns = ['sepal length', 'sepal width', 'petal length', 'petal width'];

  test.each(['logistic', 'forest'])(
    '%s answers with its labels in their type, and a probability by label',
    async (name) => {
      const { rows = [], classes, probabilities } = expected[name] ?? {};
      const answer = recordsOf(await scored(name, columns, rows));
      expect(answer.map((each) => String(each['output_label']))).toEqual(classes);
      for (const [at, { output_label: label, output_probability: by }] of answer.entries()) {
        expect(labels[name]).toContain(label);
        expect(Object.keys(by ?? {}).toSorted()).toEqual(labels[name]?.map(String).toSorted());
        labels[name]?.forEach((each, i) =>
          expect(Number(by?.[String(each)])).toBeCloseTo(probabilities?.[at]?.[i] ?? Number.NaN, 5),
        );
      }
    },
  );

  test('forest, which names no columns, answers tables and tensors with the maps that its author’s ZipMap made', async () => {
    const { rows = [], classes } = expected['forest'] ?? {};
    const { predictions } = await post('/endpoints/forest/invocations', { inputs: rows });
    expect(predictions).toMatchObject({ output_label: classes?.map(Number) });
    expect(await scored('forest', columns, rows)).toEqual(predictions);
    const { body } = await server.call('GET', '/api/v1/endpoints/forest/openapi.json');
    const of = document.parse(body);
    const path = '/endpoints/forest/invocations';
    const schema = of.paths[path]?.post.responses['200']?.content?.['application/json']?.schema;
    expect(conforms(of, schema, { predictions })).toBe(true);
    expect(conforms(of, schema, { predictions: { ...predictions, output_probability: rows } })).toBe(false);
  });

  test.each(['logistic', 'forest'])(
    '%s answers in Open Inference with tensors, whose columns the metadata names',
    async (name) => {
      const { rows = [], probabilities = [] } = expected[name] ?? {};
      const { body } = await server.call('GET', `/v2/models/${name}`);
      const { outputs } = await post(`/v2/models/${name}/infer`, {
        inputs: [{ name: 'X', shape: [rows.length, 4], datatype: 'FP32', data: rows.flat() }],
      });
      expect(JSON.parse(String(body['properties']?.['labels']))).toEqual(labels[name]?.map(String));
      const [classes, table] = outputs as unknown as JsonObject[];
      expect(classes?.['datatype']).toBe(name === 'forest' ? 'INT64' : 'BYTES');
      for (const each of items(classes?.['data'])) expect(labels[name]).toContain(each);
      const data = table?.['data'] as unknown as number[];
      probabilities.flat().forEach((each, at) => expect(data[at]).toBeCloseTo(each, 5));
    },
  );
});

describe('models of numbers', () => {
  test('with one output answer a bare number a row', async () => {
    const [{ prediction } = {}] = await scored(
      'linear-number',
      ['length', 'höhe, in "cm"', 'width'],
      [[1, 2, 3]],
    );
    expect(prediction).toBe(18);
    const trees = await scored(
      'trees-number',
      ['width', 'length', 'höhe, in "cm"'],
      [
        [0, 0, 1],
        [0, 0, 0],
      ],
    );
    expect(trees).toEqual([{ prediction: 3 }, { prediction: 1 }]);
  });

  test('with several outputs answer each by its name, a list where it has several columns', async () => {
    expect(
      await scored(
        'several',
        ['b', 'a'],
        [
          [1, 2],
          [3, 4],
        ],
      ),
    ).toEqual([
      { y: [-2, -1], z: 3 },
      { y: [-4, -3], z: 7 },
    ]);
    expect(await properties('several')).toEqual({ features: '["a","b"]' });
  });

  test('name their columns in the metadata, and no classes', async () => {
    expect(Object.keys((await properties('trees-number')) ?? {})).toEqual(['features']);
  });
});
