import { afterAll, beforeAll, expect, test } from 'vitest';
import { granting } from '../../shared/access/granting.ts';
import {
  accessKey,
  accessState,
  changeAccess,
  createGrant,
  createPrincipal,
  createWorkspace,
  deleteGroup,
  deletePrincipal,
  deleteWorkspace,
  finishEnding,
  finishTrust,
  fullAccess,
  deleteTrust,
  putGroup,
  putTrust,
  type GrantDocument,
} from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import type { EventDocument } from '../../shared/events/index.ts';
import { dyingAfter } from '../support/dying.ts';
import { type TestContext, testContext } from '../support/context.ts';

let context: TestContext;
let ctx: Context;
beforeAll(async () => {
  context = await testContext();
  ctx = context.ctx;
});
afterAll(() => context.close());

const many = 130;

/** Grants about a subject, some of them at once, as many as take several changes to delete. */
async function grantMuch(subject: GrantDocument['subject'], inWorkspace = 'default'): Promise<void> {
  for (let first = 0; first < many; first += 40)
    await changeAccess(ctx, () => ({
      edits: Array.from({ length: Math.min(40, many - first) }, (_, i) =>
        granting(ctx, {
          grantId: ctx.ids.hex(8),
          subject,
          inWorkspace,
          resource: { type: 'experiment', id: String(first + i) },
          rule: { effect: 'allow', role: 'viewer' },
        }),
      ),
      result: undefined,
    }));
}

async function eventsOf(aggregate: string) {
  const rows = await ctx.stores.documents('access').query<EventDocument>(
    {
      text: "SELECT * FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
      values: { aggregate },
    },
    { key: accessKey, consistency: 'strong' },
  );
  return rows.map(({ event }) => event).toSorted((a, b) => a.seq - b.seq);
}

async function grantsLeft(subject: GrantDocument['subject']): Promise<number> {
  return (await accessState(ctx)).grants.get(subject)?.size ?? 0;
}

test('a deletion that a process dies in gives nobody anything by what is left, and is finished by its event', async () => {
  for (let writes = 0; writes < 5; writes++) {
    const name = `leaver${writes}`;
    const subject = `principal:${name}` as const;
    await createPrincipal(ctx, { name });
    await putGroup(ctx, 'crew', [name]);
    await grantMuch(subject);
    const { dying, died } = dyingAfter(ctx, writes, ['access']);
    await deletePrincipal(dying, name, 'left').catch(() => undefined);
    const events = await eventsOf(`principal/${name}`);
    const marked = events.find(({ type }) => type === 'principal.disabled');
    expect([writes, died()]).toEqual([writes, writes < 4]);
    expect(marked !== undefined).toBe(writes > 0);
    for (const event of marked ? [marked, marked] : []) await finishEnding(ctx, event);
    await deletePrincipal(ctx, name).catch(() => undefined);
    expect(await grantsLeft(subject)).toBe(0);
    expect((await accessState(ctx)).principals.has(name)).toBe(false);
    expect((await accessState(ctx)).groups.get('crew')?.members).toEqual([]);
    const types = (await eventsOf(`principal/${name}`)).map(({ seq, type }) => `${seq} ${type}`);
    expect(types).toEqual(['1 principal.created', '2 principal.disabled', '3 principal.deleted']);
  }
});

test('what is being deleted is not there, and its name not to be had, until all of it has gone', async () => {
  await createPrincipal(ctx, { name: 'slow' });
  await grantMuch('principal:slow');
  const { dying } = dyingAfter(ctx, 2, ['access']);
  await expect(deletePrincipal(dying, 'slow')).rejects.toThrow('died');
  await expect(createPrincipal(ctx, { name: 'slow' })).rejects.toMatchObject({ code: 'conflict' });
  await expect(putGroup(ctx, 'crew', ['slow'])).rejects.toMatchObject({ code: 'not-found' });
  await deletePrincipal(ctx, 'slow');
  await createPrincipal(ctx, { name: 'slow' });
  expect(await grantsLeft('principal:slow')).toBe(0);
});

test('a group and a workspace with many rules go the same way', async () => {
  await putGroup(ctx, 'big', []);
  await grantMuch('group:big');
  await deleteGroup(ctx, 'big', 'merged');
  expect(await grantsLeft('group:big')).toBe(0);
  expect((await eventsOf('group/big')).map(({ type, reason }) => [type, reason])).toEqual([
    ['group.changed', undefined],
    ['group.changed', 'merged'],
    ['group.deleted', 'merged'],
  ]);
  await createWorkspace(ctx, 'big', {});
  await createPrincipal(ctx, { name: 'much' });
  await grantMuch('principal:much', 'big');
  await createGrant(ctx, fullAccess, {
    subject: 'principal:much',
    workspace: 'default',
    effect: 'allow',
    role: 'viewer',
  });
  await deleteWorkspace(ctx, 'big');
  expect(await grantsLeft('principal:much')).toBe(1);
});

test('a trust whose deletion broke off takes its principal along by its event', async () => {
  await putTrust(ctx, 'ci', { repository: 'acme/ci' });
  const { dying } = dyingAfter(ctx, 1, ['access']);
  await expect(deleteTrust(dying, 'ci')).rejects.toThrow('died');
  expect((await accessState(ctx)).principals.has('workload:ci')).toBe(true);
  const deleted = (await eventsOf('trust/ci')).find(({ type }) => type === 'trust.deleted');
  for (const event of deleted ? [deleted, deleted] : []) await finishTrust(ctx, event);
  expect((await accessState(ctx)).principals.has('workload:ci')).toBe(false);
});

test('an event about something that came again under its name deletes nothing', async () => {
  await putTrust(ctx, 'cd', { repository: 'acme/cd' });
  await deleteTrust(ctx, 'cd');
  const deleted = (await eventsOf('trust/cd')).find(({ type }) => type === 'trust.deleted');
  await putTrust(ctx, 'cd', { repository: 'acme/cd' });
  for (const event of deleted ? [deleted] : []) await finishTrust(ctx, event);
  expect((await accessState(ctx)).principals.has('workload:cd')).toBe(true);
});
