import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { convert, type ConversionJob, requestConversion } from '../../shared/conversion/index.ts';
import { stopExecutors } from '../../shared/executors/index.ts';
import { getVersion } from '../../shared/registry/index.ts';
import { dyingAfter } from '../support/dying.ts';
import { openFront } from '../support/front.ts';
import { type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { onnx, pickledVersion } from './support.ts';

const long = process.env['CAIRN_TEST'] === 'long';
const folder = mkdtempSync(join(tmpdir(), 'cairn-converter-'));
const log = join(folder, 'log');
const model = join(folder, 'model.onnx');
const fixture = fileURLToPath(new URL('fixtures/converter.ts', import.meta.url));

let server: TestServer;
let front: Awaited<ReturnType<typeof openFront>>;
/** A person's request and the queue's work, both with the converter in this mode. */
let mode = 'good';
const ctx = (): Context => at(Date.now());
const at = (now: number): Context => ({
  ...server.ctx,
  clock: { now: () => now },
  settings: {
    ...server.ctx.settings,
    publicUrl: front.url,
    converter: { by: 'command', command: [process.execPath, fixture, mode, model, log] },
  },
});
const later = (seconds: number) => at(Date.now() + seconds * 1000);

beforeAll(async () => {
  writeFileSync(model, onnx);
  writeFileSync(log, '');
  front = await openFront();
  server = await testServer();
  front.serve(server);
});
afterAll(async () => {
  stopExecutors();
  front.close();
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => void (mode = 'good'));

type Started = { mode: string; job: string; attempt: number; environment: string[]; model: string };
const started = (name: string): Started[] =>
  // A converter may be seen in the midst of a line.
  readFileSync(log, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Started)
    .filter((line) => line.model === name);

const jobOf = async (jobId: string) =>
  (await server.ctx.stores.documents('jobs').read<ConversionJob>([jobId], 'job'))?.doc;
const agenda = async () =>
  JSON.stringify(await server.ctx.stores.documents('jobs').read(['agenda'], 'agenda'));

/** Carries a conversion on until it has ended, as the messages of its executor and the timer would. */
async function finished(jobId: string): Promise<ConversionJob> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    await convert(ctx(), { jobId });
    const job = await jobOf(jobId);
    if (job?.status === 'succeeded' || job?.status === 'failed') return job;
    if (Date.now() > deadline) throw new Error(`The conversion is still ${JSON.stringify(job)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function converted(name: string): Promise<ConversionJob> {
  await pickledVersion(server, server.ctx, name);
  return finished((await requestConversion(ctx(), name, 1)).jobId);
}

const versionEvents = (modelId: string, type: string) =>
  server.ctx.stores.documents('models').query<JsonObject>(
    {
      text: "SELECT VALUE c.event.subject FROM c WHERE c.type = 'event' AND c.event.type = @type",
      values: { type },
    },
    { key: ['default', modelId], consistency: 'strong' },
  );

describe('a conversion', () => {
  test('makes a version that was refused ready, by the ONNX it stored beside the original', async () => {
    const { modelId } = await pickledVersion(server, server.ctx, 'iris');
    const path = '/api/v1/models/iris/versions/1';
    expect((await server.call('GET', path)).body).toMatchObject({
      conversion: null,
      inspection: { state: 'refused', way_out: { by: 'convert' } },
    });
    const { jobId } = await requestConversion(ctx(), 'iris', 1);
    expect(jobId).toBe(`convert-${modelId}-1-1`);
    const waiting = await server.call('GET', `${path}/conversion`);
    expect(waiting).toMatchObject({ status: 200, body: { job_id: jobId, status: 'waiting', attempt: 0 } });
    await finished(jobId);

    const after = await server.call('GET', `${path}/conversion`);
    expect(after.body).toMatchObject({
      job_id: jobId,
      status: 'succeeded',
      attempt: 1,
      requested_by: 'tester',
      onnx: {
        path: expect.stringMatching(`/model/cairn-onnx/${jobId}-1/model\\.onnx$`),
        bytes: onnx.byteLength,
      },
      check: { rows: 261, rows_from: 'input-example', max_abs_difference: 2e-7, tolerance: 1e-4 },
      packages: { onnx: '1.23.2' },
    });
    expect(JSON.stringify(after.body)).not.toContain('ticket');
    const [{ environment } = { environment: [] }] = started('iris');
    expect(environment).toEqual(['CAIRN_CONVERSION', 'CAIRN_URL', 'ORT_DISABLE_TELEMETRY', 'PATH', 'TMPDIR']);
    expect(await agenda()).not.toContain(jobId);

    await server.drain();
    const version = await server.call('GET', path);
    expect(version.body).toMatchObject({
      inspection: { state: 'ready', ready: { features: ['a', 'b'], labels: ['no', 'yes'] } },
      conversion: after.body,
    });
    expect(await versionEvents(modelId, 'version.converted')).toHaveLength(1);
  });

  test('where all must sign in, reaches the model, the experiment of its files, and nothing else', async () => {
    const { modelId } = await pickledVersion(server, server.ctx, 'confined');
    const { jobId } = await requestConversion(ctx(), 'confined', 1);
    const asking = { ...ctx(), settings: { ...ctx().settings, auth: 'on' } } as const;
    await convert(asking, { jobId });
    const tokens = await server.ctx.stores.documents('access').query<JsonObject>(
      {
        text: "SELECT VALUE c.scopes FROM c WHERE c.type = 'token' AND c.name = @name",
        values: { name: `Job ${jobId}` },
      },
      { key: ['*'], consistency: 'strong' },
    );
    expect(tokens).toEqual([
      {
        role: 'contributor',
        workspaces: ['default'],
        resources: [
          { type: 'experiment', id: '7' },
          { type: 'model', id: modelId },
        ],
      },
    ]);
    await finished(jobId);
  });

  test('is one, however many ask for it at once and however many messages come', async () => {
    await pickledVersion(server, server.ctx, 'popular');
    const asked = await Promise.all(Array.from({ length: 5 }, () => requestConversion(ctx(), 'popular', 1)));
    const jobIds = new Set(asked.map(({ jobId }) => jobId));
    expect(jobIds.size).toBe(1);
    const [jobId = ''] = jobIds;
    await Promise.all(Array.from({ length: 4 }, () => convert(ctx(), { jobId })));
    expect((await requestConversion(ctx(), 'popular', 1)).jobId).toBe(jobId);
    expect(await finished(jobId)).toMatchObject({ status: 'succeeded' });
    expect(started('popular')).toHaveLength(1);
  });

  test('can be asked for again after it failed, as another job', async () => {
    mode = 'fails';
    const first = await converted('again');
    expect(first).toMatchObject({ status: 'failed' });
    mode = 'good';
    const second = await requestConversion(ctx(), 'again', 1);
    expect(second.jobId).toBe(first.jobId.replace(/1$/, '2'));
    expect(await finished(second.jobId)).toMatchObject({ status: 'succeeded' });
  });
});

describe('a conversion fails with the reason where the converter', () => {
  test.each([
    ['cannot', /^Of the flavours prophet none is sklearn\.$/],
    ['differs', /^The ONNX differs from the model by 0\.25, more than 0\.0001\.$/],
    [
      'stores-another',
      /^The stored ONNX is sha256:[0-9a-f]{64}, not sha256:[0-9a-f]{64} as it was reported\.$/,
    ],
    ['stores-less', /^The converter reported \d+ bytes of ONNX, but stored \d+\.$/],
    ['stores-nothing', /^The converter reported a model that it did not store\.$/],
    ['stores-elsewhere', /^The converter stored the model at '1\/another\/model\.onnx', not at/],
    ['babbles', /^The converter's report is not one: /],
    ['forges', /^The converter ended without a report\.$/],
    ['silent', /^The converter ended without a report\.$/],
    ['fails', /^It exited with code 3\.$/],
  ])('%s', async (behaviour, reason) => {
    mode = behaviour;
    const job = await converted(behaviour);
    expect(job).toMatchObject({
      status: 'failed',
      attempt: 1,
      reason: expect.stringMatching(reason),
    });
    const version = await server.call('GET', `/api/v1/models/${behaviour}/versions/1`);
    expect(version.body).toMatchObject({
      inspection: { state: 'refused' },
      conversion: { status: 'failed' },
    });
    expect((await getVersion(server.ctx, job.modelId, 1)).converted).toBeUndefined();
    expect(await agenda()).not.toContain(job.jobId);
  });

  test('says something, which is kept', async () => {
    mode = 'fails';
    const { body } = await converted('talks').then(() =>
      server.call('GET', '/api/v1/models/talks/versions/1/conversion'),
    );
    expect(body).toMatchObject({ status: 'failed', log_tail: 'reading the model …\nno space left' });
  });

  test('takes too long', async () => {
    mode = 'hangs';
    await pickledVersion(server, server.ctx, 'slow');
    const hurried = { ...ctx(), settings: { ...ctx().settings, executorSecondsMax: 1 } };
    const { jobId } = await requestConversion(hurried, 'slow', 1);
    await convert(hurried, { jobId });
    expect(await finished(jobId)).toMatchObject({
      status: 'failed',
      reason: 'It ran longer than 1 seconds and was stopped.',
    });
  });

  test('stores more than can be served, before any of it is read', async () => {
    mode = 'hangs';
    await pickledVersion(server, server.ctx, 'huge');
    const { jobId } = await requestConversion(ctx(), 'huge', 1);
    await convert(ctx(), { jobId });
    const job = await jobOf(jobId);
    const path = `${job?.artifact}/cairn-onnx/${jobId}-1/model.onnx`;
    await oversized(`default/${path}`);
    // As the job stands when the report has been read.
    const documents = server.ctx.stores.documents('jobs');
    const stored = await documents.read<ConversionJob>([jobId], 'job');
    if (stored?.doc.status !== 'running') throw new Error('not running');
    const check = { rows: 1, rowsFrom: 'signature', maxAbsDifference: 0, tolerance: 1e-4 } as const;
    const bytes = 65 * 8 * 1024 * 1024;
    const result = { path, digest: `sha256:${'0'.repeat(64)}`, bytes, check, warnings: [], packages: {} };
    const doc: ConversionJob = { ...stored.doc, status: 'recording', converted: result };
    await documents.write([jobId], { op: 'replace', doc, etag: stored.etag });
    expect(await finished(jobId)).toMatchObject({
      status: 'failed',
      reason: `The ONNX has ${bytes} bytes; at most 536870912 can be served.`,
    });
  });

  /** A blob of 520 MiB that takes 8 to make: one block, 65 times. */
  async function oversized(name: string): Promise<void> {
    const blob = BlobServiceClient.fromConnectionString(process.env['AzureWebJobsStorage'] ?? '')
      .getContainerClient('artifacts')
      .getBlockBlobClient(name);
    const id = Buffer.from('block').toString('base64');
    await blob.stageBlock(id, new Uint8Array(8 * 1024 * 1024), 8 * 1024 * 1024);
    await blob.commitBlockList(Array.from({ length: 65 }, () => id));
  }
});

describe('asking is refused with a way out for a version that', () => {
  const ask = (name: string, version = 1) =>
    server.call('POST', `/api/v1/models/${name}/versions/${version}/convert`, {});

  test('is served already', async () => {
    expect(await converted('ready')).toMatchObject({ status: 'succeeded' });
    await server.drain();
    await expect(requestConversion(ctx(), 'ready', 1)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('is ready to be served'),
    });
  });

  test('is of a flavour that the converter does not read', async () => {
    await pickledVersion(server, server.ctx, 'prophet', 'prophet');
    await expect(requestConversion(ctx(), 'prophet', 1)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/its flavours are .*prophet.* mlflow\.onnx/),
    });
  });

  test('could be converted, where nothing that converts is set up', async () => {
    await pickledVersion(server, server.ctx, 'alone');
    const { status, body } = await ask('alone');
    expect(status).toBe(409);
    expect(body['detail']).toMatch(/make converter.*CAIRN_CONVERTER.*CAIRN_CONVERTER_JOB/);
    expect((await server.call('GET', '/api/v1/models/alone/versions/1/conversion')).status).toBe(404);
  });

  test('does not exist', async () => {
    expect((await ask('nobody')).status).toBe(404);
    await pickledVersion(server, server.ctx, 'single');
    expect((await ask('single', 2)).status).toBe(404);
  });
});

describe('a process that dies', () => {
  test('between any two writes leaves a job that recovery brings to the same end, converted once', async () => {
    let writes = 0;
    for (let survived = false; !survived; writes += long ? 1 : 2) {
      const name = `dies-${writes}`;
      const { modelId } = await pickledVersion(server, server.ctx, name);
      const jobId = `convert-${modelId}-1-1`;
      const { dying, died } = dyingAfter(ctx(), writes, ['jobs', 'models']);
      const deadline = Date.now() + 15_000;
      const lives = async () => {
        await requestConversion(dying, name, 1);
        for (;;) {
          await convert(dying, { jobId });
          const status = (await jobOf(jobId))?.status;
          if (died() || status === 'succeeded') return !died();
          expect(Date.now()).toBeLessThan(deadline);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      survived = await lives().catch(() => false);
      // Whoever asked asks again, if nobody did it for them; then the agenda's minute comes.
      await requestConversion(ctx(), name, 1).catch(() => undefined);
      expect(await recovered(jobId)).toMatchObject({ status: 'succeeded', attempt: 1 });
      expect(started(name)).toHaveLength(1);
      expect(await versionEvents(modelId, 'version.converted')).toHaveLength(1);
      expect((await getVersion(server.ctx, modelId, 1)).conversion).toEqual({ jobId });
      await convert(ctx(), { jobId });
      expect(await agenda()).not.toContain(jobId);
    }
    expect(writes).toBeGreaterThan(6);
  }, 60_000);

  /** Carried on until it ends, a minute later where its executor has died with it. */
  async function recovered(jobId: string): Promise<ConversionJob> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const job = await jobOf(jobId);
      if (job?.status === 'succeeded' || job?.status === 'failed') return job;
      if (Date.now() > deadline) throw new Error(`The conversion is still ${JSON.stringify(job)}`);
      // The converter goes on without its parent and reports; then its silence is found out.
      const reported = job?.status === 'running' && started(job.model).length > 0 && (await hasReport(job));
      await convert(reported ? later(60) : ctx(), { jobId });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const hasReport = (job: ConversionJob) =>
    server.ctx.stores.blobs('artifacts').stat(`default/${job.artifact}/cairn-onnx/${job.jobId}-1/report`);

  test('after its converter had reported has lost nothing', async () => {
    mode = 'reports-and-dies';
    expect(await converted('reported')).toMatchObject({ status: 'succeeded', attempt: 1 });
  });

  test('with its converter is found out, and another attempt is made, three in all', async () => {
    mode = 'hangs';
    await pickledVersion(server, server.ctx, 'lost');
    const { jobId } = await requestConversion(ctx(), 'lost', 1);
    for (const [attempt, seconds] of [60, 600, 6000].entries()) {
      await convert(later(seconds / 10), { jobId });
      expect(await jobOf(jobId)).toMatchObject({ status: 'running', attempt: attempt + 1 });
      await expect.poll(() => started('lost').length).toBe(attempt + 1);
      stopExecutors();
      await convert(later(seconds), { jobId });
    }
    expect(await jobOf(jobId)).toMatchObject({
      status: 'failed',
      attempt: 3,
      reason: 'The converter was lost 3 times.',
    });
    expect(started('lost').map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });
});
