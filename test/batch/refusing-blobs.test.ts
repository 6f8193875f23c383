import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BatchJob, cleanJob, deleteJob, planJob, submitJob } from '../../shared/batch/index.ts';
import { readJob } from '../../shared/batch/store.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { classifier, deploy } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { drop, runJob } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', classifier());
});
afterAll(() => server.close());

const text = 'length,width,höhe\n1,2,3\n';

/** A blob as an operator has it at hand, beside the platform. */
const blobOf = (container: string, name: string) => {
  const { storage } = server.ctx.settings;
  if (storage.by !== 'connection-string') throw new Error('Tests run on Azurite.');
  return BlobServiceClient.fromConnectionString(storage.connectionString)
    .getContainerClient(container)
    .getBlobClient(name);
};

const put = (name: string, body: string | Uint8Array<ArrayBuffer>) =>
  server.fetch(`/api/v1/batch-inputs/${name}`, { method: 'PUT', body });

/** What a job of a file fails with. */
async function failureOf(name: string) {
  const input = { container: 'batch-input', name, isPrefix: false } as const;
  const { job } = await submitJob(server.ctx, { endpoint: 'iris', input });
  await planJob(server.ctx, job);
  return (await readJob(server.ctx, job.jobId))?.doc;
}

const cleaned = ({ jobId }: BatchJob) =>
  cleanJob(server.ctx, { subject: { jobId } } as unknown as CairnEvent);

describe('a blob in the archive tier', () => {
  test('is answered with a conflict where it is an output', async () => {
    const job = await runJob(server.ctx, await drop(server.ctx, 'iris', text));
    await blobOf('batch-output', job.output.name).setAccessTier('Archive');
    const { status, body } = await server.call('GET', `/api/v1/batch-outputs/${job.output.name}`);
    expect([status, body['detail']]).toEqual([409, expect.stringContaining('archive tier')]);
  });

  test('fails its job at once where it is an input, or options', async () => {
    await put('iris/old.csv', text);
    await blobOf('batch-input', 'iris/old.csv').setAccessTier('Archive');
    expect(await failureOf('iris/old.csv')).toMatchObject({
      status: 'failed',
      failure: { code: 'bad-input', reason: expect.stringContaining("'iris/old.csv' cannot be read") },
    });
    await put('iris/told.csv', text);
    await put('iris/told.csv.job.json', '{}');
    await blobOf('batch-input', 'iris/told.csv.job.json').setAccessTier('Archive');
    expect(await failureOf('iris/told.csv')).toMatchObject({
      status: 'failed',
      failure: { code: 'options', reason: expect.stringContaining('archive tier') },
    });
  });

  test('is not written over', async () => {
    await put('iris/kept.csv', text);
    await blobOf('batch-input', 'iris/kept.csv').setAccessTier('Archive');
    expect((await put('iris/kept.csv', text)).status).toBe(409);
  });
});

test('a large file over an append blob is a conflict', async () => {
  await blobOf('batch-input', 'iris/log.csv').getAppendBlobClient().create();
  const answer = await put('iris/log.csv', new Uint8Array(20 * 1024 * 1024));
  expect([answer.status, await answer.text()]).toEqual([
    409,
    expect.stringContaining('append or a page blob'),
  ]);
});

describe('deleting a job', () => {
  test('removes outputs that have snapshots', async () => {
    const job = await runJob(server.ctx, await drop(server.ctx, 'iris', text));
    const output = blobOf('batch-output', job.output.name);
    await output.createSnapshot();
    await deleteJob(server.ctx, job.jobId);
    await cleaned(job);
    expect(await output.exists()).toBe(false);
  });
});
