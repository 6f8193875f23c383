import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { countHour } from '../../shared/predictions/counted.ts';
import { rollUpProfiles, windowProfile } from '../../shared/predictions/index.ts';
import {
  edgeSetOf,
  keepEdges,
  type Profile,
  putSegments,
  removeProfiles,
  removeProfilesBefore,
} from '../../shared/profiles/index.ts';
import { readRollUp } from '../../shared/profiles/store.ts';
import { createVersion, getReady } from '../../shared/registry/index.ts';
import { targetOf } from '../../shared/serving/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import {
  countedFiles,
  day,
  deployCounted,
  eraseLength,
  hour,
  logAt,
  movable,
  registerCounted,
  rowsFrom,
} from './counted-support.ts';

let server: TestServer;
let ctx: Context;
let setTime: (now: number) => void;
beforeAll(async () => {
  server = await testServer();
  await registerCounted(server);
  ({ ctx, setTime } = movable(server.ctx, now));
});
afterAll(() => server.close());

/** Half past noon on 3 March. */
const now = Date.UTC(2026, 2, 3, 12, 30);
const february = Date.UTC(2026, 1, 1);
const march = Date.UTC(2026, 2, 1);

async function only(name: string, from: number, to: number, segment = ''): Promise<Profile> {
  const { profiles } = await windowProfile(ctx, name, { from, to }, { segment });
  const [profile, ...others] = profiles.values();
  if (!profile || others.length > 0) throw new Error('The window has not one profile.');
  return profile;
}

const rowsIn = async (name: string, from: number, to: number, segment = '') =>
  (await only(name, from, to, segment)).rows;

const largest = (profile: Profile) => {
  const counts = profile.features.get('length');
  return counts?.kind === 'numeric' ? counts.moments.max : Number.NaN;
};

describe('a window of profiles', () => {
  test('is read in the fewest months, days and hours, which are made once', async () => {
    await deployCounted(server, 'fewest');
    const times = [february, february + 20 * day + 5 * hour, march + 3 * hour, march + day, now - 2 * hour];
    for (const [i, at] of times.entries()) await logAt(ctx, 'fewest', at, rowsFrom(i * 10, 10 + i));
    expect(await rowsIn('fewest', february, now)).toBe(60);
    const made = await countedFiles(ctx, 'fewest');
    const wholes = [...made.keys()].filter((name) => /^(days\/2026-03|months)/.test(name));
    expect(wholes).toEqual([
      'days/2026-03/01/all.profiles',
      'days/2026-03/02/all.profiles',
      'months/2026/02/all.profiles',
    ]);
    expect(await rowsIn('fewest', february, now)).toBe(60);
    expect(await countedFiles(ctx, 'fewest')).toEqual(made);
    // Without any of what they were made of: nothing else is read.
    for (const name of made.keys())
      if (name.startsWith('parts') || name.startsWith('days/2026-02'))
        await ctx.stores.blobs('profiles').remove(`default/fewest/${name}`);
    expect(await rowsIn('fewest', february, march + 2 * day)).toBe(10 + 11 + 12 + 13);
    expect(await rowsIn('fewest', february + 20 * day + 5 * hour, march)).toBe(11);
  });

  test('of part hours is that of whole hours, and says so', async () => {
    await deployCounted(server, 'part-hours');
    await logAt(ctx, 'part-hours', march + 2 * hour, rowsFrom(0, 3));
    const found = await windowProfile(ctx, 'part-hours', {
      from: march + 2.5 * hour,
      to: march + 3.1 * hour,
    });
    expect([found.from, found.to]).toEqual([march + 2 * hour, march + 4 * hour]);
    expect([...found.profiles.values()].map(({ rows }) => rows)).toEqual([3]);
    const empty = await windowProfile(ctx, 'part-hours', { from: march + 3 * hour, to: march + 9 * hour });
    expect(empty.profiles.size).toBe(0);
    const mirrored = { from: march, to: march + day };
    expect((await windowProfile(ctx, 'part-hours', mirrored, { source: 'mirror' })).profiles.size).toBe(0);
  });

  test('is made again where an hour has changed, by many at once as by one', async () => {
    await deployCounted(server, 'changed');
    const at = february + 3 * day + 4 * hour;
    await logAt(ctx, 'changed', at, rowsFrom(0, 5));
    const sizes = () =>
      Promise.all(
        [
          [february, march],
          [february + 3 * day, february + 4 * day],
          [at, at + hour],
        ].map(([from = 0, to = 0]) => rowsIn('changed', from, to)),
      );
    expect(await sizes()).toEqual([5, 5, 5]);
    await logAt(ctx, 'changed', at, rowsFrom(5, 2));
    await countHour(ctx, 'changed', '2026020404', undefined);
    expect(await Promise.all([sizes(), sizes(), sizes()])).toEqual([
      [7, 7, 7],
      [7, 7, 7],
      [7, 7, 7],
    ]);
  });

  test('has parts that come to an hour that is not long over', async () => {
    await deployCounted(server, 'young');
    const at = now - hour;
    setTime(now - hour / 2);
    await logAt(ctx, 'young', at, rowsFrom(0, 5));
    expect(await rowsIn('young', at, now)).toBe(5);
    await logAt(ctx, 'young', at, rowsFrom(5, 1));
    expect(await rowsIn('young', at, now)).toBe(6);
    setTime(now);
    await logAt(ctx, 'young', at, rowsFrom(6, 1));
    expect(await rowsIn('young', at, now)).toBe(7);
  });

  test('loses what is erased, at every level, and what a data policy lets expire', async () => {
    await deployCounted(server, 'gone');
    const at = february + 3 * day + 4 * hour;
    await putSegments(ctx, 'gone', { column: 'width', values: ['0', '1'] });
    await logAt(ctx, 'gone', at, [[1000, 0, 0], ...rowsFrom(0, 9)]);
    await logAt(ctx, 'gone', at + day, rowsFrom(0, 4));
    const levels = [
      [at, at + hour],
      [february + 3 * day, february + 4 * day],
      [february, march],
    ] as const;
    for (const [from, to] of levels) {
      expect(largest(await only('gone', from, to))).toBe(1000);
      expect(largest(await only('gone', from, to, 'width=0'))).toBe(1000);
    }
    await eraseLength(ctx, 'gone', '2026020404', 1000);
    for (const name of (await countedFiles(ctx, 'gone')).keys()) {
      const stored = name.endsWith('.profiles') || name.endsWith('.segments');
      const { profiles = [] } = (stored && (await readRollUp(ctx, `default/gone/${name}`))) || {};
      expect(profiles.filter((profile) => largest(profile) === 1000)).toEqual([]);
    }
    for (const [from, to] of levels) expect(largest(await only('gone', from, to))).toBeLessThan(4);
    expect(await rowsIn('gone', february, march)).toBe(13);
    expect(await rowsIn('gone', february, march, 'width=0')).toBe(3);
    await removeProfiles(ctx, 'gone', '2026020504');
    await ctx.stores.blobs('predictions').removeBelow('default/gone/parts/2026-02-05/');
    expect(await rowsIn('gone', february, march)).toBe(9);
    await removeProfilesBefore(ctx, 'gone', march);
    expect([...(await countedFiles(ctx, 'gone')).keys()]).toEqual(['_segments.json']);
  });

  test('says which versions are not counted, and has them once they are', async () => {
    await createVersion(server.ctx, { name: 'm', source: 'mlflow-artifacts:/sets/m.onnx' });
    await server.drain();
    await deployCounted(server, 'bare', { deployments: [{ name: 'main', model: 'm', version: 2 }] });
    await logAt(ctx, 'bare', february + 5 * hour, rowsFrom(0, 6));
    const { model } = await targetOf(ctx, 'bare');
    const { modelId, version } = model.ready;
    const before = await windowProfile(ctx, 'bare', { from: february, to: march });
    expect([before.profiles.size, before.uncounted]).toEqual([0, [`${modelId}/${version}`]]);
    expect((await getReady(ctx, modelId, version)).reference).toBeUndefined();
    const columns = [{ name: 'length', cells: [1, 2, 3] }];
    await keepEdges(ctx, { modelId, version }, edgeSetOf(columns));
    const after = await windowProfile(ctx, 'bare', { from: february, to: march });
    expect([...after.profiles.values()].map(({ rows }) => rows)).toEqual([6]);
    expect(after.uncounted).toEqual([]);
  });
});

describe('the sweep', () => {
  test('makes the hours that are over, yesterday and the last month, with what came late', async () => {
    await deployCounted(server, 'swept');
    const [old, yesterday, today] = [february + 9 * day, now - day, now - 3 * hour];
    for (const at of [old, yesterday, today, now]) await logAt(ctx, 'swept', at, rowsFrom(0, 5));
    setTime(march + hour);
    await rollUpProfiles(ctx, { endpoint: 'swept' });
    expect([...(await countedFiles(ctx, 'swept', 'months')).keys()]).toEqual(['months/2026/02/all.profiles']);
    setTime(now);
    await rollUpProfiles(ctx, { endpoint: 'swept' });
    const made = async () =>
      [...(await countedFiles(ctx, 'swept')).keys()].filter((name) => /^(hours|days)\/2026-03/.test(name));
    expect(await made()).toEqual([
      'days/2026-03/02/all.profiles',
      'hours/2026-03-02/12/all.profiles',
      'hours/2026-03-03/09/all.profiles',
    ]);
    await logAt(ctx, 'swept', yesterday, rowsFrom(5, 2));
    expect(await rowsIn('swept', march + day, march + 2 * day)).toBe(5);
    await rollUpProfiles(ctx, { endpoint: 'swept' });
    expect(await rowsIn('swept', march + day, march + 2 * day)).toBe(7);
  });

  test('is asked for each endpoint', async () => {
    await deployCounted(server, 'asked');
    const at = Date.now() - 2 * hour;
    await logAt(server.ctx, 'asked', at, rowsFrom(0, 5));
    await server.ctx.stores.queues.send(server.ctx, 'work', { kind: 'sweep-profiles' });
    await server.drain();
    const folder = new Date(at).toISOString().slice(0, 13).replace('T', '/');
    expect([...(await countedFiles(ctx, 'asked', 'hours')).keys()]).toEqual([`hours/${folder}/all.profiles`]);
  });
});

describe('segments of a window', () => {
  test('are counted with the parts, and of hours from before again from these', async () => {
    await deployCounted(server, 'split');
    const [before, behind] = [now - 5 * hour, now - 3 * hour];
    const [from, to] = [now - 12 * hour, now];
    await logAt(ctx, 'split', before, rowsFrom(0, 10));
    expect(await rowsIn('split', from, to)).toBe(10);
    await expect(rowsIn('split', from, to, 'width=1')).rejects.toMatchObject({ code: 'invalid' });
    await putSegments(ctx, 'split', { column: 'width', values: ['1', '3'] });
    await logAt(ctx, 'split', behind, rowsFrom(0, 7));
    const parts = [...(await countedFiles(ctx, 'split', 'parts')).keys()];
    expect(parts.filter((name) => name.endsWith('.segments'))).toHaveLength(1);
    const sizes = async () => {
      const found: number[] = [];
      for (const segment of ['width=1', 'width=3', '*', ''])
        found.push(await rowsIn('split', from, to, segment));
      return found;
    };
    expect(await sizes()).toEqual([2 + 2, 2 + 1, 6 + 4, 17]);
    const made = await countedFiles(ctx, 'split');
    expect(await sizes()).toEqual([4, 3, 10, 17]);
    expect(await countedFiles(ctx, 'split')).toEqual(made);
    const { features } = await only('split', from, to, 'width=3');
    expect(features.get('width')).toMatchObject({ moments: { count: 3, min: 3, max: 3 } });
    await putSegments(ctx, 'split', { column: 'width', values: ['4'] });
    expect(await rowsIn('split', from, to, 'width=4')).toBe(3);
    await putSegments(ctx, 'split', null);
    await expect(rowsIn('split', from, to, 'width=4')).rejects.toMatchObject({ code: 'invalid' });
  });
});
