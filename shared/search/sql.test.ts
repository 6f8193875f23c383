import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect, compileQuery } from '../../local/cosmos/query/compile.ts';
import { parseQuery } from '../../local/cosmos/query/parser.ts';
import type { Json } from '../../local/cosmos/query/values.ts';
import { isLike, patternOf } from './like.ts';
import { matches } from './matches.ts';
import { parseFilter } from './parser.ts';
import { conditionsOf, property, queryOf } from './sql.ts';
import { table } from './testing.ts';

const numRuns = process.env['CAIRN_TEST'] === 'long' ? 20_000 : 500;

/** Text of any kind, with what means something in a filter or in SQL among it. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc
    .array(
      fc.constantFrom(
        "'",
        '"',
        '`',
        '\\',
        ']',
        '[',
        '--',
        '/*',
        ' OR ',
        'true',
        '@p0',
        '%',
        '_',
        '!',
        '\n',
        '\u0000',
        '\u2028',
        'c',
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join('')),
);

const key = (text: string) => `\`${text.replaceAll('`', '``')}\``;
const value = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Whether the store would give a document for a filter. */
function isFound(filter: string, document: Record<string, Json>): boolean {
  const { text, values = {} } = queryOf('*', conditionsOf(parseFilter(filter, table)));
  const parameters = new Map(Object.entries(values).map(([name, bound]) => [`@${name}`, bound as Json]));
  return collect(compileQuery(parseQuery(text), parameters), [document], false).length === 1;
}

describe('a compiled filter', () => {
  test('reaches a property by its very name and compares it with the very value, whatever they hold', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (name, held, asked) => {
        const document = { tags: JSON.parse(JSON.stringify({ [name]: held, other: 'x' })) as Json };
        expect(isFound(`tags.${key(name)} = ${value(asked)}`, document)).toBe(held === asked);
        expect(isFound(`tags.${key(name)} IS NOT NULL AND tags.other = 'x'`, document)).toBe(true);
        expect(isFound(`tags.${key(`${name}!`)} IS NOT NULL`, document)).toBe(false);
      }),
      { numRuns },
    );
  });

  test('has no value of the filter in its text, and of a key only its JSON', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.constantFrom('=', '!=', 'LIKE', 'ILIKE'), (name, asked, operator) => {
        const filter = parseFilter(`tags.${key(name)} ${operator} ${value(`§${asked}§`)}`, table);
        const { text, values } = queryOf('*', conditionsOf(filter));
        // The key may hold the mark of a value, too.
        const rest = text.replaceAll(`["tags"][${JSON.stringify(name)}]`, '');
        expect(rest).not.toContain('§');
        expect(rest).toMatch(/^[\w\s(),.=!'*@<>]*$/);
        expect(Object.values(values ?? {}).every((bound) => String(bound).includes('§'))).toBe(true);
      }),
      { numRuns },
    );
  });

  test('says of a document what the plain judgement says of it', () => {
    const texts = fc.constantFrom('', 'a', 'A', 'ab', '%', 'a_b', '[a]', '!', '😀', 'é');
    const document = fc.record({
      m: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom(0, 1, -2, Number.MAX_VALUE)),
      nan: fc.boolean(),
      tags: fc.dictionary(fc.constantFrom('x', 'y'), texts),
      name: texts,
      datasets: fc.array(fc.record({ digest: texts }), { maxLength: 2 }),
    });
    const operand = fc.constantFrom(
      "''",
      "'a'",
      "'%b'",
      "'a%'",
      "'%a%'",
      "'_'",
      "'a__%'",
      "'[a]'",
      "'!'",
      "'é'",
    );
    const clause = fc.oneof(
      fc
        .tuple(fc.constantFrom('=', '!=', '<', '<=', '>', '>='), fc.constantFrom('0', '1', '-2', '1e999'))
        .map(([operator, number]) => `metrics.x ${operator} ${number}`),
      fc
        .tuple(
          fc.constantFrom('tags.x', 'name', 'dataset.digest'),
          fc.constantFrom('=', '!=', 'LIKE', 'ILIKE'),
          operand,
        )
        .map((parts) => parts.join(' ')),
      fc
        .tuple(fc.constantFrom('name', 'dataset.digest'), fc.constantFrom('IN', 'NOT IN'), operand, operand)
        .map(([name, operator, a, b]) => `${name} ${operator} (${a}, ${b})`),
      fc.constantFrom('tags.y IS NULL', 'tags.y IS NOT NULL'),
    );
    fc.assert(
      fc.property(
        document,
        fc.array(clause, { minLength: 1, maxLength: 3 }),
        ({ nan, ...found }, clauses) => {
          const mn = nan && found.m['x'] === 0 ? { x: true } : {};
          // Documents come from JSON, where every object is plain.
          const plain = JSON.parse(JSON.stringify({ ...found, mn })) as Record<string, Json>;
          const filter = clauses.join(' AND ');
          expect([filter, isFound(filter, plain)]).toEqual([
            filter,
            matches(parseFilter(filter, table), plain),
          ]);
        },
      ),
      { numRuns: numRuns * 4 },
    );
  });

  test('asks of NaN, kept as 0, only what NaN answers', () => {
    const document = { m: { x: 0, y: 0 }, mn: { x: true } };
    for (const clause of ['= 0', '>= 0', '<= 0', '< 1', '> -1', '= 1'])
      expect([clause, isFound(`metrics.x ${clause}`, document)]).toEqual([clause, false]);
    expect(isFound('metrics.x != 0', document)).toBe(true);
    expect(isFound('metrics.x != 1', document)).toBe(true);
    expect(isFound('metrics.y = 0', document)).toBe(true);
    expect(isFound('metrics.y != 0', document)).toBe(false);
  });

  test('uses the comparison that an index serves', () => {
    const sql = (text: string) => queryOf('*', conditionsOf(parseFilter(text, table))).text;
    const name = property(['name']);
    expect(sql("name LIKE 'a%'")).toBe(`SELECT * FROM c WHERE STARTSWITH(${name}, @p0)`);
    expect(sql("name ILIKE '%a%'")).toBe(`SELECT * FROM c WHERE CONTAINS(${name}, @p0, true)`);
    expect(sql("name LIKE '%a'")).toBe(`SELECT * FROM c WHERE ENDSWITH(${name}, @p0)`);
    expect(sql("name ILIKE 'a'")).toBe(`SELECT * FROM c WHERE STRINGEQUALS(${name}, @p0, true)`);
    expect(sql("name LIKE 'a_'")).toBe(`SELECT * FROM c WHERE ${name} LIKE @p0 ESCAPE '!'`);
    expect(sql('metrics.x > 1')).toBe('SELECT * FROM c WHERE c["m"]["x"] > @p0');
  });
});

describe('LIKE', () => {
  test('knows percent signs, underscores and nothing else', () => {
    const like = (text: string, pattern: string) => isLike(text, patternOf(pattern), false);
    expect(like('abc', 'a%')).toBe(true);
    expect(like('abc', '%b%')).toBe(true);
    expect(like('abc', 'a_c')).toBe(true);
    expect(like('ac', 'a_c')).toBe(false);
    expect(like('x😀y', 'x_y')).toBe(true);
    expect(like('ab', 'ab%b')).toBe(false);
    expect(like('a\nb', 'a%b')).toBe(true);
    expect(like('a', '[a]')).toBe(false);
    expect(isLike('ÄB', patternOf('äb'), true)).toBe(true);
  });

  test('ends soon, whatever the pattern', () => {
    const before = process.cpuUsage();
    expect(isLike('a'.repeat(8000), patternOf(`${'%a'.repeat(100)}%b%`), false)).toBe(false);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000);
  });
});
