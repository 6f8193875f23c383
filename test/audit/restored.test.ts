import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EntryDocument } from '../../shared/audit/chain/documents.ts';
import { checkAudit, exportSegments, recordAudit, verifySegments } from '../../shared/audit/index.ts';
import type { Context } from '../../shared/context.ts';
import { testInstances } from '../support/instances.ts';
import {
  eventOf,
  hours,
  inDefault,
  minutes,
  sourceOf,
  storedFiles,
  ten,
  timed,
  wholeLog,
  withKeys,
} from './support.ts';

let stores: Awaited<ReturnType<typeof testInstances>>;
let before: Context;
let after: Context;
let other: Context;
beforeEach(async () => {
  stores = await testInstances(3);
  const [first, second, third] = stores.instances;
  before = await withKeys(first);
  const { keys } = before.stores;
  after = { ...second, stores: { ...second.stores, keys } };
  other = { ...third, stores: { ...third.stores, keys } };
});
afterEach(() => stores.close());

const event = (seq: number, at: number) => inDefault(eventOf('endpoint/a', seq, at));

function enter(ctx: Context, now: number, ...seqs: number[]): Promise<void> {
  return recordAudit(
    timed(ctx, now),
    seqs.map((seq) => event(seq, now)),
  );
}

async function documents(): Promise<EntryDocument[]> {
  return before.stores.documents('audit').query({ text: 'SELECT * FROM c' }, { consistency: 'strong' });
}

/** Puts the audit container back to what it held. */
async function putBack(held: readonly EntryDocument[]): Promise<void> {
  const container = before.stores.documents('audit');
  for (const { id, segment } of await documents()) {
    const { etag = '' } = (await container.read([segment], id)) ?? {};
    await container.write([segment], { op: 'delete', id, etag });
  }
  for (const { _rid, _self, _etag, _attachments, _ts, ...doc } of held as readonly (EntryDocument &
    Record<string, unknown>)[])
    await container.write([doc.segment], { op: 'create', doc });
}

async function verified(now: number) {
  const keys = (await before.stores.keys?.publicKeys()) ?? [];
  return verifySegments(sourceOf(await storedFiles(before)), { keys, now });
}

describe('a log whose store was put back to an earlier time', () => {
  test.each([
    ['within an hour', 0, 0],
    ['an hour later', 0, 1],
    ['over several hours', 1, 5],
  ])('goes on behind its segments: %s', async (_, lostHours, restoredHours) => {
    await enter(before, ten, 1, 2);
    await exportSegments(timed(before, ten + minutes(5)));
    await enter(before, ten + minutes(6), 3);
    const held = await documents();
    const lost = ten + minutes(8) + hours(lostHours);
    await enter(before, lost, 4, 5);
    await exportSegments(timed(before, lost + minutes(1)));
    await enter(before, lost + hours(lostHours), 6);
    await exportSegments(timed(before, lost + hours(lostHours) + minutes(1)));
    await putBack(held);

    const now = ten + minutes(20) + hours(restoredHours);
    // Numbered again from where the store is; the third is delivered once more.
    await Promise.all([
      recordAudit(timed(after, now), [event(3, ten + minutes(6)), event(4, now)]),
      enter(other, now, 5),
    ]);
    await exportSegments(timed(other, now + minutes(5)));

    const log = await wholeLog(after);
    expect(log.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(log[6]).toMatchObject({
      action: 'documents.restored',
      aggregate: 'restore/6',
      subject: { store_to: '3', segments_to: '6' },
    });
    const result = await verified(now + minutes(6));
    expect(result).toMatchObject({ problems: [], entries: 9, unsignedEntries: 0 });
    expect(result.restores).toEqual([{ seq: 7, at: now, storeTo: 3 }]);
    expect(await checkAudit(timed(after, now + minutes(6)), {})).toMatchObject({ problems: [], entries: 9 });
  });

  test('goes on also where nothing of it is left in the store', async () => {
    await enter(before, ten, 1, 2);
    await exportSegments(timed(before, ten + minutes(5)));
    await putBack([]);
    await enter(after, ten + hours(3), 1);
    await exportSegments(timed(after, ten + hours(3) + minutes(5)));
    const result = await verified(ten + hours(3) + minutes(6));
    expect(result).toMatchObject({ problems: [], entries: 4, restores: [{ seq: 3, storeTo: 0 }] });
  });

  test('is not touched where its segments end before it, though an exporter died', async () => {
    await enter(before, ten, 1, 2);
    const held = await documents();
    await exportSegments(timed(before, ten + minutes(5)));
    await putBack(held);
    await enter(after, ten + minutes(6), 3);
    await exportSegments(timed(after, ten + minutes(10)));
    expect(await verified(ten + minutes(11))).toMatchObject({ problems: [], entries: 3, restores: [] });
  });

  test('is refused where it was added to after the restore by something that did not look', async () => {
    await enter(before, ten, 1);
    const held = await documents();
    await enter(before, ten + minutes(1), 2);
    await exportSegments(timed(before, ten + minutes(5)));
    await putBack(held);
    // This process looked at the segments long before, and does not again.
    await recordAudit(timed(before, ten + minutes(7)), [event(9, ten + minutes(7))]).catch(() => undefined);
    await enter(before, ten + hours(1), 2);
    await expect(enter(after, ten + hours(2), 3)).rejects.toThrow(/all apps stopped/);
  });
});
