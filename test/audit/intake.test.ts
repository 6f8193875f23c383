import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Intake } from '../../shared/audit/intake/intake.ts';
import { recordDownload } from '../../shared/audit/index.ts';
import type { Context } from '../../shared/context.ts';
import type { EventDocument } from '../../shared/events/index.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { minutes, ten, timed } from './support.ts';

let context: TestContext;
let ctx: Context;
beforeEach(async () => {
  context = await testContext();
  ctx = timed(context.ctx, ten);
});
afterEach(() => context.close());

async function stored(): Promise<EventDocument['event'][]> {
  const documents = await context.ctx.stores
    .documents('audit')
    .query<EventDocument>({ text: "SELECT * FROM c WHERE c.type = 'event'" }, { consistency: 'strong' });
  return documents.map(({ event }) => event).toSorted((a, b) => a.seq - b.seq);
}

const denial = (path: string) => ({ type: 'access.denied', subject: { path } }) as const;
const total = (events: EventDocument['event'][]) =>
  events.reduce((sum, { subject }) => sum + Number(subject['count'] ?? 1), 0);

/** An intake that does not wait, and how often it would have. */
function impatient() {
  const pauses: number[] = [];
  return {
    pauses,
    intake: new Intake('here', (milliseconds) => Promise.resolve(void pauses.push(milliseconds))),
  };
}

describe('the intake of an instance', () => {
  test('stores each before the call that waits for it goes on, numbered without gaps', async () => {
    const { intake } = impatient();
    for (let i = 0; i < 5; i++) {
      await intake.note({ key: String(i), ctx, event: denial(`/${i}`) });
      expect((await stored()).map(({ seq }) => seq)).toEqual(Array.from({ length: i + 1 }, (_, n) => n + 1));
    }
    expect((await stored())[0]).toMatchObject({
      aggregate: 'instance/here',
      actor: 'tester',
      subject: { path: '/0' },
    });
  });

  test('makes one event with a count of the same that meet, and of the rest when there are too many kinds', async () => {
    const { intake } = impatient();
    await Promise.all([
      ...Array.from({ length: 200 }, () => intake.note({ key: 'same', ctx, event: denial('/same') })),
      ...Array.from({ length: 100 }, (_, i) => intake.note({ key: `${i}`, ctx, event: denial(`/${i}`) })),
    ]);
    const events = await stored();
    expect(total(events)).toBe(300);
    expect(events.length).toBeLessThanOrEqual(21);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter(({ subject }) => subject['path'] === undefined)).toMatchObject([
      { actor: 'tester', subject: { count: '95' } },
    ]);
  });

  test('tells who did what in the midst of a flood by others', async () => {
    const { intake } = impatient();
    const as = (id: string): Context => ({ ...ctx, principal: { id, name: id } });
    const flood = Array.from({ length: 100 }, (_, i) =>
      intake.note({ key: `flood ${i}`, ctx: as('anonymous'), event: denial(`/${i}`) }),
    );
    const fetched = { type: 'model.downloaded', subject: { model: 'm' } } as const;
    await Promise.all([
      ...flood,
      intake.note({ key: 'fetched', ctx: as('thief'), event: fetched }),
      intake.note({ key: 'refused', ctx: as('thief'), event: denial('/secret') }),
    ]);
    const events = await stored();
    expect(total(events)).toBe(102);
    expect(events.filter(({ actor }) => actor === 'thief')).toMatchObject([
      { type: 'model.downloaded', subject: { model: 'm' } },
      { type: 'access.denied', subject: { path: '/secret' } },
    ]);
  });

  test('loses none of a flood of different calls, and writes no more a minute than it says', async () => {
    const { intake, pauses } = impatient();
    for (let round = 0; round < 100; round++)
      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          intake.note({ key: `${round} ${i}`, ctx, event: denial(`/${i}`) }),
        ),
      );
    const events = await stored();
    expect(total(events)).toBe(5000);
    // 120 writes begin at once; each further one of this minute waits for a second.
    const writes = pauses.length + 120;
    expect(pauses.every((pause) => pause === 1000)).toBe(true);
    expect(events.length).toBeLessThanOrEqual(writes * 20);
    const later = timed(ctx, ten + minutes(1));
    await intake.note({ key: 'later', ctx: later, event: denial('/later') });
    expect(pauses).toHaveLength(writes - 120);
  });

  test('leaves no gap and stores nothing twice where an answer of the store was lost', async () => {
    const { intake } = impatient();
    const { documents } = ctx.stores;
    const lossy = (isWritten: boolean): Context => {
      const container = (name: Parameters<typeof documents>[0]) =>
        new Proxy(documents(name), {
          get(target, property) {
            const value: unknown = Reflect.get(target, property);
            if (property !== 'batch') return typeof value === 'function' ? value.bind(target) : value;
            return async (...given: Parameters<typeof target.batch>) => {
              if (isWritten) await target.batch(...given);
              throw new Error('no answer');
            };
          },
        });
      return { ...ctx, stores: { ...ctx.stores, documents: Object.assign(container, documents) } };
    };
    await intake.note({ key: 'a', ctx, event: denial('/a') });
    for (const isWritten of [true, false]) {
      const failing = lossy(isWritten);
      const note = intake.note({ key: 'lost', ctx: failing, event: denial(`/lost ${String(isWritten)}`) });
      await expect(note).rejects.toThrow('no answer');
      // The store answers again.
      Object.assign(failing.stores, { documents });
      await intake.note({ key: 'b', ctx, event: denial('/b') });
    }
    expect((await stored()).map(({ seq, subject }) => [seq, subject['path']])).toEqual([
      [1, '/a'],
      [2, '/lost true'],
      [3, '/b'],
      [4, '/lost false'],
      [5, '/b'],
    ]);
  });
});

describe('a download of a model', () => {
  test('is one event for all files that one caller fetches within five minutes, and costs nothing after the first', async () => {
    const { meter } = ctx.stores.documents;
    await recordDownload(ctx, 'logged-model/m-1', 'artifacts/get');
    const { requests } = meter;
    await Promise.all(
      Array.from({ length: 50 }, () => recordDownload(ctx, 'logged-model/m-1', 'artifacts/get')),
    );
    expect(meter.requests).toBe(requests);
    await recordDownload(ctx, 'logged-model/m-2', 'artifacts/get');
    await recordDownload(
      { ...ctx, principal: { id: 'bob', name: 'Bob' } },
      'logged-model/m-1',
      'artifacts/get',
    );
    await recordDownload(timed(ctx, ten + minutes(6)), 'logged-model/m-1', 'artifacts/get');
    expect((await stored()).map(({ actor, subject }) => [actor, subject['model']])).toEqual([
      ['tester', 'logged-model/m-1'],
      ['tester', 'logged-model/m-2'],
      ['bob', 'logged-model/m-1'],
      ['tester', 'logged-model/m-1'],
    ]);
  });
});
