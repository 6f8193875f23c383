import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sweepGently } from './sweep.ts';

type Store = {
  init(): Promise<void>;
  updateExtent(extent: object): Promise<void>;
  deleteExtent(id: string): Promise<void>;
  iteratorExtents(): { next(): Promise<{ value: string[] }> };
};

const { default: ExtentStore } = createRequire(import.meta.url)(
  'azurite/dist/src/common/persistence/LokiExtentMetadataStore.js',
) as { default: Parameters<typeof sweepGently>[0] & (new (file: string, inMemory: boolean) => Store) };
sweepGently(ExtentStore);

test('thousands of extents are taken away between other work, and only those', async () => {
  const store = new ExtentStore('extents', true);
  await store.init();
  const ids = Array.from({ length: 4000 }, (_, i) => `extent-${String(i).padStart(5, '0')}`);
  for (const id of ids)
    await store.updateExtent({ id, path: id, size: 1, LastModifiedInMS: 0, locationId: 'x' });
  let turns = 0;
  const swept = new AbortController();
  const others = (async () => {
    for (; !swept.signal.aborted; turns++) await setImmediate();
  })();
  const before = process.cpuUsage();
  for (const id of ids.filter((_, i) => i % 2 === 0)) await store.deleteExtent(id);
  const { user } = process.cpuUsage(before);
  swept.abort();
  await others;
  expect(turns).toBeGreaterThan(1000);
  expect(user / 1e6).toBeLessThan(10);
  const left: string[] = [];
  const pages = store.iteratorExtents();
  for (let page = await pages.next(); page.value.length > 0; page = await pages.next())
    left.push(...page.value);
  expect(left).toEqual(ids.filter((_, i) => i % 2 === 1));
});
