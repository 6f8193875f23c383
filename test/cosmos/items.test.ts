import { type Container, type ItemDefinition, PartitionKeyBuilder } from '@azure/cosmos';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Account, codeOf, describeAccount, messageOf } from './support.ts';

describeAccount('items', (open) => {
  let account: Account;
  let container: Container;

  beforeEach(async () => {
    account = await open();
    container = await account.container('plain');
  });
  afterEach(() => account.close());

  test('a created item is read back with its system properties', async () => {
    const { resource, statusCode, etag } = await container.items.create({ id: 'a', pk: 'p', n: 1 });
    expect(statusCode).toBe(201);
    const read = await container.item('a', 'p').read();
    expect(read.statusCode).toBe(200);
    expect(read.resource).toEqual(resource);
    expect(read.resource).toMatchObject({ id: 'a', pk: 'p', n: 1, _attachments: 'attachments/' });
    expect(read.etag).toBe(etag);
    expect(read.resource?._etag).toBe(etag);
    expect(read.resource?._self).toContain(read.resource?._rid);
    expect(Math.abs((read.resource?._ts ?? 0) - Date.now() / 1000)).toBeLessThan(60);
  });

  test('an id is unique inside its partition, not beyond', async () => {
    await container.items.create({ id: 'a', pk: 'p' });
    expect(await codeOf(container.items.create({ id: 'a', pk: 'p' }))).toBe(409);
    expect((await container.items.create({ id: 'a', pk: 'q' })).statusCode).toBe(201);
  });

  test('reading what is not there gives 404 as a result; replacing or deleting it fails with 404', async () => {
    expect((await container.item('none', 'p').read()).statusCode).toBe(404);
    expect(await codeOf(container.item('none', 'p').replace({ id: 'none', pk: 'p' }))).toBe(404);
    expect(await codeOf(container.item('none', 'p').delete())).toBe(404);
  });

  test('an item is found only under its own partition key', async () => {
    await container.items.create({ id: 'a', pk: 'p' });
    expect((await container.item('a', 'q').read()).statusCode).toBe(404);
  });

  test('replace keeps the _rid and gives a new etag', async () => {
    const { resource: before } = await container.items.create({ id: 'a', pk: 'p', n: 1 });
    const { resource: after } = await container.item('a', 'p').replace({ id: 'a', pk: 'p', m: 2 });
    expect(after).toMatchObject({ m: 2, _rid: before?._rid });
    expect(after).not.toHaveProperty('n');
    expect(after?._etag).not.toBe(before?._etag);
  });

  test('upsert creates with 201 and replaces with 200', async () => {
    expect((await container.items.upsert({ id: 'a', pk: 'p', n: 1 })).statusCode).toBe(201);
    expect((await container.items.upsert({ id: 'a', pk: 'p', n: 2 })).statusCode).toBe(200);
    expect((await container.item('a', 'p').read()).resource).toMatchObject({ n: 2 });
  });

  test('delete answers 204 and the item is gone', async () => {
    await container.items.create({ id: 'a', pk: 'p' });
    expect((await container.item('a', 'p').delete()).statusCode).toBe(204);
    expect((await container.item('a', 'p').read()).statusCode).toBe(404);
  });

  test('If-Match with an old etag fails replace, upsert and delete with 412 and changes nothing', async () => {
    const { etag: old } = await container.items.create({ id: 'a', pk: 'p', n: 1 });
    await container.item('a', 'p').replace({ id: 'a', pk: 'p', n: 2 });
    const accessCondition = { type: 'IfMatch', condition: old };
    const item = container.item('a', 'p');
    expect(await codeOf(item.replace({ id: 'a', pk: 'p', n: 3 }, { accessCondition }))).toBe(412);
    expect(await codeOf(container.items.upsert({ id: 'a', pk: 'p', n: 3 }, { accessCondition }))).toBe(412);
    expect(await codeOf(item.delete({ accessCondition }))).toBe(412);
    expect((await item.read()).resource).toMatchObject({ n: 2 });
  });

  test('If-Match with the current etag lets a write through', async () => {
    const { etag } = await container.items.create({ id: 'a', pk: 'p' });
    const accessCondition = { type: 'IfMatch', condition: etag };
    expect(
      (await container.item('a', 'p').replace({ id: 'a', pk: 'p', n: 1 }, { accessCondition })).statusCode,
    ).toBe(200);
  });

  test('If-None-Match with the current etag reads 304, with another one the item', async () => {
    const { etag } = await container.items.create({ id: 'a', pk: 'p' });
    const read = (condition: string) =>
      container.item('a', 'p').read({ accessCondition: { type: 'IfNoneMatch', condition } });
    expect((await read(etag)).statusCode).toBe(304);
    expect((await read('"other"')).statusCode).toBe(200);
  });

  test.each<[string, ItemDefinition['pk']]>([
    ['a number', 7],
    ['a negative fraction', -1.25],
    ['true', true],
    ['false', false],
    ['null', null],
    ['an empty string', ''],
    ['text of many scripts', '日本 é 😀 "quoted" \\ / # ?'],
  ])('a partition key may be %s', async (_, pk) => {
    await container.items.create({ id: 'a', pk });
    expect((await container.item('a', pk).read()).resource).toMatchObject({ id: 'a', pk });
    const { resources } = await container.items.query('SELECT * FROM c', { partitionKey: pk }).fetchAll();
    expect(resources).toHaveLength(1);
  });

  test('an item without the property has the partition key "none"', async () => {
    await container.items.create({ id: 'a' });
    const none = new PartitionKeyBuilder().addNoneValue().build();
    expect((await container.item('a', none).read()).resource).toMatchObject({ id: 'a' });
    expect((await container.item('a', null).read()).statusCode).toBe(404);
  });

  test('numbers and texts that look alike are different partition keys', async () => {
    await container.items.create({ id: 'a', pk: '1' });
    expect((await container.item('a', 1).read()).statusCode).toBe(404);
  });

  test('a partition key may be a nested property', async () => {
    const nested = await account.container('nested');
    await nested.items.create({ id: 'a', a: { b: 'x' } });
    expect((await nested.item('a', 'x').read()).resource).toMatchObject({ a: { b: 'x' } });
  });

  test('replace cannot move an item to another partition', async () => {
    await container.items.create({ id: 'a', pk: 'p' });
    expect(await codeOf(container.item('a', 'p').replace({ id: 'a', pk: 'q' }))).toBe(400);
  });

  test.each(['日本 é 😀', 'with space', "it's", 'a+b%20c', 'a:b@c;d=e,f', '"quoted"'])(
    'an id may be %s',
    async (id) => {
      await container.items.create({ id, pk: 'p' });
      expect((await container.item(id, 'p').read()).resource).toMatchObject({ id });
      expect((await container.item(id, 'p').delete()).statusCode).toBe(204);
    },
  );

  test.each(['a/b', 'a\\b', 'a#b'])('the id %s is refused', async (id) => {
    expect(await codeOf(container.items.create({ id, pk: 'p' }))).toBeDefined();
  });

  test('an item of 1.9 MB is stored, one over 2 MB is refused with 413', async () => {
    const text = 'x'.repeat(1_900_000);
    await container.items.create({ id: 'big', pk: 'p', blob: { text } });
    expect((await container.item('big', 'p').read()).resource?.['blob']).toEqual({ text });
    expect(await codeOf(container.items.create({ id: 'bigger', pk: 'p', blob: { text: text + text } }))).toBe(
      413,
    );
  });

  test('a body without an id is refused in words that name it', async () => {
    const create = container.items.create({ pk: 'p' }, { disableAutomaticIdGeneration: true });
    expect(await messageOf(create)).toContain('id');
  });

  test('50 parallel creates of one id: exactly one wins', async () => {
    const codes = await Promise.all(
      Array.from({ length: 50 }, () => codeOf(container.items.create({ id: 'a', pk: 'p' }))),
    );
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === 409)).toHaveLength(49);
  });

  test('10 workers that add 1 ten times under If-Match reach 100', async () => {
    await container.items.create({ id: 'n', pk: 'p', n: 0 });
    const addOne = async (): Promise<void> => {
      for (;;) {
        const { resource, etag } = await container
          .item('n', 'p')
          .read<{ id: string; pk: string; n: number }>();
        if (!resource) throw new Error('the item is gone');
        const accessCondition = { type: 'IfMatch', condition: etag };
        const write = container
          .item('n', 'p')
          .replace({ ...resource, n: resource.n + 1 }, { accessCondition });
        if ((await codeOf(write)) === undefined) return;
      }
    };
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let i = 0; i < 10; i++) await addOne();
      }),
    );
    expect((await container.item('n', 'p').read()).resource).toMatchObject({ n: 100 });
  });

  test('a unique key holds inside a partition and may be used again after a delete', async () => {
    const unique = await account.container('unique');
    await unique.items.create({ id: '1', pk: 'p', email: 'a@x', first: 'A', last: 'B' });
    expect(await codeOf(unique.items.create({ id: '2', pk: 'p', email: 'a@x', first: 'C', last: 'D' }))).toBe(
      409,
    );
    await unique.items.create({ id: '2', pk: 'q', email: 'a@x', first: 'A', last: 'B' });
    await unique.item('1', 'p').delete();
    expect(
      (await unique.items.create({ id: '3', pk: 'p', email: 'a@x', first: 'A', last: 'B' })).statusCode,
    ).toBe(201);
  });

  test('of a unique key with two paths only the pair must be unique, and types are told apart', async () => {
    const unique = await account.container('unique');
    await unique.items.create({ id: '1', pk: 'p', email: 'a', first: 'A:', last: 'B' });
    await unique.items.create({ id: '2', pk: 'p', email: 'b', first: 'A', last: ':B' });
    await unique.items.create({ id: '3', pk: 'p', email: 'c', first: 1, last: 'B' });
    await unique.items.create({ id: '4', pk: 'p', email: 'd', first: '1', last: 'B' });
    expect(await codeOf(unique.items.create({ id: '5', pk: 'p', email: 'e', first: 1, last: 'B' }))).toBe(
      409,
    );
  });

  test("replace can keep its own unique value and cannot take another item's", async () => {
    const unique = await account.container('unique');
    await unique.items.create({ id: '1', pk: 'p', email: 'a', first: 'A', last: '1' });
    await unique.items.create({ id: '2', pk: 'p', email: 'b', first: 'A', last: '2' });
    await unique.item('1', 'p').replace({ id: '1', pk: 'p', email: 'a', first: 'Z', last: '1' });
    expect(
      await codeOf(unique.item('2', 'p').replace({ id: '2', pk: 'p', email: 'a', first: 'A', last: '2' })),
    ).toBe(409);
    await unique.item('1', 'p').replace({ id: '1', pk: 'p', email: 'c', first: 'Z', last: '1' });
    expect(
      (await unique.item('2', 'p').replace({ id: '2', pk: 'p', email: 'a', first: 'A', last: '2' }))
        .statusCode,
    ).toBe(200);
  });

  test('readAll gives everything, and with a partition key that partition', async () => {
    for (let i = 0; i < 25; i++) await container.items.create({ id: `i${i}`, pk: `p${i % 5}` });
    expect((await container.items.readAll({ maxItemCount: 4 }).fetchAll()).resources).toHaveLength(25);
    expect((await container.items.readAll({ partitionKey: 'p1' }).fetchAll()).resources).toHaveLength(5);
  });

  test('deleting by partition key removes that partition only', async () => {
    for (let i = 0; i < 10; i++) await container.items.create({ id: `i${i}`, pk: `p${i % 2}` });
    await container.deleteAllItemsForPartitionKey('p0');
    const left = await container.items.query('SELECT VALUE c.pk FROM c').fetchAll();
    expect(left.resources).toEqual(['p1', 'p1', 'p1', 'p1', 'p1']);
  });

  test('answers carry a charge, a session token and an activity id', async () => {
    const { requestCharge, headers, activityId } = await container.items.create({ id: 'a', pk: 'p' });
    expect(requestCharge).toBeGreaterThan(1);
    expect(headers['x-ms-session-token']).toMatch(/^\d+:.*#\d+/);
    expect(activityId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
