import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CairnError } from '../http/index.ts';
import { parseOrder } from './order.ts';
import { parseFilter } from './parser.ts';
import { table } from './testing.ts';

/** Each comparison as entity, key and test. */
function parsed(text: string) {
  return parseFilter(text, table).map(({ field, test: asked }) => [field.entity, field.key, asked]);
}

function failure(parse: () => unknown): { message: string; position?: number | undefined } {
  const error = thrownBy(parse);
  if (error instanceof CairnError && error.code === 'invalid') return error;
  throw error ?? new Error('nothing was refused');
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether a text is taken, or refused with a position that is in it and in the message. */
function isToldWell(text: string, parse: () => unknown): boolean {
  const error = thrownBy(parse);
  if (error === undefined) return true;
  if (!(error instanceof CairnError) || error.code !== 'invalid') throw error;
  const { position, message } = error;
  return position === undefined || (position <= text.length && message.includes(`(at position ${position})`));
}

function filterFailure(text: string) {
  const { message, position } = failure(() => parseFilter(text, table));
  return [message.replace(/ \(at position \d+\)$/, ''), position];
}

const is = (text: string) => ({ kind: 'oneOf', negated: false, values: [text] });

describe('a filter', () => {
  test('may be left out, empty or blank', () => {
    for (const text of [undefined, '', ' \n\t']) expect(parseFilter(text, table)).toEqual([]);
  });

  test('names a field by any alias of its entity, or a bare attribute', () => {
    for (const name of ['param.a', 'params.a', 'parameter.a'])
      expect(parsed(`${name} = 'x'`)).toEqual([['parameter', 'a', is('x')]]);
    for (const name of ['name', 'attribute.name', 'attributes.`name`', '"run name"', '`run name`'])
      expect(parsed(`${name} = 'x'`)).toEqual([['attribute', 'name', is('x')]]);
  });

  test('takes a key bare or quoted; the first dot ends the entity', () => {
    const keys = {
      'tags.a.b': 'a.b',
      'tags.`a b`': 'a b',
      'tags."a`b"': 'a`b',
      'tags.`a``b`': 'a`b',
      'tags.val/loss-1:2': 'val/loss-1:2',
      'tags.1st': '1st',
      'tags.größe_日本': 'größe_日本',
      'tags.__proto__': '__proto__',
      'tags.``': '',
    };
    for (const [name, key] of Object.entries(keys))
      expect(parsed(`${name}='x'`)).toEqual([['tag', key, is('x')]]);
  });

  test('takes numbers in every form', () => {
    const numbers = {
      '1': 1,
      '-1': -1,
      '+1': 1,
      '0.5': 0.5,
      '.5': 0.5,
      '5.': 5,
      '1e3': 1000,
      '-1.5E-3': -0.0015,
      '1e400': Number.POSITIVE_INFINITY,
    };
    for (const [text, value] of Object.entries(numbers))
      for (const space of ['', ' '])
        expect(parsed(`metrics.a>=${space}${text}`)).toEqual([
          ['metric', 'a', { kind: 'number', operator: '>=', value }],
        ]);
  });

  test('takes texts in single or double quotes, where a doubled quote is one', () => {
    expect(parsed("tags.a = 'it''s'")).toEqual([['tag', 'a', is("it's")]]);
    expect(parsed('tags.a = "it\'s"')).toEqual([['tag', 'a', is("it's")]]);
    expect(parsed("tags.a = 'C:\\'")).toEqual([['tag', 'a', is('C:\\')]]);
  });

  test('takes every comparator, keywords in any case', () => {
    const oneOf = (negated: boolean, ...values: string[]) => ({ kind: 'oneOf', negated, values });
    const tests = {
      "!= 'x'": oneOf(true, 'x'),
      "like 'a%'": { kind: 'like', ignoreCase: false, pattern: 'a%' },
      "ILike 'a_'": { kind: 'like', ignoreCase: true, pattern: 'a_' },
      'in (\'A\', "b")': oneOf(false, 'A', 'b'),
      "Not In ('1',)": oneOf(true, '1'),
    };
    for (const [text, asked] of Object.entries(tests))
      expect(parsed(`name ${text}`)).toEqual([['attribute', 'name', asked]]);
    expect(parsed('tags.a is null')).toEqual([['tag', 'a', { kind: 'present', negated: true }]]);
    expect(parsed('tags.a IS NOT NULL')).toEqual([['tag', 'a', { kind: 'present', negated: false }]]);
  });

  test('joins comparisons by AND, in any case, and over lines', () => {
    expect(parsed("metrics.a > 1 and\n tags.b = 'x' AND name = 'y'")).toHaveLength(3);
  });

  test('keeps upper-case and all-digit values of an IN', () => {
    expect(parsed("name IN ('A1', '123')")[0]?.[2]).toMatchObject({ values: ['A1', '123'] });
  });
});

describe('what is wrong with a filter', () => {
  test('is told in MLflow’s words, with its position', () => {
    const messages: Record<string, [string, number]> = {
      'metrics.a == 1': ["Invalid comparator '==' not one of '{'>', '>=', '!=', '=', '<', '<='}'", 10],
      "metrics.a > '1'": ["Expected numeric value type for metric. Found '1'", 12],
      'params.a = 1': ["Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1", 11],
      "foo.a = '1'": [
        "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
        0,
      ],
      "tags.a = '1' OR tags.b = '2'": [
        "Invalid clause(s) in filter string: 'OR'; comparisons can only be joined by AND",
        13,
      ],
      'params.a = abc': [
        'Parameter value is either not quoted or unidentified quote types used for string value abc. Use either single or double quotes',
        11,
      ],
      "start_time > 'x'": ["Expected numeric value type for numeric attribute: start_time. Found 'x'", 13],
      'name = 1': ['Expected a quoted string value for attributes. Got value 1', 7],
      'dataset.digest = 1': ['Expected a quoted string value for dataset attributes. Got value 1', 17],
      "nope = '1'": [
        "Invalid attribute key 'nope' specified. Valid keys are ['name', 'run name', 'start_time']",
        0,
      ],
      "name < 'x'": ["Invalid comparator '<' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}'", 5],
    };
    for (const [text, [message, position]] of Object.entries(messages))
      expect(filterFailure(text)).toEqual([message, position]);
  });

  test('is told for what breaks off, too', () => {
    const positions = {
      'metrics.a': 9,
      'metrics.a >': 11,
      'metrics.': 8,
      'metrics.a > 1 AND': 17,
      "name = 'x": 7,
      'name IN': 7,
      'name IN (': 9,
      'name IN ()': 9,
      "name IN ('a' 'b')": 13,
      "name IN ('a',": 13,
      '(metrics.a > 1)': 0,
      'metrics.a > 1;': 13,
      'metrics.`a`.b > 1': 11,
      'metrics.a`b` > 1': 9,
      "metrics.a > 1 tags.b = 'x'": 14,
      "'name' = 'x'": 0,
      "NOT name = 'x'": 0,
      "AND name = 'x'": 0,
      '1 = 1': 0,
      'metrics.a IS 1': 10,
      'metrics.a IS NULL': 10,
    };
    for (const [text, position] of Object.entries(positions))
      expect([text, filterFailure(text)[1]]).toEqual([text, position]);
  });

  test('is its length, or the number of its comparisons or values', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => `metrics.a${i} > 1`).join(' AND ');
    expect(parseFilter(many(100), table)).toHaveLength(100);
    expect(filterFailure(many(101))[0]).toBe('A filter may have at most 100 comparisons');
    const list = (count: number) => `name IN (${Array.from({ length: count }, () => "'a'").join(',')})`;
    expect(parseFilter(list(1000), table)).toHaveLength(1);
    expect(filterFailure(list(1001))[0]).toBe('A list may have at most 1000 values');
    expect(filterFailure('a'.repeat(8 * 1024 * 1024))[0]).toMatch(/^The filter has 8388608 characters/);
  });

  test('never is an error of another kind, and takes no time that matters', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'metrics.',
        'tags.',
        'name',
        'AND',
        'OR',
        'IN',
        'NOT',
        'IS',
        'NULL',
        'LIKE',
        '(',
        ')',
        ',',
        '=',
        '==',
        '<',
        "'a'",
        '"b"',
        '`c`',
        '1',
        '-1e',
        '.',
        ' ',
        "'",
        '"',
        '`',
        '__proto__',
        'toString',
        '\u0000',
        '😀',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom('', ' '), (pieces, space) => {
        const text = pieces.join(space);
        expect(isToldWell(text, () => parseFilter(text, table))).toBe(true);
        expect(isToldWell(text, () => parseOrder([text], table))).toBe(true);
      }),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 100_000 : 400 },
    );
  });

  test('is found in time linear in its length', () => {
    for (const text of [
      "'".repeat(99_999),
      '`'.repeat(99_999),
      `${' '.repeat(99_990)}x`,
      'a.'.repeat(49_999),
      `name IN (${"'a' ".repeat(20_000)}`,
      '1'.repeat(99_999),
      '<'.repeat(99_999),
      `tags.a = ${'"'.repeat(99_001)}x`,
    ]) {
      // Time of the processor, which a busy machine does not stretch; what is quadratic takes minutes of it.
      const before = process.cpuUsage();
      failure(() => parseFilter(text, table));
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000);
    }
  });
});

describe('an order', () => {
  const order = (...clauses: string[]) =>
    parseOrder(clauses, table).map(({ field, descending }) => [field.entity, field.key, descending]);

  test('names fields as a filter does, with a direction in any case', () => {
    expect(order('metrics.`a b` DESC', 'params.x asc', 'start_time', 'tags."y" Desc')).toEqual([
      ['metric', 'a b', true],
      ['parameter', 'x', false],
      ['attribute', 'start_time', false],
      ['tag', 'y', true],
    ]);
  });

  test('is refused with the clause and the position that are wrong', () => {
    const wrong: Record<string, [string, number]> = {
      '': ["Invalid order_by clause ''. Could not be parsed", 0],
      'metrics.a DOWN': ["Invalid ordering key in order_by clause 'metrics.a DOWN'", 10],
      'metrics.a ASC DESC': ["Invalid ordering key in order_by clause 'metrics.a ASC DESC'", 14],
      'dataset.digest': ['Invalid order_by entity: dataset', 0],
    };
    for (const [clause, [message, position]] of Object.entries(wrong))
      expect(failure(() => order('name', clause))).toMatchObject({
        message: `${message} (at position ${position})`,
        position,
        field: 'order_by[1]',
      });
  });

  test('has no field twice, by whatever name, and not too many', () => {
    expect(failure(() => order('name', 'metrics.a', 'attributes.`run name` DESC'))).toMatchObject({
      message: '`order_by` contains duplicate fields: ["name","metrics.a","attributes.`run name` DESC"]',
      field: 'order_by[2]',
    });
    expect(failure(() => order(...Array.from({ length: 11 }, (_, i) => `metrics.a${i}`)))).toMatchObject({
      field: 'order_by',
    });
  });
});
