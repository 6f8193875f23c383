import type { Container } from '@azure/cosmos';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Account, codeOf, describeAccount } from './support.ts';

describeAccount('hierarchical partition keys', (open) => {
  let account: Account;
  let container: Container;

  beforeEach(async () => {
    account = await open();
    container = await account.container('levels');
    let n = 0;
    for (const tenant of ['t1', 't2', 't10'])
      for (const user of ['u1', 'u2', 'u10'])
        for (const session of ['s1', 's2'])
          await container.items.create({ id: 'x', tenant, user, session, n: n++ });
  });
  afterEach(() => account.close());

  const query = async (sql: string, partitionKey: string[], maxItemCount = 100) =>
    (await container.items.query(sql, { partitionKey, maxItemCount }).fetchAll()).resources;

  test('the same id lives once in each full key', async () => {
    expect((await container.item('x', ['t1', 'u2', 's1']).read()).resource).toMatchObject({
      tenant: 't1',
      user: 'u2',
      session: 's1',
    });
    expect((await container.item('x', ['t1', 'u2', 's3']).read()).statusCode).toBe(404);
  });

  test.each<[string[], number]>([
    [['t1'], 6],
    [['t1', 'u1'], 2],
    [['t1', 'u1', 's2'], 1],
    [['t3'], 0],
  ])('a query with the prefix %j finds that prefix and nothing else', async (key, expected) => {
    const found = await query('SELECT * FROM c', key);
    expect(found).toHaveLength(expected);
    const names = ['tenant', 'user', 'session'].slice(0, key.length);
    expect(
      found.every((item: Record<string, unknown>) => names.every((name, i) => item[name] === key[i])),
    ).toBe(true);
  });

  test('inside a prefix an order is served and pages resume', async () => {
    const found: number[] = [];
    let continuationToken: string | undefined;
    do {
      const options = {
        partitionKey: ['t2'],
        maxItemCount: 2,
        ...(continuationToken && { continuationToken }),
      };
      const page = await container.items
        .query('SELECT VALUE c.n FROM c ORDER BY c.n DESC', options)
        .fetchNext();
      found.push(...(page.resources ?? []));
      continuationToken = page.continuationToken;
    } while (continuationToken);
    expect(found).toEqual([11, 10, 9, 8, 7, 6]);
  });

  test('an aggregate over a prefix counts that prefix', async () => {
    expect(await query('SELECT VALUE COUNT(1) FROM c', ['t1'])).toEqual([6]);
    expect(await query('SELECT VALUE SUM(c.n) FROM c', ['t1', 'u2'])).toEqual([5]);
  });

  test('a point operation with a prefix is refused', async () => {
    expect(await codeOf(container.item('x', ['t1', 'u1']).read())).toBe(400);
  });
});
