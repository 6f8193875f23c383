import { ChangeFeedStartFrom, type Container } from '@azure/cosmos';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Account, describeAccount } from './support.ts';

type Start = ReturnType<typeof ChangeFeedStartFrom.Beginning>;

describeAccount('change feed', (open) => {
  let account: Account;
  let container: Container;

  beforeEach(async () => {
    account = await open();
    container = await account.container('plain');
    for (let i = 0; i < 12; i++) await container.items.create({ id: `i${i}`, pk: `p${i % 3}`, n: i });
  });
  afterEach(() => account.close());

  /** Reads until nothing is new. @returns the ids, and where to go on */
  async function read(
    changeFeedStartFrom: Start,
    maxItemCount = 5,
  ): Promise<{ ids: string[]; token: string }> {
    const feed = container.items.getChangeFeedIterator<{ id: string }>({ changeFeedStartFrom, maxItemCount });
    const ids: string[] = [];
    let unchanged = 0;
    for (;;) {
      const page = await feed.readNext();
      ids.push(...page.result.map(({ id }) => id));
      unchanged = page.statusCode === 304 ? unchanged + 1 : 0;
      // The iterator goes round all ranges and gives 304 once for each that has nothing new.
      if (unchanged >= 4) return { ids, token: page.continuationToken };
    }
  }

  test('from the beginning every item comes once', async () => {
    const { ids } = await read(ChangeFeedStartFrom.Beginning());
    expect(ids.toSorted()).toEqual(Array.from({ length: 12 }, (_, i) => `i${i}`).toSorted());
  });

  test('from a continuation only what changed since comes, at its latest version', async () => {
    const { token } = await read(ChangeFeedStartFrom.Beginning());
    await container.item('i3', 'p0').replace({ id: 'i3', pk: 'p0', n: 100 });
    await container.item('i3', 'p0').replace({ id: 'i3', pk: 'p0', n: 101 });
    await container.items.create({ id: 'new', pk: 'p1' });
    await container.item('i4', 'p1').delete();
    const { ids } = await read(ChangeFeedStartFrom.Continuation(token));
    expect(ids.toSorted()).toEqual(['i3', 'new']);
  });

  test('from now only what comes after comes', async () => {
    const feed = container.items.getChangeFeedIterator<{ id: string }>({
      changeFeedStartFrom: ChangeFeedStartFrom.Now(),
    });
    for (let i = 0; i < 4; i++) expect((await feed.readNext()).statusCode).toBe(304);
    await container.items.create({ id: 'later', pk: 'p2' });
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push(...(await feed.readNext()).result.map(({ id }) => id));
    expect(ids).toEqual(['later']);
  });

  test('of one partition only its items come, in the order of their writes', async () => {
    await container.item('i1', 'p1').replace({ id: 'i1', pk: 'p1', n: 100 });
    const { ids } = await read(ChangeFeedStartFrom.Beginning('p1'), 2);
    expect(ids).toEqual(['i4', 'i7', 'i10', 'i1']);
  });

  test('the feeds of all ranges together are the feed of the container', async () => {
    const ranges = await container.getFeedRanges();
    const ids: string[] = [];
    for (const range of ranges) ids.push(...(await read(ChangeFeedStartFrom.Beginning(range))).ids);
    expect(ids).toHaveLength(12);
  });

  test('each change carries its commit', async () => {
    const feed = container.items.getChangeFeedIterator({
      changeFeedStartFrom: ChangeFeedStartFrom.Beginning('p0'),
    });
    const { result } = await feed.readNext();
    const commits = result.map((change) => (change as unknown as { _lsn: number })._lsn);
    expect(commits).toEqual(commits.toSorted((a, b) => a - b));
  });
});
