import { afterAll, beforeAll, expect, test } from 'vitest';
import measured from '../../scripts/cost/measured.json' with { type: 'json' };
import { type TestServer, testServer } from '../support/server.ts';
import { measureUse } from './measured-use.ts';

let server: TestServer;
beforeAll(async () => {
  // Measured as a young account is: of more ranges each query asks more.
  server = await testServer({ CAIRN_COSMOS_RANGES: '1', CAIRN_COSMOS_STALE_READS: '0' });
});
afterAll(() => server.close());

test('what prices are reckoned of is what the platform uses, give or take a quarter', async () => {
  const found = await measureUse(server);
  expect(Object.keys(found)).toEqual(Object.keys(measured));
  const off = Object.entries(found).flatMap(([kind, use]) =>
    Object.entries(use).flatMap(([name, value]) => {
      const stated = measured[kind as keyof typeof measured][name as keyof typeof use];
      const room = Math.max(stated * 0.25, 2);
      return Math.abs(value - stated) > room ? [`${kind}.${name}: ${value.toFixed(1)}, not ${stated}`] : [];
    }),
  );
  expect(off).toEqual([]);
});
