import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashOf, noHash } from '../../shared/audit/entry.ts';
import type { HeadDocument } from '../../shared/audit/chain/documents.ts';
import { recordAudit } from '../../shared/audit/index.ts';
import type { Context } from '../../shared/context.ts';
import { dyingAfter } from '../support/dying.ts';
import { testInstances } from '../support/instances.ts';
import { eventOf, hours, inDefault, minutes, ten, timed, wholeLog } from './support.ts';

let stores: Awaited<ReturnType<typeof testInstances>>;
let ctx: Context;
beforeEach(async () => {
  stores = await testInstances(5);
  [ctx] = stores.instances as [Context];
});
afterEach(() => stores.close());

/** How many entries the log has; `broken` unless it has no gap, each is behind the one before, and the clock never goes back. */
async function whole(): Promise<number | 'broken'> {
  const entries = await wholeLog(ctx);
  const fits = entries.every((entry, i) => {
    const before = entries[i - 1];
    return (
      entry.seq === i + 1 &&
      entry.prev_hash === (before?.hash ?? noHash) &&
      entry.hash === hashOf(entry) &&
      entry.recorded_at >= (before?.recorded_at ?? 0)
    );
  });
  return fits ? entries.length : 'broken';
}

async function heads(): Promise<HeadDocument[]> {
  const found = await ctx.stores
    .documents('audit')
    .query<HeadDocument>({ text: "SELECT * FROM c WHERE c.type = 'audit-head'" }, { consistency: 'strong' });
  return found.toSorted((a, b) => a.segment.localeCompare(b.segment));
}

describe('the audit log', () => {
  test('has an entry for each event that says what the event says', async () => {
    const event = eventOf('endpoint/a', 1, ten, { before: 'sha256:b', after: 'sha256:a', reason: 'a test' });
    await recordAudit(timed(ctx, ten + 1), [{ event, workspace: 'team' }]);
    const [entry] = await wholeLog(ctx);
    expect(entry).toEqual({
      v: 1,
      seq: 1,
      at: ten,
      recorded_at: ten + 1,
      workspace: 'team',
      actor: 'ada',
      action: 'endpoint.changed',
      aggregate: 'endpoint/a',
      aggregate_seq: 1,
      outcome: 'done',
      before: 'sha256:b',
      after: 'sha256:a',
      reason: 'a test',
      request_id: 'request-1',
      subject: { endpoint: 'endpoint/a' },
      prev_hash: noHash,
      hash: entry?.hash,
    });
    expect(await whole()).toBe(1);
  });

  test('enters an event once, however often and by whichever instance it is delivered', async () => {
    const events = Array.from({ length: 120 }, (_, i) => inDefault(eventOf('endpoint/a', i + 1, ten + i)));
    await Promise.all(
      stores.instances.map((instance, i) => recordAudit(timed(instance, ten + 1000), events.slice(i * 10))),
    );
    await recordAudit(timed(ctx, ten + 2000), events);
    expect(await whole()).toBe(120);
  });

  test('knows an event again that comes in a later hour, and goes on where another hour is open', async () => {
    const early = inDefault(eventOf('endpoint/a', 1, ten + minutes(59)));
    await recordAudit(timed(ctx, ten + minutes(59)), [early]);
    for (let hour = 1; hour < 4; hour++)
      await recordAudit(timed(ctx, ten + hours(hour)), [
        early,
        inDefault(eventOf('endpoint/b', hour, ten + hours(hour))),
      ]);
    expect(await whole()).toBe(4);
    expect((await heads()).map(({ segment, next }) => [segment, next])).toEqual([
      ['2026-03-01T10', '2026-03-01T11'],
      ['2026-03-01T11', '2026-03-01T12'],
      ['2026-03-01T12', '2026-03-01T13'],
      ['2026-03-01T13', undefined],
    ]);
  });

  test('knows an event again whose clock was ahead of the one that entered it', async () => {
    const ahead = inDefault(eventOf('endpoint/a', 1, ten + hours(1) + 3000));
    await recordAudit(timed(ctx, ten + hours(1) - 1000), [ahead]);
    await recordAudit(timed(ctx, ten + hours(1) + 4000), [ahead]);
    expect(await whole()).toBe(1);
  });

  test('stays one log with a clock that never goes back while clocks of instances disagree by hours', async () => {
    const clocks = [0, -2, 1, 3, 2].map((hour) => ten + hours(hour));
    for (let round = 0; round < 4; round++)
      await Promise.all(
        stores.instances.map((instance, i) => {
          const now = (clocks[i] ?? 0) + round * minutes(20);
          const event = inDefault(eventOf(`endpoint/${i}`, round + 1, now));
          return recordAudit(timed(instance, now), [event, event]);
        }),
      );
    expect(await whole()).toBe(20);
    const all = await heads();
    for (const [i, head] of all.entries()) expect(head.next).toBe(all[i + 1]?.segment);
  });

  test('an hour that is closed is never added to, and its entries are known in the next one, by racing instances', async () => {
    const events = Array.from({ length: 40 }, (_, i) => inDefault(eventOf('endpoint/a', i + 1, ten + i)));
    await Promise.all(
      stores.instances.flatMap((instance, i) =>
        events.map((event, n) => recordAudit(timed(instance, ten + hours((n + i) % 3)), [event])),
      ),
    );
    expect(await whole()).toBe(40);
  });

  test('goes on after an instance that died at any of its writes', async () => {
    let seq = 0;
    for (let writes = 0; writes < 6; writes++) {
      const now = ten + hours(writes);
      const events = [1, 2, 3].map(() => inDefault(eventOf('endpoint/a', ++seq, now)));
      const { dying } = dyingAfter(timed(ctx, now), writes, ['audit']);
      await recordAudit(dying, events).catch(() => undefined);
      await recordAudit(timed(ctx, now + 1), events);
      expect(await whole()).toBe(seq);
    }
  });

  test('takes entries that meet in one write, and costs one request for each batch once it is open', async () => {
    const now = timed(ctx, ten + minutes(10));
    await recordAudit(now, [inDefault(eventOf('endpoint/a', 1, ten + minutes(10)))]);
    const { meter } = ctx.stores.documents;
    const before = { ...meter };
    await Promise.all(
      Array.from({ length: 99 }, (_, i) =>
        recordAudit(now, [inDefault(eventOf('endpoint/b', i + 1, ten + minutes(10)))]),
      ),
    );
    // The first goes by itself, those that come meanwhile together.
    expect(meter.requests - before.requests).toBeLessThanOrEqual(2);
    expect((meter.requestUnits - before.requestUnits) / 99).toBeLessThan(12);
    expect(await whole()).toBe(100);
  });

  test('takes more at once than a batch can hold, and entries as large as events can be', async () => {
    const subject = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`id${i}`, 'x'.repeat(5000)]));
    const events = Array.from({ length: 150 }, (_, i) =>
      inDefault(eventOf('endpoint/a', i + 1, ten, { subject, reason: '\ud800half'.repeat(1000) })),
    );
    await recordAudit(timed(ctx, ten), events);
    expect(await whole()).toBe(150);
  });
});
