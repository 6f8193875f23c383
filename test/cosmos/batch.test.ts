import { BulkOperationType, type Container, type OperationInput } from '@azure/cosmos';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Account, codeOf, describeAccount } from './support.ts';

describeAccount('batch and bulk', (open) => {
  let account: Account;
  let container: Container;

  beforeEach(async () => {
    account = await open();
    container = await account.container('plain');
  });
  afterEach(() => account.close());

  const create = (id: string, more: object = {}): OperationInput => ({
    operationType: 'Create',
    resourceBody: { id, pk: 'p', ...more },
  });
  const count = async () =>
    (await container.items.query('SELECT VALUE c.id FROM c').fetchAll()).resources.length;
  const statuses = (result: { statusCode: number }[] | undefined) =>
    result?.map(({ statusCode }) => statusCode);

  describe('batch', () => {
    test('every kind of operation, in order, each seeing those before it', async () => {
      await container.items.create({ id: 'old', pk: 'p', n: 1 });
      const { code, result } = await container.items.batch(
        [
          create('new', { n: 1 }),
          { operationType: 'Upsert', resourceBody: { id: 'up', pk: 'p' } },
          { operationType: 'Replace', id: 'new', resourceBody: { id: 'new', pk: 'p', n: 2 } },
          {
            operationType: 'Patch',
            id: 'new',
            resourceBody: { operations: [{ op: 'incr', path: '/n', value: 5 }] },
          },
          { operationType: 'Read', id: 'new' },
          { operationType: 'Delete', id: 'old' },
        ],
        'p',
      );
      expect(code).toBe(200);
      expect(statuses(result)).toEqual([201, 201, 200, 200, 200, 204]);
      expect(result?.[4]?.resourceBody).toMatchObject({ n: 7 });
      expect(result?.[0]?.eTag).not.toBe(result?.[3]?.eTag);
      expect(await count()).toBe(2);
    });

    test('one failure undoes everything: its own code, 424 for the others, 207 for the whole', async () => {
      const { code, result } = await container.items.batch([create('a'), create('a'), create('b')], 'p');
      expect(code).toBe(207);
      expect(statuses(result)).toEqual([424, 409, 424]);
      expect(await count()).toBe(0);
    });

    test('an old etag inside a batch gives 412 and undoes it', async () => {
      const { etag } = await container.items.create({ id: 'a', pk: 'p', n: 1 });
      const replace = (ifMatch: string): OperationInput => ({
        operationType: 'Replace',
        id: 'a',
        ifMatch,
        resourceBody: { id: 'a', pk: 'p', n: 2 },
      });
      expect(statuses((await container.items.batch([create('b'), replace('"old"')], 'p')).result)).toEqual([
        424, 412,
      ]);
      expect(await count()).toBe(1);
      expect(statuses((await container.items.batch([create('b'), replace(etag)], 'p')).result)).toEqual([
        201, 200,
      ]);
    });

    test('an item of another partition is refused', async () => {
      const other: OperationInput = { operationType: 'Create', resourceBody: { id: 'x', pk: 'q' } };
      expect(statuses((await container.items.batch([create('a'), other], 'p')).result)).toEqual([424, 400]);
      expect(await count()).toBe(0);
    });

    test('100 operations go through, 101 do not', async () => {
      const operations = (length: number) => Array.from({ length }, (_, i) => create(`i${i}`));
      expect(await codeOf(container.items.batch(operations(101), 'p'))).toBeDefined();
      expect((await container.items.batch(operations(100), 'p')).code).toBe(200);
      expect(await count()).toBe(100);
    });

    test('more than 2 MB are refused as a whole', async () => {
      const blob = 'x'.repeat(700_000);
      const operations = ['a', 'b', 'c'].map((id) => create(id, { blob: { blob } }));
      expect(await codeOf(container.items.batch(operations, 'p'))).toBe(413);
      expect(await count()).toBe(0);
    });

    test('a batch in a hierarchical partition takes its whole key', async () => {
      const levels = await account.container('levels');
      const body = { id: 'a', tenant: 't', user: 'u', session: 's' };
      const { code } = await levels.items.batch(
        [{ operationType: 'Create', resourceBody: body }],
        ['t', 'u', 's'],
      );
      expect(code).toBe(200);
      expect((await levels.item('a', ['t', 'u', 's']).read()).statusCode).toBe(200);
    });

    test('bodies are left out of the answer where they are not wanted', async () => {
      const options = { contentResponseOnWriteEnabled: false };
      const { result } = await container.items.batch([create('a')], 'p', options);
      expect(result?.[0]).toMatchObject({ statusCode: 201 });
      expect(result?.[0]?.resourceBody).toBeUndefined();
    });
  });

  describe('bulk', () => {
    test('operations on many partitions are each carried out', async () => {
      const upserts = Array.from({ length: 120 }, (_, i) => ({
        operationType: BulkOperationType.Upsert,
        partitionKey: `p${i % 40}`,
        resourceBody: { id: `i${i}`, pk: `p${i % 40}` },
      }));
      const results = await container.items.executeBulkOperations(upserts);
      expect(results.map(({ response }) => response?.statusCode)).toEqual(upserts.map(() => 201));
      expect(await count()).toBe(120);
    });

    test('one conflict does not stop the rest', async () => {
      await container.items.create({ id: 'i1', pk: 'p' });
      const results = await container.items.executeBulkOperations(
        ['i0', 'i1', 'i2'].map((id) => ({
          operationType: BulkOperationType.Create,
          partitionKey: 'p',
          resourceBody: { id, pk: 'p' },
        })),
      );
      expect(results.map(({ response, error }) => response?.statusCode ?? error?.code)).toEqual([
        201, 409, 201,
      ]);
    });

    test('read, patch, replace and delete work in bulk', async () => {
      await container.items.create({ id: 'a', pk: 'p', n: 1 });
      const base = { id: 'a', partitionKey: 'p' };
      const one = async (operation: object) =>
        (await container.items.executeBulkOperations([{ ...base, ...operation } as never]))[0];
      expect(
        (
          await one({
            operationType: 'Patch',
            resourceBody: { operations: [{ op: 'incr', path: '/n', value: 1 }] },
          })
        )?.response?.statusCode,
      ).toBe(200);
      expect((await one({ operationType: 'Read' }))?.response?.resourceBody).toMatchObject({ n: 2 });
      expect(
        (await one({ operationType: 'Replace', resourceBody: { id: 'a', pk: 'p' } }))?.response?.statusCode,
      ).toBe(200);
      expect((await one({ operationType: 'Delete' }))?.response?.statusCode).toBe(204);
    });
  });
});
