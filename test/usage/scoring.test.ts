import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  changeAccess,
  readAccess,
  type WorkspaceDocument,
  type WorkspaceLimits,
} from '../../shared/access/index.ts';
import { announce } from '../batch/support.ts';
import { classifier, deploy } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', classifier());
});
afterAll(() => server.close());

const csv = 'length,note,höhe,width\n1,a,2,3\n-1,"b, c",0,0.5\n';

async function upload(name: string): Promise<Response> {
  return server.fetch(`/api/v1/batch-inputs/iris/${name}`, { method: 'PUT', body: csv });
}

/** A file that lies in storage, and its notice. */
async function drop(name: string): Promise<void> {
  await server.ctx.stores.blobs('batch-input').write(`iris/${name}`, Buffer.from(csv));
  await announce(server.ctx, `iris/${name}`);
  await server.drain();
}

/** The job that scored a file. */
async function jobOf(name: string): Promise<JsonObject> {
  return eventually(async () => {
    const { body } = await server.call('GET', '/api/v1/batch-jobs?endpoint=iris');
    const job = items(body['jobs']).find(({ input }) => String(input?.['name']) === `iris/${name}`);
    if (!job || !['succeeded', 'failed'].includes(String(job['status'])))
      throw new Error(`No job has ended for ${name} yet.`);
    return job;
  });
}

async function rowOf(principal: string): Promise<JsonObject> {
  const { body } = await server.call('GET', `/api/v1/usage?principal=${principal}`);
  return items(body['rows'])[0] ?? {};
}

/** Gives the default workspace limits of its own. */
async function limit(limits: WorkspaceLimits): Promise<void> {
  await changeAccess(server.ctx, async () => {
    const before = await readAccess<WorkspaceDocument>(server.ctx, 'workspace', 'default');
    const after: WorkspaceDocument = {
      id: 'workspace:default',
      type: 'workspace',
      v: 1,
      workspace: '*',
      seq: (before?.doc.seq ?? 0) + 1,
      name: 'default',
      description: '',
      createdAt: 0,
      createdBy: 'admin',
      limits,
    };
    return {
      edits: [{ before, after, told: { type: 'workspace.updated', subject: { name: 'default' } } }],
      result: undefined,
    };
  });
}

describe('what is scored', () => {
  test('is counted by rows: of requests for who asks, of files for the platform', async () => {
    const rows = [1, 2, 3].map((length) => ({ length, width: 1, höhe: 2 }));
    const { status } = await server.call('POST', '/endpoints/iris/invocations', { dataframe_records: rows });
    expect(status).toBe(200);
    expect(await rowOf('local')).toMatchObject({ predictions: 3, batch_rows: 0 });
    expect((await upload('a.csv')).status).toBe(201);
    expect(Number((await rowOf('local'))['stored_gb']) * 1e9).toBeCloseTo(Buffer.byteLength(csv), 3);
    await drop('b.csv');
    const job = await jobOf('b.csv');
    expect(String(job['status'])).toBe('succeeded');
    const platform = await rowOf('cairn');
    expect(platform).toMatchObject({ predictions: 0, batch_rows: 2 });
    expect(Number(platform['request_units'])).toBeGreaterThan(10);
    expect(Number(platform['stored_gb']) * 1e9).toBeCloseTo(Number(job['output']?.['bytes']), 3);
  });

  test('is no more than the workspace may in a month: who asks is told when, a dropped file fails by name', async () => {
    await limit({ batchRowsPerMonth: 2 });
    const asked = await server.fetch('/api/v1/batch-jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ endpoint: 'iris', input: 'iris/a.csv' }),
    });
    expect(asked.status).toBe(429);
    const seconds = Number(asked.headers.get('retry-after'));
    const now = new Date();
    const end = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
    expect(Math.abs(now.getTime() + seconds * 1000 - end)).toBeLessThan(60_000);
    expect(await asked.text()).toMatch(
      /2 rows of files this month, and its limit is 2.*batch_rows_per_month/,
    );
    await drop('c.csv');
    const refused = await jobOf('c.csv');
    expect(refused).toMatchObject({ status: 'failed' });
    expect(JSON.stringify(refused['error'])).toContain('its limit is 2');
    await limit({});
    await drop('d.csv');
    expect(String((await jobOf('d.csv'))['status'])).toBe('succeeded');
  });

  test('comes in no more where the workspace is full', async () => {
    await limit({ storageGb: 0 });
    const refused = await upload('e.csv');
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain('its limit is 0 GB');
    await limit({});
    expect((await upload('e.csv')).status).toBe(201);
  });
});
