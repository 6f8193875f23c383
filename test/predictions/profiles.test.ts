import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { writeCsv } from '../../shared/datasets/index.ts';
import { countHour } from '../../shared/predictions/counted.ts';
import { eraseHour } from '../../shared/predictions/erase-rows.ts';
import {
  flushPredictions,
  hourProfiles,
  keepQueued,
  logPredictions,
} from '../../shared/predictions/index.ts';
import { readPart } from '../../shared/predictions/part.ts';
import {
  edgesFor,
  type Profile,
  partProfileName,
  profileOf,
  readProfile,
} from '../../shared/profiles/index.ts';
import { createModel, createVersion, moveAlias } from '../../shared/registry/index.ts';
import { targetOf } from '../../shared/serving/index.ts';
import { classifier, features } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ctx = { ...server.ctx, clock: { now: () => at } };
  const reference = Array.from({ length: 400 }, (_, i) => [Math.sin(i) * 3, i % 5, i / 100].map(String));
  await ctx.stores
    .blobs('artifacts')
    .write('default/sets/reference.csv', Buffer.from(writeCsv([features, ...reference])));
  await ctx.stores.blobs('artifacts').write('default/sets/m.onnx', classifier());
  await createModel(server.ctx, { name: 'm' });
  await createVersion(server.ctx, {
    name: 'm',
    source: 'mlflow-artifacts:/sets/m.onnx',
    tags: [{ key: 'cairn.reference', value: 'mlflow-artifacts:/sets/reference.csv' }],
  });
  await server.drain();
  await moveAlias(server.ctx, { name: 'm', alias: 'champion', version: 1 });
  await server.drain();
});
afterAll(() => server.close());

const at = Date.now();
const hour = new Date(at).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');

async function deploy(name: string, logging: object = {}): Promise<void> {
  const { status } = await server.call('POST', '/api/v1/endpoints', {
    name,
    model: 'm',
    alias: 'champion',
    logging,
  });
  expect(status).toBe(201);
}

/** Logs rows as the endpoint would, at one moment, so that none falls into the next hour. */
async function log(name: string, rows: readonly (readonly number[])[]): Promise<readonly string[]> {
  const { endpoint, model } = await targetOf(server.ctx, name);
  const input = { type: 'float32', dims: [rows.length, 3], data: Float32Array.from(rows.flat()) } as const;
  const { modelId, version, digest, labels } = model.ready;
  const head = { endpoint: name, deployment: 'main', source: 'realtime', modelId, version, digest } as const;
  const outputs = await model.run(server.ctx, { input });
  const scores = await model.score(input.data, rows.length);
  return logPredictions(
    ctx,
    { ...head, features: model.ready.features, labels },
    { at, rows: rows.length, inputs: { input }, outputs, scores, latencyMicros: 1, status: 200 },
    endpoint.logging,
  );
}

const rowsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => [Math.cos(first + i) * 4, (first + i) % 7, (first + i) / 50]);

async function hourOf(name: string): Promise<Profile> {
  const [profile, ...others] = await hourProfiles(ctx, name, hour);
  if (!profile || others.length > 0) throw new Error('The hour has not one profile.');
  return profile;
}

async function partsOf(name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const part of ctx.stores.blobs('predictions').walk(`default/${name}/parts/`))
    found.push(part.name.replace(/^.*\//, '').replace('.parquet', ''));
  return found;
}

/** What is counted of the rows that are in a part now. */
async function counted(name: string, buffer: string): Promise<Profile> {
  const { model } = await targetOf(server.ctx, name);
  const edges = await edgesFor(ctx, model.ready);
  const path = `default/${name}/parts/${hour.slice(0, 4)}-${hour.slice(4, 6)}-${hour.slice(6, 8)}/${hour.slice(8)}/${buffer}.parquet`;
  const table = await readPart((await ctx.stores.blobs('predictions').read(path)) ?? new Uint8Array());
  if (!edges) throw new Error('There are no edges.');
  const key = {
    digest: model.ready.digest,
    edgeSet: edges.id,
    source: 'realtime',
    segment: '',
    hour,
  } as const;
  return profileOf(table, key, edges);
}

const lengths = (profile: Profile) => {
  const counts = profile.features.get('length');
  return counts?.kind === 'numeric' ? counts.moments.count : -1;
};

describe('profiles of the log', () => {
  test('are written beside each part by the edges of the version, and count what the part holds', async () => {
    await deploy('beside');
    await log('beside', rowsFrom(0, 40));
    await flushPredictions(ctx.stores);
    const [buffer = ''] = await partsOf('beside');
    const written = await readProfile(ctx, partProfileName(ctx, 'beside', hour, buffer));
    expect(written).toEqual(await counted('beside', buffer));
    expect(written?.features.size).toBe(3);
    expect(written?.rows).toBe(40);
    expect(written?.sample).toHaveLength(40);
  });

  test('count every call of an endpoint that logs a sample, and add up to the hour', async () => {
    await deploy('sampled', { sample_rate: 0.4 });
    let ids = 0;
    for (let call = 0; call < 50; call++) {
      ids += (await log('sampled', rowsFrom(call * 10, 10))).length;
      if (call % 20 === 0) await flushPredictions(ctx.stores);
    }
    await flushPredictions(ctx.stores);
    const profile = await hourOf('sampled');
    expect(ids).toBeGreaterThan(0);
    expect(ids).toBeLessThan(500);
    expect([profile.rows, lengths(profile)]).toEqual([500, 500]);
    expect(profile.sample).toHaveLength(ids);
    const ofClasses = [...profile.classes.values()].flatMap(({ counts }) => [...counts]);
    expect(ofClasses.reduce((sum, count) => sum + count, 0)).toBe(500);
  });

  test('of an hour are made again only where its parts have changed, by many at once as by one', async () => {
    await deploy('folded');
    await log('folded', rowsFrom(0, 10));
    await flushPredictions(ctx.stores);
    const [first, second] = await Promise.all([hourOf('folded'), hourOf('folded')]);
    expect(second).toEqual(first);
    await log('folded', rowsFrom(10, 5));
    await flushPredictions(ctx.stores);
    expect((await hourOf('folded')).rows).toBe(15);
    expect((await countHour(ctx, 'folded', hour, undefined)).sources).toHaveLength(2);
  });

  test('of parts that were not counted are made up for', async () => {
    await deploy('late');
    await log('late', rowsFrom(0, 12));
    await flushPredictions(ctx.stores);
    const [buffer = ''] = await partsOf('late');
    await ctx.stores.blobs('profiles').remove(partProfileName(ctx, 'late', hour, buffer));
    expect((await hourOf('late')).rows).toBe(12);
  });

  test('count a row that a queue brought twice once', async () => {
    await deploy('queued', { durability: 'queue' });
    for (let call = 0; call < 3; call++) await log('queued', rowsFrom(call * 4, 4));
    const taken = await ctx.stores.queues.take('predictions', 60);
    const messages = taken.map(({ message }) => message as object);
    expect(messages).toHaveLength(3);
    const [a = {}, b = {}, c = {}] = messages;
    const alone = { groupSeconds: 0, leaseSeconds: 60 };
    for (const { done } of taken) await done();
    for (const message of [a, b, a]) await keepQueued(ctx, message, alone);
    // The second and the third together, of which the second is in a part already.
    await ctx.stores.queues.send(ctx, 'predictions', c);
    await keepQueued(ctx, b, { groupSeconds: 0.3, leaseSeconds: 60 });
    const profile = await hourOf('queued');
    expect([profile.rows, lengths(profile), profile.sample.length]).toEqual([12, 12, 12]);
  });

  test('lose what is erased of the log, in the part and in the hour', async () => {
    await deploy('erased');
    const ids = [
      ...(await log('erased', [[1000, 0, 0], ...rowsFrom(0, 9)])),
      ...(await log('erased', [[1000, 1, 1]])),
    ];
    await flushPredictions(ctx.stores);
    expect((await hourOf('erased')).features.get('length')).toMatchObject({ moments: { max: 1000 } });
    await eraseHour(ctx, {
      endpoint: 'erased',
      hour,
      erasure: 'e1',
      columns: ['in.length'],
      choose: (part) =>
        Promise.resolve(part.column('in.length').flatMap((value, row) => (value === 1000 ? [row] : []))),
      dryRun: false,
    });
    const [buffer = ''] = await partsOf('erased');
    const written = await readProfile(ctx, partProfileName(ctx, 'erased', hour, buffer));
    expect(written).toEqual(await counted('erased', buffer));
    const profile = await hourOf('erased');
    expect(profile.rows).toBe(ids.length - 2);
    expect(profile.features.get('length')).toMatchObject({ moments: { count: 9 } });
    const stored: string[] = [];
    for await (const part of ctx.stores.blobs('profiles').walk('default/erased/')) stored.push(part.name);
    expect(stored.map((path) => path.replace(/^.*\./, '')).toSorted()).toEqual(['profile', 'profiles']);
  });

  test('are not made of a version that names no reference set', async () => {
    await createVersion(server.ctx, { name: 'm', source: 'mlflow-artifacts:/sets/m.onnx' });
    await server.drain();
    const { status } = await server.call('POST', '/api/v1/endpoints', {
      name: 'bare',
      deployments: [{ name: 'main', model: 'm', version: 2 }],
    });
    expect(status).toBe(201);
    await log('bare', rowsFrom(0, 5));
    await flushPredictions(ctx.stores);
    expect(await partsOf('bare')).toHaveLength(1);
    expect(await hourProfiles(ctx, 'bare', hour)).toEqual([]);
  });
});
