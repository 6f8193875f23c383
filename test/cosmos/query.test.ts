import type { Container, FeedOptions, JSONValue } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, describeAccount, messageOf } from './support.ts';

describeAccount('query language', (open) => {
  let account: Account;
  let container: Container;

  beforeAll(async () => {
    account = await open();
    container = await account.container('plain');
    for (let i = 0; i < 30; i++) {
      await container.items.create({
        id: `i${i}`,
        pk: `p${i % 3}`,
        n: i,
        name: i % 2 ? 'Odd' : 'Even',
        team: `t${i % 4}`,
        hidden: i,
        tags: ['all', `tag${i % 5}`],
        o: { 'x y': i * 2, deep: { v: i } },
        list: [
          { sku: `s${i}`, q: i },
          { sku: 'z', q: 1 },
        ],
        ...(i < 3 && { few: [null, 'text', { a: 1, b: 2 }][i] }),
      });
    }
  });
  afterAll(() => account.close());

  const all = async (
    query: string,
    options: FeedOptions = {},
    parameters: { name: string; value: JSONValue }[] = [],
  ) => (await container.items.query({ query, parameters }, options).fetchAll()).resources as unknown[];
  /** The ids, as numbers in order, of the items that fulfil a condition. */
  const where = async (condition: string, parameters?: { name: string; value: JSONValue }[]) =>
    ((await all(`SELECT VALUE c.n FROM c WHERE ${condition}`, {}, parameters)) as number[]).toSorted(
      (a, b) => a - b,
    );
  const value = async (expression: string) =>
    (await all(`SELECT VALUE ${expression} FROM c WHERE c.id = 'i1'`, { partitionKey: 'p1' }))[0];

  describe('filters', () => {
    test.each<[string, number[]]>([
      ['c.n = 5', [5]],
      ['c.n < 2', [0, 1]],
      ['c.n <= 1 OR c.n >= 29', [0, 1, 29]],
      ['c.n > 27 AND c.n != 28', [29]],
      ['c.n <> 3 AND c.n < 4', [0, 1, 2]],
      ['NOT (c.n > 1)', [0, 1]],
      ['c.n BETWEEN 4 AND 6', [4, 5, 6]],
      ['c.n NOT BETWEEN 1 AND 28', [0, 29]],
      ['c.n IN (1, 2, "3")', [1, 2]],
      ['c.n NOT IN (0, 1, 2) AND c.n < 5', [3, 4]],
      ["c.name LIKE 'O%' AND c.n < 4", [1, 3]],
      ["c.id LIKE 'i_' AND c.n > 7", [8, 9]],
      ["c.id LIKE 'i[12]5'", [15, 25]],
      ["'50%' LIKE '50!%' ESCAPE '!' AND c.n = 1", [1]],
      ["c.name NOT LIKE '%d%' AND c.n < 3", [0, 2]],
      ["STARTSWITH(c.name, 'od', true) AND c.n < 2", [1]],
      ["STARTSWITH(c.name, 'od')", []],
      ["CONTAINS(c.name, 'VE', true) AND c.n < 3", [0, 2]],
      ["ENDSWITH(c.id, '9')", [9, 19, 29]],
      ["STRINGEQUALS(c.name, 'ODD', true) AND c.n < 4", [1, 3]],
      ["REGEXMATCH(c.id, '^I2\\\\d$', 'i') AND c.n < 22", [20, 21]],
      ["ARRAY_CONTAINS(c.tags, 'tag4') AND c.n < 10", [4, 9]],
      ["ARRAY_CONTAINS(c.list, {sku: 's7'}, true)", [7]],
      ["ARRAY_CONTAINS(c.list, {sku: 's7'})", []],
      ["ARRAY_CONTAINS_ANY(c.tags, 'tag0', 'tag1') AND c.n < 7", [0, 1, 5, 6]],
      ["ARRAY_CONTAINS_ALL(c.tags, 'all', 'tag3') AND c.n < 9", [3, 8]],
      ['ARRAY_LENGTH(c.tags) = 2 AND c.n = 0', [0]],
      ["EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = 'tag2') AND c.n < 8", [2, 7]],
      ['(SELECT VALUE COUNT(1) FROM l IN c.list WHERE l.q > 28) = 1', [29]],
      ['c.o["x y"] = 12', [6]],
      ['c.o.deep.v = 7', [7]],
      ["c.list[0].sku = 's3'", [3]],
      ['IS_DEFINED(c.few)', [0, 1, 2]],
      ['NOT IS_DEFINED(c.few) AND c.n < 5', [3, 4]],
      ['IS_NULL(c.few)', [0]],
      ['c.few = null', [0]],
      ['IS_STRING(c.few)', [1]],
      ['IS_OBJECT(c.few)', [2]],
      ['c.few = {"b": 2, "a": 1}', [2]],
      ['c.few != null', [1, 2]],
      ['c.none = null', []],
      ['NOT (c.none = 1)', []],
      ["c.n = '5'", []],
      ["c.n < 'a'", []],
      ['c.n % 7 = 0 AND c.n > 0', [7, 14, 21, 28]],
      ['c.hidden = 4', [4]],
    ])('%s', async (condition, expected) => {
      expect(await where(condition)).toEqual(expected);
    });

    test('parameters stand for values, lists too', async () => {
      expect(await where('c.n = @n', [{ name: '@n', value: 3 }])).toEqual([3]);
      expect(await where('ARRAY_CONTAINS(@list, c.n)', [{ name: '@list', value: [4, 2] }])).toEqual([2, 4]);
    });
  });

  describe('expressions', () => {
    test.each<[string, unknown]>([
      ["CONCAT(c.name, '-', c.id)", 'Odd-i1'],
      ["c.name || '!'", 'Odd!'],
      ['LENGTH(c.name)', 3],
      ['LOWER(c.name)', 'odd'],
      ['UPPER(c.name)', 'ODD'],
      ["TRIM('  a ')", 'a'],
      ["SUBSTRING('abcdef', 1, 3)", 'bcd'],
      ["INDEX_OF('abc', 'c')", 2],
      ["REPLACE('a.b.c', '.', '$&')", 'a$&b$&c'],
      ["LEFT('abc', 2)", 'ab'],
      ["RIGHT('abc', 2)", 'bc'],
      ['ABS(-2.5)', 2.5],
      ['FLOOR(2.7)', 2],
      ['CEILING(2.1)', 3],
      ['ROUND(2.5)', 3],
      ['ROUND(-2.5)', -3],
      ['1 + 2 * 3 - 4 / 2', 5],
      ['-(2 + 3) % 3', -2],
      ['1 = 1 ? "yes" : "no"', 'yes'],
      ["c.none ?? 'default'", 'default'],
      ["c.few ?? 'default'", 'text'],
      ['TOSTRING(1.5)', '1.5'],
      ["STRINGTONUMBER('1e2')", 100],
      ["STRINGTOBOOLEAN('true')", true],
      ['ARRAY_CONCAT([1], [2, 3])', [1, 2, 3]],
      ['ARRAY_SLICE([1, 2, 3], -2)', [2, 3]],
      ['ARRAY(SELECT VALUE l.q FROM l IN c.list)', [1, 1]],
      ['{n: c.n, "m": c.none, l: [c.n, null]}', { n: 1, l: [1, null] }],
      ['IS_NUMBER(c.n) AND IS_BOOL(true) AND IS_ARRAY(c.tags) AND IS_PRIMITIVE(null)', true],
      ['"a\\u00e9\\"\\n"', 'aé"\n'],
      ["'it\\'s'", "it's"],
      ['0x1F', 31],
    ])('%s', async (expression, expected) => {
      expect(await value(expression)).toEqual(expected);
    });

    test('the current time comes in milliseconds', async () => {
      expect(Math.abs(((await value('GetCurrentTimestamp()')) as number) - Date.now())).toBeLessThan(60_000);
    });
  });

  describe('shape of results', () => {
    const one = { partitionKey: 'p1' };

    test('a list of expressions gives objects, with names given, inferred or counted', async () => {
      expect(
        await all('SELECT c.n, c.o.deep.v AS v, c.name name, 1 + 1, c.none FROM c WHERE c.n = 1', one),
      ).toEqual([{ n: 1, v: 1, name: 'Odd', $1: 2 }]);
    });

    test('JOIN gives a row for each element', async () => {
      expect(await all('SELECT c.n, t AS tag FROM c JOIN t IN c.tags WHERE c.n = 1', one)).toEqual([
        { n: 1, tag: 'all' },
        { n: 1, tag: 'tag1' },
      ]);
      expect(
        await all(
          'SELECT VALUE l.sku FROM c JOIN (SELECT VALUE x FROM x IN c.list WHERE x.q = 1) AS l WHERE c.n = 4',
          one,
        ),
      ).toEqual(['z']);
      expect(
        await all('SELECT VALUE [t, l.q] FROM c JOIN t IN c.tags JOIN l IN c.list WHERE c.n = 4', one),
      ).toHaveLength(4);
    });

    test('FROM may name the elements of the items', async () => {
      expect((await all('SELECT VALUE t FROM t IN c.tags', one)).filter((tag) => tag === 'all')).toHaveLength(
        10,
      );
      expect(await all('SELECT VALUE deep.v FROM c.o.deep WHERE deep.v = 7', one)).toEqual([7]);
    });

    test('rows whose value is undefined are left out', async () => {
      expect(await all('SELECT VALUE c.few FROM c', one)).toEqual(['text']);
    });
  });

  describe('aggregates and groups', () => {
    test.each<[string, unknown[]]>([
      ['SELECT VALUE COUNT(1) FROM c', [30]],
      ['SELECT VALUE COUNT(c.few) FROM c', [3]],
      ['SELECT VALUE SUM(c.n) FROM c', [435]],
      ['SELECT VALUE AVG(c.n) FROM c', [14.5]],
      ['SELECT VALUE MIN(c.n) FROM c', [0]],
      ['SELECT VALUE MAX(c.name) FROM c', ['Odd']],
      ['SELECT VALUE COUNT(1) FROM c WHERE c.n > 100', [0]],
      ['SELECT VALUE MAX(c.n) FROM c WHERE c.n > 100', []],
    ])('across partitions: %s', async (query, expected) => {
      expect(await all(query)).toEqual(expected);
    });

    test('several aggregates in one object', async () => {
      const query =
        'SELECT COUNT(1) AS n, SUM(c.n) AS sum, AVG(c.n) AS avg, MIN(c.n) AS low, MAX(c.n) AS high FROM c';
      expect(await all(query, { partitionKey: 'p0' })).toEqual([
        { n: 10, sum: 135, avg: 13.5, low: 0, high: 27 },
      ]);
      expect(await all(query)).toEqual([{ n: 30, sum: 435, avg: 14.5, low: 0, high: 29 }]);
    });

    test('GROUP BY one and two keys', async () => {
      const sort = (rows: unknown[]) =>
        rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
      expect(sort(await all('SELECT c.name, COUNT(1) AS n FROM c GROUP BY c.name'))).toEqual([
        { name: 'Even', n: 15 },
        { name: 'Odd', n: 15 },
      ]);
      const two = await all(
        'SELECT c.pk, c.name AS kind, SUM(c.n) AS sum FROM c WHERE c.n < 6 GROUP BY c.pk, c.name',
      );
      expect(sort(two)).toEqual(
        sort([0, 1, 2, 3, 4, 5].map((n) => ({ pk: `p${n % 3}`, kind: n % 2 ? 'Odd' : 'Even', sum: n }))),
      );
      expect(sort(await all('SELECT VALUE COUNT(1) FROM c GROUP BY c.team'))).toEqual([7, 7, 8, 8]);
    });

    test('DISTINCT leaves each value once, of texts and of objects', async () => {
      const teams = await all('SELECT DISTINCT VALUE c.team FROM c');
      expect(teams).toHaveLength(4);
      expect(new Set(teams)).toEqual(new Set(['t0', 't1', 't2', 't3']));
      expect(await all('SELECT DISTINCT c.name, {a: c.name} AS o FROM c')).toHaveLength(2);
      expect(await all('SELECT DISTINCT VALUE c.team FROM c ORDER BY c.team')).toEqual([
        't0',
        't1',
        't2',
        't3',
      ]);
    });
  });

  describe('order and bounds', () => {
    test.each<[string, unknown[]]>([
      ['SELECT VALUE c.n FROM c WHERE c.n < 4 ORDER BY c.n', [0, 1, 2, 3]],
      ['SELECT VALUE c.n FROM c WHERE c.n < 4 ORDER BY c.n DESC', [3, 2, 1, 0]],
      ['SELECT TOP 3 VALUE c.n FROM c ORDER BY c.n DESC', [29, 28, 27]],
      ['SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 3 LIMIT 2', [3, 4]],
      ['SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 29 LIMIT 5', [29]],
      ['SELECT VALUE c.n FROM c WHERE c.n < 9 ORDER BY c.team, c.n DESC', [8, 4, 0, 5, 1, 6, 2, 7, 3]],
      ['SELECT VALUE c.n FROM c WHERE c.n < 9 ORDER BY c.team DESC, c.n', [3, 7, 2, 6, 1, 5, 0, 4, 8]],
      ['SELECT TOP 0 * FROM c', []],
    ])('across partitions: %s', async (query, expected) => {
      expect(await all(query)).toEqual(expected);
    });

    test('TOP and OFFSET LIMIT without an order give so many', async () => {
      expect(await all('SELECT TOP 7 * FROM c')).toHaveLength(7);
      expect(await all('SELECT * FROM c OFFSET 25 LIMIT 10')).toHaveLength(5);
    });

    test('TOP, OFFSET and LIMIT take parameters', async () => {
      expect(
        await all('SELECT TOP @n VALUE c.n FROM c ORDER BY c.n', {}, [{ name: '@n', value: 2 }]),
      ).toEqual([0, 1]);
      const bounds = [
        { name: '@o', value: 1 },
        { name: '@l', value: 2 },
      ];
      expect(await all('SELECT VALUE c.n FROM c ORDER BY c.n OFFSET @o LIMIT @l', {}, bounds)).toEqual([
        1, 2,
      ]);
    });

    test('an order leaves out the items that lack the property', async () => {
      expect(await all('SELECT VALUE c.n FROM c ORDER BY c.few', { partitionKey: 'p1' })).toEqual([1]);
    });

    test('inside a partition the order is the same', async () => {
      expect(await all('SELECT TOP 3 VALUE c.n FROM c ORDER BY c.n DESC', { partitionKey: 'p2' })).toEqual([
        29, 26, 23,
      ]);
    });
  });

  describe('refusals', () => {
    const partition = { partitionKey: 'p1' };
    test.each<[string, RegExp]>([
      ['SELECT * FROM c WHERE', /line 1, column 22.*expected an expression/],
      ['SELECT *\nFROM c WHERE c.n = = 1', /line 2, column 20/],
      ['SELECT * FROM c WHERE c.n = "open', /not closed/],
      ['SELECT * FROM c ORDER c.n', /expected BY/],
      ['SELECT c.order FROM c', /reserved word/],
      ['SELECT VALUE x.n FROM c', /'x' could not be resolved/],
      ['SELECT VALUE NOSUCH(c.n) FROM c', /'NOSUCH' is not a function/],
      ['SELECT VALUE udf.f(c.n) FROM c', /user defined functions/],
      ['SELECT VALUE LOWER() FROM c', /LOWER takes 1 argument/],
      ['SELECT VALUE @missing FROM c', /@missing/],
      ['SELECT * FROM c JOIN t IN c.tags', /SELECT \*/],
      ['SELECT c.n, COUNT(1) AS k FROM c', /GROUP BY/],
      ['SELECT * FROM c ORDER BY c.name, c.team', /composite index/],
      ['SELECT * FROM c ORDER BY c.team, c.n', /composite index/],
      ['SELECT * FROM c ORDER BY c.hidden', /excluded/],
      ['SELECT * FROM c ORDER BY LOWER(c.name)', /ORDER BY/],
      ['SELECT TOP 1.5 * FROM c', /TOP/],
      ['DELETE FROM c', /expected SELECT/],
    ])('%s', async (query, message) => {
      expect(await messageOf(all(query, partition))).toMatch(message);
    });

    test('parentheses 100 deep are read at once, 10,000 deep refused at once', async () => {
      const nested = (depth: number) =>
        `SELECT VALUE c.n FROM c WHERE ${'('.repeat(depth)}c.n = 1${')'.repeat(depth)}`;
      expect(await all(nested(100), partition)).toEqual([1]);
      expect(await messageOf(all(nested(10_000), partition))).toContain('nested deeper');
    });

    test('a filter of 2,000 alternatives is served', async () => {
      const alternatives = Array.from({ length: 2000 }, (_, i) => `c.n = ${i + 28}`).join(' OR ');
      expect(await where(alternatives)).toEqual([28, 29]);
    });
  });
});
