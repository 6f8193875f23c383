import type { Container, FeedOptions } from '@azure/cosmos';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Account, codeOf, describeAccount } from './support.ts';

describeAccount('pages', (open) => {
  let account: Account;
  let container: Container;

  beforeEach(async () => {
    account = await open();
    container = await account.container('plain');
    for (let i = 0; i < 40; i++)
      await container.items.create({ id: `i${i}`, pk: `p${i % 8}`, n: Math.floor(i / 3), team: `t${i % 2}` });
  });
  afterEach(() => account.close());

  type Row = { id: string; n: number };

  /** Reads page by page, each with a new iterator; `between` runs after each page. */
  async function pages(
    query: string,
    options: FeedOptions,
    between?: (page: number) => Promise<unknown>,
  ): Promise<Row[][]> {
    const found: Row[][] = [];
    let continuationToken: string | undefined;
    do {
      const page = await container.items
        .query<Row>(query, { ...options, ...(continuationToken && { continuationToken }) })
        .fetchNext();
      found.push(page.resources ?? []);
      continuationToken = page.continuationToken;
      if (continuationToken) await between?.(found.length);
    } while (continuationToken);
    return found;
  }
  const ids = (found: Row[][]) => found.flat().map(({ id }) => id);

  test('no page is larger than asked for, and all pages together are the result', async () => {
    const found = await pages('SELECT * FROM c', { maxItemCount: 7 });
    expect(Math.max(...found.map((page) => page.length))).toBe(7);
    expect(new Set(ids(found)).size).toBe(40);
    expect(ids(found)).toHaveLength(40);
  });

  test('inside a partition a token resumes in a new iterator, with and without an order', async () => {
    for (const order of ['', 'ORDER BY c.n', 'ORDER BY c.n DESC', 'ORDER BY c.team, c.n DESC']) {
      const query = `SELECT c.id, c.n FROM c ${order}`;
      const whole = (await container.items.query<Row>(query, { partitionKey: 'p3' }).fetchAll()).resources;
      expect((await pages(query, { partitionKey: 'p3', maxItemCount: 2 })).flat()).toEqual(whole);
    }
  });

  test('pages of an order inside a partition miss and repeat nothing while items come and go', async () => {
    for (let i = 0; i < 20; i++) await container.items.create({ id: `x${i}`, pk: 'busy', n: i });
    const found = await pages(
      'SELECT c.id, c.n FROM c ORDER BY c.n',
      { partitionKey: 'busy', maxItemCount: 3 },
      async (page) => {
        await container.items.create({ id: `before${page}`, pk: 'busy', n: -page });
        await container.items.create({ id: `after${page}`, pk: 'busy', n: 100 + page });
        await container.item(`x${page}`, 'busy').delete();
      },
    );
    const seen = ids(found);
    expect(new Set(seen).size).toBe(seen.length);
    for (let i = 8; i < 20; i++) expect(seen).toContain(`x${i}`);
    expect(seen.filter((id) => id.startsWith('before'))).toEqual([]);
    expect(seen).toContain('after1');
  });

  test('a cross-partition order gives no token by default', async () => {
    const iterator = container.items.query('SELECT * FROM c ORDER BY c.n', { maxItemCount: 5 });
    const first = await iterator.fetchNext();
    expect(first.resources).toHaveLength(5);
    expect(first.continuationToken).toBeUndefined();
    expect(first.hasMoreResults).toBe(true);
  });

  test.each(['ASC', 'DESC'])(
    'with enableQueryControl a cross-partition order %s resumes from its token',
    async (direction) => {
      const query = `SELECT * FROM c ORDER BY c.n ${direction}`;
      const found = await pages(query, { maxItemCount: 6, enableQueryControl: true });
      expect(ids(found)).toHaveLength(40);
      expect(new Set(ids(found)).size).toBe(40);
      const order = found.flat().map(({ n }) => n);
      expect(order).toEqual(order.toSorted((a, b) => (direction === 'ASC' ? a - b : b - a)));
    },
  );

  test('pages of a join resume inside an item', async () => {
    await container.items.create({ id: 'j', pk: 'j', list: [1, 2, 3, 4, 5, 6, 7] });
    for (const order of ['', 'ORDER BY c.id', 'ORDER BY c.id DESC']) {
      const query = `SELECT VALUE x FROM c JOIN x IN c.list ${order}`;
      const found = await pages(query, { partitionKey: 'j', maxItemCount: 3 });
      expect(found.flat()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    }
  });

  test('TOP and OFFSET LIMIT hold across pages', async () => {
    const page = { partitionKey: 'p1', maxItemCount: 2 };
    expect((await pages('SELECT TOP 5 * FROM c', page)).flat()).toHaveLength(5);
    expect((await pages('SELECT TOP 4 * FROM c ORDER BY c.n', page)).flat()).toHaveLength(4);
    const all = (
      await container.items.query<Row>('SELECT * FROM c ORDER BY c.n', { partitionKey: 'p1' }).fetchAll()
    ).resources;
    expect((await pages('SELECT * FROM c ORDER BY c.n OFFSET 1 LIMIT 3', page)).flat()).toEqual(
      all.slice(1, 4),
    );
  });

  test('groups and distinct values come in pages too', async () => {
    const page = { partitionKey: 'p1', maxItemCount: 2 };
    expect((await pages('SELECT c.n, COUNT(1) AS k FROM c GROUP BY c.n', page)).flat()).toHaveLength(5);
    expect((await pages('SELECT DISTINCT VALUE c.n FROM c', page)).flat()).toHaveLength(5);
  });

  test('a token that is none is refused', async () => {
    const options = { partitionKey: 'p1', continuationToken: 'nonsense' };
    expect(await codeOf(container.items.query('SELECT * FROM c', options).fetchNext())).toBe(400);
  });
});
