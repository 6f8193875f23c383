import { describe, expect, test } from 'vitest';
import { answerOf, cellText, classesOf, labelOf } from './answer.ts';
import { jsonOf, kindOf, type Schema } from './schema.ts';
import { callOf, type Example, fieldIn, fieldsOf, hintOf } from './try.ts';

const known = { deployment: 'main', version: 1, source: 'made' } as const;
const float: Schema = { type: ['number', 'null'], format: 'float' };
const datetime: Schema = {
  anyOf: [
    { type: 'string', description: 'A date and time in ISO 8601.' },
    { type: 'integer', description: 'Nanoseconds since 1970.' },
  ],
};
const form = (name: string, schema: Schema, params: Record<string, Schema> = {}): Schema => ({
  properties: { [name]: schema, params: { type: 'object', properties: params } },
});
const row = {
  properties: { length: float, 'höhe "x"': float, when: datetime },
  required: ['length', 'when'],
};
const params = { length: { type: 'number' }, sizes: { type: 'array', items: { type: 'integer' } } };
const rowsOf: Schema = {
  oneOf: [
    form('dataframe_split', { type: 'object' }, params),
    form('dataframe_records', { type: 'array', items: row }, params),
  ],
};
const columns: Example = {
  ...known,
  invocations: {
    dataframe_split: { columns: ['length', 'höhe "x"', 'when'], data: [[0.5, null, '2024-05-31']] },
  },
};
const image: Schema = {
  type: 'array',
  maxItems: 100,
  items: { type: 'array', minItems: 2, maxItems: 2, items: { type: 'integer', minimum: 0, maximum: 255 } },
};
const named = { properties: { image, sr: { type: 'integer', format: 'int64' } } };
const arrays: Schema = { oneOf: [form('inputs', { anyOf: [image, named] }), form('instances', image)] };
const tensors: Example = { ...known, invocations: { inputs: { image: [[1, 2]], sr: 16_000 } } };

/** What a form is filled with, by the names of its fields; the others stay as they begin. */
function sent(example: Example, request: Schema, typed: Readonly<Record<string, string>> = {}) {
  const fields = fieldsOf(example, request);
  return callOf(fields, Object.fromEntries(fields.map(({ id, text }) => [id, typed[id] ?? text])));
}

describe('the form of a call', () => {
  test('has a field for each column and each parameter, and sends those that are filled as one row', () => {
    expect(fieldsOf(columns, rowsOf).map(({ id, text }) => [id, text])).toEqual([
      ['column length', '0.5'],
      ['column höhe "x"', ''],
      ['column when', '2024-05-31'],
      ['param length', ''],
      ['param sizes', ''],
    ]);
    const body = (typed: Readonly<Record<string, string>>) => {
      const call = sent(columns, rowsOf, typed);
      return 'body' in call ? (JSON.parse(call.body) as unknown) : call;
    };
    expect(body({ 'column length': '' })).toEqual({
      dataframe_split: { columns: ['length', 'when'], data: [[null, '2024-05-31']] },
    });
    expect(
      body({ 'column höhe "x"': '2', 'column when': ' 1717142400000000000', 'param sizes': '[1]' }),
    ).toEqual({
      dataframe_split: {
        columns: ['length', 'höhe "x"', 'when'],
        data: [[0.5, 2, 1_717_142_400_000_000_000]],
      },
      params: { sizes: [1] },
    });
  });

  test('has a field for each tensor, a plain one where it has no sizes, and keeps every digit', () => {
    expect(fieldsOf(tensors, arrays).map(({ text }) => text)).toEqual(['[[1,2]]', '16000']);
    const typed = { 'input image': '[[0, 255]]', 'input sr': '9007199254740993' };
    expect(sent(tensors, arrays, typed)).toEqual({
      body: '{"inputs": {"image": [[0, 255]], "sr": 9007199254740993}}',
    });
  });

  test('says by field what is wrong, and sends nothing', () => {
    const call = sent(tensors, arrays, { 'input image': '[[1], [1, 2]]', 'input sr': '0.5' });
    expect(Object.keys('faults' in call ? call.faults : {})).toEqual(['input image', 'input sr']);
  });

  test.each([
    [float, '1e5', '100000'],
    [{ type: 'number', format: 'double' }, ' -0.25 ', '-0.25'],
    [float, '', 'null'],
    [{ type: 'integer', format: 'int64' }, '9223372036854775807', '9223372036854775807'],
    [{ type: 'integer', format: 'uint64', minimum: 0 }, '18446744073709551615', '18446744073709551615'],
    [{ type: 'integer', minimum: 0, maximum: 255 }, '+255', '255'],
    [{ type: 'boolean' }, 'true', 'true'],
    [{ type: 'string' }, 'a "b"', '"a \\"b\\""'],
    [{ type: 'string' }, '', '""'],
    [datetime, '2024-05-31T08:00:00', '"2024-05-31T08:00:00"'],
    [datetime, '1717142400000000001', '1717142400000000001'],
    [image, '[[0, 1], [2, 3]]', '[[0, 1], [2, 3]]'],
    [{ type: 'array', items: datetime }, '["2024-05-31", 1]', '["2024-05-31", 1]'],
    [{ type: 'array', items: float }, '[null, 1]', '[null, 1]'],
  ] satisfies [Schema, string, string][])('takes for %j what is typed as %j', (schema, text, json) => {
    expect(jsonOf(schema, text)).toEqual({ json });
  });

  test.each([
    [float, 'one'],
    [float, '1e39'],
    [{ type: 'number' }, ''],
    [{ type: 'integer', format: 'int64' }, '9223372036854775808'],
    [{ type: 'integer', format: 'uint64', minimum: 0 }, '-1'],
    [{ type: 'integer', minimum: -128, maximum: 127 }, '1.5'],
    [{ type: 'integer', minimum: -128, maximum: 127 }, ''],
    [{ type: 'boolean' }, 'yes'],
    [image, '1'],
    [image, '[[1, 2, 3]]'],
    [image, '[[1, "2"]]'],
    [image, '[1, 2]'],
    [{ type: 'array', items: { type: 'integer' } }, '[0.5]'],
    [{ type: 'array', items: { type: 'number' } }, '[null]'],
  ] satisfies [Schema, string][])('does not take for %j what is typed as %j', (schema, text) => {
    expect(jsonOf(schema, text)).toHaveProperty('fault');
  });

  test('says in words what is typed', () => {
    expect(kindOf(image)).toBe('lists of any × 2: whole number, 0 to 255');
    expect(kindOf(datetime)).toBe('a date and time in ISO 8601, or nanoseconds since 1970');
    const hints = new Map(fieldsOf(columns, rowsOf).map((field) => [field.id, hintOf(field)]));
    expect(hints.get('column length')).toContain('empty where it is missing');
    expect(hints.get('param length')).toBe('number; empty: not sent');
  });

  test('finds the one field that the server names', () => {
    const fields = fieldsOf(columns, rowsOf);
    expect(fieldIn("Failed to convert column length to type 'float32': row 0", fields)).toBe('column length');
    expect(fieldIn("Invalid parameters found: ['length must be double'].", fields)).toBe('param length');
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

  test('keeps every digit of a whole number', () => {
    const text = '{"predictions": [{"n": 9007199254740993, "m": [-9007199254740995, 1]}]}';
    const [shown = []] = answerOf(text).table?.rows ?? [];
    expect(shown.map(cellText)).toEqual(['9007199254740993', '["-9007199254740995",1]']);
    expect(answerOf(text).text).toBe(text);
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
