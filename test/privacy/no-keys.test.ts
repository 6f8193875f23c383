import { afterAll, beforeAll, expect, test } from 'vitest';
import { setVersionTag } from '../../shared/registry/index.ts';
import { deploy } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { askAbout, everything, fresh, peopleModel } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'keyless', peopleModel());
});
afterAll(() => server.close());

const put = (body: Record<string, unknown>) =>
  server.call('PUT', '/api/v1/endpoints/keyless/data-policy', { purpose: 'tests', ...body });

test('without keys a hash is refused with the reason, a mask is not', async () => {
  const why = { status: 400, body: { detail: expect.stringContaining('no keys to hash by') } };
  expect(await put({ pii: { person: 'hash' } })).toMatchObject(why);
  expect(await put({ subject_key: 'person' })).toMatchObject(why);
  expect(await server.call('POST', '/api/v1/hash-keys', { reason: 'x' })).toMatchObject(why);
  expect((await put({ pii: { person: 'mask' } })).status).toBe(200);
});

test('without keys a column that its author tagged to be hashed is masked', async () => {
  const tag = { key: 'cairn.pii.age', value: 'hash' };
  await setVersionTag(server.ctx, { name: 'keyless', version: 1 }, tag);
  await askAbout(fresh(server.ctx), 'keyless', [{ person: 'x', age: 987654321n, amount: 1 }]);
  const stored = await everything(server.ctx);
  const [part = ''] = [...stored].flatMap(([place, content]) =>
    place.endsWith('.parquet') ? [content] : [],
  );
  expect(part).toContain('[null]');
  expect(part).not.toContain('987654321');
});
