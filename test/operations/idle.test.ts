import { afterAll, beforeAll, expect, test } from 'vitest';
import { atOnce, createEndpoint, following } from '../../shared/endpoints/index.ts';
import { classifier, publish } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { idle } from './idle-day.ts';

/** A day also has what is done once a day. */
const hours = process.env['CAIRN_TEST'] === 'long' ? 24 : 4;

let server: TestServer;
beforeAll(async () => {
  // Measured as a young account is: of more ranges each query asks more.
  server = await testServer({ CAIRN_COSMOS_RANGES: '1', CAIRN_COSMOS_STALE_READS: '0' });
});
afterAll(() => server.close());

test('while nobody calls, hours cost a point read a minute and a few sweeps', async () => {
  const used = await idle(server, hours);
  expect(used).toMatchObject({ hours, timerRuns: hours * 60 });
  expect(used.messages / hours).toBeLessThan(14);
  expect(used.requestUnits / hours).toBeLessThan(500);
  expect((used.blobReads + used.blobWrites) / hours).toBeLessThan(10);
  expect(used.queueTransactions / hours).toBeLessThan(45);
  expect(used.logBytes / hours).toBeLessThan(700);
});

test('three endpoints that nobody calls add their checks, and hardly more', async () => {
  for (const name of ['blue', 'green', 'amber']) {
    await publish(server, name, classifier());
    const deployments = [following(name, 'champion')];
    await createEndpoint(server.ctx, { name, deployments, rollout: atOnce });
  }
  await server.drain();
  const used = await idle(server, hours);
  expect(used.messages / hours).toBeLessThan(48);
  expect(used.requestUnits / hours).toBeLessThan(1_500);
  expect((used.blobReads + used.blobWrites) / hours).toBeLessThan(100);
});
