import { afterAll, beforeAll, expect, test } from 'vitest';
import { activeSilences, isSilenced } from '../../shared/alerts/index.ts';
import { createSilence, endSilence, listSilences, type NewSilence } from '../../shared/alerts/silences.ts';
import type { Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { at, classifier, deploy, hour, lagging } from '../monitoring/support.ts';
import { type TestServer, testServer } from '../support/server.ts';

const start = Date.UTC(2026, 2, 2);

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ctx = at(server.ctx, start);
  await deploy(server, server.ctx, 'iris', classifier([1, 1, 1]));
});
afterAll(() => server.close());

const create = (from: number, until: number, more: Partial<NewSilence> = {}) =>
  createSilence(ctx, { from: start + from * hour, until: start + until * hour, comment: 'known', ...more });
const activeAt = async (hours: number) =>
  (await activeSilences(at(server.ctx, start + hours * hour))).map(({ silenceId }) => silenceId);
const alert = {
  monitorId: 'iris',
  signal: 'performance',
  segment: 'country=CH',
  severity: 'critical',
} as const;

test('is in force from its beginning until before its end, and no longer once it was ended', async () => {
  const later = await create(1, 3, { monitor: 'iris' });
  expect([await activeAt(0.5), await activeAt(1), await activeAt(2.9), await activeAt(3)]).toEqual([
    [],
    [later.silenceId],
    [later.silenceId],
    [],
  ]);
  const ended = await endSilence(at(server.ctx, start + 2 * hour), later.silenceId);
  expect(ended).toMatchObject({ from: start + hour, until: start + 2 * hour, endpoint: 'iris' });
  expect(await activeAt(2)).toEqual([]);
  // Once more changes nothing.
  expect(await endSilence(at(server.ctx, start + 2.5 * hour), later.silenceId)).toEqual(ended);

  const never = await create(4, 5);
  await endSilence(ctx, never.silenceId);
  expect(await activeAt(4.5)).toEqual([]);
});

test('matches by what it names, and of several the one that lasts longest counts', async () => {
  const short = await create(0, 20, { signal: 'performance' });
  const long = await create(0, 30, { monitor: 'iris', severity: 'critical', segment: 'country=CH' });
  const other = await create(0, 40, { monitor: 'iris', signal: 'latency' });
  const all = await activeSilences(at(server.ctx, start + 10 * hour));
  const matched = (of: Partial<Omit<typeof alert, 'monitorId'>> & { monitorId?: string }) =>
    isSilenced(all, { ...alert, ...of })?.silenceId;
  expect(matched({})).toBe(long.silenceId);
  expect(matched({ monitorId: 'oak' })).toBe(short.silenceId);
  expect(isSilenced(all, { ...alert, segment: '' })?.silenceId).toBe(short.silenceId);
  expect(isSilenced(all, { ...alert, signal: 'latency', severity: 'info' })?.silenceId).toBe(other.silenceId);
  expect(isSilenced(all, { ...alert, signal: 'traffic', segment: '' })).toBeUndefined();
  for (const { silenceId } of [short, long, other]) await endSilence(ctx, silenceId);
});

test('lists by state, newest first, page by page', async () => {
  const made: string[] = [];
  for (let i = 0; i < 5; i++)
    made.push(
      (await createSilence(at(server.ctx, start + i), { until: start + 100 * hour, comment: String(i) }))
        .silenceId,
    );
  const now = at(server.ctx, start + 50 * hour);
  const paged = async () => {
    const found: string[] = [];
    for (let pageToken: string | undefined, pages = 0; pages < 10; pages++) {
      const { items, nextToken } = await listSilences(now, { state: 'active' }, { limit: 2, pageToken });
      found.push(...items.map(({ silenceId }) => silenceId));
      if (nextToken === undefined) break;
      pageToken = nextToken;
    }
    return found;
  };
  await expect.poll(paged, lagging).toEqual(made.toReversed());
  for (const silenceId of made) await endSilence(now, silenceId);
  await expect.poll(paged, lagging).toEqual([]);
  await expect
    .poll(
      async () =>
        (await listSilences(now, { state: 'expired', monitor: 'iris' }, { limit: 100 })).items.map(
          ({ monitor, comment }) => `${monitor} ${comment}`,
        ),
      lagging,
    )
    .toEqual(['iris known', 'iris known', 'iris known']);
});

test('refuses times that are no span, and monitors that there are not', async () => {
  await expect(create(-2, -1)).rejects.toMatchObject({ code: 'invalid', field: 'until' });
  await expect(create(2, 1)).rejects.toMatchObject({ code: 'invalid', field: 'from' });
  await expect(create(1, 1)).rejects.toMatchObject({ code: 'invalid', field: 'from' });
  await expect(create(0, 1, { monitor: 'nobody' })).rejects.toMatchObject({ code: 'not-found' });
});

test('tells of its beginning and its end once, also to many at once, and keeps no secret', async () => {
  const { silenceId, comment } = await create(0, 1, {
    comment: `for ${['AKIA', 'ABCDEFGH23456723'].join('')}`,
  });
  expect(comment).toContain('[redacted');
  await Promise.all(Array.from({ length: 5 }, () => endSilence(ctx, silenceId)));
  const events = await server.ctx.stores.documents('monitors').query<CairnEvent>(
    {
      text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND c.event.subject.silenceId = @silenceId",
      values: { silenceId },
    },
    { key: ['default', '~silences'], consistency: 'strong' },
  );
  expect(events.map(({ type, seq, actor, reason }) => ({ type, seq, actor, reason }))).toEqual([
    { type: 'silence.created', seq: 1, actor: 'tester', reason: comment },
    { type: 'silence.ended', seq: 2, actor: 'tester', reason: undefined },
  ]);
});
