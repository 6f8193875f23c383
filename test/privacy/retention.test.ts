import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeWorkspace } from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { expire, placeHold, releaseHold, sweepRetention } from '../../shared/erasure/index.ts';
import { deleteEndpoint } from '../../shared/endpoints/index.ts';
import { checkNow, listResults } from '../../shared/monitoring/index.ts';
import { deleteModel, deleteModelTag, modelByName, setModelTag } from '../../shared/registry/index.ts';
import { readLabels, readPredictions, recordLabels } from '../../shared/predictions/index.ts';
import { drop, runJob } from '../batch/support.ts';
import { deploy, publish } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { dyingAfter } from '../support/dying.ts';
import type { TestServer } from '../support/server.ts';
import { askAbout, at, blobsDyingAfter, hour, keyedServer, peopleModel, putPolicy } from './support.ts';

const day = 24 * hour;
const now = Math.floor(Date.now() / day) * day + 12 * hour;
const old = now - 31 * day;
/** For one death after the other, on a machine that others use as well. */
const deathsMilliseconds = 180_000;
let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await keyedServer();
  ctx = at(server.ctx, now);
});
afterAll(() => server.close());

const who = (person: string, amount: number) => ({ person, age: 1n, amount });

/** An endpoint that keeps 30 days, with rows and labels of 32 and 31 days and 1 hour ago, and of yesterday. */
async function aged(name: string, policy: Record<string, unknown> = {}): Promise<void> {
  await deploy(server, name, peopleModel());
  await putPolicy(server, name, { retention_days: 30, subject_key: 'person', ...policy });
  await fill(name);
}

/** Rows and labels of all these times. */
async function fill(name: string): Promise<void> {
  for (const [i, time] of [old - day, old - hour, now - day].entries()) {
    const ids = await askAbout(at(server.ctx, time), name, [who('Ann', i), who('Bob', i)]);
    await recordLabels(
      ctx,
      name,
      ids.map((predictionId) => ({ predictionId, label: 1 })),
    );
  }
}

async function amounts(endpoint: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const part of readPredictions(ctx, { endpoint, from: now - 100 * day, to: now }))
    found.push(...part.column('in.amount'));
  return found;
}

async function labels(endpoint: string): Promise<number> {
  return (await readLabels(ctx, { endpoint, from: now - 100 * day, to: now })).size;
}

async function applied(endpoint: string): Promise<CairnEvent[]> {
  return ctx.stores.documents('endpoints').query<CairnEvent>(
    {
      text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
      values: { aggregate: `retention/${endpoint}` },
    },
    { key: ['default'], consistency: 'strong' },
  );
}

describe('the retention of an endpoint', () => {
  test('removes what is older hour by hour, says once what went, and keeps the rest', async () => {
    await aged('aged');
    await expire(ctx, { endpoint: 'aged' });
    await expire(ctx, { endpoint: 'aged' });
    expect(await amounts('aged')).toEqual([2, 2]);
    expect(await labels('aged')).toBe(2);
    const before = new Date(now - 30 * day).toISOString();
    expect(await applied('aged')).toMatchObject([
      { type: 'retention.applied', seq: 1, subject: { endpoint: 'aged', parts: '2', labels: '2', before } },
    ]);
    await expire(at(server.ctx, now + day), { endpoint: 'aged' });
    expect(await applied('aged')).toHaveLength(1);
  });

  test('covers results and references of its monitors, and scored files', async () => {
    await aged('all-kinds');
    await server.drain();
    await checkNow(ctx, 'all-kinds', { from: old - 2 * hour, to: old });
    await checkNow(ctx, 'all-kinds', { from: now - 2 * day, to: now });
    const reference = (until: number) => Buffer.from(JSON.stringify({ v: 2, features: [], until, rows: [] }));
    const monitoring = ctx.stores.blobs('monitoring');
    await monitoring.write('default/all-kinds/references/old.json', reference(old));
    await monitoring.write('default/all-kinds/references/new.json', reference(now));
    const inputs = ctx.stores.blobs('batch-input');
    await inputs.write('all-kinds/in.csv', Buffer.from('person\nAnn\n'));
    await inputs.write('all-kinds-not/in.csv', Buffer.from('person\nAnn\n'));
    await expire(ctx, { endpoint: 'all-kinds' });
    await eventually(async () => {
      const results = await listResults(ctx, 'all-kinds', 10);
      expect(results.map(({ windowEnd }) => windowEnd)).toEqual([now]);
    });
    expect(await monitoring.stat('default/all-kinds/references/old.json')).toBeUndefined();
    expect(await monitoring.stat('default/all-kinds/references/new.json')).toBeDefined();
    expect(await inputs.stat('all-kinds/in.csv')).toBeDefined();
    // Files count from when they were written.
    await expire(at(server.ctx, Date.now() + 31 * day), { endpoint: 'all-kinds' });
    expect(await inputs.stat('all-kinds/in.csv')).toBeUndefined();
    expect(await inputs.stat('all-kinds-not/in.csv')).toBeDefined();
    expect((await applied('all-kinds')).map(({ subject }) => subject)).toMatchObject([
      { parts: '2', results: '1', references: '1', files: '0' },
      { files: '1' },
    ]);
  });

  test('covers what detectors know of versions, of an endpoint that is deleted too, by the labels they saw last', async () => {
    const blobs = ctx.stores.blobs('profiles');
    const hourAt = (time: number) => new Date(time).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');
    const known = async (endpoint: string, name: string, time: number) => {
      const path = `default/${endpoint}/checks/${name}.json`;
      const state = { v: 1, hours: [{ hour: hourAt(old - day) }, { hour: hourAt(time) }], checkpoints: [] };
      await blobs.write(path, Buffer.from(JSON.stringify(state)));
      return path;
    };
    await aged('watched');
    await deleteEndpoint(ctx, 'watched');
    const [first, second, detail, beside] = [
      await known('watched', 'watched/detectors/aa', old),
      await known('watched', 'long-gone/detectors/aa', now - day),
      await known('watched', 'watched/00000000000001', old),
      await known('watched-not', 'watched-not/detectors/aa', old),
    ];
    const kept = async () => {
      const found = await Promise.all([first, second, detail, beside].map((path) => blobs.stat(path)));
      return found.map((each) => each !== undefined);
    };
    await expire(ctx, { endpoint: 'watched' });
    expect(await kept()).toEqual([false, true, true, true]);
    await expire(at(server.ctx, now + 30 * day), { endpoint: 'watched' });
    expect(await kept()).toEqual([false, false, true, true]);
  });

  test('is six months for a system that became high-risk later', async () => {
    await aged('became-risky');
    await setModelTag(ctx, 'became-risky', { key: 'risk', value: 'high' });
    await expire(ctx, { endpoint: 'became-risky' });
    expect(await amounts('became-risky')).toHaveLength(6);
    await expire(at(server.ctx, now + 153 * day), { endpoint: 'became-risky' });
    expect(await amounts('became-risky')).toEqual([2, 2]);
  });

  test('does not touch an endpoint without a policy, nor one that is gone', async () => {
    await deploy(server, 'no-policy', peopleModel());
    await askAbout(at(server.ctx, old), 'no-policy', [who('Ann', 1)]);
    await expire(ctx, { endpoint: 'no-policy' });
    await expire(ctx, { endpoint: 'never-was' });
    expect(await amounts('no-policy')).toEqual([1]);
  });

  test('waits for a hold over the endpoint, and goes on when it is released', async () => {
    await aged('held');
    const { holdId } = await placeHold(ctx, { endpoint: 'held', reason: 'case' });
    await expire(ctx, { endpoint: 'held' });
    expect(await amounts('held')).toHaveLength(6);
    await releaseHold(ctx, holdId);
    await expire(ctx, { endpoint: 'held' });
    expect(await amounts('held')).toEqual([2, 2]);
  });

  test('keeps only the rows and labels of a person who is held, and files with their column', async () => {
    await aged('held-person');
    const inputs = ctx.stores.blobs('batch-input');
    await inputs.write('held-person/theirs.csv', Buffer.from('person,amount\nAnn,1\n'));
    await inputs.write('held-person/others.csv', Buffer.from('amount\n1\n'));
    const { holdId } = await placeHold(ctx, { subject: { column: 'person', value: 'Ann' }, reason: 'case' });
    const later = at(server.ctx, Date.now() + 31 * day);
    for (let i = 0; i < 2; i++) await expire(later, { endpoint: 'held-person' });
    expect(await amounts('held-person')).toEqual([0, 1, 2]);
    expect(await labels('held-person')).toBe(3);
    expect(await inputs.stat('held-person/theirs.csv')).toBeDefined();
    expect(await inputs.stat('held-person/others.csv')).toBeUndefined();
    expect(await applied('held-person')).toMatchObject([
      { subject: { parts: '3', labels: '3', files: '1' } },
    ]);
    await releaseHold(ctx, holdId);
    await expire(later, { endpoint: 'held-person' });
    expect(await amounts('held-person')).toEqual([]);
  });

  test.each(['blobs', 'documents'] as const)(
    'after a death at any write to %s is finished with the same counts',
    async (kind) => {
      const name = `dies-${kind}`;
      await aged(name);
      for (let writes = 0, died = true; died; writes++) {
        if (writes > 0) await fill(name);
        const mortal =
          kind === 'blobs'
            ? blobsDyingAfter(ctx, writes)
            : dyingAfter(ctx, writes, ['endpoints', 'monitors']);
        await expire(mortal.dying, { endpoint: name }).catch(() => undefined);
        died = mortal.died();
        await expire(ctx, { endpoint: name });
        const left = Array.from({ length: 2 * (writes + 1) }, () => 2);
        expect(await amounts(name)).toEqual(left);
        expect(await labels(name)).toBe(left.length);
        const events = await applied(name);
        expect(events).toHaveLength(writes + 1);
        for (const { subject } of events) expect(subject).toMatchObject({ parts: '2', labels: '2' });
      }
    },
    deathsMilliseconds,
  );

  test('by several messages at once is announced once', async () => {
    await aged('crowded');
    await Promise.all(Array.from({ length: 4 }, () => expire(ctx, { endpoint: 'crowded' })));
    await expire(ctx, { endpoint: 'crowded' });
    expect(await amounts('crowded')).toEqual([2, 2]);
    expect(await applied('crowded')).toMatchObject([{ subject: { parts: '2', labels: '2' } }]);
  });
});

describe('the retention of files of models', () => {
  const blobs = (container: 'batch-input' | 'batch-output') => ctx.stores.blobs(container);
  const later = (days: number) => at(server.ctx, Date.now() + days * day);
  const limit = (batchRetentionDays?: number) =>
    changeWorkspace(ctx, 'default', { limits: batchRetentionDays ? { batchRetentionDays } : null });

  /** A model that no endpoint has, with the names of what was scored by it and of a file in the folder of its name. */
  async function scored(name: string): Promise<{ folder: string; names: string[] }> {
    await publish(server, name, peopleModel());
    const folder = `model-${(await modelByName(ctx, name)).modelId}`;
    const input = blobs('batch-input');
    await input.write(`${folder}/people.csv`, Buffer.from('person,amount\nAnn,1\n'));
    await input.write(`${name}/dropped.csv`, Buffer.from('amount\n1\n'));
    const output = `${folder}/batch-1/people.csv`;
    await blobs('batch-output').write(output, Buffer.from('amount,prediction\n1,2\n'));
    await blobs('batch-output').write(`${folder}/_reports/batch-1.json`, Buffer.from('{}'));
    return { folder, names: [`${folder}/people.csv`, `${name}/dropped.csv`, output] };
  }

  async function left(names: readonly string[]): Promise<string[]> {
    const found = await Promise.all(
      names.flatMap((name) =>
        (['batch-input', 'batch-output'] as const).map((container) => blobs(container).stat(name)),
      ),
    );
    return names.filter((_, i) => found[2 * i] ?? found[2 * i + 1]);
  }

  test('is what the limits of the workspace say, for good without, and six months where the model is high-risk', async () => {
    const { folder, names } = await scored('of-model');
    const folders = [folder, 'of-model'];
    const expireAll = async (days: number) => {
      for (const each of folders) await expire(later(days), { folder: each });
    };
    await expireAll(1000);
    expect(await left(names)).toEqual(names);
    await limit(30);
    await setModelTag(ctx, 'of-model', { key: 'risk', value: 'high' });
    await expireAll(182);
    expect(await left(names)).toEqual(names);
    await deleteModelTag(ctx, 'of-model', 'risk');
    await expireAll(29);
    expect(await left(names)).toEqual(names);
    const { holdId } = await placeHold(ctx, { subject: { column: 'person', value: 'Ann' }, reason: 'case' });
    await expireAll(31);
    expect(await left(names)).toEqual([`${folder}/people.csv`]);
    await releaseHold(ctx, holdId);
    await expireAll(31);
    expect(await left(names)).toEqual([]);
    const { modelId } = await modelByName(ctx, 'of-model');
    expect(await applied(folder)).toMatchObject([
      { subject: { modelId, folder, files: '2' } },
      { subject: { modelId, folder, files: '1' } },
    ]);
    await limit();
  });

  test('of a model that is deleted is that of a deleted endpoint, unless the workspace says otherwise', async () => {
    const { folder, names } = await scored('to-go');
    await deleteModel(ctx, 'to-go');
    for (const each of [folder, 'to-go']) await expire(later(399), { folder: each });
    expect(await left(names)).toEqual(names);
    for (const each of [folder, 'to-go']) await expire(later(401), { folder: each });
    expect(await left(names)).toEqual([]);
  });

  test('is not about folders of endpoints, whose data policies are', async () => {
    await deploy(server, 'kept-all', peopleModel());
    await blobs('batch-input').write('kept-all/in.csv', Buffer.from('person\nAnn\n'));
    await limit(30);
    await expire(later(1000), { folder: 'kept-all' });
    expect(await left(['kept-all/in.csv'])).toEqual(['kept-all/in.csv']);
    await limit();
  });
});

test('a hold keeps what came out of a batch job, of its endpoint or with the column of a person, until it is released', async () => {
  await deploy(server, 'held-job', peopleModel());
  const job = await runJob(server.ctx, await drop(server.ctx, 'held-job', 'person,age,amount\nAnn,1,2\n'));
  expect(job.status).toBe('succeeded');
  const remove = () => server.call('DELETE', `/api/v1/batch-jobs/${job.jobId}`);
  const { holdId: ofEndpoint } = await placeHold(ctx, { endpoint: 'held-job', reason: 'case' });
  expect(await remove()).toMatchObject({ status: 409, body: { field: 'id' } });
  await releaseHold(ctx, ofEndpoint);
  const person = (column: string) =>
    placeHold(ctx, { endpoint: 'held-job', subject: { column, value: 'Ann' }, reason: 'case' });
  const [{ holdId: ofOther }, { holdId: ofAnn }] = [await person('postcode'), await person('person')];
  const refused = await remove();
  expect(refused.status).toBe(409);
  expect(String(refused.body['detail'])).toContain(ofAnn);
  await releaseHold(ctx, ofAnn);
  expect((await remove()).status).toBe(204);
  await releaseHold(ctx, ofOther);
});

describe('the sweep', () => {
  test('asks for each endpoint that has a retention, and for each folder of files', async () => {
    await aged('swept');
    await ctx.stores.blobs('batch-input').write('elsewhere@theirs/in.csv', Buffer.from('person\nAnn\n'));
    const asked: unknown[] = [];
    const queues = {
      ...ctx.stores.queues,
      send: async ({ workspace }: { workspace: string }, _queue: string, message: object) => {
        asked.push({ workspace, ...message });
      },
    } as unknown as Context['stores']['queues'];
    await sweepRetention({ ...ctx, workspace: '*', stores: { ...ctx.stores, queues } });
    expect(asked).toContainEqual({ kind: 'expire', endpoint: 'swept', workspace: 'default' });
    expect(asked).toContainEqual({ kind: 'expire', folder: 'elsewhere', workspace: 'theirs' });
    await sweepRetention({ ...ctx, workspace: '*' });
    await server.drain();
    expect(await amounts('swept')).toEqual([2, 2]);
  });
});
