import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  changeAccess,
  type Identity,
  readAccess,
  type WorkspaceDocument,
  type WorkspaceLimits,
} from '../../shared/access/index.ts';
import { newLedger } from '../../shared/ledger.ts';
import { enterCall } from '../../shared/limits/index.ts';
import { guardedServer, type GuardedServer } from '../access/support.ts';
import { items } from '../support/server.ts';

let server: GuardedServer;
beforeAll(async () => {
  server = await guardedServer({ CAIRN_CALLS_PER_MINUTE: '50' });
});
afterAll(() => server.close());

/** A workspace with limits of its own. */
async function workspace(name: string, limits: WorkspaceLimits): Promise<string> {
  await changeAccess(server.ctx, async () => {
    const before = await readAccess<WorkspaceDocument>(server.ctx, 'workspace', name);
    const after: WorkspaceDocument = {
      id: `workspace:${name}`,
      type: 'workspace',
      v: 1,
      workspace: '*',
      seq: 1,
      name,
      description: '',
      createdAt: 0,
      createdBy: 'admin',
      limits,
    };
    return {
      edits: [{ before, after, told: { type: 'workspace.created', subject: { name } } }],
      result: undefined,
    };
  });
  return name;
}

const inWorkspace = (name: string) => ({ 'x-mlflow-workspace': name });
const search = ['POST', '/api/2.0/mlflow/experiments/search', { max_results: 1 }] as const;

describe('calls a minute', () => {
  test('over the limit of the workspace are answered 429, with when to come back and whom to ask', async () => {
    const where = await workspace('narrow', { callsPerMinute: 2 });
    const ann = server.as(await server.person('ann', 'viewer', where), inWorkspace(where));
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await ann(...search));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    const { headers, body } = answers.at(-1)!;
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(30);
    expect(body['error_code']).toBe('REQUEST_LIMIT_EXCEEDED');
    expect(String(body['message'])).toMatch(
      /2 calls a minute.*'narrow'.*after \d+ s.*admin of the deployment/s,
    );
  });

  test('tell nobody that there is a workspace in which they hold no role', async () => {
    const where = await workspace('unseen', { callsPerMinute: 2 });
    const guest = await server.person('guest', 'viewer');
    const of = async (name: string) => {
      const { status, body } = await server.as(guest, inWorkspace(name))(...search);
      return [status, String(body['message']).replaceAll(name, '')];
    };
    for (let i = 0; i < 4; i++) expect(await of(where)).toEqual(await of('made-up'));
  });

  test('are each principal’s own, and each workspace’s own', async () => {
    const where = await workspace('shared', { callsPerMinute: 2 });
    const token = await server.person('bob', 'viewer', where);
    const bob = server.as(token, inWorkspace(where));
    const cid = server.as(await server.person('cid', 'viewer', where), inWorkspace(where));
    expect([
      (await bob(...search)).status,
      (await bob(...search)).status,
      (await bob(...search)).status,
    ]).toEqual([200, 200, 429]);
    expect((await cid(...search)).status).toBe(200);
    expect((await server.as(token)('GET', '/api/v1/session')).status).toBe(200);
  });

  test('are counted for workspaces that do not exist, too, so that names cannot be guessed without end', async () => {
    const dan = await server.person('dan', 'viewer');
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, i) => server.as(dan, inWorkspace(`guess-${i}`))(...search)),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses).toEqual(new Set([404, 429]));
  });

  test('of nobody are not counted: health answers for ever', async () => {
    const nobody = server.as(null);
    for (let i = 0; i < 120; i++) expect((await nobody('GET', '/health')).status).toBe(200);
  });

  test('ask no store to be counted once it is warm', async () => {
    const ctx = server.ctx;
    const identity: Identity = {
      principal: { id: 'eve', name: 'Eve' },
      kind: 'user',
      via: 'token',
      subjects: ['principal:eve'],
    };
    const now = ctx.clock.now() + 10_000;
    const frozen = { ...ctx, clock: { now: () => now } };
    const enter = () => enterCall(frozen, identity, 'default', newLedger());
    await enter();
    const before = ctx.stores.documents.meter.requests;
    for (let i = 0; i < 40; i++) await enter();
    expect(ctx.stores.documents.meter.requests).toBe(before);
  });
});

describe('storage', () => {
  test('over the limit refuses files by 429, a short wait, and what frees space', async () => {
    const where = await workspace('full', { storageGb: 0 });
    const fay = await server.person('fay', 'contributor', where);
    const answer = await server.fetch('/api/2.0/mlflow-artifacts/artifacts/0/x.txt', {
      method: 'PUT',
      headers: { authorization: fay, ...inWorkspace(where) },
      body: 'abc',
    });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(await answer.text()).toMatch(/'full' holds 0\.0 GB.*limit is 0 GB.*deleted/s);
  });

  test('is counted from what was written and removed', async () => {
    const where = await workspace('roomy', { storageGb: 1 });
    const gus = await server.person('gus', 'contributor', where);
    const send = (method: string, body?: string) =>
      server.fetch('/api/2.0/mlflow-artifacts/artifacts/0/folder/x.txt', {
        method,
        headers: { authorization: gus, ...inWorkspace(where) },
        ...(body === undefined ? {} : { body }),
      });
    expect((await send('PUT', 'x'.repeat(5000))).status).toBe(200);
    const held = async () => {
      const { body } = await server.as(gus, inWorkspace(where))('GET', '/api/v1/usage');
      return Math.round(Number(items(body['rows'])[0]?.['stored_gb']) * 1e9);
    };
    expect(await held()).toBe(5000);
    expect((await send('DELETE')).status).toBe(200);
    expect(await held()).toBe(0);
  });
});

describe('the usage report', () => {
  test('shows their own to whoever has a role, everyone’s to the admin, all workspaces’ to the deployment’s admin', async () => {
    const where = await workspace('reported', { callsPerMinute: 100, batchRowsPerMonth: 7 });
    const hal = server.as(await server.person('hal', 'viewer', where), inWorkspace(where));
    const ida = server.as(await server.person('ida', 'admin', where), inWorkspace(where));
    const jon = server.as(await server.person('jon'), inWorkspace(where));
    for (let i = 0; i < 3; i++) await hal(...search);
    await ida(...search);

    const own = await hal('GET', '/api/v1/usage');
    expect(own.body['rows']).toMatchObject([
      { workspace: where, principal_id: 'hal', calls: 4, refused_calls: 0 },
    ]);
    expect(Number(items(own.body['rows'])[0]?.['request_units'])).toBeGreaterThan(0);
    expect(own.body['limits']).toEqual({ calls_per_minute: 100, storage_gb: null, batch_rows_per_month: 7 });
    expect((await hal('GET', '/api/v1/usage?principal=ida')).status).toBe(403);
    expect((await hal('GET', '/api/v1/usage?workspace=default')).status).toBe(403);
    expect((await hal('GET', '/api/v1/usage?month=2026-13')).status).toBe(400);
    expect((await jon('GET', '/api/v1/usage')).status).toBe(403);
    expect((await server.as(null)('GET', '/api/v1/usage')).status).toBe(401);

    const all = await ida('GET', '/api/v1/usage');
    expect(items(all.body['rows']).map((row) => row['principal_id'])).toEqual(['hal', 'ida']);
    expect(items((await ida('GET', '/api/v1/usage?principal=hal')).body['rows'])).toHaveLength(1);
    expect((await ida('GET', '/api/v1/usage?workspace=*')).status).toBe(403);

    const everywhere = await server.admin('GET', '/api/v1/usage?workspace=*');
    expect(
      new Set(items(everywhere.body['rows']).map((row) => String(row['workspace']))).size,
    ).toBeGreaterThan(1);
    expect(items((await server.admin('GET', `/api/v1/usage?workspace=${where}`)).body['rows'])).toHaveLength(
      2,
    );
    expect((await hal('GET', '/api/v1/usage?month=2020-01')).body['rows']).toEqual([]);
  });
});
