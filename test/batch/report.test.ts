import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claim } from '../../shared/batch/claim.ts';
import { commit } from '../../shared/batch/finish.ts';
import {
  type BatchJob,
  deleteJob,
  findReport,
  getJob,
  planJob,
  recoverJob,
  scoreChunk,
} from '../../shared/batch/index.ts';
import { mergedProfile } from '../../shared/batch/profile.ts';
import { readChunks, readJob } from '../../shared/batch/store.ts';
import type { Context } from '../../shared/context.ts';
import { writeCsv } from '../../shared/datasets/index.ts';
import { hourProfiles } from '../../shared/predictions/index.ts';
import { edgesFor, type Profile, profileOf } from '../../shared/profiles/index.ts';
import { createModel, createVersion, getReady, modelByName, moveAlias } from '../../shared/registry/index.ts';
import { populationStabilityIndex } from '../../shared/stats/index.ts';
import { coarseStarts } from '../../shared/stats/binned.ts';
import { xoshiro128 } from '../../shared/stats/random.ts';
import { classifier, features } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { drop, endings, movableClock, pace, runJob, withOutput } from './support.ts';

let server: TestServer;
let ctx: Context;
const clock = movableClock();

const reference = Array.from({ length: 500 }, (_, i) => [Math.sin(i) * 3, i % 5, i / 100]);
const scored = (rows: number) =>
  Array.from({ length: rows }, (_, i) => [Math.cos(i) * 4, i % 7 === 3 ? Number.NaN : i % 7, i / 50]);
const textOf = (rows: readonly (readonly number[])[]) =>
  writeCsv([['id', ...features], ...rows.map((row, i) => [String(i), ...row.map(cell)])]);
const cell = (value: number) => (Number.isNaN(value) ? '' : String(value));

async function register(name: string, tags: readonly { key: string; value: string }[]): Promise<void> {
  await createModel(server.ctx, { name });
  await createVersion(server.ctx, { name, source: 'mlflow-artifacts:/sets/m.onnx', tags });
  await server.drain();
  await moveAlias(server.ctx, { name, alias: 'champion', version: 1 });
  await server.drain();
  const { status } = await server.call('POST', '/api/v1/endpoints', { name, model: name, alias: 'champion' });
  expect(status).toBe(201);
}

beforeAll(async () => {
  server = await testServer();
  ctx = { ...server.ctx, clock };
  const artifacts = ctx.stores.blobs('artifacts');
  const set = writeCsv([features, ...reference.map((row) => row.map(String))]);
  await artifacts.write('default/sets/reference.csv', Buffer.from(set));
  await artifacts.write('default/sets/m.onnx', classifier());
  const named = { key: 'cairn.reference', value: 'mlflow-artifacts:/sets/reference.csv' };
  await register('known', [named]);
  await register('masked', [named, { key: 'cairn.pii.width', value: 'mask' }]);
  await register('plain', []);
  await server.drain();
});
afterAll(() => server.close());

type Report = {
  counts: {
    rows_read: number;
    rows_written: number;
    rows_bad: number;
    bad: { reason?: string; rows: number }[];
  };
  options: { bad_rows: unknown };
  output: { listed: { name: string; bytes: number; crc32: string }[] };
  chunks: { count: number; attempts: number };
  profile: {
    published: boolean;
    input: {
      name: string;
      kind: string;
      rows: number;
      missing: number;
      mean: number;
      quantiles: Record<string, number>;
      histogram: readonly number[];
    }[];
    predictions: { classes: { name: string; rows: number }[] };
  };
  drift: {
    verdict: string;
    reason?: string;
    features: { column: string; psi: number; p_value: number; verdict: string }[];
  };
};

async function reportOf(job: BatchJob): Promise<Report> {
  const { status, body } = await server.call('GET', `/api/v1/batch-jobs/${job.jobId}/report`);
  expect(status).toBe(200);
  return body as unknown as Report;
}

/** What is counted of all chunks of a job that has not been tidied up behind. */
async function profileOfJob(job: BatchJob): Promise<Profile> {
  if (!job.model) throw new Error('The job has no model.');
  const found = await mergedProfile(
    ctx,
    { jobId: job.jobId, model: job.model },
    await readChunks(ctx, job.jobId),
  );
  if (!found) throw new Error('Not all of the job was counted.');
  return found.profile;
}

async function edgesOf(name: string) {
  const edges = await edgesFor(ctx, { modelId: (await modelByName(ctx, name)).modelId, version: 1 });
  if (!edges) throw new Error('The version has no edges.');
  return edges;
}

/** Columns of rows counted at once, by the code that counts the log; what was answered is left out. */
async function countedAtOnce(name: string, rows: readonly (readonly number[])[]): Promise<Profile> {
  const { modelId } = await modelByName(ctx, name);
  const { digest } = await getReady(ctx, modelId, 1);
  const edges = await edgesOf(name);
  const columns = features.map((feature) => `in.${feature}`);
  const column = (of: string) =>
    columns.includes(of) ? rows.map((row) => Math.fround(row[columns.indexOf(of)] ?? Number.NaN)) : [];
  const key = { digest, edgeSet: edges.id, source: 'batch', segment: '', hour: '' } as const;
  return profileOf({ rows: rows.length, columns, column, hidden: new Map() }, key, edges);
}

/** Of each column what does not depend on the order of sums, and mean and deviation to nine digits. */
function figuresOf({ rows, features: columns }: Profile) {
  const each = [...columns].map(([name, counts]) =>
    counts.kind === 'numeric'
      ? [
          name,
          [...counts.counts],
          counts.missing,
          counts.moments.count,
          [counts.moments.min, counts.moments.max],
          [counts.moments.mean, counts.moments.squares].map((value) => value.toPrecision(9)),
        ]
      : [name, counts],
  );
  return { rows, columns: each };
}

const published = async (endpoint: string) => {
  const names: string[] = [];
  for await (const { name } of ctx.stores.blobs('profiles').walk(`default/${endpoint}/parts/`))
    names.push(name);
  return names;
};

describe('what a job counts', () => {
  test.each([1, 2, 3])(
    'is that of the whole file, wherever its workers were killed: seed %i',
    async (seed) => {
      const random = xoshiro128([seed, 2, 3, 4]);
      const rows = scored(300);
      const job = await drop(ctx, 'known', textOf(rows));
      const use = pace({ chunkBytes: 3_000, partBytes: 300, rowsAtOnce: 7, checkpointSeconds: -1 });
      await planJob(ctx, job, use);
      const { chunks } = (await getJob(ctx, job.jobId)).job.plan;
      expect(chunks).toBeGreaterThan(2);
      for (let kill = 0; kill < 6; kill++) {
        const chunk = random() % chunks;
        let left = random() % 6;
        const dying = withOutput(ctx, {
          async stageBlock(name, id, data) {
            if (left-- <= 0) throw new Error('killed');
            await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
          },
        });
        await scoreChunk(dying, { jobId: job.jobId, chunk }, { ...use, failuresMax: 99 }).catch(
          () => undefined,
        );
        // One that dies without a word behind a claim.
        await claim(ctx, job.jobId, random() % chunks, use);
        clock.advance(61);
        await recoverJob(ctx, job, { ...use, failuresMax: 99 });
      }
      const done = await runJob(ctx, job, { ...use, failuresMax: 99 });
      expect(done.status).toBe('succeeded');
      expect(figuresOf(await profileOfJob(done))).toEqual(figuresOf(await countedAtOnce('known', rows)));
      const named = (await readChunks(ctx, job.jobId)).map(({ progress }) => progress.profile);
      expect(new Set(named).size).toBe(chunks);
    },
  );

  test('is published once by two commits at once, and found by whoever looks at the hour', async () => {
    const before = (await published('known')).length;
    const job = await drop(ctx, 'known', textOf(scored(40)));
    const dying = withOutput(ctx, { commitBlocks: () => Promise.reject(new Error('power cut')) });
    await planJob(ctx, job);
    await expect(scoreChunk(dying, { jobId: job.jobId, chunk: 0 })).rejects.toThrow('power cut');
    const committing = (await readJob(ctx, job.jobId))?.doc;
    if (committing?.status !== 'committing') throw new Error('The job is not committing.');
    expect(await published('known')).toHaveLength(before);
    await Promise.all([commit(ctx, committing), commit(ctx, committing)]);
    await commit(ctx, committing);
    const names = await published('known');
    expect(names).toHaveLength(before + 1);
    expect(await endings(ctx, job)).toBe(1);
    const hour = new Date(committing.commitAt ?? 0).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');
    const found = await hourProfiles(ctx, 'known', hour);
    expect(found.map(({ key }) => key.source)).toEqual(['batch']);
    expect(found[0]?.logged).toEqual([]);
    await server.drain();
    await deleteJob(ctx, job.jobId);
    await server.drain();
    expect(await published('known')).toHaveLength(before);
  });

  test('is gone behind the job, which keeps its report until it is deleted', async () => {
    const job = await runJob(ctx, await drop(ctx, 'known', textOf(scored(40))));
    await server.drain();
    const left = async () => {
      const names: string[] = [];
      for await (const { name } of ctx.stores.blobs('profiles').walk(`default/_batch/${job.jobId}/`))
        names.push(name);
      return names;
    };
    expect(await left()).toEqual([]);
    expect((await reportOf(job)).profile.published).toBe(true);
    await deleteJob(ctx, job.jobId);
    await server.drain();
    await expect(findReport(ctx, job.jobId)).rejects.toMatchObject({ code: 'not-found' });
    expect(await ctx.stores.blobs('batch-output').read(`known/_reports/${job.jobId}.json`)).toBeUndefined();
  });
});

describe('the report', () => {
  test('tells what was read and written, with the checksum of the output', async () => {
    const bad = textOf(scored(50)).replace('\n3,', '\n3,wide');
    const name = 'known/with-bad/data.csv';
    await ctx.stores.blobs('batch-input').write(name, Buffer.from(bad));
    const { body } = await server.call('POST', '/api/v1/batch-jobs', {
      endpoint: 'known',
      input: name,
      bad_rows: { policy: 'null' },
    });
    const early = await server.call(
      'GET',
      `/api/v1/batch-jobs/${(body as unknown as { id: string }).id}/report`,
    );
    expect(early.status).toBe(409);
    const job = await runJob(
      ctx,
      (await getJob(ctx, (body as unknown as { id: string }).id)).job,
      pace({ chunkBytes: 500 }),
    );
    const report = await reportOf(job);
    expect(report.counts).toMatchObject({ rows_read: 50, rows_written: 50, rows_bad: 1 });
    expect(report.options.bad_rows).toEqual({ policy: 'null', max_rows: null, max_percent: null });
    expect(report.counts.bad).toEqual([expect.objectContaining({ rows: 1, reason: expect.any(String) })]);
    const output = (await ctx.stores.blobs('batch-output').read(job.output.name)) ?? Buffer.alloc(0);
    expect(report.output.listed).toEqual([
      expect.objectContaining({
        name: job.output.name,
        bytes: output.length,
        crc32: crc32(output).toString(16).padStart(8, '0'),
      }),
    ]);
    expect(report.profile.input.map(({ rows }) => rows)).toEqual(features.map(() => 49));
    expect(report.chunks.count).toBe(job.plan.chunks);
    const shown = await server.call('GET', `/api/v1/batch-jobs/${job.jobId}`);
    expect(shown.body).toMatchObject({ report: `/api/v1/batch-jobs/${job.jobId}/report` });
    const asOutput = await server.call('GET', `/api/v1/batch-outputs/known/_reports/${job.jobId}.json`);
    expect(asOutput.status).toBe(404);
  });

  test('has the drift that the columns themselves have, over the same bins', async () => {
    const rows = scored(400);
    const report = await reportOf(await runJob(ctx, await drop(ctx, 'known', textOf(rows))));
    const edges = await edgesOf('known');
    const direct = features.map((feature, at) => {
      const found = edges.features.find(({ name }) => name === feature);
      const fine = found?.kind === 'numeric' ? found.edges : [];
      const column = (of: readonly (readonly number[])[]) =>
        of.map((row) => Math.fround(row[at] ?? Number.NaN));
      const lowest = fine.map((_, bin) => bin);
      const binOf = (value: number) => lowest.findLast((bin) => (fine[bin] ?? 0) <= value);
      const bins = (values: readonly number[]) => {
        const counts = new Array<number>(fine.length + 2).fill(0);
        for (const value of values) {
          const edge = binOf(value);
          const bin = edge === undefined ? 0 : edge + 1;
          counts[bin + Number(bin === fine.length && value > (fine.at(-1) ?? 0))]++;
        }
        return counts;
      };
      const present = (values: readonly number[]) => values.filter((value) => !Number.isNaN(value));
      const starts = coarseStarts(bins(present(column(reference))));
      const coarse = (values: readonly number[]) => [
        ...starts.map((start, i) =>
          bins(present(values))
            .slice(start, starts[i + 1])
            .reduce((sum, count) => sum + count, 0),
        ),
        values.length - present(values).length,
      ];
      return populationStabilityIndex(coarse(column(reference)), coarse(column(rows)));
    });
    const psi = features.map(
      (feature) => report.drift.features.find(({ column }) => column === feature)?.psi,
    );
    expect(psi).toEqual(direct.map((value) => expect.closeTo(value, 9)));
    expect(report.drift.verdict).toBe('drifted');
    const [first] = report.profile.input;
    expect(first?.quantiles['0.5']).toBeDefined();
    const shown = first?.histogram.reduce((sum, count) => sum + count, 0);
    expect(shown).toBe(400 - (first?.missing ?? 0));
    expect(report.drift.features[0]?.p_value).toBeLessThanOrEqual(1);
    const predicted = report.profile.predictions.classes.reduce((sum, each) => sum + each.rows, 0);
    expect(predicted).toBe(400);
  });

  test('says nothing of a column that is personal data', async () => {
    const report = await reportOf(await runJob(ctx, await drop(ctx, 'masked', textOf(scored(300)))));
    expect(report.profile.input.map(({ name }) => name)).not.toContain('width');
    expect(JSON.stringify(report.profile)).not.toContain('width');
    expect(report.profile.published).toBe(true);
  });

  test('hides what the endpoint alone calls personal, and what is counted of it', async () => {
    const { status } = await server.call('POST', '/api/v1/endpoints', {
      name: 'hiding',
      model: 'known',
      alias: 'champion',
    });
    expect(status).toBe(201);
    const policy = { purpose: 'A test', retention_days: 30, pii: { width: 'mask' } };
    expect((await server.call('PUT', '/api/v1/endpoints/hiding/data-policy', policy)).status).toBe(200);
    const report = await reportOf(await runJob(ctx, await drop(ctx, 'hiding', textOf(scored(300)))));
    expect(report.profile.input).toContainEqual({ name: 'width', kind: 'hidden', rows: 300 });
    expect(report.drift.features).toContainEqual(
      expect.objectContaining({ column: 'width', verdict: 'not-comparable' }),
    );
  });

  test('judges drift as the monitor of the endpoint does', async () => {
    const said = { name: 'lenient', model: 'known', alias: 'champion' };
    expect((await server.call('POST', '/api/v1/endpoints', said)).status).toBe(201);
    const settings = {
      endpoint: 'lenient',
      min_rows: 100,
      signals: { 'feature-drift': { thresholds: { psi: { upper: 2 }, 'drifted-share': { upper: 0.9 } } } },
    };
    expect((await server.call('PUT', '/api/v1/monitors/lenient', settings)).status).toBeLessThan(300);
    const report = await reportOf(await runJob(ctx, await drop(ctx, 'lenient', textOf(scored(150)))));
    expect(report.drift).toMatchObject({
      verdict: 'stable',
      monitor: 'lenient',
      min_rows: 100,
      thresholds: { psi: 2, p_value: 0.01, drifted_share: 0.9 },
    });
    expect(report.drift.features.filter(({ psi }) => psi >= 0.2)).not.toEqual([]);
  });

  test('of a version without a reference set has edges of its own, says why there is no drift, and publishes nothing', async () => {
    const report = await reportOf(await runJob(ctx, await drop(ctx, 'plain', textOf(scored(300)))));
    expect(report.drift).toMatchObject({
      verdict: 'insufficient-data',
      reason: 'The version names no reference set.',
    });
    const width = report.profile.input.find(({ name }) => name === features[1]);
    const values = scored(300).flatMap((row) => (Number.isNaN(row[1]) ? [] : [row[1] ?? 0]));
    expect(width?.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
    expect(report.profile.published).toBe(false);
    expect(await published('plain')).toEqual([]);
  });
});
