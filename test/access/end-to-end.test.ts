import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { surfaces } from '../../functions/http/surfaces.ts';
import { type ResourceType, type Role, roles } from '../../shared/access/index.ts';
import type { Route } from '../../shared/http/index.ts';
import { inTurns } from '../../shared/turns.ts';
import { requestOf } from './requests.ts';
import { type Entry, entryOf, type Input, type Things } from './routes.ts';
import { addPerson, type GuardedServer, guardedServer } from './support.ts';
import { makeThings } from './things.ts';

const listed = surfaces
  .flatMap((surface) => surface.routes)
  .map((route) => ({ route, title: `${route.method} ${route.path}`, entry: entryOf(route) }));
type Listed = (typeof listed)[number];
const atOnceMax = 50;
const needing = (role: Route['role']) => role !== 'public' && role !== 'signed-in';

let server: GuardedServer;
let mine: Things;
let other: Things;
let stranger: string;
let disabled: string;
beforeAll(async () => {
  server = await guardedServer({ CAIRN_CALLS_PER_MINUTE: '1000000' });
  mine = await makeThings(server, 'mine');
  other = await makeThings(server, 'other');
  stranger = await server.person('stranger');
  disabled = await server.person('leaver', 'admin', '*');
  const { status } = await server.admin('PATCH', '/api/v1/access/principals/leaver', {
    disabled: true,
    reason: 'left',
  });
  if (status !== 200) throw new Error(`The leaver was not disabled: ${status}`);
});
afterAll(() => server.close());

type Grant = { role?: Role; effect?: 'deny'; workspace?: string; resource?: ResourceType };

const people = new Map<string, Promise<string>>();

/** Somebody with these rules and a token, made when first asked for. */
function personWith(name: string, ...grants: readonly Grant[]): Promise<string> {
  const known = people.get(name) ?? makePerson(name, grants);
  people.set(name, known);
  return known;
}

async function makePerson(name: string, grants: readonly Grant[]): Promise<string> {
  const token = await server.person(name);
  const idsOf = { experiment: mine.experiment, model: mine.modelId, endpoint: mine.endpoint };
  for (const { role, effect = 'allow', workspace = 'default', resource } of grants) {
    const { status, body } = await server.admin('POST', '/api/v1/access/grants', {
      subject: `principal:${name}`,
      workspace,
      effect,
      ...(role && { role }),
      ...(resource && { resource: { type: resource, id: idsOf[resource] } }),
    });
    expect([status, body]).toEqual([201, body]);
  }
  return token;
}

/** The status of one request, as it comes from the router. */
async function statusOf(route: Route, input: Input, authorization: string | null): Promise<number> {
  const { request } = requestOf(route, input);
  if (authorization !== null) request.headers.set('authorization', authorization);
  // Who is let in changes nothing where a change can be made conditional: the next one wants to find it.
  request.headers.set('if-match', '"never"');
  const { pathname, search } = new URL(request.url);
  const body = request.body === null ? undefined : await request.text();
  const response = await server.fetch(`${pathname}${search}`, {
    method: route.method,
    headers: request.headers,
    ...(body === undefined ? {} : { body }),
  });
  await response.body?.cancel();
  return response.status;
}

const inputOf = (entry: Entry | undefined): Input =>
  entry && 'naming' in entry ? (entry.naming[0]?.(mine, other) ?? {}) : {};

/** Somebody who holds just enough for a route, and nothing else. */
function holderOf(entry: Entry | undefined, role: Role): Promise<string> {
  if (!entry) throw new Error('The route has no entry in routes.ts.');
  if ('among' in entry) {
    const [type = 'experiment'] = entry.among;
    return personWith(`${role}-of-${type}`, { role, resource: type });
  }
  switch (entry.about) {
    case 'experiment':
    case 'model':
    case 'endpoint':
      return 'inWorkspace' in entry
        ? personWith(`${role}-here`, { role })
        : personWith(`${role}-of-${entry.about}`, { role, resource: entry.about });
    case 'deployment':
      return personWith(`${role}-everywhere`, { role, workspace: '*' });
    default:
      return personWith(`${role}-here`, { role });
  }
}

/** Calls every route, many at once since refusals wait to be entered in the audit log: those answered otherwise than they must. */
async function otherwise(
  some: readonly Listed[],
  caller: string | null | ((each: Listed) => Promise<string>),
  must: (each: Listed) => (status: number) => boolean,
): Promise<string[]> {
  const wrong = await inTurns(some, atOnceMax, async (each) => {
    const authorization = typeof caller === 'function' ? await caller(each) : caller;
    const status = await statusOf(each.route, inputOf(each.entry), authorization);
    return must(each)(status) ? [] : [`${each.title}: ${status}`];
  });
  return wrong.flat();
}

const isLetThrough = (status: number) => status !== 401 && status !== 403 && (status < 500 || status === 503);

/** What the platform itself has started, and nobody else, may call: by the token of its job, or by a proof in the body. */
const ofJobs: readonly string[] = [
  'POST /api/v1/retraining-jobs/{id}/heartbeat',
  'POST /api/v1/retraining-jobs/{id}/report',
];
const proving = 'POST /api/v1/retraining-jobs/{id}/token';

describe('through the router, by real tokens', () => {
  const closed = listed.filter(({ route }) => route.role !== 'public');

  test('nobody gets anywhere without signing in, or disabled', async () => {
    for (const authorization of [null, disabled])
      expect(await otherwise(closed, authorization, () => (status) => status === 401)).toEqual([]);
  });

  test('what is public asks nobody who they are', async () => {
    const open = listed.filter(({ route: { role }, title }) => role === 'public' && title !== proving);
    expect(await otherwise(open, 'Bearer a.b.c', () => isLetThrough)).toEqual([]);
  });

  test('whoever has no role is known, and refused wherever there must be one', async () => {
    const must =
      ({ route }: Listed) =>
      (status: number) =>
        needing(route.role) ? status === 403 : status !== 401;
    expect(await otherwise(closed, stranger, must)).toEqual([]);
  });

  test('whoever has just the role, just there, is let through; with the role before it they are not', async () => {
    const asking = closed.filter(({ route: { role } }) => needing(role));
    expect(asking.length).toBeGreaterThan(200);
    const just = ({ route, entry }: Listed) => holderOf(entry, route.role as Role);
    const must = ({ title }: Listed) =>
      ofJobs.includes(title) ? (status: number) => status === 403 : isLetThrough;
    expect(await otherwise(asking, just, must)).toEqual([]);
    const above = asking.filter(({ route }) => route.role !== 'viewer');
    const less = ({ route, entry }: Listed) =>
      holderOf(entry, roles[roles.indexOf(route.role as Role) - 1] ?? 'viewer');
    expect(await otherwise(above, less, () => (status) => status === 403)).toEqual([]);
  });

  test('whoever is admin here, but denied the very thing, is refused or told that there is none', async () => {
    const types = ['experiment', 'model', 'endpoint'] as const;
    const denied = await personWith(
      'denied',
      { role: 'admin' },
      ...types.map((resource) => ({ effect: 'deny' as const, resource })),
    );
    const naming = closed.filter(({ entry }) => entry && 'naming' in entry);
    expect(naming.length).toBeGreaterThan(150);
    const must =
      ({ entry }: Listed) =>
      (status: number) =>
        status === (entry && 'about' in entry && entry.about === 'experiment' ? 403 : 404);
    expect(await otherwise(naming, denied, must)).toEqual([]);
  });

  test('a warm call asks the stores for nothing more, whether rules are about single things or not', async () => {
    const { meter } = server.ctx.stores.documents;
    const run = `/api/2.0/mlflow/runs/get?run_id=${mine.run}`;
    const requestsOf = async (authorization: string) => {
      const call = () => server.as(authorization)('GET', run);
      // Rules and token are known from the first one.
      await call();
      const before = meter.requests;
      expect((await call()).status).toBe(200);
      return meter.requests - before;
    };
    const alone = await requestsOf(`Bearer ${server.adminToken}`);
    const plain = await personWith('viewer-here', { role: 'viewer' });
    const single = await personWith('viewer-of-experiment', { role: 'viewer', resource: 'experiment' });
    expect([alone, await requestsOf(plain), await requestsOf(single)]).toEqual([2, 2, 2]);
  });

  test('a workspace in which somebody holds nothing is not there for them, whether it exists or not', async () => {
    const member = await personWith('viewer-here', { role: 'viewer' });
    await addPerson(server, 'elsewhere-admin', 'admin', 'elsewhere');
    await server.admin('POST', '/api/v1/workspaces', { name: 'elsewhere' });
    const path = '/api/2.0/mlflow/experiments/search?max_results=1';
    const answers = await Promise.all(
      ['elsewhere', 'nowhere'].map(async (workspace) => {
        const { status, body } = await server.as(member, { 'x-mlflow-workspace': workspace })('GET', path);
        return [status, JSON.stringify(body).replaceAll(workspace, '…')];
      }),
    );
    expect(answers[0]?.[0]).toBe(404);
    expect(answers[0]).toEqual(answers[1]);
  });
});
