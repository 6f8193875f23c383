import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMlModel } from './mlmodel.ts';

describe('an MLmodel', () => {
  test('tells its flavours, version, signature and examples', async () => {
    const text = `flavors:
  onnx:
    data: model.onnx
  python_function:
    loader_module: mlflow.onnx
mlflow_version: 3.17.2
saved_input_example_info:
  artifact_path: input_example.json
  serving_input_path: serving_input_example.json
signature:
  inputs: '[{"type": "float", "name": "a",
    "required": true}]'
  outputs: 'no JSON'
  params: null
`;
    expect(await parseMlModel(text)).toEqual({
      flavours: ['onnx', 'python_function'],
      mlflowVersion: '3.17.2',
      schema: { inputs: [{ type: 'float', name: 'a', required: true }] },
      inputExample: 'input_example.json',
      servingExample: 'serving_input_example.json',
      onnxData: 'model.onnx',
    });
  });

  test.each([
    ['endless nesting', '{'.repeat(100_000)],
    ['endless lists', '- '.repeat(100_000)],
    ['a tab too many', 'a:\n\t- b: [\n'],
    ['a text', 'hello'],
    ['nothing', ''],
    [
      'aliases of aliases',
      Array.from(
        { length: 40 },
        (_, i) => `k${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1}, *a${i - 1}`}]`,
      ).join('\n'),
    ],
  ])('of %s says that it cannot be read, in bounded time', async (_, text) => {
    expect(await parseMlModel(text)).toMatchObject({ flavours: [], unreadable: expect.any(String) });
  });

  test('never fails, whatever it holds', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.string());
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          flavors: value,
          signature: value,
          mlflow_version: value,
          saved_input_example_info: value,
        }),
        async (fields) => {
          const found = await parseMlModel(JSON.stringify(fields));
          expect(found.flavours.every((name) => typeof name === 'string')).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
