import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type AccessDocument,
  accessId,
  accessKey,
  accessState,
  changeAccess,
  readAccess,
  type GroupDocument,
} from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import type { EventDocument } from '../../shared/events/index.ts';
import type { ContainerName } from '../../shared/resources.ts';
import { testInstances } from '../support/instances.ts';
import { sharedEmulator } from '../support/shared-cosmos.ts';

let stack: Awaited<ReturnType<typeof testInstances>>;
let now = 1_000_000;
let here: Context;
let there: Context;

beforeAll(async () => {
  stack = await testInstances(2);
  const [a, b] = stack.instances.map((ctx) => ({ ...ctx, clock: { now: () => now } }));
  if (!a || !b) throw new Error('Two instances are needed.');
  [here, there] = [a, b];
});
afterAll(() => stack.close());
beforeEach(() => {
  now += 1_000_000;
});

/** Makes a group, or changes its members; its members are all that the test looks at. */
function put(ctx: Context, name: string, ...members: string[]): Promise<void> {
  return changeAccess(ctx, async () => {
    const before = await readAccess<GroupDocument>(ctx, 'group', name);
    const after: AccessDocument = {
      id: accessId('group', name),
      type: 'group',
      v: 1,
      workspace: '*',
      seq: 0,
      name,
      members,
    };
    return { edits: [{ before, after, told: { type: 'group.changed' } }], result: undefined };
  });
}

function remove(ctx: Context, name: string): Promise<void> {
  return changeAccess(ctx, async () => {
    const before = await readAccess<GroupDocument>(ctx, 'group', name);
    return { edits: [{ before, told: { type: 'group.deleted' } }], result: undefined };
  });
}

async function membersSeen(ctx: Context, name: string): Promise<readonly string[] | undefined> {
  return (await accessState(ctx)).groups.get(name)?.members;
}

/** Requests that this process sent to the store while `act` ran. */
async function requestsOf(ctx: Context, act: () => Promise<unknown>): Promise<number> {
  const before = ctx.stores.documents.meter.requests;
  await act();
  return ctx.stores.documents.meter.requests - before;
}

/** A map as a list in the order of its keys; members of it that are lists of names, in theirs. */
function sorted(map: ReadonlyMap<string, unknown>) {
  return [...map]
    .map(([key, value]) => [key, Array.isArray(value) ? value.map(String).toSorted() : value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

async function eventsOf(aggregate: string) {
  const rows = await here.stores.documents('access').query<EventDocument>(
    {
      text: "SELECT * FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
      values: { aggregate },
    },
    { key: accessKey, consistency: 'strong' },
  );
  return rows
    .map(({ event }) => event)
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ seq, type }) => `${seq} ${type}`);
}

describe('what instances hold of the rules', () => {
  test('shows a change at once where it was made, and elsewhere once it is two seconds old', async () => {
    await accessState(there);
    await put(here, 'at-once', 'ann');
    expect(await membersSeen(here, 'at-once')).toEqual(['ann']);
    expect(await membersSeen(there, 'at-once')).toBeUndefined();
    now += 2000;
    expect(await membersSeen(there, 'at-once')).toEqual(['ann']);
  });

  test('costs nothing while it is fresh, and one point read for all who ask once it is not', async () => {
    await put(here, 'cost', 'ann');
    expect(await requestsOf(here, () => Promise.all([accessState(here), accessState(here)]))).toBe(0);
    now += 2000;
    const asked = await requestsOf(here, () =>
      Promise.all(Array.from({ length: 50 }, () => accessState(here))),
    );
    expect(asked).toBe(1);
  });

  test('is confirmed while they go on with it, so that under load nobody waits', async () => {
    await accessState(there);
    await put(here, 'behind', 'ann');
    now += 1500;
    expect(await membersSeen(there, 'behind')).toBeUndefined();
    await expect.poll(() => membersSeen(there, 'behind')).toEqual(['ann']);
  });

  test('is looked at again when the clock is set back', async () => {
    await accessState(there);
    await put(here, 'clock', 'ann');
    now -= 500_000;
    expect(await membersSeen(there, 'clock')).toEqual(['ann']);
    expect(await requestsOf(there, () => accessState(there))).toBe(0);
  });

  test('stays the same object until a rule moves, so that what hangs on it can be kept', async () => {
    const held = await accessState(here);
    now += 5000;
    expect(await accessState(here)).toBe(held);
    await put(here, 'moved', 'ann');
    expect(await accessState(here)).not.toBe(held);
  });

  test('serves for a minute while the store does not answer, then nobody gets in; it heals by itself', async () => {
    await put(here, 'outage', 'ann');
    const heal = sharedEmulator().faults.inject({ container: 'access', outcome: 503 });
    now += 59_999;
    expect(await membersSeen(here, 'outage')).toEqual(['ann']);
    expect(await requestsOf(here, () => accessState(here))).toBe(0);
    now += 1;
    await expect(accessState(here)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
    heal();
    expect(await membersSeen(here, 'outage')).toEqual(['ann']);
  });

  test('is nothing to go by before it was ever read', async () => {
    const { documents } = here.stores;
    const another = Object.assign((name: ContainerName) => documents(name), documents);
    const unread = { ...here, stores: { ...here.stores, documents: another } };
    const heal = sharedEmulator().faults.inject({ container: 'access', outcome: 503 });
    await expect(accessState(unread)).rejects.toMatchObject({ code: 'unavailable' });
    heal();
  });
});

describe('changes', () => {
  test('count the events of each aggregate without a gap, also of a name that was deleted and comes again', async () => {
    await put(here, 'again', 'ann');
    await put(there, 'again', 'bob');
    await remove(here, 'again');
    await put(there, 'again', 'cid');
    expect(await eventsOf('group/again')).toEqual([
      '1 group.changed',
      '2 group.changed',
      '3 group.deleted',
      '4 group.changed',
    ]);
    expect(await membersSeen(there, 'again')).toEqual(['cid']);
  });

  test('by many instances at once are all made, each decided on what those before it left', async () => {
    const joined = (ctx: Context, member: string) =>
      changeAccess(ctx, async () => {
        const before = await readAccess<GroupDocument>(ctx, 'group', 'crowd');
        const members = before?.doc.type === 'group' ? before.doc.members : [];
        const after: AccessDocument = {
          id: accessId('group', 'crowd'),
          type: 'group',
          v: 1,
          workspace: '*',
          seq: 0,
          name: 'crowd',
          members: [...members, member],
        };
        return { edits: [{ before, after, told: { type: 'group.changed' } }], result: undefined };
      });
    const names = Array.from({ length: 40 }, (_, i) => `m${i}`);
    await Promise.all(names.map((name, i) => joined(i % 2 ? here : there, name)));
    now += 2000;
    const seen = await membersSeen(here, 'crowd');
    expect(seen?.toSorted()).toEqual(names.toSorted());
    expect(await eventsOf('group/crowd')).toEqual(names.map((_, i) => `${i + 1} group.changed`));
    expect((await accessState(here)).groupsOf.get('m7')).toEqual(['crowd']);
  });

  test('are caught up with change by change, or all anew, to the very same', async () => {
    const { documents } = here.stores;
    for (let round = 0; round < 6; round++) {
      // Some rounds are few changes, which the root tells of, and some are more than it remembers.
      for (let i = 0; i < (round % 2 ? 70 : 5); i++) {
        const name = `g${(round * 7 + i * 3) % 9}`;
        const isThere = (await accessState(here)).groups.has(name);
        await (isThere && i % 3 === 0 ? remove(here, name) : put(here, name, `m${i}`, `r${round}`));
      }
      now += 2000;
      const another = Object.assign((name: ContainerName) => documents(name), documents);
      const anew = await accessState({ ...here, stores: { ...here.stores, documents: another } });
      for (const state of [await accessState(there), await accessState(here)]) {
        expect(state.seq).toBe(anew.seq);
        expect(sorted(state.groups)).toEqual(sorted(anew.groups));
        expect(sorted(state.groupsOf)).toEqual(sorted(anew.groupsOf));
      }
    }
  });

  test('that fail half-way are made not at all', async () => {
    await put(here, 'whole', 'ann');
    const before = (await accessState(here)).seq;
    const heal = sharedEmulator().faults.inject({
      container: 'access',
      operations: ['batch'],
      outcome: 503,
      count: 1,
    });
    await expect(put(here, 'whole', 'bob')).rejects.toMatchObject({ code: 'unavailable' });
    heal();
    now += 2000;
    expect((await accessState(here)).seq).toBe(before);
    expect(await eventsOf('group/whole')).toEqual(['1 group.changed']);
  });

  test('whose answer was lost are there all the same once the rules are looked at again', async () => {
    await put(here, 'unheard', 'ann');
    const heal = sharedEmulator().faults.inject({
      container: 'access',
      operations: ['batch'],
      outcome: 'drop',
      point: 'after',
      count: 1,
    });
    await expect(put(here, 'unheard', 'bob')).rejects.toThrow('closed before an answer came');
    heal();
    now += 2000;
    expect(await membersSeen(here, 'unheard')).toEqual(['bob']);
  });

  test('of nothing write nothing', async () => {
    await accessState(here);
    const before = (await accessState(here)).seq;
    await changeAccess(here, () => ({ edits: [], result: undefined }));
    expect((await accessState(here)).seq).toBe(before);
  });
});
