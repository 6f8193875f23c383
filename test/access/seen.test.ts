import { afterAll, beforeAll, expect, test } from 'vitest';
import { flushSeen, type Identity, noteSeen, type SeenDocument } from '../../shared/access/index.ts';
import { tokenOf } from '../../shared/access/testing.ts';
import type { Context } from '../../shared/context.ts';
import { testInstances } from '../support/instances.ts';

let stores: Awaited<ReturnType<typeof testInstances>>;
let instances: [Context, Context];
let now = 1_000_000;
beforeAll(async () => {
  stores = await testInstances(2);
  const [one, other] = stores.instances.map((ctx) => ({ ...ctx, clock: { now: () => now } }));
  if (!one || !other) throw new Error('There are two instances.');
  instances = [one, other];
});
afterAll(async () => {
  await stores.close();
});

const identity = (id: string): Identity => ({
  principal: { id, name: id },
  kind: 'user',
  via: 'token',
  subjects: [`principal:${id}`],
  token: { ...tokenOf({}), tokenId: `of-${id.replace('/', '-')}` },
});
const seen = async (id: string) =>
  (await stores.instances[0]?.stores.documents('access').read<SeenDocument>(['*'], `seen:${id}`))?.doc;
const minutes = (count: number) => (now += count * 60_000);
const first = () => instances[0];
const second = () => instances[1];

test('the first use is written at once, later ones after ten minutes, and all before the process ends', async () => {
  const ann = identity('ann');
  noteSeen(first(), ann, 'viewer');
  await expect.poll(async () => seen('ann')).toMatchObject({ at: now, roles: { viewer: now } });
  const began = now;
  minutes(5);
  for (let i = 0; i < 100; i++) noteSeen(first(), ann, 'contributor');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await seen('ann')).toMatchObject({ at: began, roles: { viewer: began } });
  minutes(6);
  noteSeen(first(), ann, undefined);
  await expect
    .poll(async () => seen('ann'))
    .toMatchObject({ at: now, roles: { viewer: began, contributor: began + 5 * 60_000 } });
  minutes(1);
  noteSeen(first(), ann, 'admin');
  await flushSeen(first().stores);
  expect(await seen('ann')).toMatchObject({ at: now, roles: { admin: now } });
  expect(await seen('token:of-ann')).toMatchObject({ at: now, roles: { admin: now } });
});

test('what two instances saw is put together, the later time of each role', async () => {
  noteSeen(first(), identity('entra:t/o'), 'viewer');
  minutes(1);
  noteSeen(second(), identity('entra:t/o'), 'operator');
  await Promise.all([flushSeen(first().stores), flushSeen(second().stores)]);
  expect(await seen('entra:t:o')).toMatchObject({
    at: now,
    roles: { viewer: now - 60_000, operator: now },
  });
});

const gone = () => ({ read: () => Promise.reject(new Error('gone')) });

test('a store that does not answer fails nobody, and the next use is written', async () => {
  const ctx = first();
  const lines: string[] = [];
  const broken: Context = {
    ...ctx,
    log: { ...ctx.log, warn: (line) => lines.push(line) },
    stores: {
      ...ctx.stores,
      documents: Object.assign(gone, ctx.stores.documents),
    },
  };
  noteSeen(broken, identity('bob'), 'viewer');
  await flushSeen(broken.stores);
  expect(lines).toContain('last use not written');
  expect(await seen('bob')).toBeUndefined();
  noteSeen(ctx, identity('bob'), 'viewer');
  await flushSeen(ctx.stores);
  expect(await seen('bob')).toMatchObject({ at: now });
});
