import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import {
  erase,
  type ErasureJob,
  getErasure,
  placeHold,
  releaseHold,
  requestErasure,
} from '../../shared/erasure/index.ts';
import { rotateHashKey } from '../../shared/privacy/index.ts';
import { readLabels, readPredictions, recordLabels } from '../../shared/predictions/index.ts';
import { modelByName } from '../../shared/registry/index.ts';
import { deploy, publish } from '../serving/support.ts';
import type { TestServer } from '../support/server.ts';
import { dyingAfter } from '../support/dying.ts';
import {
  blobsDyingAfter,
  askAbout,
  at,
  hour,
  keyedServer,
  type Person,
  peopleModel,
  placesOf,
  putPolicy,
} from './support.ts';

const start = Date.UTC(2026, 4, 4, 8);
const settled = 61_000;
/** For one death after the other, on a machine that others use as well. */
const deathsMilliseconds = 180_000;
let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await keyedServer();
  ctx = at(server.ctx, start);
});
afterAll(() => server.close());

const who = (person: string, amount = 1): Person => ({ person, age: BigInt(amount * 10), amount });

/** An endpoint with a policy whose subject key is `person`. */
async function people(
  name: string,
  policy: Record<string, unknown> = { subject_key: 'person' },
): Promise<void> {
  await deploy(server, name, peopleModel());
  await putPolicy(server, name, policy);
}

async function rowsOf(endpoint: string): Promise<{ ids: unknown[]; people: unknown[]; amounts: unknown[] }> {
  const found = { ids: [] as unknown[], people: [] as unknown[], amounts: [] as unknown[] };
  for await (const part of readPredictions(ctx, {
    endpoint,
    from: start - 24 * hour,
    to: start + 24 * hour,
  })) {
    found.ids.push(...part.column('predictionId'));
    found.people.push(...part.column('in.person'));
    found.amounts.push(...part.column('in.amount'));
  }
  return found;
}

const ask = (endpoint: string, value: string | number, column = 'person', dryRun = false) =>
  requestErasure(at(server.ctx, start + 12 * hour), {
    subject: { column, value },
    endpoint,
    reason: 'they asked',
    dryRun,
  });

const later = (): Context => at(server.ctx, start + 12 * hour + settled);
/** Works on an erasure until it is over or waits. */
async function work(job: ErasureJob, on: Context = later()): Promise<ErasureJob> {
  await erase(on, { jobId: job.jobId });
  return getErasure(ctx, job.jobId);
}

const total = ({ found }: ErasureJob, of: 'rows' | 'labels' | 'partsRewritten' | 'partsRead') =>
  found.reduce((sum, counts) => sum + counts[of], 0);

async function events(jobId: string): Promise<Record<string, unknown>[]> {
  return ctx.stores
    .documents('jobs')
    .query(
      { text: "SELECT VALUE c.event FROM c WHERE c.type = 'event'" },
      { key: [jobId], consistency: 'strong' },
    );
}

describe('an erasure', () => {
  test('takes every row of a person and their labels out of all hours, and leaves neither hash nor row', async () => {
    await people('wanted');
    const kept: string[] = [];
    const gone: string[] = [];
    for (const hours of [0, 1, 25]) {
      const during = at(server.ctx, start - 20 * hour + hours * hour);
      const ids = await askAbout(during, 'wanted', [who('Ann', 1), who('Bob', 2), who('Ann', 3)]);
      await recordLabels(
        during,
        'wanted',
        ids.map((predictionId) => ({ predictionId, label: 1 })),
      );
      gone.push(ids[0] ?? '', ids[2] ?? '');
      kept.push(ids[1] ?? '');
    }
    const hash = String((await rowsOf('wanted')).people[0]);
    const job = await ask('wanted', 'Ann');
    expect(job).toMatchObject({ status: 'waiting', column: 'person' });
    const over = await work(job);
    expect(over).toMatchObject({ status: 'finished' });
    expect([total(over, 'rows'), total(over, 'labels'), total(over, 'partsRewritten')]).toEqual([6, 6, 3]);
    expect(await rowsOf('wanted')).toMatchObject({ ids: kept, amounts: [2, 2, 2] });
    const labels = await readLabels(ctx, {
      endpoint: 'wanted',
      from: start - 24 * hour,
      to: start + 24 * hour,
    });
    expect([...labels.keys()].toSorted()).toEqual(kept.toSorted());
    for (const text of [hash, hash.split(':')[2] ?? '', '"Ann"', ...gone])
      expect(await placesOf(ctx, text)).toEqual([]);
    expect(await events(job.jobId)).toMatchObject([
      { type: 'erasure.requested', seq: 1, reason: 'they asked', actor: 'tester' },
      {
        type: 'erasure.finished',
        seq: 2,
        subject: { rows: '6', labels: '6', parts: '3', endpoint: 'wanted' },
      },
    ]);
  });

  test('that only counts changes nothing', async () => {
    await people('counted');
    await askAbout(ctx, 'counted', [who('Ann'), who('Bob'), who('Ann')]);
    const before = await rowsOf('counted');
    const over = await work(await ask('counted', 'Ann', 'person', true));
    expect(over).toMatchObject({ status: 'finished', dryRun: true });
    expect([total(over, 'rows'), total(over, 'partsRewritten')]).toEqual([2, 1]);
    expect(await rowsOf('counted')).toEqual(before);
    expect(await events(over.jobId)).toEqual([]);
  });

  test('finds what was hashed by older keys, and what was logged before the column was personal data', async () => {
    await deploy(server, 'aged', peopleModel());
    await askAbout(ctx, 'aged', [who('Zoë'), who('Bob')]);
    await putPolicy(server, 'aged', { subject_key: 'person' });
    await askAbout(at(server.ctx, start + hour), 'aged', [who('Zoë'), who('Bob')]);
    await rotateHashKey(ctx, 'test');
    // Composed and decomposed spellings are one name.
    await askAbout(at(server.ctx, start + 2 * hour), 'aged', [who('Zoe\u0308'), who('Bob')]);
    const over = await work(await ask('aged', 'Zoë'));
    expect(total(over, 'rows')).toBe(3);
    const left = (await rowsOf('aged')).people;
    expect(left).toEqual(['Bob', expect.stringMatching(/^hashed/), expect.stringMatching(/^hashed/)]);
    expect(new Set(left).size).toBe(3);
    expect(await placesOf(ctx, 'Zoë')).toEqual([]);
  });

  test.each([
    ['a number', 'age', 4711],
    ['a number as text', 'age', '4711'],
    ['a decimal', 'amount', 471.1],
    ['a decimal as text', 'amount', '471.10'],
  ])('finds %s in columns of every kind', async (_, column, value) => {
    const name = `number-${column}-${typeof value}`;
    await people(name, { subject_key: column });
    await askAbout(ctx, name, [who('Ann', 471.1), who('Bob', 1)]);
    const over = await work(await ask(name, value, column));
    expect(total(over, 'rows')).toBe(1);
    expect((await rowsOf(name)).people).toEqual(['Bob']);
  });

  test('takes nobody else for a person whom float32 does not tell from others, and says where', async () => {
    await people('imprecise', { subject_key: 'amount' });
    await askAbout(ctx, 'imprecise', [who('Ann', 16_777_216), who('Bob', 16_777_217)]);
    const over = await work(await ask('imprecise', 16_777_217, 'amount'));
    expect(total(over, 'rows')).toBe(0);
    expect(over.elsewhere).toContainEqual(
      expect.objectContaining({ kind: 'float-column', name: 'in.amount' }),
    );
  });

  test('covers what was logged until it was asked for, not what comes later', async () => {
    await people('ongoing');
    await askAbout(at(server.ctx, start + 12 * hour - 1), 'ongoing', [who('Ann', 1)]);
    const job = await ask('ongoing', 'Ann');
    await askAbout(at(server.ctx, start + 12 * hour + 1), 'ongoing', [who('Ann', 2)]);
    // What an instance still had in memory when it was asked for may be written a minute later.
    expect((await work(job, at(server.ctx, start + 12 * hour + 1000))).status).toBe('waiting');
    expect(total(await work(job), 'rows')).toBe(1);
    expect((await rowsOf('ongoing')).amounts).toEqual([2]);
  });

  test('goes through every endpoint where none is named, and asked for twice is one', async () => {
    await people('first');
    await people('second');
    await askAbout(ctx, 'first', [who('Everywhere')]);
    await askAbout(ctx, 'second', [who('Everywhere'), who('Bob')]);
    const asked = { subject: { column: 'person', value: 'Everywhere' }, reason: 'they asked', dryRun: false };
    const jobs = await Promise.all(Array.from({ length: 4 }, () => requestErasure(ctx, asked)));
    expect(new Set(jobs.map(({ jobId }) => jobId)).size).toBe(1);
    const [job] = jobs;
    if (!job) throw new Error('There is no job.');
    const over = await work(job);
    expect(total(over, 'rows')).toBe(2);
    // After its end the same request is a new one, which finds nothing any more.
    const again = await requestErasure(ctx, asked);
    expect(again.jobId).not.toBe(job.jobId);
    expect(total(await work(again), 'rows')).toBe(0);
  });

  test('of everybody names files of models that no endpoint has, once each, where they have the column', async () => {
    await people('with-endpoint');
    await publish(server, 'alone', peopleModel());
    const idOf = async (name: string) => (await modelByName(ctx, name)).modelId;
    const names = [
      `model-${await idOf('alone')}/people.csv`,
      `model-${await idOf('with-endpoint')}/people.csv`,
      'alone/dropped.csv',
      'never-was/people.csv',
    ];
    const input = ctx.stores.blobs('batch-input');
    for (const name of names) await input.write(name, Buffer.from('person,amount\nAnn,1\n'));
    await input.write('alone/others.csv', Buffer.from('amount\n1\n'));
    await input.write('never-was@theirs/people.csv', Buffer.from('person\nAnn\n'));
    const asked = { subject: { column: 'person', value: 'Ann' }, reason: 'they asked', dryRun: true };
    const { elsewhere } = await work(await requestErasure(at(server.ctx, start + 12 * hour), asked));
    const listed = elsewhere.filter(({ kind }) => kind === 'batch-input');
    expect(listed.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    expect(listed).toContainEqual({
      kind: 'batch-input',
      endpoint: null,
      name: names[0],
      why: "It has a column 'person'.",
    });
    for (const name of names) await input.remove(name);
  });

  test('done by several workers at once, and by late messages, counts each row once', async () => {
    await people('crowded');
    for (const hours of [0, 1, 2, 3])
      await askAbout(at(server.ctx, start + hours * hour), 'crowded', [who('Ann'), who('Bob')]);
    const job = await ask('crowded', 'Ann');
    await Promise.all(
      Array.from({ length: 4 }, () =>
        erase(later(), { jobId: job.jobId }, { workSecondsMax: 60, leaseSeconds: 0 }),
      ),
    );
    const over = await work(job);
    expect(over.status).toBe('finished');
    expect(total(over, 'rows')).toBe(4);
    await work(job);
    expect(await getErasure(ctx, job.jobId)).toEqual(over);
  });

  test('keeps labels out that are sent for an erased prediction, new ones and the same ones again', async () => {
    await people('labelled');
    const [id = '', other = ''] = await askAbout(ctx, 'labelled', [who('Ann'), who('Bob')]);
    const labels = [
      { predictionId: id, label: 'a' },
      { predictionId: other, label: 'b' },
    ];
    await recordLabels(ctx, 'labelled', labels);
    expect(total(await work(await ask('labelled', 'Ann')), 'labels')).toBe(1);
    await recordLabels(ctx, 'labelled', labels);
    await recordLabels(ctx, 'labelled', [{ predictionId: id, label: 'late' }]);
    expect(await readLabels(ctx, { endpoint: 'labelled', from: start, to: start + 1 })).toEqual(
      new Map([[other, 'b']]),
    );
    expect(await placesOf(ctx, id)).toEqual([]);
  });

  test('of two people in the same parts at once takes the rows of both', async () => {
    await people('shared');
    for (const hours of [0, 1, 2])
      await askAbout(at(server.ctx, start + hours * hour), 'shared', [
        who('Ann', 1),
        who('Bob', 2),
        who('Cy', 3),
      ]);
    const [a, b] = await Promise.all([ask('shared', 'Ann'), ask('shared', 'Bob')]);
    const over = await Promise.all([work(a), work(b)]);
    expect(over.map((job) => total(job, 'rows'))).toEqual([3, 3]);
    expect((await rowsOf('shared')).amounts).toEqual([3, 3, 3]);
  });

  test('of everybody leaves parts without rows, in bounded memory', async () => {
    await people('common');
    const crowd = Array.from({ length: 5000 }, () => who('Everyman'));
    for (const minutes of [0, 1, 2, 3])
      await askAbout(at(server.ctx, start + minutes * 60_000), 'common', crowd);
    const over = await work(await ask('common', 'Everyman'));
    expect([total(over, 'rows'), total(over, 'partsRewritten')]).toEqual([20_000, 4]);
    expect((await rowsOf('common')).ids).toEqual([]);
  });
});

describe('an erasure whose worker dies', () => {
  test.each(['blobs', 'documents'] as const)(
    'after any write to %s is finished by the next, with the same counts',
    async (kind) => {
      const name = `dies-${kind}`;
      await people(name);
      for (let writes = 0, died = true; died; writes++) {
        const person = `Ann-${writes}`;
        for (const hours of [0, 1]) {
          const rows = [who(person, 1), who('Bob', 2)];
          const ids = await askAbout(at(server.ctx, start + hours * hour), name, rows);
          await recordLabels(
            ctx,
            name,
            ids.map((predictionId) => ({ predictionId, label: 1 })),
          );
        }
        const others = Array.from({ length: 2 * (writes + 1) }, () => 2);
        const job = await ask(name, person);
        const mortal =
          kind === 'blobs' ? blobsDyingAfter(later(), writes) : dyingAfter(later(), writes, ['jobs']);
        await erase(mortal.dying, { jobId: job.jobId }).catch(() => undefined);
        died = mortal.died();
        // Readers see every part, before and after.
        expect((await rowsOf(name)).amounts.filter((amount) => amount === 2)).toEqual(others);
        const over = await work(job, at(server.ctx, start + 13 * hour));
        expect(over).toMatchObject({ status: 'finished' });
        expect([total(over, 'rows'), total(over, 'partsRewritten')]).toEqual([2, 2]);
        expect((await rowsOf(name)).amounts).toEqual(others);
        const labels = await readLabels(ctx, { endpoint: name, from: start, to: start + 2 * hour });
        expect(labels.size).toBe(others.length);
      }
    },
    deathsMilliseconds,
  );
});

describe('a hold', () => {
  test('keeps the rows of its endpoint: the request is refused and names it', async () => {
    await people('held');
    await askAbout(ctx, 'held', [who('Ann')]);
    const hold = await placeHold(ctx, { endpoint: 'held', reason: 'case 12' });
    await expect(ask('held', 'Ann')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(hold.holdId),
    });
    expect(total(await work(await ask('held', 'Ann', 'person', true)), 'rows')).toBe(1);
    await releaseHold(ctx, hold.holdId);
    expect(total(await work(await ask('held', 'Ann')), 'rows')).toBe(1);
  });

  test('on a person keeps their rows at every endpoint, and nobody else’s', async () => {
    await people('held-person');
    await askAbout(ctx, 'held-person', [who('Annabel'), who('Bob')]);
    const hold = await placeHold(ctx, { subject: { column: 'person', value: 'Annabel' }, reason: 'case 13' });
    await expect(ask('held-person', 'Annabel')).rejects.toMatchObject({ code: 'conflict' });
    expect(total(await work(await ask('held-person', 'Bob')), 'rows')).toBe(1);
    await releaseHold(ctx, hold.holdId);
    expect(await placesOf(ctx, 'Annabel')).toEqual([]);
  });

  test('placed midway stops an erasure before its next part, and the release lets it go on', async () => {
    await people('midway');
    for (const hours of [0, 1, 2])
      await askAbout(at(server.ctx, start + hours * hour), 'midway', [who('Ann', hours)]);
    const job = await ask('midway', 'Ann');
    let holdId = '';
    const { dying } = afterFirstPart(later(), async () => {
      ({ holdId } = await placeHold(ctx, { endpoint: 'midway', reason: 'case 14' }));
    });
    await erase(dying, { jobId: job.jobId });
    expect(await getErasure(ctx, job.jobId)).toMatchObject({ status: 'blocked', holdId });
    expect((await rowsOf('midway')).amounts).toEqual([1, 2]);
    expect(await work(job)).toMatchObject({ status: 'blocked' });
    await releaseHold(ctx, holdId);
    const over = await work(job);
    expect(over.status).toBe('finished');
    expect(total(over, 'rows')).toBe(3);
    expect((await rowsOf('midway')).amounts).toEqual([]);
  });

  test('on a person known by another column keeps the rows that are theirs', async () => {
    await people('two-columns', { subject_key: 'person', pii: { age: 'hash' } });
    await askAbout(ctx, 'two-columns', [who('Ann', 5), who('Ann', 6)]);
    const hold = await placeHold(ctx, { subject: { column: 'age', value: 50 }, reason: 'case 15' });
    const job = await ask('two-columns', 'Ann');
    expect(await work(job)).toMatchObject({ status: 'blocked', holdId: hold.holdId });
    await releaseHold(ctx, hold.holdId);
    expect(total(await work(job), 'rows')).toBe(2);
  });
});

/** A context that does something once, after the first part was replaced. */
function afterFirstPart(on: Context, then: () => Promise<void>): { dying: Context } {
  let isDone = false;
  const blobs: Context['stores']['blobs'] = (name) =>
    new Proxy(on.stores.blobs(name), {
      get(target, property) {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        if (property !== 'write') return member.bind(target) as unknown;
        return async (...given: Parameters<typeof target.write>) => {
          const written = await target.write(...given);
          if (!isDone && given[0].endsWith('.parquet')) {
            isDone = true;
            await then();
          }
          return written;
        };
      },
    });
  return { dying: { ...on, stores: { ...on.stores, blobs } } };
}
