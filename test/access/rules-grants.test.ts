import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeAccess, type Edit, type GrantDocument } from '../../shared/access/index.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { items } from '../support/server.ts';
import { type Caller, type GuardedServer, guardedServer } from './support.ts';

const grants = '/api/v1/access/grants';
const search = '/api/2.0/mlflow/experiments/search?max_results=10';

let server: GuardedServer;
let experiment: string;
const model = 'churn';

beforeAll(async () => {
  server = await guardedServer();
  for (const name of ['team-a', 'team-b']) await server.admin('POST', '/api/v1/workspaces', { name });
  experiment = await newExperiment('shared');
  await server.admin('POST', '/api/2.0/mlflow/registered-models/create', { name: model });
  await server.admin('POST', '/api/v1/access/principals', { name: 'Ann', kind: 'user' });
});
afterAll(async () => {
  await server.close();
});

async function newExperiment(name: string): Promise<string> {
  const { body } = await server.admin('POST', '/api/2.0/mlflow/experiments/create', { name });
  return String(body['experiment_id']);
}

const rule = (more: object) => ({
  subject: 'principal:ann',
  workspace: 'default',
  effect: 'allow',
  role: 'viewer',
  ...more,
});

/** Makes a rule, and gives its id. */
async function granted(more: object, by: Caller = server.admin): Promise<string> {
  const { status, body } = await by('POST', grants, rule(more));
  expect([status, body['detail']]).toEqual([201, undefined]);
  return String(body['id']);
}

describe('a rule', () => {
  test('is made with who granted it, when and why, and shows what people call things', async () => {
    const made = await server.admin(
      'POST',
      grants,
      rule({ resource: { type: 'model', name: model }, role: 'approver', reason: ' audit ' }),
    );
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      subject: 'principal:ann',
      subject_name: 'Ann',
      workspace: 'default',
      resource: { type: 'model', name: 'churn' },
      effect: 'allow',
      role: 'approver',
      granted_by: 'admin',
      expires_at: null,
      reason: 'audit',
    });
    const list = await server.admin('GET', `${grants}?subject=principal:ann&resource_type=model`);
    expect(items(list.body['grants'])).toEqual([made.body]);
  });

  test('is told of with what it gives, when it is made and when it is deleted', async () => {
    const ends = Date.now() + 3_600_000;
    const more = { role: 'approver', resource: { type: 'experiment', id: experiment }, expires_at: ends };
    const id = await granted(more);
    await server.admin('DELETE', `${grants}/${id}`);
    const events = await server.ctx.stores.documents('access').query<CairnEvent>(
      {
        text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
        values: { aggregate: `grant/${id}` },
      },
      { key: ['*'], consistency: 'strong' },
    );
    const subject = {
      grantId: id,
      subject: 'principal:ann',
      inWorkspace: 'default',
      effect: 'allow',
      role: 'approver',
      resource: `experiment/${experiment}`,
      expiresAt: new Date(ends).toISOString(),
    };
    expect(events).toMatchObject([
      { type: 'grant.created', subject },
      { type: 'grant.deleted', subject },
    ]);
  });

  test('about a model holds for it under every name it is given, and goes with it', async () => {
    const create = '/api/2.0/mlflow/registered-models/create';
    await server.admin('POST', create, { name: 'first' });
    await granted({ resource: { type: 'model', name: 'first' } });
    await server.admin('POST', '/api/2.0/mlflow/registered-models/rename', {
      name: 'first',
      new_name: 'second',
    });
    const shown = async () =>
      items((await server.admin('GET', `${grants}?resource_type=model`)).body['grants']).map(
        ({ resource }) => resource?.['name'],
      );
    expect(await shown()).toContain('second');
    await server.admin('DELETE', '/api/2.0/mlflow/registered-models/delete', { name: 'second' });
    await server.drain();
    expect(await shown()).not.toContain('second');
    expect(await shown()).not.toContain(null);
    await server.admin('POST', create, { name: 'second' });
    expect(await shown()).not.toContain('second');
  });

  test('about an experiment goes when it is purged, not when it is deleted', async () => {
    const id = await newExperiment('brief');
    await granted({ resource: { type: 'experiment', id } });
    const count = async () =>
      items(
        (await server.admin('GET', `${grants}?resource_type=experiment&resource_id=${id}`)).body['grants'],
      ).length;
    await server.admin('POST', '/api/2.0/mlflow/experiments/delete', { experiment_id: id });
    await server.drain();
    expect(await count()).toBe(1);
    const purged = await server.admin('POST', '/api/v1/purge', { experiment_ids: [id] });
    expect(purged.status).toBe(202);
    await server.drain();
    expect(await count()).toBe(0);
  });

  test.each([
    ['no subject', { subject: undefined }, 400, 'subject'],
    ['a subject of no kind', { subject: 'ann' }, 400, 'subject'],
    ['a principal that nobody is', { subject: 'principal:stranger' }, 404, 'subject'],
    ['a group that is none', { subject: 'group:none' }, 404, 'subject'],
    ['a group of Entra ID that is no GUID', { subject: 'entra-group:admins' }, 400, 'subject'],
    ['no workspace', { workspace: undefined }, 400, 'workspace'],
    ['a workspace that is none', { workspace: 'nowhere' }, 404, 'workspace'],
    ['allowing without a role', { role: undefined }, 400, 'role'],
    ['a role that is none', { role: 'owner' }, 400, 'role'],
    ['denying a role', { effect: 'deny' }, 400, 'role'],
    ['an effect that is none', { effect: 'maybe' }, 400, 'effect'],
    ['an end in the past', { expires_at: 1000 }, 400, 'expires_at'],
    ['an end that is no number', { expires_at: 'soon' }, 400, 'expires_at'],
    ['a reason that is too long', { reason: 'x'.repeat(501) }, 400, 'reason'],
    ['a resource of no kind', { resource: { type: 'run', id: '1' } }, 400, 'resource.type'],
    ['a resource by nothing', { resource: { type: 'model' } }, 400, 'resource'],
    ['a resource by id and name', { resource: { type: 'model', id: 'x', name: 'churn' } }, 400, 'resource'],
    ['an experiment that is none', { resource: { type: 'experiment', id: '4711' } }, 404, 'resource'],
    ['an experiment by what is no id', { resource: { type: 'experiment', id: 'x' } }, 404, 'resource'],
    ['a model that is none', { resource: { type: 'model', name: 'none' } }, 404, 'resource'],
    ['an endpoint that is none', { resource: { type: 'endpoint', name: 'none' } }, 404, 'resource'],
    ['who granted it', { granted_by: 'ann' }, 400, 'granted_by'],
  ])('is not made of %s', async (_what, more, status, field) => {
    const answer = await server.admin('POST', grants, rule(more));
    expect([answer.status, answer.body['field']]).toEqual([status, field]);
  });

  test('about one resource is none of every workspace', async () => {
    const answer = await server.admin(
      'POST',
      grants,
      rule({ workspace: '*', resource: { type: 'experiment', id: experiment } }),
    );
    expect([answer.status, answer.body['field']]).toEqual([404, 'resource']);
  });

  test('that stands is not made again, but one that lasts longer is', async () => {
    const soon = Date.now() + 3_600_000;
    const again = rule({ subject: 'app-role:Data', role: 'viewer', expires_at: soon });
    expect((await server.admin('POST', grants, again)).status).toBe(201);
    const twice = await server.admin('POST', grants, again);
    expect([twice.status, twice.body['detail']]).toEqual([409, expect.stringContaining('says so already')]);
    expect((await server.admin('POST', grants, { ...again, expires_at: soon + 1 })).status).toBe(201);
  });

  test('is in force at once and gone at once, and deleted once', async () => {
    const bea = server.as(await server.person('bea'));
    expect((await bea('GET', search)).status).toBe(403);
    const id = await granted({ subject: 'principal:bea' });
    expect((await bea('GET', search)).status).toBe(200);
    expect((await server.admin('DELETE', `${grants}/${id}`)).status).toBe(204);
    expect((await bea('GET', search)).status).toBe(403);
    expect((await server.admin('DELETE', `${grants}/${id}`)).status).toBe(404);
  });

  test('that ends by itself is in force until then', async () => {
    const cora = server.as(await server.person('cora'));
    await granted({ subject: 'principal:cora', expires_at: Date.now() + 700 });
    expect((await cora('GET', search)).status).toBe(200);
    await expect.poll(async () => (await cora('GET', search)).status, { timeout: 3000 }).toBe(403);
  });
});

describe('who manages rules', () => {
  test('is the admin of the workspace, there and nowhere else', async () => {
    const token = await server.person('amy', 'admin', 'team-a');
    const amy = server.as(token, { 'x-mlflow-workspace': 'team-a' });
    const id = await granted({ workspace: 'team-a', role: 'admin' }, amy);
    for (const workspace of ['team-b', 'nowhere'])
      expect((await amy('POST', grants, rule({ workspace }))).status).toBe(404);
    expect((await amy('POST', grants, rule({ workspace: '*' }))).status).toBe(403);
    expect((await amy('POST', grants, rule({ workspace: 'default' }))).status).toBe(404);
    const elsewhere = await granted({ workspace: 'team-b' });
    expect((await amy('DELETE', `${grants}/${elsewhere}`)).status).toBe(404);
    const everywhere = await granted({ subject: 'principal:ann', workspace: '*', role: 'viewer' });
    expect((await amy('DELETE', `${grants}/${everywhere}`)).status).toBe(404);
    const seen = items((await amy('GET', grants)).body['grants']);
    expect(new Set(seen.map(({ workspace }) => String(workspace)))).toEqual(new Set(['team-a', '*']));
    expect((await amy('DELETE', `${grants}/${id}`)).status).toBe(204);
    await server.admin('DELETE', `${grants}/${everywhere}`);
  });

  test('is the admin of one resource, of rules about that one only', async () => {
    const dora = server.as(await server.person('dora', 'viewer'));
    await granted({
      subject: 'principal:dora',
      role: 'admin',
      resource: { type: 'experiment', id: experiment },
    });
    const id = await granted({ resource: { type: 'experiment', name: 'shared' }, role: 'contributor' }, dora);
    for (const more of [
      {},
      { resource: { type: 'model', name: model } },
      { resource: { type: 'model', name: 'none' } },
      { resource: { type: 'experiment', id: '0' } },
      { resource: { type: 'experiment', id: '4711' } },
    ])
      expect([more, (await dora('POST', grants, rule(more))).status]).toEqual([more, 403]);
    const seen = items((await dora('GET', grants)).body['grants']);
    expect(new Set(seen.map(({ resource }) => resource?.['id']))).toEqual(new Set([experiment]));
    expect((await dora('DELETE', `${grants}/${id}`)).status).toBe(204);
  });

  test('says the same of a thing that is not theirs whether it is there or not', async () => {
    const ella = server.as(await server.person('ella', 'viewer'));
    await granted({
      subject: 'principal:ella',
      role: 'admin',
      resource: { type: 'experiment', id: experiment },
    });
    const ask = async (name: string) => {
      const { status, body } = await ella('POST', grants, rule({ resource: { type: 'model', name } }));
      return [status, String(body['detail']).replace(name, 'NAME')];
    };
    expect(await ask(model)).toEqual(await ask('no-such-model'));
  });

  test('is nobody of less than admin', async () => {
    const fay = server.as(await server.person('fay', 'operator'));
    expect((await fay('POST', grants, rule({}))).status).toBe(403);
    expect((await fay('GET', grants)).status).toBe(403);
    expect((await fay('DELETE', `${grants}/x`)).status).toBe(403);
  });

  test('may no more by a token than its scopes say', async () => {
    await server.person('gus', 'admin', '*');
    const scoped = async (scopes: object) => {
      const { body } = await server.admin('POST', '/api/v1/tokens', { name: 't', principal: 'gus', scopes });
      return server.as(`Bearer ${String(body['token'])}`);
    };
    const viewer = await scoped({ role: 'viewer' });
    expect((await viewer('POST', grants, rule({}))).status).toBe(403);
    const local = await scoped({ workspaces: ['default'] });
    const wide = rule({ subject: 'app-role:Wide', workspace: '*', role: 'admin' });
    expect((await local('POST', grants, wide)).status).toBe(403);
    expect((await local('POST', grants, { ...wide, workspace: 'default' })).status).toBe(201);
  });

  test('can always undo what was done to them by the admin of the deployment: a denial locks no one out for good', async () => {
    const hana = server.as(await server.person('hana', 'admin', '*'));
    const id = await granted({ subject: 'principal:hana', effect: 'deny', role: undefined });
    expect((await hana('GET', search)).status).toBe(403);
    expect((await server.admin('DELETE', `${grants}/${id}`)).status).toBe(204);
    expect((await hana('GET', search)).status).toBe(200);
  });
});

test('whoever is admin of one experiment uses up no more than their share of the rules there can be', async () => {
  const { body } = await server.admin('POST', '/api/2.0/mlflow/experiments/create', { name: 'flooded' });
  const resource = { type: 'experiment', id: String(body['experiment_id']) } as const;
  const flood = server.as(await server.person('flood'));
  await granted({ subject: 'principal:flood', role: 'admin', resource });
  const one = (i: number): Edit => {
    const after: GrantDocument = {
      id: `grant:flood${i}`,
      type: 'grant',
      v: 1,
      workspace: '*',
      seq: 1,
      grantId: `flood${i}`,
      subject: `app-role:r${i}`,
      inWorkspace: 'default',
      resource,
      rule: { effect: 'deny' },
      grantedBy: 'flood',
      grantedAt: 1,
    };
    return { after, told: { type: 'grant.created' } };
  };
  for (let i = 0; i < 499; i += 40)
    await changeAccess(server.ctx, () => ({
      edits: Array.from({ length: Math.min(40, 499 - i) }, (_, j) => one(i + j)),
      result: undefined,
    }));
  const more = await flood('POST', grants, rule({ subject: 'app-role:more', resource }));
  expect([more.status, String(more.body['detail'])]).toEqual([
    400,
    'There are 500 grants on this experiment already, and at most 500; delete some first.',
  ]);
  const byMlflow = await flood('POST', '/api/3.0/mlflow/users/permissions/grant', {
    username: 'entra:11111111-2222-3333-4444-555555555555/bbbbbbbb-cccc-dddd-eeee-ffffffffffff',
    resource_type: 'experiment',
    resource_id: resource.id,
    permission: 'READ',
  });
  expect(byMlflow.status).toBe(400);
});

describe('the list of rules', () => {
  test('comes newest first, a page at a time, each once', async () => {
    const all = items((await server.admin('GET', `${grants}?max_results=1000`)).body['grants']);
    const paged: typeof all = [];
    for (let token = ''; ; ) {
      const { body } = await server.admin('GET', `${grants}?max_results=3${token}`);
      paged.push(...items(body['grants']));
      if (body['next_page_token'] === undefined) break;
      token = `&page_token=${String(body['next_page_token'])}`;
    }
    expect(paged).toEqual(all);
    const times = all.map(({ granted_at }) => Number(granted_at));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });
});
