import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expr } from './ast.ts';
import { parseQuery } from './parser.ts';
import { printExpr, printQuery } from './print.ts';

/** The tree of an expression, as text with every operand in parentheses. */
function tree(text: string): string {
  const { select } = parseQuery(`SELECT VALUE ${text}`);
  return select.kind === 'value' ? printExpr(select.expr) : '';
}

describe('precedence', () => {
  test.each([
    ['1 + 2 * 3', '((1) + ((2) * (3)))'],
    ['1 - 2 - 3', '(((1) - (2)) - (3))'],
    ['a OR b AND NOT c', '(a OR (b AND (NOT c)))'],
    ['NOT a = 1', '(NOT (a = (1)))'],
    ['a BETWEEN 1 AND 2 AND b', '((a BETWEEN 1 AND 2) AND b)'],
    ['a NOT IN (1) OR b', '((a NOT IN (1)) OR b)'],
    ['a < 1 + 2', '(a < ((1) + (2)))'],
    ['a || b = c', '((a || b) = c)'],
    ['a ? b : c ? d : e', '(a ? b : (c ? d : e))'],
    ['a ?? b ?? c', '((a ?? b) ?? c)'],
    ['-a.b[0]', '(- a["b"][0])'],
    ['a & b | c', '((a & b) | c)'],
  ])('%s', (text, expected) => {
    expect(tree(text)).toBe(expected);
  });
});

describe('clauses', () => {
  test('a whole query', () => {
    const query = parseQuery(
      'select distinct top 5 c.a as x, t from c join t in c.tags where c.n > @n order by c.a desc, c.b asc',
    );
    expect(query).toMatchObject({ distinct: true, orderBy: [{ descending: true }, { descending: false }] });
    expect(query.from.map(({ alias }) => alias)).toEqual(['c', 't']);
  });

  test('comments and white space mean nothing', () => {
    expect(parseQuery('SELECT -- all\n* /* of */ FROM c')).toEqual(parseQuery('SELECT * FROM c'));
  });

  test.each([
    ['SELECT', 'expected an expression'],
    ['SELECT * FROM', 'expected a name'],
    ['SELECT * FROM c WHERE c.a =', 'expected an expression'],
    ['SELECT * FROM c WHERE (c.a', "expected '\\)'"],
    ['SELECT * FROM c extra more', 'expected the end'],
    ['SELECT * FROM c OFFSET 1', 'expected LIMIT'],
    ['SELECT "a', 'not closed'],
    ["SELECT 'a\\q'", 'unknown escape'],
    ['SELECT c.# FROM c', 'unexpected character'],
    ['SELECT c.value FROM c', 'reserved word'],
    ['SELECT udf.f(1)', 'not supported'],
  ])('%s is refused: %s', (text, reason) => {
    expect(() => parseQuery(text)).toThrow(new RegExp(`line 1, column \\d+.*${reason}`));
  });

  test('the time to parse grows with the text, not with the nesting', () => {
    const nested = `SELECT VALUE ${'('.repeat(150)}1${')'.repeat(150)}`;
    const started = performance.now();
    for (let i = 0; i < 100; i++) parseQuery(nested);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

test('what is printed parses back to the same tree', () => {
  const { expr } = fc.letrec<{ expr: Expr }>((tie) => ({
    expr: fc.oneof(
      { maxDepth: 4 },
      fc
        .oneof(
          fc.string(),
          fc.integer(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.boolean(),
          fc.constant(null),
        )
        .filter((value) => !Object.is(value, -0))
        .map((value): Expr => ({ kind: 'constant', value })),
      fc.constantFrom<Expr>(
        { kind: 'alias', name: 'c' },
        { kind: 'parameter', name: '@p' },
        { kind: 'constant', value: undefined },
      ),
      fc.record({
        kind: fc.constant('binary' as const),
        operator: fc.constantFrom(
          'OR',
          'AND',
          '??',
          '=',
          '!=',
          '<',
          '>=',
          '||',
          '|',
          '&',
          '<<',
          '+',
          '-',
          '*',
          '/',
          '%',
        ),
        left: tie('expr'),
        right: tie('expr'),
      }) as fc.Arbitrary<Expr>,
      fc.record({
        kind: fc.constant('unary' as const),
        operator: fc.constantFrom('NOT' as const, '~' as const),
        operand: tie('expr'),
      }),
      fc.record({
        kind: fc.constant('member' as const),
        object: fc.constant<Expr>({ kind: 'alias', name: 'c' }),
        property: fc.string().map((value): Expr => ({ kind: 'constant', value })),
      }),
      fc.record({
        kind: fc.constant('between' as const),
        negated: fc.boolean(),
        operand: tie('expr'),
        low: tie('expr'),
        high: tie('expr'),
      }),
      fc.record({
        kind: fc.constant('in' as const),
        negated: fc.boolean(),
        operand: tie('expr'),
        list: fc.array(tie('expr'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant('conditional' as const),
        condition: tie('expr'),
        whenTrue: tie('expr'),
        otherwise: tie('expr'),
      }),
      fc.record({ kind: fc.constant('array' as const), items: fc.array(tie('expr'), { maxLength: 3 }) }),
      fc.record({
        kind: fc.constant('object' as const),
        members: fc.array(fc.record({ key: fc.string(), value: tie('expr') }), { maxLength: 2 }),
      }),
      fc.record({
        kind: fc.constant('call' as const),
        name: fc.constantFrom('LOWER', 'ABS'),
        args: fc.array(tie('expr'), { maxLength: 2 }),
      }),
    ),
  }));
  const property = fc.property(expr, (where) => {
    const query = { ...parseQuery('SELECT * FROM c'), where };
    expect(parseQuery(printQuery(query))).toEqual(query);
  });
  fc.assert(property, { numRuns: 300 });
});
