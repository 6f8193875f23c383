import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parse } from './validate.ts';

const schema = z.strictObject({
  list: z.array(z.object({ text: z.string() })).optional(),
  flag: z.boolean().optional(),
  record: z.record(z.string(), z.number()).optional(),
  view: z.enum(['ALL', 'NONE']).optional(),
  either: z.union([z.string(), z.boolean()]).optional(),
});

describe('a refused value', () => {
  test.each([
    [{ list: 'x' }, 'list', '"x"', 'must be a list'],
    [{ list: ['x'] }, 'list[0]', '"x"', 'must be an object'],
    [{ list: [{ text: 5 }] }, 'list[0].text', '5', 'must be text'],
    [{ flag: 'yes' }, 'flag', '"yes"', 'must be true or false'],
    [{ record: [] }, 'record', '[]', 'must be an object'],
    [{ record: { a: 'x' } }, 'record.a', '"x"', 'must be a number'],
    [{ view: 'SOME' }, 'view', '"SOME"', 'must be one of ALL, NONE'],
    [{ either: 5 }, 'either', '5', 'is of no type that this field takes'],
  ])('%j is named with what it must be, in our words', (value, field, given, why) => {
    expect(() => parse(schema, value)).toThrow(
      expect.objectContaining({
        code: 'invalid',
        field,
        message: `Invalid value ${given} for parameter '${field}' supplied: ${why}`,
      }),
    );
  });
});

test('a value that is missing where another would do is asked for in the words of the check', () => {
  const either = z
    .strictObject({ a: z.string().optional(), b: z.string().optional() })
    .refine(({ a, b }) => a !== undefined || b !== undefined, {
      path: ['a'],
      error: "must be given, or 'b'",
    });
  expect(() => parse(either, {})).toThrow(
    expect.objectContaining({
      code: 'invalid',
      field: 'a',
      message: "Missing value for required parameter 'a': must be given, or 'b'",
    }),
  );
});

test.each([
  [{ ['x'.repeat(60_000)]: 1 }, 'Unknown field'],
  [{ record: { ['x'.repeat(60_000)]: 'one' } }, 'Invalid value "one"'],
])('a field whose name is a book is named by its start', (value, said) => {
  expect(() => parse(schema, value)).toThrow(
    expect.objectContaining({
      code: 'invalid',
      field: expect.stringMatching(/^(record\.)?x{190,200}…$/),
      message: expect.stringMatching(new RegExp(`^${said}.{200,300}$`)),
    }),
  );
});
