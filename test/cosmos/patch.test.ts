import type { Container, PatchOperation } from '@azure/cosmos';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Account, codeOf, describeAccount } from './support.ts';

describeAccount('patch', (open) => {
  let account: Account;
  let container: Container;

  beforeEach(async () => {
    account = await open();
    container = await account.container('plain');
    await container.items.create({
      id: 'a',
      pk: 'p',
      n: 1,
      Status: 'Running',
      list: ['x', 'y'],
      o: { k: 'v' },
    });
  });
  afterEach(() => account.close());

  const patch = (operations: PatchOperation[], condition?: string) =>
    container.item('a', 'p').patch(condition === undefined ? operations : { condition, operations });
  const item = async () => (await container.item('a', 'p').read()).resource;

  test.each<[string, PatchOperation, object]>([
    ['set changes a property', { op: 'set', path: '/n', value: 5 }, { n: 5 }],
    ['set makes a property', { op: 'set', path: '/o/new', value: [1] }, { o: { k: 'v', new: [1] } }],
    ['set replaces an element', { op: 'set', path: '/list/0', value: 'z' }, { list: ['z', 'y'] }],
    ['add inserts an element', { op: 'add', path: '/list/1', value: 'z' }, { list: ['x', 'z', 'y'] }],
    ['add appends an element', { op: 'add', path: '/list/-', value: 'z' }, { list: ['x', 'y', 'z'] }],
    ['replace changes a property', { op: 'replace', path: '/o/k', value: 'w' }, { o: { k: 'w' } }],
    ['remove takes a property away', { op: 'remove', path: '/o/k' }, { o: {} }],
    ['remove takes an element away', { op: 'remove', path: '/list/0' }, { list: ['y'] }],
    ['incr adds', { op: 'incr', path: '/n', value: -3 }, { n: -2 }],
    ['incr makes a property', { op: 'incr', path: '/count', value: 2 }, { count: 2 }],
    ['a path escapes / and ~', { op: 'set', path: '/o/a~1b~0c', value: 1 }, { o: { k: 'v', 'a/b~c': 1 } }],
  ])('%s', async (_, operation, expected) => {
    expect((await patch([operation])).statusCode).toBe(200);
    expect(await item()).toMatchObject(expected);
  });

  test('move takes a value from one path to another', async () => {
    await patch([{ op: 'move', from: '/o/k', path: '/moved' } as never]);
    expect(await item()).toMatchObject({ o: {}, moved: 'v' });
  });

  test.each<[string, PatchOperation]>([
    ['replaces what is not there', { op: 'replace', path: '/none', value: 1 }],
    ['removes what is not there', { op: 'remove', path: '/none' }],
    ['goes through what is not there', { op: 'set', path: '/none/x', value: 1 }],
    ['adds to text', { op: 'incr', path: '/Status', value: 1 }],
    ['changes the id', { op: 'set', path: '/id', value: 'b' }],
    ['changes the partition key', { op: 'set', path: '/pk', value: 'q' }],
    ['changes a system property', { op: 'set', path: '/_ts', value: 1 }],
  ])('a patch that %s is refused, and nothing of it stays', async (_, operation) => {
    const before = await item();
    expect(await codeOf(patch([{ op: 'set', path: '/n', value: 99 }, operation]))).toBe(400);
    expect(await item()).toEqual(before);
  });

  test('a condition that is true lets the patch through, in the case of its letters', async () => {
    expect(
      (await patch([{ op: 'set', path: '/n', value: 2 }], "from c where c.Status = 'Running'")).statusCode,
    ).toBe(200);
  });

  test('a condition that is not true, or undefined, gives 412', async () => {
    const set: PatchOperation[] = [{ op: 'set', path: '/n', value: 2 }];
    expect(await codeOf(patch(set, "from c where c.Status = 'running'"))).toBe(412);
    expect(await codeOf(patch(set, 'from c where c.status = null'))).toBe(412);
    expect(await item()).toMatchObject({ n: 1 });
  });

  test('If-Match with an old etag gives 412', async () => {
    const accessCondition = { type: 'IfMatch', condition: '"old"' };
    const operations: PatchOperation[] = [{ op: 'set', path: '/n', value: 2 }];
    expect(await codeOf(container.item('a', 'p').patch(operations, { accessCondition }))).toBe(412);
  });

  test('10 operations are the most', async () => {
    const operations = (count: number): PatchOperation[] =>
      Array.from({ length: count }, () => ({ op: 'incr', path: '/n', value: 1 }));
    expect((await patch(operations(10))).statusCode).toBe(200);
    expect(await codeOf(patch(operations(11)))).toBe(400);
    expect(await item()).toMatchObject({ n: 11 });
  });

  test('patching what is not there gives 404', async () => {
    expect(await codeOf(container.item('none', 'p').patch([{ op: 'set', path: '/n', value: 1 }]))).toBe(404);
  });

  test('100 parallel increments add up to 100', async () => {
    await Promise.all(Array.from({ length: 100 }, () => patch([{ op: 'incr', path: '/n', value: 1 }])));
    expect(await item()).toMatchObject({ n: 101 });
  });
});
