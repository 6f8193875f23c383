import type { Container, ItemDefinition } from '@azure/cosmos';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, compileQuery } from '../../local/cosmos/query/compile.ts';
import { parseQuery } from '../../local/cosmos/query/parser.ts';
import { compareValues, type JsonObject, type Value } from '../../local/cosmos/query/values.ts';
import { type Account, describeAccount } from './support.ts';

const runs = process.env['CAIRN_TEST'] === 'long' ? 3000 : 120;
const PARTITIONS = ['a', 'b', 'c'];

/** Items of every shape that the index must tell apart. */
const mixed = fc.oneof(
  fc.constantFrom<Value>(
    undefined,
    null,
    true,
    false,
    0,
    1,
    2,
    -1.5,
    'a',
    'ab',
    'b',
    '',
    'é',
    '😀',
    '\uffff',
  ),
  fc.constantFrom<Value>([], ['a'], [1, 'b'], {}, { a: 1 }),
);
const item = fc.record({
  pk: fc.constantFrom(...PARTITIONS),
  n: fc.option(fc.integer({ min: -3, max: 12 }), { nil: undefined }),
  s: fc.option(fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'ba', '😀', '\uffff'), { nil: undefined }),
  x: mixed,
  team: fc.constantFrom('g1', 'g2', 'g3'),
  tags: fc.option(fc.array(fc.constantFrom('t1', 't2', 't3'), { maxLength: 3 }), { nil: undefined }),
  o: fc.record({ y: mixed, 'z w': fc.integer({ min: 0, max: 3 }) }),
  hidden: fc.integer({ min: 0, max: 3 }),
});
const items: JsonObject[] = fc
  .sample(item, { numRuns: 150, seed: 7 })
  .map((value, i) => ({ id: `i${i}`, ...(JSON.parse(JSON.stringify(value)) as JsonObject) }));

const path = fc.constantFrom(
  'c.n',
  'c.s',
  'c.x',
  'c.o.y',
  'c.o["z w"]',
  'c.hidden',
  'c.none',
  'c.id',
  'c.team',
);
const literal = fc.constantFrom(
  'null',
  'true',
  'false',
  '0',
  '1',
  '2',
  '-1.5',
  '7',
  "'a'",
  "'ab'",
  "'b'",
  "'😀'",
  "'g2'",
  "'i3'",
  '[]',
  "{'a': 1}",
);
const atom = fc.oneof(
  fc.tuple(path, fc.constantFrom('=', '!=', '<', '<=', '>', '>='), literal).map((parts) => parts.join(' ')),
  fc.tuple(literal, fc.constantFrom('=', '<', '>='), path).map((parts) => parts.join(' ')),
  fc
    .tuple(path, fc.array(literal, { minLength: 1, maxLength: 4 }))
    .map(([at, list]) => `${at} IN (${list.join(', ')})`),
  fc.tuple(path, literal, literal).map(([at, low, high]) => `${at} BETWEEN ${low} AND ${high}`),
  fc
    .tuple(path, fc.constantFrom('a', 'ab', 'b', '', '😀'))
    .map(([at, text]) => `STARTSWITH(${at}, '${text}')`),
  fc.tuple(path, fc.constantFrom('a%', '%b', 'a_', 'ab', '%')).map(([at, text]) => `${at} LIKE '${text}'`),
  fc.constantFrom(
    "ARRAY_CONTAINS(c.tags, 't1')",
    "ARRAY_CONTAINS(c.x, 'a')",
    "ARRAY_CONTAINS(['a', 1], c.x)",
  ),
  fc.constantFrom("EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = 't2')", 'c.x', 'IS_STRING(c.x)'),
  path.map((at) => `IS_DEFINED(${at})`),
);
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc
      .tuple(tie('filter'), fc.constantFrom('AND', 'AND', 'OR'), tie('filter'))
      .map((parts) => `(${parts.join(' ')})`),
    tie('filter').map((inner) => `NOT (${inner})`),
  ),
}));

/** What narrows the span of a composite index, or leaves out what is in another one. */
const bounds = fc.constantFrom(
  '',
  " AND c.team > 'g1'",
  " AND c.team <= 'g2' AND c.team >= 'g1' AND c.team < 'g3'",
  " AND c.team = 'g2'",
  " AND c.team IN ('g1', 'g3')",
  ' AND NOT IS_DEFINED(c.s)',
  " AND NOT IS_DEFINED(c.o.y) AND c.team < 'g3'",
  ' AND NOT IS_DEFINED(c.nowhere)',
);

describeAccount('queries against plain evaluation', (open) => {
  let account: Account;
  let container: Container;

  beforeAll(async () => {
    account = await open();
    container = await account.container('plain');
    // Each item was another one before, so that what an update or a delete leaves behind in the index would show.
    for (const [i, value] of items.entries()) {
      const before: ItemDefinition = {
        ...items[(i * 7 + 1) % items.length],
        id: String(value['id']),
        pk: value['pk'],
      };
      await container.items.create(before);
      await container.items.upsert(value);
      await container.items.create({ ...before, id: 'deleted' });
      await container.item('deleted', value['pk'] as string).delete();
    }
  });
  afterAll(() => account.close());

  test('a filter finds what checking every item finds, with and without a partition key', async () => {
    const property = fc.asyncProperty(
      filter,
      fc.option(fc.constantFrom(...PARTITIONS)),
      fc.integer({ min: 1, max: 40 }),
      async (where, pk, maxItemCount) => {
        const found = await run(`SELECT VALUE c.id FROM c WHERE ${where}`, pk, maxItemCount);
        expect(found.toSorted()).toEqual(
          naive(where, pk)
            .map(({ id }) => String(id))
            .toSorted(),
        );
      },
    );
    await fc.assert(property, { numRuns: runs });
  });

  test('an order inside a partition is the order of the values, whatever the filter and the page size', async () => {
    const order = fc.tuple(path, fc.constantFrom('ASC', 'DESC')).filter(([at]) => at !== 'c.hidden');
    const property = fc.asyncProperty(
      filter,
      order,
      fc.constantFrom(...PARTITIONS),
      fc.integer({ min: 1, max: 40 }),
      async (where, [by, direction], pk, maxItemCount) => {
        const found = await run(
          `SELECT VALUE c.id FROM c WHERE ${where} ORDER BY ${by} ${direction}`,
          pk,
          maxItemCount,
        );
        expect(found).toEqual(sorted(naive(where, pk), [[by, direction === 'DESC']]));
      },
    );
    await fc.assert(property, { numRuns: runs });
  });

  test('a composite order is the order of its columns, in both directions', async () => {
    const property = fc.asyncProperty(
      filter,
      bounds,
      fc.boolean(),
      fc.constantFrom(...PARTITIONS),
      fc.integer({ min: 1, max: 40 }),
      async (condition, bound, flip, pk, maxItemCount) => {
        const where = `${condition}${bound}`;
        const [team, n] = flip ? ['DESC', 'ASC'] : ['ASC', 'DESC'];
        const found = await run(
          `SELECT VALUE c.id FROM c WHERE ${where} ORDER BY c.team ${team}, c.n ${n}`,
          pk,
          maxItemCount,
        );
        expect(found).toEqual(
          sorted(naive(where, pk), [
            ['c.team', flip],
            ['c.n', !flip],
          ]),
        );
      },
    );
    await fc.assert(property, { numRuns: runs });
  });

  test('an order across partitions is put together from the ranges', async () => {
    const property = fc.asyncProperty(
      filter,
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      async (where, descending, maxItemCount) => {
        const sql = `SELECT VALUE {id: c.id, n: c.n} FROM c WHERE ${where} ORDER BY c.n ${descending ? 'DESC' : 'ASC'}`;
        const found = (
          await container.items.query<{ id: string; n: number }>(sql, { maxItemCount }).fetchAll()
        ).resources;
        const expected = naive(where, null).filter(({ n }) => n !== undefined);
        expect(found.map(({ id }) => id).toSorted()).toEqual(expected.map(({ id }) => String(id)).toSorted());
        expect(found.map(({ n }) => n)).toEqual(
          found.map(({ n }) => n).toSorted((a, b) => (descending ? b - a : a - b)),
        );
      },
    );
    await fc.assert(property, { numRuns: Math.ceil(runs / 2) });
  });

  /** All pages of a query. Every page is asked for anew, from the token of the one before. */
  async function run(sql: string, pk: string | null, maxItemCount: number): Promise<string[]> {
    const found: string[] = [];
    let continuationToken: string | undefined;
    do {
      const options = {
        maxItemCount,
        ...(pk !== null && { partitionKey: pk }),
        ...(continuationToken && { continuationToken }),
      };
      const page = await container.items.query<string>(sql, options).fetchNext();
      found.push(...(page.resources ?? []));
      continuationToken = page.continuationToken;
    } while (continuationToken);
    return found;
  }
});

function naive(where: string, pk: string | null): JsonObject[] {
  const compiled = compileQuery(parseQuery(`SELECT * FROM c WHERE ${where}`), new Map());
  return items.filter(
    (value) => (pk === null || value['pk'] === pk) && collect(compiled, [value], false).length > 0,
  );
}

/** Items that lack a sort property are left out; equal ones are in the order they were made, or its reverse. */
function sorted(found: JsonObject[], by: [path: string, descending: boolean][]): Value[] {
  const keysOf = (value: JsonObject): Value[] =>
    by.map(
      ([at]) => collect(compileQuery(parseQuery(`SELECT VALUE ${at} FROM c`), new Map()), [value], false)[0],
    );
  const isReverse = by[0]?.[1] ?? false;
  return found
    .map((value, at) => ({ id: value['id'], at: items.indexOf(value) * 1000 + at, keys: keysOf(value) }))
    .filter(({ keys }) => !keys.includes(undefined))
    .toSorted((a, b) => {
      for (const [i, [, descending]] of by.entries()) {
        const order = compareValues(a.keys[i], b.keys[i]);
        if (order !== 0) return descending ? -order : order;
      }
      return isReverse ? b.at - a.at : a.at - b.at;
    })
    .map(({ id }) => id);
}
