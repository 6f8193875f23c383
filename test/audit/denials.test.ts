import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobName } from '../../shared/artifacts/index.ts';
import type { AuditEntry } from '../../shared/audit/index.ts';
import { type GuardedServer, guardedServer } from '../access/support.ts';
import { wholeLog } from './support.ts';

let server: GuardedServer;
let viewer: string;
beforeAll(async () => {
  server = await guardedServer();
  viewer = await server.person('vera', 'viewer');
});
afterAll(() => server.close());

/** What was entered by what is done meanwhile. */
async function entered(action: string, during: () => Promise<unknown>): Promise<AuditEntry[]> {
  await server.drain();
  const before = (await wholeLog(server.ctx)).length;
  await during();
  await server.drain();
  return (await wholeLog(server.ctx)).slice(before).filter((entry) => entry.action === action);
}

const denials = (during: () => Promise<unknown>) => entered('access.denied', during);

describe('a call that is refused', () => {
  test('for want of any sign-in is entered as nobody’s, with the address as a hash', async () => {
    const from = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7:4711' };
    const entries = await denials(() => server.as(null, from)('GET', '/api/v1/endpoints'));
    expect(entries).toMatchObject([
      {
        actor: 'anonymous',
        workspace: '*',
        outcome: 'denied',
        subject: {
          operation: 'listEndpoints',
          method: 'GET',
          path: '/api/v1/endpoints',
          role: 'viewer',
          code: 'unauthenticated',
        },
      },
    ]);
    expect(entries[0]?.subject['client']).toMatch(/^[0-9a-f]{16}$/);
    expect(JSON.stringify(entries)).not.toContain('198.51');
    const again = await denials(() =>
      server.as(null, { 'x-forwarded-for': '198.51.100.7:99' })('GET', '/api/v1/tokens'),
    );
    expect(again[0]?.subject['client']).toBe(entries[0]?.subject['client']);
  });

  test('for want of a role is entered in their name, with their request id, before the answer goes out', async () => {
    const call = server.as(viewer, { 'x-request-id': 'refused-1' });
    const entries = await denials(async () => {
      const { status } = await call('POST', '/api/2.0/mlflow/experiments/create', { name: 'x' });
      expect(status).toBe(403);
    });
    expect(entries).toMatchObject([
      { actor: 'vera', workspace: 'default', request_id: 'refused-1', subject: { code: 'forbidden' } },
    ]);
  });

  test('by saying that nothing is there, since they may not know, is entered too', async () => {
    const entries = await denials(async () => {
      const there = server.as(viewer, { 'x-mlflow-workspace': 'elsewhere' });
      expect((await there('GET', '/api/v1/endpoints')).status).toBe(404);
    });
    expect(entries).toMatchObject([{ actor: 'vera', subject: { code: 'hidden' } }]);
  });

  test('by saying that nothing is there is answered no later than where nothing is: at once', async () => {
    const { documents } = server.ctx.stores;
    const audit = documents('audit');
    const batch = audit.batch.bind(audit);
    let store = () => {};
    const stalled = new Promise<void>((resolve) => (store = resolve));
    Object.assign(audit, {
      batch: async (...given: Parameters<typeof batch>) => {
        await stalled;
        return batch(...given);
      },
    });
    try {
      const entries = await denials(async () => {
        const there = server.as(viewer, { 'x-mlflow-workspace': 'elsewhere' });
        expect((await there('GET', '/api/v1/endpoints')).status).toBe(404);
        store();
      });
      expect(entries).toMatchObject([{ actor: 'vera', subject: { code: 'hidden' } }]);
    } finally {
      store();
      Object.assign(audit, { batch });
    }
  });

  test('within one of GraphQL is entered as the call that it asks for', async () => {
    const nina = await server.person('nina');
    const { body } = await server.admin('POST', '/api/2.0/mlflow/experiments/create', { name: 'seen' });
    const [seen, unseen] = [String(body['experiment_id']), '0'];
    await server.admin('POST', '/api/v1/access/grants', {
      ...{ subject: 'principal:nina', workspace: 'default', effect: 'allow', role: 'viewer' },
      resource: { type: 'experiment', id: seen },
    });
    const entries = await denials(() =>
      server.as(nina)('POST', '/graphql', {
        query: `{ mlflowGetExperiment(input: {experimentId: "${unseen}"}) { apiError { code } } }`,
      }),
    );
    expect(entries).toMatchObject([
      { actor: 'nina', subject: { operation: 'experiments/get', path: '/graphql', code: 'forbidden' } },
    ]);
  });

  test('without end is entered every time, in few entries that count', async () => {
    const entries = await denials(() =>
      Promise.all(Array.from({ length: 300 }, () => server.as(null)('GET', '/api/v1/audit'))),
    );
    const counts = entries.map(({ count = 1 }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(entries.length).toBeLessThan(60);
  });

  test('tells no secret that it was made with', async () => {
    await denials(() => server.as('Bearer cairn_secret_planted')('GET', '/api/v1/audit?token=planted'));
    expect(JSON.stringify(await wholeLog(server.ctx))).not.toContain('planted');
  });

  test('for what it asks, not for who asks it, is no denial', async () => {
    const entries = await denials(async () => {
      expect((await server.as(viewer)('GET', '/api/v1/endpoints/none')).status).toBe(404);
      expect((await server.as(viewer)('GET', '/api/v1/nothing')).status).toBe(404);
      expect((await server.admin('POST', '/api/v1/endpoints', {})).status).toBe(400);
    });
    expect(entries).toEqual([]);
  });
});

describe('who may read the audit log', () => {
  test('is no viewer, an admin of a workspace what happened there, an admin of all everything', async () => {
    const admin = await server.person('anton', 'admin');
    expect((await server.as(viewer)('GET', '/api/v1/audit')).status).toBe(403);
    expect((await server.as(admin)('POST', '/api/v1/audit/verify', {})).status).toBe(403);
    expect((await server.as(admin)('GET', '/api/v1/audit/segments')).status).toBe(403);
    await server.drain();
    const workspaces = async (call: typeof server.admin, query = '') => {
      const { body } = await call('GET', `/api/v1/audit?max_results=1000${query}`);
      const entries = body['entries'] as unknown as { workspace: string }[];
      return [...new Set(entries.map(({ workspace }) => workspace))].toSorted();
    };
    await expect.poll(() => workspaces(server.as(admin)), { timeout: 5000 }).toEqual(['default']);
    expect(await workspaces(server.admin)).toEqual(['*', 'default', 'elsewhere']);
    expect(await workspaces(server.admin, '&workspace=elsewhere')).toEqual(['elsewhere']);
    expect((await server.as(admin)('GET', '/api/v1/audit?workspace=elsewhere')).status).toBe(403);
    expect((await server.as(admin)('GET', '/api/v1/audit/export?workspace=*')).status).toBe(403);
  });
});

describe('a model that is fetched by HTTP', () => {
  test('is entered once for all its files, also where storage itself hands them out', async () => {
    const id = `m-${'a'.repeat(32)}`;
    const folder = `0/models/${id}/artifacts`;
    for (const name of ['MLmodel', 'model.onnx', 'notes.txt'])
      await server.ctx.stores
        .blobs('artifacts')
        .write(blobName(server.ctx, `${folder}/${name}`), Buffer.from(name));
    const get = (path: string) => server.as(viewer)('GET', `/api/2.0/mlflow-artifacts/${path}`);
    const entries = await entered('model.downloaded', async () => {
      for (const name of ['MLmodel', 'model.onnx', 'notes.txt'])
        expect((await get(`artifacts/${folder}/${name}`)).status).toBe(200);
      expect((await get(`presigned/${folder}/model.onnx`)).status).toBe(200);
      expect((await get(`artifacts/${folder}/none.onnx`)).status).toBe(404);
    });
    expect(entries).toMatchObject([
      {
        actor: 'vera',
        outcome: 'done',
        subject: { model: `logged-model/${id}`, operation: 'artifacts/get' },
      },
    ]);
  });
});
