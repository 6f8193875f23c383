import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  accessKey,
  accessState,
  checkDirectory,
  createPrincipal,
  noteSeen,
  flushSeen,
  type Identity,
} from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import type { EventDocument } from '../../shared/events/index.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { type GraphServer, startGraph } from './graph.ts';

const tenant = randomUUID();
const clientId = randomUUID();

let context: TestContext;
let graph: GraphServer;
let ctx: Context;
beforeAll(async () => {
  context = await testContext();
});
afterAll(() => context.close());

beforeEach(async () => {
  graph = await startGraph();
  graph.apps.add(clientId);
  const { stores, settings } = context.ctx;
  ctx = {
    ...context.ctx,
    stores: { ...stores, directory: graph.directory },
    settings: {
      ...settings,
      directoryCheck: true,
      entra: { authority: 'https://login.microsoftonline.com', tenant, clientId },
    },
  };
  for (const { principalId } of (await accessState(ctx)).principals.values())
    graph.accounts.set(principalId.split('/')[1] ?? '', { type: 'user', accountEnabled: true });
  return () => graph.close();
});

/** A principal of Entra ID whose account is there, or not. */
async function entra(account?: 'enabled' | 'disabled', type: 'user' | 'app' = 'user'): Promise<string> {
  const objectId = randomUUID();
  const { principalId } = await createPrincipal(ctx, { name: 'Someone', id: `entra:${tenant}/${objectId}` });
  if (account) graph.accounts.set(objectId, { type, accountEnabled: account === 'enabled' });
  return principalId;
}

const disabledOf = async (id: string) => (await accessState(ctx)).principals.get(id)?.disabled;

describe('the check of the directory', () => {
  test('disables whoever is gone or disabled there, with the reason, and nobody else', async () => {
    const [there, app, left, shut, shutApp] = [
      await entra('enabled'),
      await entra('enabled', 'app'),
      await entra(),
      await entra('disabled'),
      await entra('disabled', 'app'),
    ];
    const user = (await createPrincipal(ctx, { name: `u${ctx.ids.hex(4)}` })).principalId;
    expect((await checkDirectory(ctx)).toSorted()).toEqual([left, shut, shutApp].toSorted());
    for (const id of [there, app, user]) expect(await disabledOf(id)).toBeUndefined();
    expect(await disabledOf(left)).toMatchObject({ by: 'tester', reason: 'gone from Entra ID' });
    for (const id of [shut, shutApp])
      expect(await disabledOf(id)).toMatchObject({ reason: 'disabled in Entra ID' });
    const [event] = await ctx.stores.documents('access').query<EventDocument>(
      {
        text: "SELECT * FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate AND c.event.seq = 2",
        values: { aggregate: `principal/${left}` },
      },
      { key: accessKey, consistency: 'strong' },
    );
    expect(event?.event).toMatchObject({ type: 'principal.disabled', reason: 'gone from Entra ID' });
    expect(await checkDirectory(ctx)).toEqual([]);
  });

  test('keeps out whoever was here with a token of Entra ID and is not known otherwise', async () => {
    const objectId = randomUUID();
    const id = `entra:${tenant}/${objectId}`;
    const identity: Identity = {
      principal: { id, name: 'Guest' },
      kind: 'entra',
      via: 'entra',
      subjects: [`principal:${id}`],
    };
    noteSeen(ctx, identity, 'viewer');
    await flushSeen(ctx.stores);
    expect(await checkDirectory(ctx)).toEqual([id]);
    expect(await disabledOf(id)).toMatchObject({ reason: 'gone from Entra ID' });
  });

  test('asks for twenty at a time, and again for those it is told to ask for later', async () => {
    const ids = await Promise.all(Array.from({ length: 45 }, () => entra('disabled')));
    for (const id of ids.slice(0, 7)) graph.moods.throttledOnce.add(id.split('/')[1] ?? '');
    graph.moods.batchStatus.push(429, 503, 200);
    expect((await checkDirectory(ctx)).toSorted()).toEqual(ids.toSorted());
    expect(Math.max(...graph.batches)).toBe(20);
  });

  test('waits as long as it is told to', async () => {
    const id = await entra('disabled');
    graph.moods.retryAfter = '1';
    graph.moods.batchStatus.push(429);
    const began = performance.now();
    expect(await checkDirectory(ctx)).toEqual([id]);
    expect(performance.now() - began).toBeGreaterThan(950);
  });

  test('leaves to the next time what it would have to wait too long for', async () => {
    const id = await entra('disabled');
    graph.moods.retryAfter = '600';
    graph.moods.batchStatus.push(429);
    expect(await checkDirectory(ctx)).toEqual([]);
    expect(await checkDirectory(ctx)).toEqual([id]);
  });

  test('disables nobody because it may not ask', async () => {
    const gone = await entra();
    const asked: string[] = [];
    const log = { ...ctx.log, warn: (message: string) => void asked.push(message) };
    graph.moods.forbidden.add('servicePrincipals');
    expect(await checkDirectory({ ...ctx, log })).toEqual([]);
    expect(asked).toEqual(['directory gave no answer']);
    graph.moods.forbidden = new Set(['users', 'servicePrincipals']);
    expect(await checkDirectory(ctx)).toEqual([]);
    graph.moods.batchStatus.push(403);
    await expect(checkDirectory(ctx)).rejects.toThrow('Microsoft Graph answered 403.');
    expect(await disabledOf(gone)).toBeUndefined();
    graph.moods.forbidden.clear();
    expect(await checkDirectory(ctx)).toEqual([gone]);
  });

  test('does not believe the directory of another tenant, which knows nobody', async () => {
    const id = await entra('enabled');
    graph.accounts.clear();
    graph.apps.clear();
    const said: string[] = [];
    const log = { ...ctx.log, error: (message: string) => void said.push(message) };
    expect(await checkDirectory({ ...ctx, log })).toEqual([]);
    expect(said).toEqual(['directory not believed']);
    expect(await disabledOf(id)).toBeUndefined();
  });

  test('asks nothing where it is switched off, of other tenants, and for the first admin', async () => {
    const id = await entra();
    const off = { ...ctx, settings: { ...ctx.settings, directoryCheck: false } };
    expect(await checkDirectory(off)).toEqual([]);
    const first = { ...ctx, settings: { ...ctx.settings, firstAdmin: id } };
    expect(await checkDirectory(first)).toEqual([]);
    const elsewhere = { authority: 'https://login.microsoftonline.com', tenant: randomUUID(), clientId };
    const before = graph.batches.length;
    expect(await checkDirectory({ ...ctx, settings: { ...ctx.settings, entra: elsewhere } })).toEqual([]);
    expect(graph.batches.length).toBe(before);
    expect(await disabledOf(id)).toBeUndefined();
  });
});
