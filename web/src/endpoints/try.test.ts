import { describe, expect, test } from 'vitest';
import { answerOf, classesOf, labelOf } from './answer.ts';
import { callOf, type Example, fieldIn, fieldsOf, jsonOf } from './try.ts';

const known = { deployment: 'main', version: 1, source: 'made' } as const;
const columns: Example = {
  ...known,
  invocations: { dataframe_split: { columns: ['length', 'höhe "x"'], data: [[0.5, null]] } },
  infer: { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 2] }] },
};
const tensors: Example = {
  ...known,
  invocations: { inputs: { image: [[1, 2]], sr: [16_000] } },
  infer: {
    inputs: [
      { name: 'image', datatype: 'UINT8', shape: [1, 2] },
      { name: 'sr', datatype: 'INT64', shape: [1] },
    ],
  },
};

describe('the form of a call', () => {
  test('has a field for each column, and sends them as one row', () => {
    const fields = fieldsOf(columns);
    expect(fields.map(({ name, datatype, text }) => [name, datatype, text])).toEqual([
      ['length', 'FP32', '0.5'],
      ['höhe "x"', 'FP32', ''],
    ]);
    const call = callOf(fields, { length: '1.25', 'höhe "x"': '' });
    expect(JSON.parse('body' in call ? call.body : '')).toEqual({
      dataframe_split: { columns: ['length', 'höhe "x"'], data: [[1.25, null]] },
    });
  });

  test('has a field for each tensor, and keeps every digit of it', () => {
    const fields = fieldsOf(tensors);
    expect(fields.map(({ text }) => text)).toEqual(['[[1,2]]', '[16000]']);
    const call = callOf(fields, { image: '[[0, 255]]', sr: '[9007199254740993]' });
    expect(call).toEqual({ body: '{"inputs": {"image": [[0, 255]], "sr": [9007199254740993]}}' });
  });

  test('says by field what is wrong, and sends nothing', () => {
    const call = callOf(fieldsOf(tensors), { image: '[[1], [1, 2]]', sr: '[0.5]' });
    expect(Object.keys('faults' in call ? call.faults : {})).toEqual(['image', 'sr']);
  });

  test.each([
    ['FP32', '1e5', '100000'],
    ['FP64', ' -0.25 ', '-0.25'],
    ['FP32', '', 'null'],
    ['INT64', '9223372036854775807', '9223372036854775807'],
    ['UINT8', '+255', '255'],
    ['BOOL', 'true', 'true'],
    ['BYTES', 'a "b"', '"a \\"b\\""'],
    ['BYTES', '', '""'],
  ])('takes %s %j', (datatype, text, json) => {
    expect(jsonOf({ datatype, isTensor: false }, text)).toEqual({ json });
  });

  test.each([
    ['FP32', 'one'],
    ['FP32', '1e39'],
    ['FP16', '65505'],
    ['INT64', '9223372036854775808'],
    ['INT32', '1.5'],
    ['INT8', ''],
    ['UINT8', '-1'],
    ['BOOL', 'yes'],
  ])('does not take %s %j', (datatype, text) => {
    expect(jsonOf({ datatype, isTensor: false }, text)).toHaveProperty('fault');
  });

  test('finds the one field that the server names', () => {
    const fields = fieldsOf(columns);
    expect(fieldIn("Failed to convert column length to type 'float32': row 0", fields)).toBe('length');
    expect(fieldIn("Model is missing inputs ['length', 'höhe \"x\"'].", fields)).toBeUndefined();
    expect(fieldIn('The queue is full.', fields)).toBeUndefined();
  });
});

describe('an answer', () => {
  test('of records has a row each, with the figures by class', () => {
    const { ids, table } = answerOf(
      '{"predictions": [{"label": "a", "probabilities": {"a": 0.75, "b": 0.25}}], "prediction_ids": ["1-2"]}',
    );
    expect(ids).toEqual(['1-2']);
    expect(table).toEqual({
      columns: ['label', 'probabilities'],
      rows: [['a', { a: 0.75, b: 0.25 }]],
    });
    expect(classesOf({ a: 0.25, b: 0.75 })).toEqual([
      ['b', 0.75],
      ['a', 0.25],
    ]);
    for (const other of [1, 'a', [1], { a: 'x' }, null]) expect(classesOf(other)).toBeUndefined();
  });

  test('of tensors has a row each where they have as many', () => {
    const body = { predictions: { y: [1, 2], z: [[0], [1]] }, prediction_ids: ['a', 'b'] };
    expect(answerOf(JSON.stringify(body)).table).toEqual({
      columns: ['y', 'z'],
      rows: [
        [1, [0]],
        [2, [1]],
      ],
    });
    expect(answerOf('{"predictions": {"y": [1, 2, 3]}, "prediction_ids": ["a"]}').table).toBeUndefined();
  });

  test('of bare values has one column, and what is no JSON is shown as it is', () => {
    expect(answerOf('{"predictions": [0.5, 1]}').table).toEqual({
      columns: ['prediction'],
      rows: [[0.5], [1]],
    });
    expect(answerOf('pong')).toEqual({ text: 'pong', ids: [], table: undefined });
  });

  test('is labelled with a number where the model answers with numbers', () => {
    expect(labelOf(' 1 ', [0, 0.5])).toBe(1);
    expect(labelOf('1', ['1', 0.5])).toBe('1');
    expect(labelOf('setosa', [0])).toBe('setosa');
  });
});
