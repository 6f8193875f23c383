import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { items, type JsonObject } from '../support/server.ts';
import { type GuardedServer, guardedServer } from './support.ts';

const review = '/api/v1/access/review';
const claimed = '0a0a0a0a-0000-4000-8000-000000000001';

let server: GuardedServer;
beforeAll(async () => {
  server = await guardedServer();
  await server.admin('POST', '/api/v1/workspaces', { name: 'lab' });
  await server.admin('POST', '/api/2.0/mlflow/registered-models/create', { name: 'churn' });
  const ann = server.as(await server.person('ann', 'viewer'));
  await ann('GET', '/api/2.0/mlflow/experiments/search?max_results=1');
  await server.person('bob', 'contributor', 'lab');
  await server.admin('PUT', '/api/v1/access/groups/team', { members: ['ann', 'bob'] });
  const grant = (body: object) => server.admin('POST', '/api/v1/access/grants', { effect: 'allow', ...body });
  const made = [
    await grant({
      subject: 'group:team',
      workspace: 'default',
      role: 'approver',
      resource: { type: 'model', name: 'churn' },
      reason: '=HYPERLINK("x"), "quoted"',
      expires_at: Date.now() + 3_600_000,
    }),
    await grant({ subject: `entra-group:${claimed}`, workspace: '*', role: 'operator' }),
    await grant({ subject: 'principal:bob', workspace: 'lab', effect: 'deny' }),
    await grant({ subject: 'app-role:Soon', workspace: 'lab', role: 'viewer', expires_at: Date.now() + 50 }),
  ];
  if (made.some(({ status }) => status !== 201)) throw new Error(JSON.stringify(made));
  await server.admin('PATCH', '/api/v1/access/principals/bob', { disabled: true, reason: 'left' });
  await new Promise((resolve) => setTimeout(resolve, 60));
});
afterAll(async () => {
  await server.close();
});

async function entries(query = '', by = server.admin): Promise<JsonObject[]> {
  const { status, body } = await by('GET', `${review}${query}`);
  expect([status, body['detail']]).toEqual([200, undefined]);
  return items(body['entries']);
}

const brief = ({ principal, workspace, effect, role, via }: JsonObject) =>
  [principal?.['id'], workspace, effect, role, via].map(String).join(' ');

describe('the review', () => {
  test('has every rule in force, once for each whom it reaches, and what the setting says', async () => {
    expect((await entries()).map(brief).toSorted()).toEqual([
      'admin * allow admin first-admin',
      'ann default allow approver group:team',
      'ann default allow viewer principal:ann',
      'bob default allow approver group:team',
      'bob lab allow contributor principal:bob',
      'bob lab deny null principal:bob',
      `entra-group:${claimed} * allow operator entra-group:${claimed}`,
    ]);
  });

  test('says of each who granted it, when, why, until when, over what, and when it was last used', async () => {
    const [viaGroup] = await entries('?principal=ann').then((all) =>
      all.filter(({ via }) => String(via) === 'group:team'),
    );
    expect(viaGroup).toMatchObject({
      principal: { id: 'ann', name: 'ann', kind: 'user', disabled: null },
      resource: { type: 'model', name: 'churn' },
      granted_by: 'admin',
      granted_at: expect.any(Number),
      expires_at: expect.any(Number),
      last_used_at: expect.any(Number),
      role_last_used_at: null,
      tokens: 1,
    });
    const [own] = await entries('?principal=ann').then((all) =>
      all.filter(({ via }) => String(via) === 'principal:ann'),
    );
    expect(own).toMatchObject({ resource: null, expires_at: null, role_last_used_at: expect.any(Number) });
    const [disabled] = await entries('?principal=bob');
    expect(disabled).toMatchObject({ principal: { disabled: { by: 'admin', reason: 'left' } }, tokens: 1 });
  });

  test('comes in pages that together are all of it', async () => {
    const paged: JsonObject[] = [];
    for (let token = ''; ; ) {
      const { body } = await server.admin('GET', `${review}?max_results=2${token}`);
      paged.push(...items(body['entries']));
      if (body['next_page_token'] === undefined) break;
      token = `&page_token=${String(body['next_page_token'])}`;
    }
    expect(paged.map(brief)).toEqual((await entries()).map(brief));
  });

  test('shows the admin of a workspace what reaches into it, and nobody else anything', async () => {
    const header = await server.person('lea', 'admin', 'lab');
    const lea = server.as(header, { 'x-mlflow-workspace': 'lab' });
    const seen = (await entries('', lea)).map(({ workspace }) => String(workspace));
    expect(new Set(seen)).toEqual(new Set(['lab', '*']));
    expect((await lea('GET', `${review}?workspace=default`)).status).toBe(404);
    expect((await server.as(header)('GET', review)).status).toBe(403);
    const vic = server.as(await server.person('vic', 'operator'));
    expect((await vic('GET', review)).status).toBe(403);
    expect(
      (await entries('?workspace=lab')).every(({ workspace }) => ['lab', '*'].includes(String(workspace))),
    ).toBe(true);
  });

  test('can be had as a file that no spreadsheet takes for formulas', async () => {
    const response = await server.fetch(`${review}?format=csv&principal=ann`, {
      headers: { authorization: `Bearer ${server.adminToken}` },
    });
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^principal,name,kind,disabled_at,workspace,.*,via,grant_id,granted_by,/);
    const [entry] = await entries('?principal=ann');
    expect(lines.join('\n')).toContain(`,${String(entry?.['grant_id'])},`);
    expect(lines.join('\n')).toContain(`"'=HYPERLINK(""x""), ""quoted"""`);
  });

  test.each(['?max_results=0', '?max_results=x', '?format=xml', '?page_token=zzz'])(
    'is refused %s',
    async (query) => {
      expect((await server.admin('GET', `${review}${query}`)).status).toBe(400);
    },
  );
});
